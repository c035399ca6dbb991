/**
 * What both sides of a comparison go through: NFKC (full-width marks become half-width), typographic quotes and dashes
 * become plain ones, white space becomes one space; Chinese pages lose it altogether, because Tesseract puts spaces between
 * characters. Nothing else is forgiven: wrong case, punctuation, order of blocks and lost lines all count.
 */
export function normalise(text, isChinese) {
  const plain = text
    .normalize('NFKC')
    .replace(/[‘’]/g, "'")
    .replace(/[“”]/g, '"')
    .replace(/[–—―]/g, '-')
    .replace(/\s+/g, ' ')
    .trim();
  return isChinese ? plain.replaceAll(' ', '') : plain;
}

/** Levenshtein distance in UTF-16 units. */
export function editDistance(a, b) {
  let previous = Int32Array.from({ length: b.length + 1 }, (_, index) => index);
  let current = new Int32Array(b.length + 1);
  for (let i = 1; i <= a.length; i++) {
    current[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      current[j] = Math.min(replaced, previous[j] + 1, current[j - 1] + 1);
    }
    [previous, current] = [current, previous];
  }
  return previous[b.length];
}
