import type { PlannedBlock, PlannedFigure } from './page-plan.js';

/** Numbers for 1 to 8 figures of a page in the order PaddleX deals them out; its shuffle is seeded. */
const dealt: readonly (readonly number[])[] = [
  [2],
  [3, 2],
  [4, 3, 2],
  [5, 4, 3, 2],
  [6, 4, 3, 5, 2],
  [4, 7, 3, 6, 5, 2],
  [4, 7, 3, 6, 5, 2, 8],
  [7, 6, 3, 22, 4, 8, 5, 2],
];

/**
 * Takes pictures that lie inside a table out of the list: their place in the crop of the table is painted white with
 * a token in it, which the reader copies into the cell. Tables read cell by cell are left alone.
 * Source: the handling of tables in PaddleX's PaddleOCR-VL pipeline.
 */
export function takeFigures(blocks: readonly PlannedBlock[]): PlannedBlock[] {
  const tableOf = new Map<PlannedBlock, PlannedBlock>();
  const tables = blocks.filter(({ label, crops, cells }) => label === 'table' && crops.length === 1 && !cells);
  for (const block of blocks) {
    const table = block.label === 'image' ? tables.find((candidate) => isInside(block, candidate)) : undefined;
    if (table) tableOf.set(block, table);
  }
  if (tableOf.size === 0) return [...blocks];
  const numbers = dealt[tableOf.size - 1] ?? plainNumbers(tableOf.size);
  const figures = [...tableOf.keys()].map(
    ({ box }, index): PlannedFigure => ({ label: 'image', box, token: `[F${numbers[index]}]` }),
  );
  const owners = [...tableOf.values()];
  return blocks.flatMap((block): PlannedBlock[] => {
    if (tableOf.has(block)) return [];
    const own = figures.filter((_, index) => owners[index] === block);
    if (own.length === 0) return [block];
    return [{ ...block, figures: own, crops: block.crops.map((crop) => ({ ...crop, figures: own })) }];
  });
}

/** Numbers without the digits 0, 1 and 9, which readers take for letters. */
function plainNumbers(count: number): number[] {
  const numbers: number[] = [];
  for (let number = 2; numbers.length < count; number++) if (!/[019]/.test(String(number))) numbers.push(number);
  return numbers;
}

function isInside({ box: a }: PlannedBlock, { box: b }: PlannedBlock): boolean {
  return a[0] >= b[0] && a[1] >= b[1] && a[2] <= b[2] && a[3] <= b[3];
}
