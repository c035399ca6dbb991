import { meanConfidence } from '../generation/confidence.js';
import type { Reading } from '../generation/reading.js';
import { truncateRepetition } from '../generation/truncate-repetition.js';
import type { Box } from '../layout/region.js';
import { type CropOutcome, isFailure } from './crop-outcome.js';
import { joinLines, joinPair, type ReadLine } from './join-lines.js';
import { normalizeFormula } from './normalize-formula.js';
import { cellsToHtml, otslToHtml } from './otsl-to-html.js';
import type { PageHints } from './page-hints.js';
import type { PlannedBlock, PlannedCrop, PlannedFigure } from './page-plan.js';
import type { Block } from './page-result.js';
import { figurePathOf } from './picture-path.js';
import { widenPunctuation } from './widen-punctuation.js';

/** Table marks that a reader lets slip into plain text. */
const cellTags = / ?<(?:[felux]cel|nl)> ?/g;
/** Left-over ink that is read with less confidence than this was no text. */
const leastStrayConfidence = 0.55;

/**
 * One block from what was read of its crops (`outcomes`, in their order). `order` is its 1-based place on the page.
 * A block that the detector missed and that reads as nonsense gets no text.
 */
export function assembleBlock(
  block: PlannedBlock,
  outcomes: readonly CropOutcome[],
  order: number,
  hints: Pick<PageHints, 'lineBreaks'>,
): Block {
  const readings = outcomes.flatMap((outcome) => (isFailure(outcome) ? [] : [outcome]));
  const failure = outcomes.find(isFailure);
  const confidence = meanConfidence(readings.flatMap(({ logprobs }) => logprobs));
  const truncated = readings.find(({ finishReason }) => finishReason !== 'stop')?.finishReason;
  const isNonsense =
    block.isStray && (truncated !== undefined || (confidence !== null && confidence < leastStrayConfidence));
  return {
    label: block.label,
    box: block.box,
    text: isNonsense ? '' : textOf(block, outcomes, hints),
    confidence,
    order,
    ...(block.mergedInto !== undefined && { mergedInto: block.mergedInto + 1 }),
    ...(block.figures && { figures: block.figures.map(({ label, box }) => ({ label, box })) }),
    ...(truncated && truncated !== 'stop' && { truncated }),
    ...(failure && { error: failure.error }),
  };
}

function textOf(block: PlannedBlock, outcomes: readonly CropOutcome[], { lineBreaks }: Pick<PageHints, 'lineBreaks'>) {
  if (block.cells) return tableOfCells(block, outcomes);
  const isPrinted = lineBreaks === 'printed';
  const pieces = block.crops.flatMap((crop, index) => {
    const outcome = outcomes[index];
    return outcome && !isFailure(outcome) ? [{ crop, text: answerOf(crop, outcome, block) }] : [];
  });
  if (block.crops[0]?.task !== 'ocr') return pieces.map(({ text }) => text).join('\n');
  if (!isPrinted) return pieces.map(({ text }) => text.trim()).join('\n\n');
  return widenPunctuation(joinLines(linesOf(pieces), block.label));
}

/** The answer of one crop after PaddleX's clean-up: repetition cut, formulas delimited, tables as HTML. */
function answerOf(crop: PlannedCrop, { text }: Reading, { label, figures }: PlannedBlock): string {
  if (crop.task === 'table') {
    const otsl = normalizeFormula(truncateRepetition(text, 'table'));
    return showFigures(otslToHtml(otsl) || otsl, figures);
  }
  const printed = crop.hasNoUnderscore ? text.replaceAll(/ ?_+ ?/g, ' ') : text;
  return normalizeFormula(truncateRepetition(printed.replaceAll(cellTags, ' ')), label === 'formula_number');
}

/** Tokens become the pictures they stand for. PaddleX writes one quotation mark too many; this is plain HTML. */
function showFigures(html: string, figures: readonly PlannedFigure[] = []): string {
  return figures.reduce(
    (shown, { token, ...figure }) => shown.replaceAll(token, `<img src="${figurePathOf(figure)}" alt="Image" />`),
    html,
  );
}

/** Printed lines in order; pieces of one line are put together again. */
function linesOf(pieces: readonly { crop: PlannedCrop; text: string }[]): ReadLine[] {
  const lines: ReadLine[] = [];
  for (const { crop, text } of pieces) {
    const texts = text.split('\n').filter((line) => line.trim() !== '');
    const last = lines[lines.length - 1];
    if (crop.continuesLine && last) {
      lines[lines.length - 1] = {
        text: `${last.text} ${texts.join(' ')}`,
        box: enclose(last.box, crop.lines[0] ?? crop.box),
      };
      continue;
    }
    if (crop.lineCount === 1) {
      if (texts.length > 0) lines.push({ text: texts.join(' '), box: crop.lines[0] });
      continue;
    }
    lines.push(...texts.map((line, index) => ({ text: line, box: crop.lines[index] ?? crop.box })));
  }
  return lines;
}

function tableOfCells({ cells = [], crops }: PlannedBlock, outcomes: readonly CropOutcome[]): string {
  const read = cells.map(({ firstCrop, cropCount, ...place }) => {
    const texts = outcomes.slice(firstCrop, firstCrop + cropCount).map((outcome) => {
      return isFailure(outcome) ? '' : truncateRepetition(outcome.text).replaceAll('\n', ' ').trim();
    });
    const text = texts.reduce((joined, part) => (joined && part ? joinPair(joined, part) : joined || part), '');
    return { ...place, text: widenPunctuation(text) };
  });
  const rowCount = Math.max(0, ...cells.map(({ row, rowSpan }) => row + rowSpan));
  return crops.length === 0 ? '' : cellsToHtml(read, rowCount);
}

function enclose(a: Box, b: Box): Box {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}
