/** Distinct heights looked at; beyond, neighbours are taken together. No document has so many type sizes. */
const mostDistinct = 1000;

/**
 * Groups heights into at most `most` sizes and ranks them, 1 for the largest. The grouping is the one with the least
 * sum of squared distances to the group means (k-means on a line, solved exactly by dynamic programming: Wang & Song,
 * "Ckmeans.1d.dp", 2011), so that the same heights always give the same ranks. Gives the rank of each distinct height.
 */
export function clusterHeights(heights: readonly number[], most: number): ReadonlyMap<number, number> {
  const distinct = [...new Set(heights)].sort((a, b) => a - b);
  const stride = Math.ceil(distinct.length / mostDistinct);
  const looked = distinct.filter((_, index) => index % stride === 0);
  const counts = new Array<number>(looked.length).fill(0);
  const placeOf = new Map(distinct.map((height, index) => [height, Math.floor(index / stride)]));
  for (const height of heights) counts[placeOf.get(height) ?? 0]++;

  const starts = bestStarts(looked, counts, Math.min(most, looked.length));
  const ranks = new Map<number, number>();
  for (const [height, place] of placeOf) {
    ranks.set(height, starts.length - starts.findLastIndex((start) => start <= place));
  }
  return ranks;
}

/** Indexes at which the groups begin, in rising order; the first is 0. */
function bestStarts(values: readonly number[], counts: readonly number[], groupCount: number): number[] {
  const cost = costOfRange(values, counts);
  const size = values.length;
  // costs[i]: the least cost of the first i values in the groups so far; starts[g][i]: where the last of them begins.
  let costs = values.map((_, end) => cost(0, end + 1));
  const starts: number[][] = [values.map(() => 0)];
  for (let group = 1; group < groupCount; group++) {
    const next = new Array<number>(size).fill(Number.POSITIVE_INFINITY);
    const from = new Array<number>(size).fill(group);
    for (let end = group; end < size; end++) {
      for (let start = group; start <= end; start++) {
        const total = costs[start - 1] + cost(start, end + 1);
        if (total < next[end]) {
          next[end] = total;
          from[end] = start;
        }
      }
    }
    costs = next;
    starts.push(from);
  }
  const chosen: number[] = [];
  for (let group = groupCount - 1, end = size - 1; group >= 0; group--) {
    chosen.unshift(starts[group][end]);
    end = starts[group][end] - 1;
  }
  return chosen;
}

/** Sum of squared distances of the values in [start, end) to their mean. */
function costOfRange(values: readonly number[], counts: readonly number[]): (start: number, end: number) => number {
  // Distances are taken from a value in the middle, so that large heights lose no precision.
  const origin = values[values.length >> 1] ?? 0;
  const weight = [0];
  const sum = [0];
  const squares = [0];
  values.forEach((value, index) => {
    const distance = value - origin;
    weight.push(weight[index] + counts[index]);
    sum.push(sum[index] + counts[index] * distance);
    squares.push(squares[index] + counts[index] * distance ** 2);
  });
  return (start, end) => {
    const total = sum[end] - sum[start];
    return squares[end] - squares[start] - total ** 2 / (weight[end] - weight[start]);
  };
}
