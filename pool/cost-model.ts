import type { Task } from '#models';

/** What is known of a crop before it is read. */
export interface CropSize {
  readonly kind: Task;
  readonly imageTokenCount: number;
  readonly promptTokenCount: number;
  readonly maxTokens: number;
}

/** What reading it took. */
export interface CropSpend {
  readonly outputTokenCount: number;
  /** Milliseconds of vision and prefill, and of decoding: the crop's share of its runs. */
  readonly encodeMs: number;
  readonly decodeMs: number;
}

/** What a prepare thread does with a page: with the layout detector or without, or a picture that is one crop. */
export type PageKind = 'laid-out' | 'plain' | 'picture';

/**
 * Cost of work in milliseconds of one shard, or of one prepare thread, before it is done. Image tokens follow from the size; output tokens and
 * the milliseconds of each are learned from what was read, per kind of crop.
 */
export interface CostModel {
  cropCost(crop: CropSize): number;
  /** A page known only by its pixels. */
  pageCost(pixelCount: number): number;
  /** Preparing one page. */
  prepareCost(kind: PageKind): number;
  learnCrop(crop: CropSize, spend: CropSpend): void;
  learnPage(pixelCount: number, cost: number): void;
  learnPrepare(kind: PageKind, ms: number): void;
}

/** Weight of a new observation in a running mean. */
const learningRate = 0.05;
/** Before anything was read: output per image token, milliseconds per token, cost of a megapixel. */
const startRatio: Readonly<Record<Task, number>> = {
  ocr: 0.7,
  table: 1.2,
  formula: 0.8,
  chart: 1,
  seal: 0.2,
  spotting: 1,
};
const startEncodeMs = 0.5;
const startDecodeMs = 1;
const startMegapixelMs = 400;
const startPrepareMs: Readonly<Record<PageKind, number>> = { 'laid-out': 250, plain: 50, picture: 20 };

export function createCostModel(): CostModel {
  const ratios = new Map<Task, number>();
  const prepareMs = new Map<PageKind, number>();
  let encodeMs = startEncodeMs;
  let decodeMs = startDecodeMs;
  let megapixelMs = startMegapixelMs;
  /** The first observation stands in for a guess at once; later ones move it slowly. */
  const seen = new Set<string>();

  const learn = (name: string, before: number, value: number): number => {
    if (!Number.isFinite(value)) return before;
    const rate = seen.has(name) ? learningRate : 0.5;
    seen.add(name);
    return before + (value - before) * rate;
  };
  const outputOf = ({ kind, imageTokenCount, promptTokenCount, maxTokens }: CropSize): number =>
    Math.min(maxTokens, Math.max(1, (ratios.get(kind) ?? startRatio[kind]) * (imageTokenCount || promptTokenCount)));

  return {
    cropCost: (crop) => encodeMs * crop.promptTokenCount + decodeMs * outputOf(crop),
    pageCost: (pixelCount) => (megapixelMs * pixelCount) / 1e6,
    prepareCost: (kind) => prepareMs.get(kind) ?? startPrepareMs[kind],
    learnCrop(crop, spend) {
      const base = crop.imageTokenCount || crop.promptTokenCount;
      const ratio = ratios.get(crop.kind) ?? startRatio[crop.kind];
      ratios.set(crop.kind, learn(crop.kind, ratio, spend.outputTokenCount / Math.max(1, base)));
      encodeMs = learn('encode', encodeMs, spend.encodeMs / Math.max(1, crop.promptTokenCount));
      decodeMs = learn('decode', decodeMs, spend.decodeMs / Math.max(1, spend.outputTokenCount));
    },
    learnPage(pixelCount, cost) {
      if (pixelCount > 0) megapixelMs = learn('page', megapixelMs, (cost * 1e6) / pixelCount);
    },
    learnPrepare(kind, ms) {
      prepareMs.set(kind, learn(kind, prepareMs.get(kind) ?? startPrepareMs[kind], ms));
    },
  };
}
