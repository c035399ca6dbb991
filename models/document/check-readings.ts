import { meanConfidence } from '../generation/confidence.js';
import type { Reading } from '../generation/reading.js';
import type { Box } from '../layout/region.js';
import { type CropOutcome, isFailure } from './crop-outcome.js';
import { otslSize } from './otsl-to-html.js';
import type { PageHints } from './page-hints.js';
import type { PagePlan, PlannedBlock, PlannedCell, PlannedCrop } from './page-plan.js';

/** Crops to be read in place of one that was not read right. */
export interface Reread {
  /** Index of the block in the plan, and of the crop in the block. */
  readonly block: number;
  readonly crop: number;
  readonly crops: readonly PlannedCrop[];
  /** Present where a table will be put together from its cells. */
  readonly cells?: readonly PlannedCell[];
}

/** Times one place may be read again. */
export const mostRereadRounds = 2;
/** Readings below this are tried again where another way of cutting exists. */
const leastConfidence = 0.75;
/** Characters one line height of width can hold at most, and holds at least, in any script. */
const densest = 7;
const sparsest = 0.22;
/** Lines read again are enlarged up to this width. */
const widestRetry = 1400;

/**
 * Finds crops whose reading cannot be right: cut short by a limit or the loop guard, fewer or more lines than are
 * printed, far too much or too little text for the width of the print, a table whose rows or columns differ from the
 * printed grid, little confidence. Each comes back in smaller pieces or at another scale. Bounded: a crop that came
 * from `mostRereadRounds` rounds of this is never returned again.
 */
export function checkReadings(
  plan: PagePlan,
  outcomes: readonly (readonly CropOutcome[])[],
  hints: PageHints,
): Reread[] {
  return plan.blocks.flatMap((block, b) =>
    block.crops.flatMap((crop, c): Reread[] => {
      const outcome = outcomes[b]?.[c];
      if (!outcome || isFailure(outcome) || (crop.round ?? 0) >= mostRereadRounds) return [];
      const again = rereadOf(block, crop, outcome, hints);
      return again ? [{ block: b, crop: c, ...again }] : [];
    }),
  );
}

function rereadOf(
  block: PlannedBlock,
  crop: PlannedCrop,
  reading: Reading,
  hints: PageHints,
): Pick<Reread, 'crops' | 'cells'> | undefined {
  const round = (crop.round ?? 0) + 1;
  if (crop.task === 'table') {
    if (!block.grid || !isWrongTable(reading, block.grid)) return undefined;
    return { crops: block.grid.crops.map((piece) => ({ ...piece, round })), cells: block.grid.cells };
  }
  if (crop.task !== 'ocr' || crop.lineCount === 0) return undefined;
  const isWrong = crop.lineCount === 1 ? isWrongLine(crop, reading) : isWrongBlock(crop, reading, hints);
  if (!isWrong) return undefined;
  const pieces = crop.lineCount > 1 ? halves(crop) : block.isStray ? [] : anotherScale(crop, round);
  return pieces.length === 0 ? undefined : { crops: pieces.map((piece) => ({ ...piece, round })) };
}

function isWrongTable(reading: Reading, grid: { rowCount: number; columnCount: number }): boolean {
  const { rowCount, columnCount } = otslSize(reading.text);
  return reading.finishReason !== 'stop' || rowCount !== grid.rowCount || columnCount !== grid.columnCount;
}

function isWrongLine({ lines: [line] }: PlannedCrop, reading: Reading): boolean {
  if (reading.finishReason !== 'stop') return true;
  const letters = [...reading.text.replace(/\s/g, '')].length;
  const room = (line[2] - line[0]) / (line[3] - line[1]);
  if (letters > room * densest + 4 || letters < Math.floor(room * sparsest)) return true;
  const confidence = meanConfidence(reading.logprobs);
  return confidence !== null && confidence < leastConfidence;
}

/** Several lines: a model that keeps printed lines must give as many as are printed. */
function isWrongBlock(crop: PlannedCrop, reading: Reading, { lineBreaks }: PageHints): boolean {
  if (reading.finishReason !== 'stop') return true;
  if (lineBreaks === 'paragraphs') return false;
  return reading.text.split('\n').filter((line) => line.trim() !== '').length !== crop.lineCount;
}

/** Two crops, parted between the printed lines nearest the middle; none where the lines overlap. */
function halves(crop: PlannedCrop): PlannedCrop[] {
  const { box, lines } = crop;
  const middle = lines.length >> 1;
  const gap = [
    Math.max(...lines.slice(0, middle).map((line) => line[3])),
    Math.min(...lines.slice(middle).map((line) => line[1])),
  ];
  const cut = Math.round((gap[0] + gap[1]) / 2);
  if (cut <= box[1] || cut >= box[3]) return [];
  const part = (from: Box, group: readonly Box[]): PlannedCrop => {
    const { size: _, ...rest } = crop;
    return { ...rest, box: from, lines: group, lineCount: group.length };
  };
  return [
    part([box[0], box[1], box[2], cut], lines.slice(0, middle)),
    part([box[0], cut, box[2], box[3]], lines.slice(middle)),
  ];
}

/**
 * The same line larger and with paper above and below it: what trips the reader at one size seldom does at the next.
 * Sizes stay multiples of the cell height the plan chose.
 */
function anotherScale(crop: PlannedCrop, round: number): PlannedCrop[] {
  if (!crop.size) return [];
  const { box, size, erased = [] } = crop;
  const enlarged = Math.min(round === 1 ? 1.4 : 2, Math.max(1.1, widestRetry / size.width));
  const height = Math.round(((box[3] - box[1]) * 2) / enlarged);
  const width = Math.round(
    (Math.ceil((size.width * enlarged) / size.height) * size.height * (box[2] - box[0])) / (size.width * enlarged),
  );
  const left = box[0] - Math.round((width - box[2] + box[0]) / 2);
  const top = box[1] - Math.round((height - box[3] + box[1]) / 2);
  const grown: Box = [left, top, left + width, top + height];
  const frame: Box[] = [
    [grown[0], grown[1], grown[2], box[1]],
    [grown[0], box[3], grown[2], grown[3]],
    [grown[0], box[1], box[0], box[3]],
    [box[2], box[1], grown[2], box[3]],
  ];
  const columns = Math.ceil((size.width * enlarged) / size.height);
  return [
    {
      ...crop,
      box: grown,
      size: { width: columns * size.height, height: size.height * 2 },
      erased: [...erased, ...frame.filter(([x0, y0, x1, y1]) => x1 > x0 && y1 > y0)],
    },
  ];
}
