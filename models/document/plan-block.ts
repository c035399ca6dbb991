import type { Task } from '../generation/task.js';
import type { RgbImage } from '../image/rgb-image.js';
import type { InkedRegion } from '../layout/cover-ink.js';
import type { PageInk } from '../layout/page-ink.js';
import type { Box } from '../layout/region.js';
import type { PlannedCrop } from './page-plan.js';
import { type CropLimits, typicalLineHeight } from './plan-lines.js';

/** Printed lines lower than this after the reader's resize are lost; a block that would come to it is split. */
const leastLineHeight = 14;
/** Pieces of a block at most. */
const mostPieces = 12;

/**
 * A block as one crop, as the published models take it. Only a block of text so large that the reader's limit would
 * shrink its lines beyond reading is split, between printed lines.
 */
export function planBlock(
  { box, lines }: InkedRegion,
  ink: PageInk,
  page: RgbImage,
  { maxPixels }: CropLimits,
  task: Task,
): PlannedCrop[] {
  const whole: Box = [
    Math.max(0, Math.floor(box[0])),
    Math.max(0, Math.floor(box[1])),
    Math.min(page.width, Math.ceil(box[2])),
    Math.min(page.height, Math.ceil(box[3])),
  ];
  const boxes = lines.map(
    (line): Box => [line.x0, line.y0, line.x1, line.y1].map((v) => v * ink.step) as unknown as Box,
  );
  const lineHeight = typicalLineHeight(lines) * ink.step;
  const pixels = (whole[2] - whole[0]) * (whole[3] - whole[1]);
  const shrink = Math.sqrt(maxPixels / pixels);
  if (task !== 'ocr' || lines.length < 2 || shrink >= 1 || lineHeight * shrink >= leastLineHeight) {
    return [{ box: whole, task, lineCount: task === 'ocr' ? lines.length : 0, lines: boxes }];
  }
  const wanted = Math.min(mostPieces, lines.length, Math.ceil((leastLineHeight / (lineHeight * shrink)) ** 2));
  const crops: PlannedCrop[] = [];
  let top = whole[1];
  for (let piece = 0, first = 0; piece < wanted; piece++) {
    const end = Math.round((lines.length * (piece + 1)) / wanted);
    const bottom = end < boxes.length ? Math.round((boxes[end - 1][3] + boxes[end][1]) / 2) : whole[3];
    const group = boxes.slice(first, end);
    crops.push({ box: [whole[0], top, whole[2], bottom], task, lineCount: group.length, lines: group });
    first = end;
    top = bottom;
  }
  return crops;
}
