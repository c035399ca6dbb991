/** Sizes of the NaViT-style vision encoder, from `vision_config`. */
export interface VisionConfig {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layerCount: number;
  readonly headCount: number;
  readonly patchSize: number;
  /** Side of the learned position grid: `image_size / patch_size`, rounded down. */
  readonly positionGridSize: number;
  readonly layerNormEps: number;
  readonly ropeTheta: number;
  readonly mergeSize: number;
}

/** Sizes of the ERNIE-4.5 decoder, from `text_config` or, as the published checkpoints have them, flat. */
export interface TextConfig {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layerCount: number;
  readonly headCount: number;
  readonly kvHeadCount: number;
  readonly headDim: number;
  readonly vocabSize: number;
  readonly rmsNormEps: number;
  readonly ropeTheta: number;
  /** How many rotary frequencies use the temporal, height and width position; sums to `headDim / 2`. */
  readonly mropeSection: readonly [number, number, number];
  readonly maxPositions: number;
}

export interface ReaderConfig {
  readonly vision: VisionConfig;
  readonly text: TextConfig;
  readonly imageTokenId: number;
  readonly eosTokenIds: readonly number[];
  readonly tieWordEmbeddings: boolean;
}

/** What `preprocessor_config.json` says about a crop before it becomes patches. */
export interface ImageProcessorConfig {
  readonly minPixels: number;
  readonly maxPixels: number;
  readonly patchSize: number;
  readonly mergeSize: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  readonly rescaleFactor: number;
}
