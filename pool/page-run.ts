import {
  acceptRereads,
  assembleBlock,
  assemblePage,
  type Block,
  type CropOutcome,
  type CropPatches,
  checkReadings,
  meanConfidence,
  mostRereadRounds,
  type PageHints,
  type PagePlan,
  type PlannedBlock,
  picturePathOf,
  type ReadPlan,
} from '#models';
import type { CropReader, CropText } from './crop-reader.js';
import { cutCrops } from './page-crops.js';
import { encodePictures } from './page-pictures.js';
import { type PreparePageParts, preparePage } from './page-preparation.js';
import type { PageOutcome, ParseOptions, Priority, StageTimings } from './pool.js';
import type { PreparedPage } from './prepare/prepare-protocol.js';
import { deviceMsOf, noTimings, sumTimings } from './stage-timings.js';

export interface PageRunParts extends PreparePageParts {
  readonly reader: CropReader;
  readonly hints: PageHints;
  readonly pictures: NonNullable<ParseOptions['pictures']>;
  readonly priority: Priority;
  /** Milliseconds a thread took to prepare the page. */
  readonly onPrepared: (ms: number) => void;
  /** Milliseconds a shard took to read a crop. */
  readonly onCrop: (ms: number) => void;
  /** Told as it happens, before the page is done. */
  readonly onPlanned: (plan: PagePlan) => Promise<void>;
  readonly onBlock: (block: Block) => Promise<void>;
}

/** The engine has its own limit. */
const unlimited = Number.MAX_SAFE_INTEGER;

/**
 * Reads one page: decode and layout first; its crops, cut in the prepare pool and read as they come; every block for
 * itself, read again where its reading cannot be right; then the whole. Rejects when the page cannot be prepared or the
 * run is over; a crop that cannot be read is the failure of its block.
 */
export async function readPage(pageIndex: number, parts: PageRunParts): Promise<PageOutcome> {
  const { scope, recipe, hints, pictures } = parts;
  const startedAt = performance.now();
  const page = await preparePage(pageIndex, parts);
  const prepared = preparing(page);
  await scope.race(parts.onPlanned(page.plan));
  const spent: StageTimings[] = [prepared];
  const crops = page.plan.blocks.flatMap((block) => block.crops);
  const patches = cutCrops(page, crops, parts, spent);
  void Promise.allSettled([...patches]).then(() =>
    parts.onPrepared(prepared.detectMs - page.deviceMs + spent.reduce((sum, { prepareMs }) => sum + prepareMs, 0)),
  );
  const blocks = await Promise.all(
    page.plan.blocks.map(async (planned, index) => {
      const read = await readBlock(page, planned, patches.splice(0, planned.crops.length), parts, spent);
      const block = assembleBlock(read.plan.blocks[0], read.outcomes[0], index + 1, hints);
      if (!isGone(read.plan.blocks[0], block)) await scope.race(parts.onBlock(block));
      return read;
    }),
  );
  const plan = { ...page.plan, blocks: blocks.map((read) => read.plan.blocks[0]) };
  const outcomes = blocks.map((read) => read.outcomes[0]);
  const picturePath = pictures.blocks ? (block: Block) => picturePathOf(block, recipe) : undefined;
  const result = assemblePage(plan, outcomes, { recipe, hints, picturePath });
  const pictured = await scope.race(encodePictures(page, result.blocks, parts));
  const timings = sumTimings(spent, performance.now() - startedAt);
  parts.emit({
    type: 'page-finished',
    timings,
    emptyBlockCount: plan.blocks.filter(({ crops }, index) => crops.length > 0 && isEmpty(outcomes[index])).length,
    meanConfidence: meanConfidence(outcomes.flat().flatMap((outcome) => ('error' in outcome ? [] : outcome.logprobs))),
  });
  return { pageIndex, ...result, detections: page.detections, timings, ...pictured };
}

/** One block of the plan, as a plan of its own: no block waits for another. */
async function readBlock(
  page: PreparedPage,
  block: PlannedBlock,
  patches: readonly Promise<CropPatches>[],
  parts: PageRunParts,
  spent: StageTimings[],
): Promise<ReadPlan> {
  let read: ReadPlan = {
    plan: { ...page.plan, blocks: [block] },
    outcomes: [await readCrops(page.pageIndex, block.crops, patches, parts, spent)],
  };
  for (let round = 0; round < mostRereadRounds; round++) {
    const rereads = checkReadings(read.plan, read.outcomes, parts.hints);
    if (rereads.length === 0) break;
    const answers = await Promise.all(
      rereads.map(({ crops }) => readCrops(page.pageIndex, crops, cutCrops(page, crops, parts, spent), parts, spent)),
    );
    read = acceptRereads(read, rereads, answers);
  }
  return read;
}

async function readCrops(
  pageIndex: number,
  crops: PlannedBlock['crops'],
  patches: readonly Promise<CropPatches>[],
  { reader, scope, document, priority, recipe, onCrop }: PageRunParts,
  spent: StageTimings[],
): Promise<CropOutcome[]> {
  const readings = crops.map(async ({ task, maxTokens }, index) => {
    const cut = await patches[index];
    // A crop of a run that is over would have nobody to take it back.
    scope.check();
    const text = await reader.read({
      flow: document.documentId,
      part: pageIndex,
      priority,
      task,
      patches: cut,
      maxTokens: Math.min(maxTokens ?? unlimited, recipe.maxNewTokens ?? unlimited),
    });
    if (text.ok) {
      spent.push(text.reading.timings);
      onCrop(deviceMsOf(text.reading.timings));
    }
    return toOutcome(text);
  });
  return scope.race(Promise.all(readings));
}

function toOutcome(text: CropText): CropOutcome {
  return text.ok ? text.text : { error: { code: text.failure.code, message: text.failure.message } };
}

/** The rule of `assemblePage`: left-over ink that turned out to be no text. */
function isGone({ isStray }: PlannedBlock, { text, error }: Block): boolean {
  return isStray === true && text === '' && !error;
}

function isEmpty(outcomes: readonly CropOutcome[]): boolean {
  return outcomes.every((outcome) => 'error' in outcome || outcome.text.trim() === '');
}

function preparing({ timings: { decodeMs, detectMs, planMs } }: PreparedPage): StageTimings {
  return { ...noTimings, prepareMs: decodeMs + planMs, detectMs };
}
