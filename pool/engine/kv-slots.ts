import type { NamedTensors, Tensor } from '#models';

/** Shape of the cache of one token, and how much of it there may be. */
export interface KvShape {
  readonly layerCount: number;
  readonly kvHeadCount: number;
  readonly headDim: number;
  /** Tokens of a block. */
  readonly blockSize: number;
  /** Blocks in all. */
  readonly blockCount: number;
  readonly maxRows: number;
}

/** Bytes of one block. */
export function kvBlockBytes(shape: Pick<KvShape, 'layerCount' | 'kvHeadCount' | 'headDim' | 'blockSize'>): number {
  return shape.layerCount * 2 * shape.kvHeadCount * shape.headDim * shape.blockSize * 4;
}

/** Blocks a cache of `rows` rows takes when its longest row has `length` tokens. */
export function kvBlocksFor(rows: number, length: number, blockSize: number): number {
  return rows * Math.ceil(length / blockSize);
}

/**
 * The KV cache of a running batch in JavaScript: for each layer a key and a value array [rows, kvHeads, columns,
 * headDim]. Rows are compact (0 to `rowCount` - 1), so that the arrays of a run are views without a copy; a row that
 * is freed is filled by the last. All rows have the same number of columns, a multiple of the block size; columns grow
 * and shrink in place where the arrays have room, which is rare. Blocks are counted as they are held in memory:
 * rows times columns.
 */
export class KvSlots {
  readonly #shape: KvShape;
  readonly #names: readonly string[];
  readonly #arrays: Float32Array[];
  #lengths: number[] = [];
  #columns: number;

  constructor(shape: KvShape) {
    this.#shape = shape;
    this.#columns = shape.blockSize;
    this.#names = Array.from({ length: shape.layerCount }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
    this.#arrays = this.#names.map(() => new Float32Array(0));
  }

  get rowCount(): number {
    return this.#lengths.length;
  }

  /** Valid tokens of each row. */
  get lengths(): readonly number[] {
    return this.#lengths;
  }

  get columnCount(): number {
    return this.#columns;
  }

  get blocksUsed(): number {
    return this.rowCount === 0 ? 0 : kvBlocksFor(this.rowCount, this.#columns, this.#shape.blockSize);
  }

  /** Whether `count` more rows fit, of which, or of those that run, the longest has `length` tokens. */
  canTake(count: number, length: number): boolean {
    const { maxRows, blockSize, blockCount } = this.#shape;
    const rows = this.rowCount + count;
    const longest = Math.max(length, ...this.#lengths);
    return rows <= maxRows && kvBlocksFor(rows, longest, blockSize) <= blockCount;
  }

  /** Takes a row for each prompt of a prefill run, whose `present.*` outputs are [B, kvHeads, S, headDim]. */
  take(lengths: readonly number[], present: NamedTensors): void {
    const first = this.rowCount;
    this.#resize(first + lengths.length, Math.max(...lengths, ...this.#lengths));
    this.#lengths.push(...lengths);
    this.#names.forEach((name, index) => {
      const source = present[`present.${name}`] as Tensor<'float32'>;
      lengths.forEach((length, place) => {
        this.#copyRows(index, first + place, 0, source, place, length);
      });
    });
  }

  /** Frees a row. The last row moves into its place: its former number comes back, or null if it was the last. */
  free(row: number): number | null {
    const last = this.rowCount - 1;
    if (row < last) {
      const rowSize = this.#pairSize * this.#shape.kvHeadCount;
      for (const array of this.#arrays) array.copyWithin(row * rowSize, last * rowSize, (last + 1) * rowSize);
      this.#lengths[row] = this.#lengths[last];
    }
    this.#lengths.pop();
    return row < last ? last : null;
  }

  /** Whether every row can take `count` more tokens. */
  canGrow(count: number): boolean {
    return this.canTake(0, Math.max(0, ...this.#lengths) + count);
  }

  /** Makes room for `count` more tokens in every row; gives back room that nothing needs any more. */
  grow(count: number): void {
    this.#resize(this.rowCount, Math.max(0, ...this.#lengths) + count);
  }

  /** Inputs `past.*` of a run: views [rows, kvHeads, columns, headDim]. */
  views(): NamedTensors {
    const { kvHeadCount, headDim } = this.#shape;
    const dims = [this.rowCount, kvHeadCount, this.#columns, headDim];
    const size = this.rowCount * kvHeadCount * this.#pairSize;
    return Object.fromEntries(
      this.#names.map((name, index) => [
        `past.${name}`,
        { type: 'float32', dims, data: this.#arrays[index].subarray(0, size) } satisfies Tensor<'float32'>,
      ]),
    );
  }

  /** Puts the `new.*` outputs of a run, [rows, kvHeads, K, headDim], behind what each row has. Call `grow` before. */
  append(added: NamedTensors, count: number): void {
    this.#names.forEach((name, index) => {
      const source = added[`new.${name}`] as Tensor<'float32'>;
      this.#lengths.forEach((length, row) => {
        this.#copyRows(index, row, length, source, row, count);
      });
    });
    this.#lengths = this.#lengths.map((length) => length + count);
  }

  /** Floats of one head of one row. */
  get #pairSize(): number {
    return this.#columns * this.#shape.headDim;
  }

  #copyRows(index: number, row: number, at: number, source: Tensor<'float32'>, from: number, count: number): void {
    const { kvHeadCount, headDim } = this.#shape;
    const sourceSize = source.dims[2] * headDim;
    const target = this.#arrays[index];
    for (let head = 0; head < kvHeadCount; head++) {
      const start = (from * kvHeadCount + head) * sourceSize;
      const end = (row * kvHeadCount + head) * this.#pairSize + at * headDim;
      target.set(source.data.subarray(start, start + count * headDim), end);
    }
  }

  #resize(rows: number, length: number): void {
    const { kvHeadCount, headDim } = this.#shape;
    const columns = this.#columnsFor(rows, length);
    const needed = rows * kvHeadCount * columns * headDim;
    if (columns === this.#columns && needed <= this.#arrays[0].length) return;
    const pairCount = this.rowCount * kvHeadCount;
    const valid = Math.min(columns, this.#columns) * headDim;
    for (let index = 0; index < this.#arrays.length; index++) {
      const old = this.#arrays[index];
      const target = needed <= old.length ? old : new Float32Array(this.#capacityFor(rows, columns, needed));
      restride(old, target, pairCount, this.#pairSize, columns * headDim, valid);
      this.#arrays[index] = target;
    }
    this.#columns = columns;
  }

  /** Columns grow by a quarter more than is needed, where there are blocks for it, and shrink when half is unused. */
  #columnsFor(rows: number, length: number): number {
    const { blockSize, blockCount } = this.#shape;
    if (
      length <= this.#columns &&
      length * 2 > this.#columns &&
      kvBlocksFor(rows, this.#columns, blockSize) <= blockCount
    )
      return this.#columns;
    const most = Math.floor(blockCount / Math.max(1, rows)) * blockSize;
    const least = Math.max(1, Math.ceil(length / blockSize)) * blockSize;
    const roomy = Math.ceil((length * 1.25) / blockSize) * blockSize;
    return Math.max(least, Math.min(roomy, most));
  }

  /** Rows double, so that a batch that fills up one by one is not copied each time. */
  #capacityFor(rows: number, columns: number, needed: number): number {
    const { maxRows, kvHeadCount, headDim, blockSize, blockCount } = this.#shape;
    const doubled = Math.min(maxRows, rows * 2) * kvHeadCount * columns * headDim;
    return Math.max(needed, Math.min(doubled, blockCount * blockSize * kvHeadCount * headDim));
  }
}

/** Moves `count` stretches of `valid` floats from one spacing to another; source and target may be one array. */
function restride(
  source: Float32Array,
  target: Float32Array,
  count: number,
  from: number,
  to: number,
  valid: number,
): void {
  const move = (pair: number): void => {
    if (source === target) target.copyWithin(pair * to, pair * from, pair * from + valid);
    else target.set(source.subarray(pair * from, pair * from + valid), pair * to);
  };
  if (to > from) for (let pair = count - 1; pair >= 0; pair--) move(pair);
  else for (let pair = 0; pair < count; pair++) move(pair);
}
