import {
  type CropPatches,
  createPrefillInputs,
  createVisionInputs,
  type ModelFolder,
  type NamedTensors,
  type PrefillPrompt,
  type ReaderConfig,
  type Session,
  type Tensor,
} from '#models';

/** The sessions of the three graphs of a reader compiled for the CPU. */
export interface ReaderSessions {
  readonly vision: Session;
  readonly prefill: Session;
  readonly decode: Session;
}

export interface PrefillRow {
  readonly ids: readonly number[];
  readonly images: readonly CropPatches[];
  /** One for each picture, merged patches times hidden size. */
  readonly embeddings: readonly Float32Array[];
}

export interface PrefillResult {
  readonly tokens: readonly number[];
  readonly logprobs: readonly number[];
  /** Rotary position of each row's first generated token. */
  readonly nextPositions: readonly number[];
  /** `present.*` [B, kvHeads, S, headDim]. */
  readonly present: NamedTensors;
}

/** Where each row of a decode run stands. */
export interface DecodeRow {
  /** Last token, not in the cache yet, and its rotary position. */
  readonly token: number;
  readonly position: number;
  /** Tokens in the cache. */
  readonly pastLength: number;
  readonly ignoresStop?: boolean;
}

export interface DecodeResult {
  /** Steps done: fewer than asked for when every row has met a stop token. */
  readonly stepCount: number;
  /** `tokens[step * rows + row]`. */
  readonly tokens: BigInt64Array;
  readonly logprobs: Float32Array;
  /** `new.*` [rows, kvHeads, stepCount, headDim]. */
  readonly added: NamedTensors;
}

/** Runs the graphs: tensors in, plain numbers out. Knows nothing of queues. */
export class StepGraphs {
  readonly #sessions: ReaderSessions;
  readonly #reader: ReaderConfig;
  readonly #align: ModelFolder['manifest']['visionPositionAlign'];

  constructor(sessions: ReaderSessions, model: Pick<ModelFolder, 'reader' | 'manifest'>) {
    this.#sessions = sessions;
    this.#reader = model.reader;
    this.#align = model.manifest.visionPositionAlign;
  }

  /** Embeddings of pictures of one patch count, in order. */
  async encodeImages(images: readonly CropPatches[]): Promise<Float32Array[]> {
    const inputs = createVisionInputs(images, this.#reader.vision, this.#align);
    const outputs = await this.#sessions.vision.run({ ...inputs });
    const { data, dims } = outputs.image_embeds as Tensor<'float32'>;
    const size = (dims[0] / images.length) * dims[1];
    return images.map((_, index) => data.subarray(index * size, (index + 1) * size));
  }

  async prefill(rows: readonly PrefillRow[]): Promise<PrefillResult> {
    const width = this.#reader.text.hiddenSize;
    const merge = this.#reader.vision.mergeSize;
    let cellCount = 0;
    const prompts = rows.map(({ ids, images, embeddings }): PrefillPrompt => {
      const embedStarts = embeddings.map(({ length }) => {
        const start = cellCount;
        cellCount += length / width;
        return start;
      });
      const grids = images.map(({ gridHeight, gridWidth }) => ({
        height: gridHeight / merge,
        width: gridWidth / merge,
      }));
      return { ids, grids, embedStarts };
    });
    // The graph wants one row even where no prompt has a picture.
    const embeds = new Float32Array(Math.max(1, cellCount) * width);
    rows.forEach(({ embeddings }, row) => {
      embeddings.forEach((values, image) => {
        embeds.set(values, prompts[row].embedStarts[image] * width);
      });
    });
    const { inputs, nextPositions } = createPrefillInputs(prompts, this.#reader.imageTokenId);
    const image_embeds = { type: 'float32', dims: [embeds.length / width, width], data: embeds } as const;
    const { token, logprob, ...present } = await this.#sessions.prefill.run({ ...inputs, image_embeds });
    return {
      tokens: Array.from((token as Tensor<'int64'>).data, Number),
      logprobs: Array.from((logprob as Tensor<'float32'>).data),
      nextPositions,
      present,
    };
  }

  async decode(rows: readonly DecodeRow[], steps: number, past: NamedTensors): Promise<DecodeResult> {
    const outputs = await this.#sessions.decode.run({
      steps: int64([steps], []),
      // No token has this id, so the loop does not end before its steps.
      stop_ids: int64(rows.some(({ ignoresStop }) => ignoresStop) ? [-1] : this.#reader.eosTokenIds),
      token: int64(rows.map(({ token }) => token)),
      past_length: int64(rows.map(({ pastLength }) => pastLength)),
      position: int64(rows.map(({ position }) => position)),
      done: { type: 'bool', dims: [rows.length], data: new Uint8Array(rows.length) },
      ...past,
    });
    const { tokens, logprobs, ...added } = outputs;
    return {
      stepCount: tokens.dims[0],
      tokens: (tokens as Tensor<'int64'>).data,
      logprobs: (logprobs as Tensor<'float32'>).data,
      added,
    };
  }

  async close(): Promise<void> {
    await this.#sessions.vision.close();
    await this.#sessions.prefill.close();
    await this.#sessions.decode.close();
  }
}

function int64(values: readonly number[], dims: readonly number[] = [values.length]): Tensor<'int64'> {
  return { type: 'int64', dims, data: BigInt64Array.from(values, BigInt) };
}
