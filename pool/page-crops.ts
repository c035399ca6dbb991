import type { CropPatches, PlannedCrop, RecipeOptions } from '#models';
import type { StageTimings } from './pool.js';
import type { PreparedPage } from './prepare/prepare-protocol.js';
import type { PrepareDoor } from './prepare-turns.js';
import type { RunScope } from './run-scope.js';
import { noTimings } from './stage-timings.js';

export interface PageCropsParts {
  readonly prepare: Pick<PrepareDoor, 'prepareCrops'>;
  readonly scope: Pick<RunScope, 'race'>;
  readonly recipe: RecipeOptions;
}

/**
 * Pixels of the page that one task cuts: a block of text alone, cells of a table together, as a task of its own for each
 * would cost more than the cutting.
 */
const taskPixels = 64_000;

/**
 * Cuts crops of a page in the prepare threads, in their order and as many at once as threads are free. One promise for
 * each, so that the devices read the first while the next are being cut; every one of them must be awaited.
 */
export function cutCrops(
  { image, plan }: Pick<PreparedPage, 'image' | 'plan'>,
  crops: readonly PlannedCrop[],
  { prepare, scope, recipe }: PageCropsParts,
  spent: StageTimings[],
): Promise<CropPatches>[] {
  return groupCrops(crops).flatMap((group) => {
    const task = { image, slope: plan.slope, crops: group, pixels: recipe };
    const cut = scope.race(prepare.prepareCrops(task)).then(({ patches, cropMs }) => {
      spent.push({ ...noTimings, prepareMs: cropMs });
      return patches;
    });
    return group.map(async (_, index) => (await cut)[index]);
  });
}

/** Neighbours together, as long as they are small. */
function groupCrops(crops: readonly PlannedCrop[]): PlannedCrop[][] {
  const groups: PlannedCrop[][] = [];
  let pixels = 0;
  for (const crop of crops) {
    const [x0, y0, x1, y1] = crop.box;
    const more = crop.size ? crop.size.width * crop.size.height : (x1 - x0) * (y1 - y0);
    const group = groups.at(-1);
    if (group && pixels + more <= taskPixels) {
      group.push(crop);
      pixels += more;
    } else {
      groups.push([crop]);
      pixels = more;
    }
  }
  return groups;
}
