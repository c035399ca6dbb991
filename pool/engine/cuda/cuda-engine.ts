import type { Failure } from '../../errors.js';
import {
  type Engine,
  type EngineCapacity,
  type EngineCrop,
  type EngineEvent,
  EngineFault,
  type StepResult,
} from '../engine.js';
import { Sequence } from '../sequence.js';
import type { BlockPool } from './block-pool.js';
import type { EngineGraphs, PagedRun } from './engine-graphs.js';
import { type PagedLimits, planPagedStep } from './paged-scheduler.js';

export interface CudaEngineLimits extends PagedLimits {
  /** Prompt and output tokens of a crop at most; the pool holds a sequence of this length. */
  readonly maxSequenceLength: number;
  readonly loopGuard: boolean;
  readonly stopIds: readonly number[];
  readonly mergeSize: number;
  /** A step goes on with single tokens for about this long while nothing else is to be done. */
  readonly sliceMs: number;
}

/**
 * A block that no pool has. Its place lies hundreds of gigabytes behind any, so nothing of others is written over, and
 * its first slot still fits in 32 bits: a number that did not would come out as a block that exists.
 */
const strayBlock = 8_000_000;

/** How the graphs reach the runtime. */
export type EngineDoor = Pick<EngineCapacity, 'runtimeDoor' | 'runtimeDoorReason'>;

/**
 * The engine on CUDA. A step encodes the pictures of the crops that join, runs their prompts together with one token of
 * every running crop, and goes on with steps of single tokens. Keys and values stay in the pool on the device.
 */
export class CudaEngine<Embeds> implements Engine {
  readonly capacity: EngineCapacity;
  readonly #graphs: EngineGraphs<Embeds>;
  readonly #blocks: BlockPool;
  readonly #limits: CudaEngineLimits;
  #waiting: Sequence<Embeds>[] = [];
  #running: Sequence<Embeds>[] = [];
  readonly #cancelled = new Set<number>();
  #events: EngineEvent[] = [];

  constructor(graphs: EngineGraphs<Embeds>, blocks: BlockPool, limits: CudaEngineLimits, door: EngineDoor = {}) {
    this.#graphs = graphs;
    this.#blocks = blocks;
    this.#limits = limits;
    this.capacity = { maxBatch: limits.maxBatch, kvBlocksTotal: blocks.freeCount, ...door };
  }

  get hasWork(): boolean {
    return this.#waiting.length + this.#running.length + this.#events.length > 0;
  }

  admit(crop: EngineCrop): void {
    const failure = this.#refusal(crop);
    if (failure) this.#events.push({ type: 'refused', id: crop.id, failure });
    else this.#waiting.push(new Sequence(crop, this.#limits));
  }

  cancel(id: number): void {
    this.#cancelled.add(id);
  }

  async step(): Promise<StepResult> {
    const startedAt = performance.now();
    this.#dropCancelled();
    const plan = planPagedStep(
      this.#waiting.map((sequence) => ({
        id: sequence.id,
        promptLength: sequence.promptLength,
        patchCounts: sequence.crop.images.flatMap(({ gridHeight, gridWidth }, image) =>
          sequence.embeddings[image] ? [] : [gridHeight * gridWidth],
        ),
      })),
      this.#running.map(({ id, promptLength }) => ({
        id,
        length: promptLength,
        blockCount: this.#blocks.table(id).length,
      })),
      this.#blocks.freeCount,
      this.#limits,
    );
    for (const id of plan.preempted) this.#giveWay(id);
    const byId = new Map(this.#waiting.map((sequence) => [sequence.id, sequence]));
    for (const run of plan.vision) {
      await this.#encode(run.map(({ id, image }) => ({ sequence: byId.get(id) as Sequence<Embeds>, image })));
    }
    const joining = plan.joining.map((id) => byId.get(id) as Sequence<Embeds>);
    const batchSize = this.#running.length + joining.length;
    if (batchSize > 0) await this.#run(joining);
    while (this.#canGoOn(batchSize) && performance.now() - startedAt < this.#limits.sliceMs) await this.#run([]);
    return {
      events: this.#takeEvents(),
      report: {
        durationMs: performance.now() - startedAt,
        batchSize,
        prefillCount: joining.length,
        waitingCount: this.#waiting.length,
        runningCount: this.#running.length,
        kvBlocksUsed: this.#blocks.usedCount,
      },
    };
  }

  async fault(): Promise<never> {
    await this.#graphs.run([{ ids: [0], pastLength: 1, blockIds: [strayBlock], grids: [], embeddings: [] }]);
    throw new Error('A run outside the memory of the GPU was not noticed.');
  }

  close(): Promise<void> {
    return this.#graphs.close();
  }

  #refusal({ promptIds, prefix, maxTokens }: EngineCrop): Failure | null {
    const { maxSequenceLength } = this.#limits;
    const length = promptIds.length + (prefix?.tokenIds.length ?? 0);
    if (length < maxSequenceLength && maxTokens > (prefix?.tokenIds.length ?? 0)) return null;
    const message = `The prompt has ${length} tokens; ${maxSequenceLength - 1} fit, with at least one to generate.`;
    return { code: 'CROP_TOO_LONG', message, detail: { promptLength: length, limit: maxSequenceLength } };
  }

  #dropCancelled(): void {
    if (this.#cancelled.size === 0) return;
    const isCancelled = ({ id }: { readonly id: number }) => this.#cancelled.has(id);
    this.#waiting = this.#waiting.filter((sequence) => !isCancelled(sequence));
    for (const sequence of this.#running.filter(isCancelled)) this.#leave(sequence);
    this.#events = this.#events.filter((event) => !isCancelled(event));
    this.#cancelled.clear();
  }

  #leave(sequence: Sequence<Embeds>): void {
    this.#blocks.release(sequence.id);
    this.#running = this.#running.filter((running) => running !== sequence);
  }

  /** Back to the front of the queue; its prompt will hold what it has generated. */
  #giveWay(id: number): void {
    const sequence = this.#running.find((running) => running.id === id) as Sequence<Embeds>;
    this.#leave(sequence);
    sequence.embeddings = sequence.crop.images.map(() => null);
    this.#waiting.unshift(sequence);
  }

  /** Whether single tokens may go on in this step: nobody left or waits for the place, and every sequence has room. */
  #canGoOn(batchSize: number): boolean {
    if (this.#running.length === 0 || this.#cancelled.size > 0) return false;
    if (this.#running.length < batchSize && this.#waiting.length > 0) return false;
    let free = this.#blocks.freeCount;
    for (const { id, promptLength } of this.#running) {
      free -= Math.ceil(promptLength / this.#limits.blockSize) - this.#blocks.table(id).length;
    }
    return free >= 0;
  }

  async #encode(run: readonly { sequence: Sequence<Embeds>; image: number }[]): Promise<void> {
    const sequences = run.map(({ sequence }) => sequence);
    for (const sequence of sequences) sequence.start();
    const images = run.map(({ sequence, image }) => sequence.crop.images[image]);
    const [embeddings, ms] = await this.#timed(sequences, () => this.#graphs.encodeImages(images));
    run.forEach(({ sequence, image }, index) => {
      sequence.embeddings[image] = embeddings[index];
      sequence.times.visionMs += ms / run.length;
    });
  }

  /** One run of the decoder: the last token of every running sequence, and the prompts of those that join. */
  async #run(joining: readonly Sequence<Embeds>[]): Promise<void> {
    const steps = [...this.#running];
    const rows = [...steps.map((sequence) => this.#stepRow(sequence)), ...joining.map((one) => this.#promptRow(one))];
    const sequences = [...steps, ...joining];
    const [{ tokens, logprobs }, ms] = await this.#timed(sequences, () => this.#graphs.run(rows));
    const joined = new Set(joining);
    if (joined.size > 0) this.#waiting = this.#waiting.filter((sequence) => !joined.has(sequence));
    const tokenCount = rows.reduce((sum, { ids }) => sum + ids.length, 0);
    sequences.forEach((sequence, row) => {
      const share = (ms * rows[row].ids.length) / tokenCount;
      sequence.times[joined.has(sequence) ? 'prefillMs' : 'decodeMs'] += share;
      sequence.record(tokens[row], logprobs[row]);
    });
    for (const sequence of joining) sequence.embeddings = [];
    this.#running = sequences;
    this.#settle();
  }

  #stepRow({ id, promptLength, tokenIds }: Sequence<Embeds>): PagedRun<Embeds> {
    this.#blocks.hold(id, promptLength);
    return {
      ids: [tokenIds.at(-1) as number],
      pastLength: promptLength - 1,
      blockIds: this.#blocks.table(id),
      grids: [],
      embeddings: [],
    };
  }

  #promptRow(sequence: Sequence<Embeds>): PagedRun<Embeds> {
    const { id, promptIds, crop, embeddings } = sequence;
    const { mergeSize } = this.#limits;
    sequence.start();
    this.#blocks.hold(id, promptIds.length);
    return {
      ids: promptIds,
      pastLength: 0,
      blockIds: this.#blocks.table(id),
      grids: crop.images.map(({ gridHeight, gridWidth }) => ({
        height: gridHeight / mergeSize,
        width: gridWidth / mergeSize,
      })),
      embeddings: embeddings as Embeds[],
    };
  }

  /** Reports what is new and lets go of what has ended. */
  #settle(): void {
    for (const sequence of [...this.#running]) {
      if (sequence.promptLength >= this.#limits.maxSequenceLength) sequence.cutShort();
      if (sequence.crop.isStreamed) this.#report(sequence);
      if (!sequence.finishReason) continue;
      this.#leave(sequence);
      this.#events.push({ type: 'finished', id: sequence.id, reading: sequence.reading() });
    }
  }

  #report(sequence: Sequence<Embeds>): void {
    const tokens = sequence.takeUnreported();
    if (tokens.tokenIds.length > 0) this.#events.push({ type: 'tokens', id: sequence.id, ...tokens });
  }

  #takeEvents(): EngineEvent[] {
    const events = this.#events.filter(({ id }) => !this.#cancelled.has(id));
    this.#events = [];
    return events;
  }

  async #timed<T>(sequences: readonly Sequence<Embeds>[], run: () => Promise<T>): Promise<[T, number]> {
    const startedAt = performance.now();
    try {
      return [await run(), performance.now() - startedAt];
    } catch (cause) {
      const ids = [...new Set(sequences.map(({ id }) => id))];
      throw new EngineFault(`A run failed: ${(cause as Error).message}`, ids, { cause });
    }
  }
}
