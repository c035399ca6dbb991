import type { PagedRow } from '#models';

/** How a step attends: a wide one lets the query heads that share keys attend as one, see `buildWideStepGraph`. */
export type StepKind = 'step' | 'wideStep';

/** Sizes for which a step is recorded; smaller ones run as the next larger. */
export interface StepShape {
  readonly kind: StepKind;
  /** Rows; those beyond the sequences use the block that is nobody's. */
  readonly batch: number;
  /** Columns of the block table. */
  readonly width: number;
  /** Rows of a sequence in attention. */
  readonly rowCount: number;
  /** What the attention kernel may rely on: tokens of the longest sequence at most, and at least. */
  readonly mostTokens: number;
  readonly leastTokens: number;
}

/** Tokens that the sequences of a step have in all from which the wide step is the faster (test/bench/README.md). */
export const wideFromTokens = 20_000;
/** Rows that one tile of the attention kernel takes. */
const mostRowCount = 64;
/** Rows beyond this are recorded in steps of it. */
const batchStep = 32;
const leastWidth = 2;

/**
 * The recorded shape a step runs as. Few shapes, so that few are recorded; empty rows cost next to nothing, as attention
 * reads one token for them and the matrices are read anyway.
 */
export function stepShape(
  rows: readonly PagedRow[],
  blockSize: number,
  headsPerKey: number,
  wideFrom = wideFromTokens,
): StepShape {
  const lengths = rows.map(({ pastLength, ids }) => pastLength + ids.length);
  const longest = Math.max(...lengths);
  const isGrouped = headsPerKey > 1 && headsPerKey < mostRowCount && Math.min(...lengths) > headsPerKey;
  const isWide = isGrouped && lengths.reduce((sum, length) => sum + length, 0) >= wideFrom;
  const batch = rows.length <= batchStep ? nextPower(rows.length) : Math.ceil(rows.length / batchStep) * batchStep;
  const width = Math.max(leastWidth, nextPower(Math.ceil(longest / blockSize)));
  return {
    kind: isWide ? 'wideStep' : 'step',
    rowCount: isWide ? headsPerKey + 1 : 1,
    batch,
    width,
    mostTokens: width * blockSize,
    leastTokens: width === leastWidth ? 1 : (width / 2) * blockSize + 1,
  };
}

const nextPower = (value: number) => 2 ** Math.ceil(Math.log2(value));
