import type { DetectorOutputs, DetectorPixels } from '#models';
import type { ShardRequest } from './protocol.js';

/** The pages whose layout one shard was asked for, in one of its lives. Each is answered once. */
export class ShardDetections {
  /** The detector runs: what ends the shard now is none of its crops' doing. */
  isRunning = false;
  readonly #asked = new Map<number, (outputs: DetectorOutputs | null) => void>();
  #nextId = 1;

  /** Pages that wait or run. */
  get count(): number {
    return this.#asked.size;
  }

  /** Asks for a page by `post`. Gives null when the shard is lost first, or `signal` aborted. */
  ask(
    page: DetectorPixels,
    signal: AbortSignal,
    post: (request: ShardRequest) => void,
  ): Promise<DetectorOutputs | null> {
    if (signal.aborted) return Promise.resolve(null);
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const settle = (outputs: DetectorOutputs | null): void => {
        this.#asked.delete(id);
        signal.removeEventListener('abort', leave);
        resolve(outputs);
      };
      const leave = (): void => {
        settle(null);
        post({ type: 'cancel-detection', id });
      };
      this.#asked.set(id, settle);
      signal.addEventListener('abort', leave, { once: true });
      post({ type: 'detect', id, page });
    });
  }

  /** Nobody may wait for it any more. */
  answer(id: number, outputs: DetectorOutputs): void {
    this.#asked.get(id)?.(outputs);
  }

  /** The shard is lost: whoever waits is told so. */
  abandon(): void {
    for (const settle of [...this.#asked.values()]) settle(null);
  }
}
