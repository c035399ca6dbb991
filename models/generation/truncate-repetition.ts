/** Texts shorter than this are left alone; tables, which repeat by nature, far longer. */
const minLength = { text: 50, table: 5000 } as const;

const minTailCopies = 5;
const minUnitLength = 8;

/**
 * Cuts repetition out of a finished text, by PaddleX's rules for the answers of the reader: a single line that ends
 * in at least five copies of a unit of eight or more characters, where they make up more than half of it, loses all
 * of them; a single line that is one unit ten times or more becomes the unit; many lines of which at least 80 % (and
 * ten) are the same become that line. Lengths count code points.
 */
export function truncateRepetition(text: string, kind: 'text' | 'table' = 'text'): string {
  if (text.length < minLength[kind]) return text;
  const characters = Array.from(text);
  if (characters.length < minLength[kind]) return text;
  if (!text.includes('\n')) return cutRepeatedTail(characters) ?? foldRepeatedUnit(characters) ?? text;
  return dominantLine(text) ?? text;
}

function cutRepeatedTail(characters: readonly string[]): string | null {
  const length = characters.length;
  if (length <= 100) return null;
  for (let unit = Math.floor(length / minTailCopies); unit >= minUnitLength; unit--) {
    // Characters, from the end, that equal the one a unit before them.
    let run = 0;
    while (run < length - unit && characters[length - 1 - run] === characters[length - 1 - run - unit]) run++;
    const copyCount = Math.floor(run / unit) + 1;
    if (copyCount < minTailCopies) continue;
    const covered = copyCount * unit;
    if (covered > length * 0.5) return characters.slice(0, length - covered).join('');
  }
  return null;
}

function foldRepeatedUnit(characters: readonly string[]): string | null {
  const length = characters.length;
  if (length <= 10) return null;
  for (let unit = 1; unit <= length / 10; unit++) {
    if (length % unit !== 0) continue;
    let at = unit;
    while (at < length && characters[at] === characters[at - unit]) at++;
    if (at === length) return characters.slice(0, unit).join('');
  }
  return null;
}

function dominantLine(text: string): string | null {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length < 10) return null;
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  for (const [line, count] of counts) if (count >= 10 && count >= lines.length * 0.8) return line;
  return null;
}
