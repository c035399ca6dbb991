import {
  type CropPatches,
  createCudaVisionInputs,
  createPagedInputs,
  isStep,
  type ModelFolder,
  type PagedRow,
  pagedBlockSize,
  patchByteCount,
  type ReaderConfig,
} from '#models';
import { BatchingChoice, largePatchCount } from '../batching-choice.js';
import type { Encoded, EngineGraphs, PagedResult, PagedRun } from '../engine-graphs.js';
import { bindInputs } from './bind-inputs.js';
import { aligned, type DeviceMark, type DeviceMemory, Scratch } from './device-memory.js';
import type { DeviceTensors } from './device-tensors.js';
import { InputBlock } from './input-block.js';
import type { Binding, NativeRuntime, NativeSession } from './native-session.js';
import type { Pointer } from './ort-library.js';
import { RecordedStep } from './recorded-step.js';
import type { RecordingLock } from './recording-lock.js';
import { type StepKind, stepShape } from './step-shape.js';
import { TokenOutputs, tokenOutputBytes } from './token-outputs.js';

/** Rows of the embeddings on the device that belong to a picture. */
export interface DeviceRows {
  readonly start: number;
  readonly count: number;
}

/** Graphs of the decoder, which share weights and pool. */
export type DecoderGraph = 'prompt' | StepKind;

export interface NativeParts {
  readonly runtime: NativeRuntime;
  readonly memory: DeviceMemory;
  readonly sessions: Readonly<Record<'vision' | DecoderGraph, NativeSession>>;
  readonly weights: DeviceTensors;
  /** Names of the weights each graph wants. */
  readonly weightNames: Readonly<Record<DecoderGraph, readonly string[]>>;
  readonly pool: DeviceTensors;
  readonly lock: RecordingLock;
  /** Attention over padded pictures is as fast as over others. */
  readonly canPad: boolean;
  /** Tokens of all sequences from which steps are wide; what was measured to be best when absent. */
  readonly wideFrom?: number;
}

/** The runtime need not wait for the device at the end of a run: the next one queues behind it. */
const unsynchronized = { disable_synchronize_execution_providers: '1' };
const halfBytes = 2;

/**
 * Runs the graphs through the runtime's C API: weights, pool and embeddings stay on the device, steps of single tokens
 * are CUDA graphs, and only ids and lengths travel.
 */
export class NativeGraphs implements EngineGraphs<DeviceRows> {
  readonly #parts: NativeParts;
  readonly #reader: ReaderConfig;
  readonly #align: ModelFolder['manifest']['visionPositionAlign'];
  #choice: BatchingChoice;
  readonly #visionBlock: InputBlock;
  readonly #promptBlock: InputBlock;
  readonly #outputScratch: Scratch;
  readonly #vision: Binding;
  readonly #prompt: Binding;
  readonly #steps = new Map<string, RecordedStep>();
  /** One for each run of the vision encoder since the last prompts; they are used again. */
  readonly #spans: { readonly from: DeviceMark; readonly to: DeviceMark }[] = [];
  #spanCount = 0;
  #embeds: { readonly start: Pointer; readonly rowCount: number };
  #embedCount = 0;

  constructor(parts: NativeParts, model: Pick<ModelFolder, 'reader' | 'manifest'>) {
    this.#parts = parts;
    this.#reader = model.reader;
    this.#align = model.manifest.visionPositionAlign;
    this.#choice = new BatchingChoice(parts.canPad);
    this.#visionBlock = new InputBlock(parts.memory);
    this.#promptBlock = new InputBlock(parts.memory);
    this.#outputScratch = new Scratch(parts.memory);
    this.#vision = parts.sessions.vision.bind(unsynchronized);
    this.#prompt = this.#bindDecoder('prompt', unsynchronized);
    // The graph wants one row even where there is no picture.
    this.#embeds = { start: parts.memory.allocate(this.#rowBytes), rowCount: 1 };
  }

  /**
   * Returns when the run is under way: what reads the embeddings queues behind it, and the next inputs are made
   * meanwhile. So a fault of the device shows in a later call.
   */
  async encodeImages(images: readonly CropPatches[]): Promise<Required<Encoded<DeviceRows>>> {
    const { lock } = this.#parts;
    return lock.work(() => {
      const { from, to } = this.#nextSpan();
      from.set();
      const embeddings = this.#encode(images, this.#choice.batchLength(images));
      to.set();
      const ms = () =>
        lock.work(() => {
          to.wait();
          return to.msSince(from);
        });
      return { embeddings, ms };
    });
  }

  /** Has the kernels of padded attention made: it takes a second, and would hold up whoever waited then. */
  warmUp(): void {
    const { memory, lock, canPad } = this.#parts;
    if (!canPad) return;
    const { mergeSize, patchSize } = this.#reader.vision;
    const size = { gridHeight: mergeSize, gridWidth: mergeSize };
    const patches = new Uint8Array(mergeSize ** 2 * patchByteCount(patchSize, true));
    try {
      lock.work(() => {
        this.#encode([{ ...size, patches, isGrey: true }], largePatchCount);
        memory.finish();
      });
    } catch {
      // Whatever the cause, packed attention is there as well; a device that is lost fails at its next run.
      this.#choice = new BatchingChoice(false);
    }
    this.#embedCount = 0;
  }

  #encode(images: readonly CropPatches[], batchLength: number | null): DeviceRows[] {
    const { runtime, memory } = this.#parts;
    const { vision } = this.#reader;
    const inputs = createCudaVisionInputs(images, vision, this.#align, batchLength);
    bindInputs(this.#vision, { ...inputs }, { runtime, memory, block: this.#visionBlock });
    const counts = images.map(({ gridHeight, gridWidth }) => (gridHeight * gridWidth) / vision.mergeSize ** 2);
    const count = counts.reduce((sum, one) => sum + one, 0);
    let start = this.#embedCount;
    this.#reserveEmbeds(start + count);
    this.#vision.lend('output', 'image_embeds', this.#embedRows(start, count));
    this.#vision.run();
    this.#embedCount = start + count;
    return counts.map((one) => {
      const rows = { start, count: one };
      start += one;
      return rows;
    });
  }

  async run(rows: readonly PagedRun<DeviceRows>[]): Promise<PagedResult> {
    const placed = rows.map(
      ({ embeddings, ...row }): PagedRow => ({ ...row, embedStarts: embeddings.map(({ start }) => start) }),
    );
    if (isStep(placed)) return this.#step(placed);
    const result = this.#parts.lock.work(() => this.#runPrompts(placed));
    this.#embedCount = 0;
    this.#spanCount = 0;
    return result;
  }

  async close(): Promise<void> {
    this.#parts.lock.work(() => this.#close());
  }

  #close(): void {
    const { memory, sessions, weights, pool, runtime } = this.#parts;
    memory.finish();
    for (const session of Object.values(sessions)) session.close(memory);
    for (const step of this.#steps.values()) step.free();
    for (const part of [this.#visionBlock, this.#promptBlock, this.#outputScratch]) part.free();
    for (const mark of this.#spans.flatMap(({ from, to }) => [from, to])) mark.free();
    memory.free(this.#embeds.start);
    weights.free();
    pool.free();
    memory.close();
    runtime.close();
  }

  #step(rows: readonly PagedRow[]): PagedResult {
    const { headCount, kvHeadCount } = this.#reader.text;
    const shape = stepShape(rows, pagedBlockSize, headCount / kvHeadCount, this.#parts.wideFrom);
    const key = `${shape.kind} ${shape.batch}x${shape.width}`;
    const step = this.#steps.get(key);
    if (step) return this.#parts.lock.work(() => step.run(rows));
    return this.#parts.lock.record(() => {
      // Runs with the same number share a recording.
      const binding = this.#bindDecoder(shape.kind, {
        ...unsynchronized,
        gpu_graph_id: String(this.#steps.size + 1),
      });
      const recorded = new RecordedStep(this.#parts.runtime, this.#parts.memory, binding, shape);
      this.#steps.set(key, recorded);
      return recorded.run(rows);
    });
  }

  #runPrompts(rows: readonly PagedRow[]): PagedResult {
    const { runtime, memory } = this.#parts;
    const { is_step: _, ...inputs } = createPagedInputs(rows, this.#reader.imageTokenId, pagedBlockSize);
    bindInputs(this.#prompt, inputs, { runtime, memory, block: this.#promptBlock });
    this.#prompt.lend('input', 'image_embeds', this.#embedRows(0, Math.max(1, this.#embedCount)));
    const byteLength = tokenOutputBytes(rows.length);
    this.#outputScratch.reset(aligned(byteLength));
    const start = this.#outputScratch.take(byteLength);
    const outputs = new TokenOutputs(runtime, memory, this.#prompt, start, rows.length);
    this.#prompt.run();
    return outputs.read(rows.length);
  }

  #bindDecoder(graph: DecoderGraph, config: Readonly<Record<string, string>>): Binding {
    const { sessions, weights, weightNames, pool } = this.#parts;
    const binding = sessions[graph].bind(config);
    weights.bind(binding, weightNames[graph]);
    pool.bind(binding);
    return binding;
  }

  #nextSpan() {
    const { memory } = this.#parts;
    if (this.#spanCount === this.#spans.length) {
      this.#spans.push({ from: memory.createMark(), to: memory.createMark() });
    }
    return this.#spans[this.#spanCount++];
  }

  get #rowBytes(): number {
    return this.#reader.text.hiddenSize * halfBytes;
  }

  #embedRows(start: number, count: number) {
    const { runtime, memory } = this.#parts;
    const { hiddenSize } = this.#reader.text;
    const pointer = this.#embeds.start + BigInt(start * this.#rowBytes);
    return runtime.tensorAt(memory.info, pointer, 'float16', [count, hiddenSize], count * this.#rowBytes);
  }

  /** Makes room for embeddings; those that are there stay. */
  #reserveEmbeds(rowCount: number): void {
    const { memory } = this.#parts;
    if (rowCount <= this.#embeds.rowCount) return;
    const wanted = Math.ceil(rowCount * 1.5);
    const start = memory.allocate(wanted * this.#rowBytes);
    memory.copy(start, this.#embeds.start, this.#embedCount * this.#rowBytes);
    memory.finish();
    memory.free(this.#embeds.start);
    this.#embeds = { start, rowCount: wanted };
  }
}
