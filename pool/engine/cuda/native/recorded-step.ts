import { type PagedRow, pagedBlockSize } from '#models';
import type { PagedResult } from '../engine-graphs.js';
import { aligned, type DeviceMemory } from './device-memory.js';
import type { Binding, NativeRuntime } from './native-session.js';
import type { Pointer } from './ort-library.js';
import type { StepShape } from './step-shape.js';
import { TokenOutputs, tokenOutputBytes } from './token-outputs.js';

/**
 * A step of single tokens of one shape, whose inputs and outputs always lie in the same memory: the runtime records its
 * kernels as a CUDA graph in the first run and launches them as one in all later ones.
 */
export class RecordedStep {
  readonly #memory: DeviceMemory;
  readonly #shape: StepShape;
  readonly #binding: Binding;
  readonly #start: Pointer;
  /** What goes to the device in one copy, and the parts of it. */
  readonly #sent: Uint8Array;
  readonly #ids: BigInt64Array;
  readonly #pastLengths: Int32Array;
  readonly #blockTable: Int32Array;
  /** For a wide step: position of each new token, and its place in the pool for its last row. */
  readonly #positions: BigInt64Array;
  readonly #slots: Int32Array;
  readonly #outputs: TokenOutputs;

  /** `binding` has the weights and the pool bound already. */
  constructor(runtime: NativeRuntime, memory: DeviceMemory, binding: Binding, shape: StepShape) {
    const { kind, rowCount, batch, width, mostTokens, leastTokens } = shape;
    const isWide = kind === 'wideStep';
    this.#memory = memory;
    this.#shape = shape;
    this.#binding = binding;

    let end = 0;
    const place = (byteLength: number) => {
      const start = end;
      end += aligned(byteLength);
      return start;
    };
    const ids = place(batch * 8);
    const starts = place((batch + 1) * 4);
    const pastLengths = place(batch * 4);
    const blockTable = place(batch * width * 4);
    const positions = place(batch * 8);
    const slots = place(batch * rowCount * 4);
    this.#sent = new Uint8Array(end);
    const { buffer } = this.#sent;
    this.#ids = new BigInt64Array(buffer, ids, batch);
    new Int32Array(buffer, starts, batch + 1).forEach((_, row, all) => {
      all[row] = row * rowCount;
    });
    this.#pastLengths = new Int32Array(buffer, pastLengths, batch);
    this.#blockTable = new Int32Array(buffer, blockTable, batch * width);
    this.#positions = new BigInt64Array(buffer, positions, batch);
    this.#slots = new Int32Array(buffer, slots, batch * rowCount);

    this.#start = memory.allocate(end + aligned(tokenOutputBytes(batch)));
    this.#outputs = new TokenOutputs(runtime, memory, binding, this.#start + BigInt(end), batch);
    const bind = (name: string, offset: number, type: 'int64' | 'int32', dims: readonly number[]) => {
      const byteLength = dims.reduce((product, size) => product * size, type === 'int64' ? 8 : 4);
      const pointer = this.#start + BigInt(offset);
      binding.lend('input', name, runtime.tensorAt(memory.info, pointer, type, dims, byteLength));
    };
    bind('input_ids', ids, 'int64', [batch]);
    bind('sequence_starts', starts, 'int32', [batch + 1]);
    bind('past_lengths', pastLengths, 'int32', [batch]);
    bind('block_table', blockTable, 'int32', [batch, width]);
    if (isWide) {
      bind('position_ids', positions, 'int64', [1, batch]);
      bind('slot_mapping', slots, 'int32', [batch * rowCount]);
    }
    const bounds = Int32Array.of(rowCount, mostTokens, isWide ? 0 : leastTokens);
    binding.lend('input', 'attention_bounds', runtime.hostTensor({ type: 'int32', dims: [3], data: bounds }));
  }

  run(rows: readonly PagedRow[]): PagedResult {
    const { width, rowCount } = this.#shape;
    this.#ids.fill(0n);
    this.#pastLengths.fill(0);
    this.#blockTable.fill(0);
    this.#positions.fill(0n);
    this.#slots.fill(-1);
    rows.forEach(({ ids, pastLength, blockIds }, row) => {
      this.#ids[row] = BigInt(ids[0]);
      this.#pastLengths[row] = pastLength + 1 - rowCount;
      this.#blockTable.set(blockIds, row * width);
      this.#positions[row] = BigInt(pastLength);
      const block = blockIds[Math.floor(pastLength / pagedBlockSize)];
      this.#slots[(row + 1) * rowCount - 1] = block * pagedBlockSize + (pastLength % pagedBlockSize);
    });
    this.#memory.write(this.#start, this.#sent);
    this.#binding.run();
    return this.#outputs.read(rows.length);
  }

  free(): void {
    this.#memory.free(this.#start);
  }
}
