/**
 * Which blocks of the KV pool belong to whom. Block 0 is nobody's: the pool's tensors tell themselves apart by it, and
 * tables are padded with it.
 */
export class BlockPool {
  readonly #blockSize: number;
  readonly #total: number;
  readonly #free: number[];
  readonly #tables = new Map<number, number[]>();

  constructor(blockCount: number, blockSize: number) {
    this.#blockSize = blockSize;
    this.#total = blockCount - 1;
    // Taken from the end: low numbers first.
    this.#free = Array.from({ length: this.#total }, (_, index) => this.#total - index);
  }

  get freeCount(): number {
    return this.#free.length;
  }

  get usedCount(): number {
    return this.#total - this.#free.length;
  }

  /** Blocks of a sequence, in order. */
  table(id: number): readonly number[] {
    return this.#tables.get(id) ?? [];
  }

  /** Whether a sequence can grow to `length` tokens. */
  canHold(id: number, length: number): boolean {
    return Math.ceil(length / this.#blockSize) - this.table(id).length <= this.#free.length;
  }

  /** Gives a sequence the blocks that `length` tokens need; ask `canHold` before. */
  hold(id: number, length: number): void {
    const table = this.#tables.get(id) ?? [];
    this.#tables.set(id, table);
    while (table.length * this.#blockSize < length) {
      const block = this.#free.pop();
      if (block === undefined) throw new RangeError('the KV pool has no free block');
      table.push(block);
    }
  }

  release(id: number): void {
    // Back in order, so that the first is the next to be taken.
    this.#free.push(...[...this.table(id)].reverse());
    this.#tables.delete(id);
  }
}
