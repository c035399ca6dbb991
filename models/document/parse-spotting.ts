import type { PageSize, Point } from '../layout/detection.js';

/** One text that was found, and where it is printed. */
export interface SpottedText {
  readonly text: string;
  /** Corners of the text, clockwise from its own top left, in pixels of the page. */
  readonly corners: readonly Point[];
}

/** Places are told in thousandths of the page. */
const scale = 1000;
const numbersPerText = 8;

/**
 * The texts and places in an answer to the spotting prompt. The model writes either pairs of marked texts and marked
 * places, or each text followed by its eight numbers; a place with fewer numbers is dropped. Source: PaddleX's
 * post-processing of spotting.
 */
export function parseSpotting(answer: string, page: PageSize): SpottedText[] {
  const marked = parseMarked(answer, page);
  return marked.length > 0 ? marked : parsePlain(answer, page);
}

function parseMarked(answer: string, page: PageSize): SpottedText[] {
  const texts = between(answer, '<|TEXT_START|>', '<|TEXT_END|>');
  const places = between(answer, '<|LOC_BEGIN|>', '<|LOC_END|>');
  return texts.slice(0, places.length).flatMap((text, index) => {
    const numbers = numbersIn(places[index]).slice(0, numbersPerText);
    return numbers.length === numbersPerText ? [toSpotted(text, numbers, page)] : [];
  });
}

function parsePlain(answer: string, page: PageSize): SpottedText[] {
  const found: SpottedText[] = [];
  let textStart = 0;
  let textEnd = 0;
  let numbers: number[] = [];
  for (const match of answer.matchAll(/<\|LOC_(\d{1,6})\|>/g)) {
    if (numbers.length === 0) textEnd = match.index;
    numbers.push(Number(match[1]));
    if (numbers.length < numbersPerText) continue;
    found.push(toSpotted(answer.slice(textStart, textEnd), numbers, page));
    numbers = [];
    textStart = match.index + match[0].length;
  }
  return found;
}

/** What stands between each pair of marks, in order. */
function between(answer: string, open: string, close: string): string[] {
  const parts: string[] = [];
  for (let start = answer.indexOf(open); start !== -1; ) {
    const end = answer.indexOf(close, start + open.length);
    if (end === -1) break;
    parts.push(answer.slice(start + open.length, end));
    start = answer.indexOf(open, end + close.length);
  }
  return parts;
}

function numbersIn(text: string): number[] {
  return [...text.matchAll(/<\|LOC_(\d{1,6})\|>/g)].map(([, digits]) => Number(digits));
}

function toSpotted(text: string, numbers: readonly number[], { width, height }: PageSize): SpottedText {
  const corners = [0, 2, 4, 6].map((at): Point => [(numbers[at] / scale) * width, (numbers[at + 1] / scale) * height]);
  return { text: text.trim(), corners };
}
