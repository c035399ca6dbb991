import type { Task } from '../generation/task.js';
import type { RgbImage } from '../image/rgb-image.js';
import type { PageInk } from '../layout/page-ink.js';
import type { Box, LayoutLabel, Region } from '../layout/region.js';
import type { PagePlan } from './page-plan.js';
import { type PlanOptions, planPage } from './plan-page.js';

/** The label the one block of a page gets; spotting has none of its own. */
const labelOfTask: Readonly<Record<Task, LayoutLabel>> = {
  ocr: 'text',
  table: 'table',
  formula: 'display_formula',
  chart: 'chart',
  seal: 'seal',
  spotting: 'text',
};

/**
 * Plans a page without layout: one block, read as `recipe.promptLabel`. Text and tables are cut where the reader's
 * limits ask for it; every other task sees the page in one piece. `ink` as for `planPage`.
 */
export function planWholePage(page: RgbImage, options: PlanOptions, ink?: PageInk): PagePlan {
  const task = options.recipe.promptLabel;
  const box: Box = [0, 0, page.width, page.height];
  const region: Region = { label: labelOfTask[task], box, score: 1, order: 0 };
  if (task === 'ocr' || task === 'table') return planPage(page, [region], options, ink);
  const { label, score } = region;
  const crops = [{ box, task, lineCount: 0, lines: [] }];
  return { width: page.width, height: page.height, slope: 0, blocks: [{ label, box, score, crops }] };
}
