import type { Box, LayoutLabel } from '../layout/region.js';

/** A printed line as it was read, and where it stands. */
export interface ReadLine {
  readonly text: string;
  readonly box: Box;
}

const wide = /[\u2e80-\u303f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]/;
/** Bullets, numbers and letters that open an item of a list. */
const itemMarker =
  /^(?:[•●○◦▪■□‣∙·]|[-–—*+]\s|\(?\d{1,3}[.)、]\s?|\(?[a-zA-Z][.)]\s|[（(][\d一二三四五六七八九十]{1,3}[)）]|[①-⑳]|[一二三四五六七八九十]{1,3}[、.])/;
const titleLabels: ReadonlySet<LayoutLabel> = new Set([
  'doc_title',
  'paragraph_title',
  'figure_title',
  'header',
  'footer',
]);
/** Their line breaks carry meaning. */
const verbatimLabels: ReadonlySet<LayoutLabel> = new Set(['algorithm', 'content']);

/**
 * Printed lines as running text: lines of a paragraph are joined, hyphens at line ends taken out, CJK joined without a
 * space. A `\n` stays where the print breaks on purpose: before an item of a list, before an indented line, and
 * where the next word would still have fitted on the line.
 */
export function joinLines(lines: readonly ReadLine[], label: LayoutLabel): string {
  const printed = lines.map((line) => ({ ...line, text: line.text.trim() })).filter(({ text }) => text !== '');
  if (printed.length === 0) return '';
  if (verbatimLabels.has(label)) return printed.map(({ text }) => text).join('\n');
  const left = Math.min(...printed.map(({ box }) => box[0]));
  const right = Math.max(...printed.map(({ box }) => box[2]));
  let joined = printed[0].text;
  for (let index = 1; index < printed.length; index++) {
    const line = printed[index];
    const isBreak = !titleLabels.has(label) && breaksBefore(printed[index - 1], line, left, right);
    joined = isBreak ? `${joined}\n${line.text}` : joinPair(joined, line.text);
  }
  return joined;
}

/** Two pieces of one paragraph as one text. */
export function joinPair(before: string, after: string): string {
  if (/\p{L}{2}[-\u00ad\u2010]$/u.test(before) && /^\p{Ll}/u.test(after) && !endsInCompound(before)) {
    return before.slice(0, -1) + after;
  }
  if (/[-\u2010]$/.test(before) && /[\p{L}\d][-\u2010]$/u.test(before)) return before + after;
  return wide.test(before.slice(-1)) || wide.test(after.slice(0, 1)) ? before + after : `${before} ${after}`;
}

/** A word that holds another hyphen or a digit already, as `state-of-the-`, keeps its last one. */
function endsInCompound(text: string): boolean {
  const word = text.slice(text.lastIndexOf(' ') + 1, -1);
  return /[-\d]/.test(word) || /^\p{Lu}+$/u.test(word);
}

function breaksBefore(previous: ReadLine, line: ReadLine, left: number, right: number): boolean {
  const height = line.box[3] - line.box[1];
  if (
    itemMarker.test(line.text) &&
    (itemMarker.test(previous.text) || previous.box[0] > left + height * 0.5 || endsShort(previous, line, right))
  ) {
    return true;
  }
  const isIndented = line.box[0] > left + height * 1.1 && previous.box[0] < line.box[0] - height * 0.8;
  return (isIndented && !itemMarker.test(previous.text)) || endsShort(previous, line, right);
}

/** Whether the first word of a line, with a space, would have fitted at the end of the line before. */
function endsShort(previous: ReadLine, line: ReadLine, right: number): boolean {
  const isWide = wide.test(line.text.slice(0, 1));
  const wordLength = isWide ? 1 : (line.text.indexOf(' ') + 1 || line.text.length + 1) + 1;
  const letter = (line.box[2] - line.box[0]) / Math.max(1, line.text.length);
  const slack = isWide ? 2.5 : 1.25;
  return right - previous.box[2] > letter * wordLength * slack;
}
