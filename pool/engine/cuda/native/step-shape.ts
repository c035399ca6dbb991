import type { PagedRow } from '#models';

/** Sizes for which a step is recorded; smaller ones run as the next larger. */
export interface StepShape {
  /** Rows; those beyond the sequences use the block that is nobody's. */
  readonly batch: number;
  /** Columns of the block table. */
  readonly width: number;
  /** What the attention kernel may rely on: tokens of the longest sequence at most, and at least. */
  readonly mostTokens: number;
  readonly leastTokens: number;
}

/** Rows beyond this are recorded in steps of it. */
const batchStep = 32;
const leastWidth = 2;

/**
 * The recorded shape a step runs as. Few shapes, so that few are recorded; empty rows cost next to nothing, as attention
 * reads one token for them and the matrices are read anyway.
 */
export function stepShape(rows: readonly PagedRow[], blockSize: number): StepShape {
  const longest = Math.max(...rows.map(({ pastLength, ids }) => pastLength + ids.length));
  const batch = rows.length <= batchStep ? nextPower(rows.length) : Math.ceil(rows.length / batchStep) * batchStep;
  const width = Math.max(leastWidth, nextPower(Math.ceil(longest / blockSize)));
  return {
    batch,
    width,
    mostTokens: width * blockSize,
    leastTokens: width === leastWidth ? 1 : (width / 2) * blockSize + 1,
  };
}

const nextPower = (value: number) => 2 ** Math.ceil(Math.log2(value));
