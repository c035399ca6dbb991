import type { CropPatches, PagedRow } from '#models';

/**
 * A row of a run, with the embeddings of the pictures of a prompt in whatever form the graphs gave them.
 */
export interface PagedRun<Embeds> extends Omit<PagedRow, 'embedStarts'> {
  readonly embeddings: readonly Embeds[];
}

export interface PagedResult {
  /** The next token of each row and its natural log-probability. */
  readonly tokens: readonly number[];
  readonly logprobs: readonly number[];
}

/** Pictures that are encoded, or are being so on a device. */
export interface Encoded<Embeds> {
  /** One for each picture, in order. They hold until the next run that prompts are part of. */
  readonly embeddings: readonly Embeds[];
  /**
   * Milliseconds it took, where it goes on after the call: to be asked after the run that uses the embeddings and before
   * any picture is encoded after it. Waits where it is still under way.
   */
  ms?(): number;
}

/** The graphs compiled for CUDA as the engine runs them: plain numbers in and out. They know nothing of queues. */
export interface EngineGraphs<Embeds> {
  /** Encodes pictures of any sizes. */
  encodeImages(images: readonly CropPatches[]): Promise<Encoded<Embeds>>;
  /** Puts the tokens of each row into the pool and chooses the next one of each. */
  run(rows: readonly PagedRun<Embeds>[]): Promise<PagedResult>;
  close(): Promise<void>;
}
