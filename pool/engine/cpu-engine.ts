import { CropDesk, timed } from './crop-desk.js';
import type { Engine, EngineCapacity, EngineCrop, StepResult } from './engine.js';
import type { KvSlots } from './kv-slots.js';
import { planStep, type SchedulerLimits } from './scheduler.js';
import type { Sequence } from './sequence.js';
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
  readonly #desk: CropDesk;
  readonly #running: Sequence[] = [];
  #stepMs = 5;
  #patchMs = 0.1;

  constructor(graphs: StepGraphs, slots: KvSlots, limits: CpuEngineLimits) {
    this.#graphs = graphs;
    this.#slots = slots;
    this.#limits = limits;
    this.#desk = new CropDesk({ ...limits, cacheLength: (limits.blockCount - 1) * limits.blockSize });
    this.capacity = { maxBatch: limits.maxBatch, kvBlocksTotal: limits.blockCount };
  }

  get hasWork(): boolean {
    return this.#desk.hasWork || this.#running.length > 0;
  }

  admit(crop: EngineCrop): void {
    this.#desk.admit(crop);
  }

  cancel(id: number): void {
    this.#desk.cancel(id);
  }

  async step(): Promise<StepResult> {
    const startedAt = performance.now();
    this.#desk.dropCancelled((isCancelled) => this.#leaveWhere(isCancelled));
    const plan = planStep(
      this.#desk.queue(),
      this.#running.map(({ id, remaining, crop }, row) => ({
        id,
        remaining,
        isStreamed: crop.isStreamed,
        length: this.#slots.lengths[row],
      })),
      { ...this.#limits, ...this.#runLengths(), ...this.#visionBudget() },
    );
    for (const id of plan.preempted) this.#giveWay(id);
    for (const run of plan.vision) {
      const sequences = this.#desk.find(run.map(({ id }) => id));
      await this.#encode(run.map(({ image }, index) => ({ sequence: sequences[index], image })));
    }
    for (const ids of plan.prefill) await this.#prefill(this.#desk.find(ids));
    const batchSize = this.#running.length;
    if (plan.decodeSteps > 0 && batchSize > 0) await this.#decode(plan.decodeSteps);
    return {
      events: this.#desk.takeEvents(),
      report: {
        durationMs: performance.now() - startedAt,
        batchSize,
        prefillCount: plan.prefill.flat().length,
        waitingCount: this.#desk.waiting.length,
        runningCount: this.#running.length,
        kvBlocksUsed: this.#slots.blocksUsed,
      },
    };
  }

  close(): Promise<void> {
    return this.#graphs.close();
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

  #leaveWhere(isCancelled: (sequence: Sequence) => boolean): void {
    for (let row = this.#running.length - 1; row >= 0; row--) if (isCancelled(this.#running[row])) this.#leave(row);
  }

  /** Frees a row; the last row takes its place. */
  #leave(row: number): Sequence {
    const left = this.#running[row];
    const moved = this.#slots.free(row);
    const last = this.#running.pop() as Sequence;
    if (moved !== null) this.#running[row] = last;
    return left;
  }

  #giveWay(id: number): void {
    this.#desk.giveWay(this.#leave(this.#running.findIndex((running) => running.id === id)));
  }

  async #encode(run: readonly { sequence: Sequence; image: number }[]): Promise<void> {
    const sequences = run.map(({ sequence }) => sequence);
    for (const sequence of sequences) sequence.start();
    const [embeddings, ms] = await timed(sequences, () =>
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
    const [result, ms] = await timed(sequences, () =>
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
    this.#desk.join(sequences);
    sequences.forEach((sequence, row) => {
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
    const [result, ms] = await timed(rows, () =>
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
    for (let row = this.#running.length - 1; row >= 0; row--) {
      const sequence = this.#running[row];
      if (this.#desk.isOver(sequence)) this.#finish(row);
      else this.#desk.report(sequence);
    }
  }

  #finish(row: number): void {
    this.#desk.finish(this.#leave(row));
  }
}
