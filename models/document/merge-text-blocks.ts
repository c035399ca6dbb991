import type { Box, LayoutLabel } from '../layout/region.js';
import type { CropSheet, PlannedBlock } from './page-plan.js';

/** Blocks that text runs round; they take no part in a merge. */
const standingLabels: ReadonlySet<LayoutLabel> = new Set([
  'image',
  'header_image',
  'footer_image',
  'chart',
  'seal',
  'table',
]);
/** Edges this close together, in pixels, are one edge. */
const sameEdge = 5;
/** Gap to the next column at most, as a share of the wider block; to the block below, of the taller one. */
const mostColumnGap = 0.3;
const mostRowGap = 0.5;
/** A sheet this many times as high as wide is not made. */
const mostSlender = 3;

type Align = 'left' | 'right' | 'centre';

interface Group {
  readonly members: number[];
  /** How each member stands below the one before; one fewer than members. */
  readonly aligns: Align[];
}

/**
 * Merges blocks of text that continue one another (in the next column, or round a figure): the first of a group gets
 * one crop in which all are stacked on white, the others none and `mergedInto`, an index in the answer. Blocks that
 * stand between the members follow the group. Source: `merge_layout_blocks` of PaddleX's PaddleOCR-VL pipeline; blocks
 * of several crops and blocks that were not detected stay as they are. It is for readers of whole blocks: one that
 * reads printed lines one by one gains nothing from a stack, since no line goes over a border of blocks.
 */
export function mergeTextBlocks(blocks: readonly PlannedBlock[]): PlannedBlock[] {
  const sheets = new Map<number, { readonly group: Group; readonly sheet: CropSheet }>();
  for (const group of groupsOf(blocks)) {
    const sheet = group.members.length > 1 ? sheetOf(group, blocks) : undefined;
    if (sheet) sheets.set(group.members[0], { group, sheet });
  }
  const followers = new Set([...sheets.values()].flatMap(({ group }) => group.members.slice(1)));
  const merged: PlannedBlock[] = [];
  blocks.forEach((block, index) => {
    if (followers.has(index)) return;
    const found = sheets.get(index);
    if (!found) {
      merged.push(block);
      return;
    }
    const mergedInto = merged.length;
    const { sheet, group } = found;
    const box: Box = [0, 0, sheet.width, sheet.height];
    merged.push({ ...block, crops: [{ box, sheet, task: 'ocr', lineCount: 0, lines: [] }] });
    for (const member of group.members.slice(1)) merged.push({ ...blocks[member], crops: [], mergedInto });
  });
  return merged;
}

function groupsOf(blocks: readonly PlannedBlock[]): Group[] {
  const groups: Group[] = [];
  let previous = -1;
  blocks.forEach((block, index) => {
    if (standingLabels.has(block.label)) return;
    const align = previous < 0 ? undefined : alignOf(blocks[previous], block, blocks);
    const last = groups[groups.length - 1];
    if (align && last) {
      last.members.push(index);
      last.aligns.push(align);
    } else groups.push({ members: [index], aligns: [] });
    previous = index;
  });
  return groups;
}

/** How `block` continues `previous`; undefined where it does not. */
function alignOf(previous: PlannedBlock, block: PlannedBlock, all: readonly PlannedBlock[]): Align | undefined {
  if (!isMergeable(previous) || !isMergeable(block)) return undefined;
  const [a, b] = [previous.box, block.box];
  const isBeside = Math.min(a[2], b[2]) <= Math.max(a[0], b[0]);
  if (isBeside) {
    const isNext = b[0] > a[2] && b[1] < a[3];
    return isNext && b[0] - a[2] < mostColumnGap * Math.max(a[2] - a[0], b[2] - b[0]) ? 'centre' : undefined;
  }
  if (b[3] < a[1] || Math.abs(b[1] - a[3]) >= mostRowGap * Math.max(a[3] - a[1], b[3] - b[1])) return undefined;
  const isLeft = Math.abs(a[0] - b[0]) <= sameEdge;
  const isRight = Math.abs(a[2] - b[2]) <= sameEdge;
  if (isLeft === isRight) return undefined;
  const union: Box = [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
  const runsRound = all.some(({ label, box }) => standingLabels.has(label) && overlaps(union, box));
  if (!runsRound) return undefined;
  return isLeft ? 'left' : 'right';
}

function isMergeable({ label, crops, isStray }: PlannedBlock): boolean {
  return label === 'text' && crops.length === 1 && crops[0].task === 'ocr' && !isStray;
}

function overlaps(a: Box, b: Box): boolean {
  return Math.min(a[2], b[2]) > Math.max(a[0], b[0]) && Math.min(a[3], b[3]) > Math.max(a[1], b[1]);
}

/** The members one below the other, each aligned with all that stands above it; undefined for slender stacks. */
function sheetOf({ members, aligns }: Group, blocks: readonly PlannedBlock[]): CropSheet | undefined {
  const boxes = members.map((member) => blocks[member].crops[0].box);
  const width = Math.max(...boxes.map(([x0, , x1]) => x1 - x0));
  const height = boxes.reduce((sum, [, y0, , y1]) => sum + y1 - y0, 0);
  if (height / width >= mostSlender) return undefined;
  let stackWidth = 0;
  let y = 0;
  const pieces: { box: Box; x: number; y: number }[] = [];
  boxes.forEach((box, index) => {
    const own = box[2] - box[0];
    const align = index === 0 ? 'left' : aligns[index - 1];
    const both = Math.max(stackWidth, own);
    const shift = (inner: number) =>
      align === 'left' ? 0 : align === 'right' ? both - inner : Math.floor((both - inner) / 2);
    for (const piece of pieces) piece.x += shift(stackWidth);
    pieces.push({ box, x: shift(own), y });
    stackWidth = both;
    y += box[3] - box[1];
  });
  return { width, height, pieces };
}
