import type { Failure } from '../errors.js';
import {
  type Engine,
  type EngineCapacity,
  type EngineCrop,
  type EngineEvent,
  EngineFault,
  type StepResult,
} from './engine.js';
import type { KvSlots } from './kv-slots.js';
import { planStep, type SchedulerLimits } from './scheduler.js';
import { Sequence } from './sequence.js';
import type { StepGraphs } from './step-graphs.js';

export interface CpuEngineLimits extends Omit<SchedulerLimits, 'shortRun' | 'longRun' | 'visionRunPatches'> {
  /** Prompt and output tokens of a crop at most. */
  readonly maxSequenceLength: number;
  readonly loopGuard: boolean;
  readonly stopIds: readonly number[];
}

/** A decode run should take about this long, so that joining, leaving and the watchdog have their turn. */
const runTargetMs = { short: 25, long: 100 };
const mostSteps = { short: 8, long: 32 };
/** Pictures of a step should take about this long together: what runs already is not kept waiting for more. */
const visionTargetMs = 400;
/** Patches of one run: larger runs leave the processor's cache and gain nothing (measured: best at 160 to 640). */
const visionRunPatches = 512;

/**
 * The engine on the CPU: vision by size, prompts by length, decoding as Loop runs of several steps over the running
 * batch. A crop joins and leaves between runs; the length of a run follows the time a step takes. Row r of the cache
 * belongs to `running[r]`.
 */
export class CpuEngine implements Engine {
  readonly capacity: EngineCapacity;
  readonly #graphs: StepGraphs;
  readonly #slots: KvSlots;
  readonly #limits: CpuEngineLimits;
  #waiting: Sequence[] = [];
  readonly #running: Sequence[] = [];
  readonly #cancelled = new Set<number>();
  #events: EngineEvent[] = [];
  #stepMs = 5;
  #patchMs = 0.1;

  constructor(graphs: StepGraphs, slots: KvSlots, limits: CpuEngineLimits) {
    this.#graphs = graphs;
    this.#slots = slots;
    this.#limits = limits;
    this.capacity = { maxBatch: limits.maxBatch, kvBlocksTotal: limits.blockCount };
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
    const plan = planStep(
      this.#waiting.map((sequence) => ({
        id: sequence.id,
        promptLength: sequence.promptLength,
        patchCounts: sequence.crop.images.flatMap(({ gridHeight, gridWidth }, image) =>
          sequence.embeddings[image] ? [] : [gridHeight * gridWidth],
        ),
      })),
      this.#running.map(({ id, remaining, crop }, row) => ({
        id,
        remaining,
        isStreamed: crop.isStreamed,
        length: this.#slots.lengths[row],
      })),
      { ...this.#limits, ...this.#runLengths(), ...this.#visionBudget() },
    );
    for (const id of plan.preempted) this.#giveWay(id);
    const byId = new Map(this.#waiting.map((sequence) => [sequence.id, sequence]));
    for (const run of plan.vision) {
      await this.#encode(run.map(({ id, image }) => ({ sequence: byId.get(id) as Sequence, image })));
    }
    for (const ids of plan.prefill) await this.#prefill(ids.map((id) => byId.get(id) as Sequence));
    const batchSize = this.#running.length;
    if (plan.decodeSteps > 0 && batchSize > 0) await this.#decode(plan.decodeSteps);
    return {
      events: this.#takeEvents(),
      report: {
        durationMs: performance.now() - startedAt,
        batchSize,
        prefillCount: plan.prefill.flat().length,
        waitingCount: this.#waiting.length,
        runningCount: this.#running.length,
        kvBlocksUsed: this.#slots.blocksUsed,
      },
    };
  }

  close(): Promise<void> {
    return this.#graphs.close();
  }

  #refusal({ promptIds, prefix, maxTokens }: EngineCrop): Failure | null {
    const { maxSequenceLength, blockSize, blockCount } = this.#limits;
    const room = Math.min(maxSequenceLength, (blockCount - 1) * blockSize);
    const length = promptIds.length + (prefix?.tokenIds.length ?? 0);
    if (length < room && maxTokens > (prefix?.tokenIds.length ?? 0)) return null;
    const message = `The prompt has ${length} tokens; ${room - 1} fit, with at least one to generate.`;
    return { code: 'CROP_TOO_LONG', message, detail: { promptLength: length, limit: room } };
  }

  #runLengths(): { shortRun: number; longRun: number } {
    const steps = (kind: 'short' | 'long') =>
      Math.max(1, Math.min(mostSteps[kind], Math.round(runTargetMs[kind] / this.#stepMs)));
    return { shortRun: steps('short'), longRun: steps('long') };
  }

  #visionBudget(): { visionPatchBudget: number; visionRunPatches: number } {
    const affordable = Math.round(visionTargetMs / this.#patchMs);
    return { visionPatchBudget: Math.min(this.#limits.visionPatchBudget, affordable), visionRunPatches };
  }

  #dropCancelled(): void {
    if (this.#cancelled.size === 0) return;
    this.#waiting = this.#waiting.filter(({ id }) => !this.#cancelled.has(id));
    for (let row = this.#running.length - 1; row >= 0; row--) {
      if (this.#cancelled.has(this.#running[row].id)) this.#leave(row);
    }
    this.#events = this.#events.filter(({ id }) => !this.#cancelled.has(id));
    this.#cancelled.clear();
  }

  /** Frees a row; the last row takes its place. */
  #leave(row: number): Sequence {
    const left = this.#running[row];
    const moved = this.#slots.free(row);
    const last = this.#running.pop() as Sequence;
    if (moved !== null) this.#running[row] = last;
    return left;
  }

  /** Back to the front of the queue; its prompt will hold what it has generated. */
  #giveWay(id: number): void {
    const sequence = this.#leave(this.#running.findIndex((running) => running.id === id));
    sequence.embeddings = sequence.crop.images.map(() => null);
    this.#waiting.unshift(sequence);
  }

  async #encode(run: readonly { sequence: Sequence; image: number }[]): Promise<void> {
    const sequences = run.map(({ sequence }) => sequence);
    for (const sequence of sequences) sequence.start();
    const [embeddings, ms] = await this.#timed(sequences, () =>
      this.#graphs.encodeImages(run.map(({ sequence, image }) => sequence.crop.images[image])),
    );
    const patchCount = run.reduce((sum, { sequence, image }) => {
      const { gridHeight, gridWidth } = sequence.crop.images[image];
      return sum + gridHeight * gridWidth;
    }, 0);
    this.#patchMs += (ms / patchCount - this.#patchMs) * 0.3;
    run.forEach(({ sequence, image }, index) => {
      sequence.embeddings[image] = embeddings[index];
      sequence.times.visionMs += ms / run.length;
    });
  }

  async #prefill(sequences: readonly Sequence[]): Promise<void> {
    for (const sequence of sequences) sequence.start();
    const prompts = sequences.map((sequence) => sequence.promptIds);
    const [result, ms] = await this.#timed(sequences, () =>
      this.#graphs.prefill(
        sequences.map(({ crop, embeddings }, row) => ({
          ids: prompts[row],
          images: crop.images,
          embeddings: embeddings as Float32Array[],
        })),
      ),
    );
    this.#slots.take(
      prompts.map(({ length }) => length),
      result.present,
    );
    const joined = new Set(sequences);
    this.#waiting = this.#waiting.filter((sequence) => !joined.has(sequence));
    sequences.forEach((sequence, row) => {
      sequence.embeddings = [];
      sequence.firstPosition = result.nextPositions[row];
      sequence.promptedCount = sequence.tokenIds.length;
      sequence.times.prefillMs += ms / sequences.length;
      sequence.record(result.tokens[row], result.logprobs[row]);
      this.#running.push(sequence);
    });
    this.#settle();
  }

  async #decode(steps: number): Promise<void> {
    if (!this.#slots.canGrow(steps)) this.#cutShort(steps);
    if (this.#running.length === 0) return;
    this.#slots.grow(steps);
    const rows = [...this.#running];
    const [result, ms] = await this.#timed(rows, () =>
      this.#graphs.decode(
        rows.map((sequence, row) => ({
          token: sequence.tokenIds.at(-1) as number,
          position: sequence.lastPosition,
          pastLength: this.#slots.lengths[row],
          ignoresStop: sequence.crop.ignoresStop,
        })),
        steps,
        this.#slots.views(),
      ),
    );
    this.#stepMs += (ms / result.stepCount - this.#stepMs) * 0.3;
    this.#slots.append(result.added, result.stepCount);
    rows.forEach((sequence, row) => {
      sequence.times.decodeMs += ms / rows.length;
      for (let step = 0; step < result.stepCount; step++) {
        const at = step * rows.length + row;
        sequence.record(Number(result.tokens[at]), result.logprobs[at]);
      }
    });
    this.#settle();
  }

  /** The scheduler leaves at least one sequence: where even that has outgrown the cache, it ends. */
  #cutShort(steps: number): void {
    while (this.#running.length > 0 && !this.#slots.canGrow(steps)) {
      const longest = this.#slots.lengths.indexOf(Math.max(...this.#slots.lengths));
      this.#running[longest].cutShort();
      this.#finish(longest);
    }
  }

  /** Reports what is new and lets go of what has ended. */
  #settle(): void {
    const { maxSequenceLength } = this.#limits;
    for (let row = this.#running.length - 1; row >= 0; row--) {
      const sequence = this.#running[row];
      if (sequence.promptLength >= maxSequenceLength) sequence.cutShort();
      if (sequence.finishReason) this.#finish(row);
      else if (sequence.crop.isStreamed) this.#report(sequence);
    }
  }

  #finish(row: number): void {
    const sequence = this.#leave(row);
    if (sequence.crop.isStreamed) this.#report(sequence);
    this.#events.push({ type: 'finished', id: sequence.id, reading: sequence.reading() });
  }

  #report(sequence: Sequence): void {
    const tokens = sequence.takeUnreported();
    if (tokens.tokenIds.length > 0) this.#events.push({ type: 'tokens', id: sequence.id, ...tokens });
  }

  #takeEvents(): EngineEvent[] {
    const events = this.#events.filter(({ id }) => !this.#cancelled.has(id));
    this.#events = [];
    return events;
  }

  async #timed<T>(sequences: readonly Sequence[], run: () => Promise<T>): Promise<[T, number]> {
    const startedAt = performance.now();
    try {
      return [await run(), performance.now() - startedAt];
    } catch (cause) {
      const ids = [...new Set(sequences.map(({ id }) => id))];
      throw new EngineFault(`A run failed: ${(cause as Error).message}`, ids, { cause });
    }
  }
}
