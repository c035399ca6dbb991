import type { RgbImage } from '../image/rgb-image.js';
import { coverInk, type InkedRegion } from '../layout/cover-ink.js';
import { type PageInk, readInk } from '../layout/page-ink.js';
import type { Box, Region } from '../layout/region.js';
import { tellPictures } from '../layout/tell-pictures.js';
import { takeFigures } from './figure-tokens.js';
import { mergeTextBlocks } from './merge-text-blocks.js';
import type { PageHints } from './page-hints.js';
import type { PagePlan, PlannedBlock, PlannedCrop } from './page-plan.js';
import { planBlock } from './plan-block.js';
import { type CropLimits, planLines } from './plan-lines.js';
import { planTable } from './plan-table.js';
import type { RecipeOptions } from './recipe-options.js';
import { taskOfLabel } from './task-of-label.js';

export interface PlanOptions {
  readonly recipe: RecipeOptions;
  readonly hints: PageHints;
  readonly limits: CropLimits;
}

/**
 * Decides what of a page is read, in which pieces and in which order. Regions come in page pixels after the filters
 * of the layout stage. Every mark of ink belongs to one block; see `PageHints` for how a block is cut. `ink` is what
 * `readInk` finds on the page, which needs no regions and may be at hand.
 */
export function planPage(
  page: RgbImage,
  regions: readonly Region[],
  options: PlanOptions,
  ink: PageInk = readInk(page),
): PagePlan {
  const byLine = options.hints.linesPerCrop !== undefined;
  const told = options.recipe.coverInk ? tellPictures(page, ink, regions) : regions;
  const inked = coverInk(ink, told, options.recipe.coverInk);
  const blocks = inked.flatMap((region): PlannedBlock[] => {
    const box = integerBox(region.box, page);
    if (box[2] - box[0] < 2 || box[3] - box[1] < 2) return [];
    if (isEmpty(region, options) || (region.components.length === 0 && isBlank(page, box))) return [];
    const planned = { label: region.label, box, score: region.score, ...(region.isStray && { isStray: true }) };
    return [{ ...planned, ...planRegion(region, ink, page, options) }];
  });
  const { width, height } = page;
  if (byLine) return { width, height, slope: ink.slope, blocks };
  // Figures that are read have texts of their own: they stay blocks.
  const whole = options.recipe.useOcrForImageBlock ? blocks : takeFigures(blocks);
  const isMerging = options.recipe.mergeLayoutBlocks && options.hints.lineBreaks === 'paragraphs';
  return { width, height, slope: 0, blocks: isMerging ? mergeTextBlocks(whole) : whole };
}

/** A weak detection of text without print in it is a speck or a shadow. */
function isEmpty({ label, lines, score, isStray }: InkedRegion, { recipe, hints }: PlanOptions): boolean {
  const isText = taskOfLabel(label, recipe, hints) === 'ocr';
  return isText && recipe.coverInk && lines.length === 0 && (isStray || score < 0.5);
}

/** Grey levels between the lightest and the darkest of what is blank paper, grain included. */
const blankContrast = 40;

/** Whether a region without any ink shows nothing light on dark either; looks at one pixel in nine. */
function isBlank({ data, width }: RgbImage, [x0, y0, x1, y1]: Box): boolean {
  let darkest = 255;
  let lightest = 0;
  for (let y = y0; y < y1; y += 3) {
    for (let x = x0; x < x1; x += 3) {
      const value = data[(y * width + x) * 3 + 1];
      if (value < darkest) darkest = value;
      if (value > lightest) lightest = value;
    }
  }
  return lightest - darkest < blankContrast;
}

function planRegion(
  region: InkedRegion,
  ink: PageInk,
  page: RgbImage,
  { recipe, hints, limits }: PlanOptions,
): Pick<PlannedBlock, 'crops' | 'cells' | 'grid'> {
  const task = taskOfLabel(region.label, recipe, hints);
  if (!task) return { crops: [] };
  if (hints.linesPerCrop === undefined) return { crops: planBlock(region, ink, page, limits, task) };
  if (task === 'table') return planTable(region, ink, limits, hints);
  if (task !== 'ocr' || region.lines.length === 0) return { crops: [wholeRegion(region, ink, task)] };
  return { crops: planLines(region.lines, ink, limits, hints) };
}

/** A region whose lines cannot be told, as one crop of the straightened page. */
function wholeRegion({ place }: InkedRegion, { step }: PageInk, task: PlannedCrop['task']): PlannedCrop {
  const box = place.map((value) => Math.round(value * step)) as unknown as Box;
  return { box, task, lineCount: 0, lines: [] };
}

function integerBox([x0, y0, x1, y1]: Box, { width, height }: RgbImage): Box {
  return [
    Math.max(0, Math.floor(x0)),
    Math.max(0, Math.floor(y0)),
    Math.min(width, Math.ceil(x1)),
    Math.min(height, Math.ceil(y1)),
  ];
}
