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

/**
 * Cost of work in milliseconds of one shard, before it is done. Image tokens follow from the size; output tokens and
 * the milliseconds of each are learned from what was read, per kind of crop.
 */
export interface CostModel {
  cropCost(crop: CropSize): number;
  /** A page known only by its pixels. */
  pageCost(pixelCount: number): number;
  learnCrop(crop: CropSize, spend: CropSpend): void;
  learnPage(pixelCount: number, cost: number): void;
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

export function createCostModel(): CostModel {
  const ratios = new Map<Task, number>();
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
  };
}
