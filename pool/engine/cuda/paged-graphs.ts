import {
  type CropPatches,
  createCudaVisionInputs,
  createPagedInputs,
  type ModelFolder,
  type PagedRow,
  pagedBlockSize,
  type ReaderConfig,
  type Session,
  type Tensor,
} from '#models';
import { BatchingChoice } from './batching-choice.js';
import type { Encoded, EngineGraphs, PagedResult, PagedRun } from './engine-graphs.js';

/** Runs the graphs through the Node addon: embeddings come to JavaScript and go back with the prompt. */
export class PagedGraphs implements EngineGraphs<Uint16Array> {
  readonly #vision: Session;
  readonly #decoder: Session;
  readonly #reader: ReaderConfig;
  readonly #align: ModelFolder['manifest']['visionPositionAlign'];
  readonly #choice = new BatchingChoice(false);

  constructor(
    sessions: { readonly vision: Session; readonly decoder: Session },
    model: Pick<ModelFolder, 'reader' | 'manifest'>,
  ) {
    this.#vision = sessions.vision;
    this.#decoder = sessions.decoder;
    this.#reader = model.reader;
    this.#align = model.manifest.visionPositionAlign;
  }

  /** float16 embeddings of each picture, merged patches times hidden size. */
  async encodeImages(images: readonly CropPatches[]): Promise<Encoded<Uint16Array>> {
    const { vision, text } = this.#reader;
    const inputs = createCudaVisionInputs(images, vision, this.#align, this.#choice.batchLength(images));
    const outputs = await this.#vision.run({ ...inputs });
    const halves = asHalves(outputs.image_embeds as Tensor<'float16'>);
    let end = 0;
    const embeddings = images.map(({ gridHeight, gridWidth }) => {
      const start = end;
      end += ((gridHeight * gridWidth) / vision.mergeSize ** 2) * text.hiddenSize;
      return halves.subarray(start, end);
    });
    return { embeddings };
  }

  async run(rows: readonly PagedRun<Uint16Array>[]): Promise<PagedResult> {
    const { text, imageTokenId } = this.#reader;
    const parts = rows.flatMap(({ embeddings }) => embeddings);
    let rowCount = 0;
    const placed = rows.map(({ embeddings, ...row }): PagedRow => {
      const embedStarts = embeddings.map(({ length }) => {
        const start = rowCount;
        rowCount += length / text.hiddenSize;
        return start;
      });
      return { ...row, embedStarts };
    });
    const embeds = joinHalves(parts, text.hiddenSize);
    const outputs = await this.#decoder.run({
      ...createPagedInputs(placed, imageTokenId, pagedBlockSize),
      image_embeds: { type: 'float16', dims: [embeds.length / text.hiddenSize, text.hiddenSize], data: embeds },
    });
    return {
      tokens: Array.from((outputs.token as Tensor<'int64'>).data, Number),
      logprobs: Array.from((outputs.logprob as Tensor<'float32'>).data),
    };
  }

  async close(): Promise<void> {
    await this.#vision.close();
    await this.#decoder.close();
  }
}

/** Newer versions of Node give float16 tensors an array type of their own. */
function asHalves({ data }: Tensor<'float16'>): Uint16Array {
  return new Uint16Array(data.buffer, data.byteOffset, data.length);
}

/** All embeddings one after another; the graph wants one row even where there is none. */
function joinHalves(parts: readonly Uint16Array[], width: number): Uint16Array {
  if (parts.length === 1) return parts[0];
  const joined = new Uint16Array(
    Math.max(
      width,
      parts.reduce((sum, { length }) => sum + length, 0),
    ),
  );
  let end = 0;
  for (const part of parts) {
    joined.set(part, end);
    end += part.length;
  }
  return joined;
}
