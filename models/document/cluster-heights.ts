const mostRounds = 100;

/**
 * Groups heights into at most `most` sizes and ranks them, 1 for the largest: k-means on a line, started at the widest
 * gaps, so that the same heights always give the same ranks. Gives the rank of each distinct height.
 */
export function clusterHeights(heights: readonly number[], most: number): ReadonlyMap<number, number> {
  const distinct = [...new Set(heights)].sort((a, b) => a - b);
  const counts = new Map<number, number>();
  for (const height of heights) counts.set(height, (counts.get(height) ?? 0) + 1);

  let starts = widestGaps(distinct, Math.min(most, distinct.length));
  for (let round = 0; round < mostRounds; round++) {
    const next = nearest(distinct, centres(distinct, counts, starts));
    if (next.length === starts.length && next.every((start, index) => start === starts[index])) break;
    starts = next;
  }
  const ranks = new Map<number, number>();
  distinct.forEach((height, index) => {
    const cluster = starts.findLastIndex((start) => start <= index);
    ranks.set(height, starts.length - cluster);
  });
  return ranks;
}

/** Indexes at which the clusters begin: 0 and those after the widest gaps. */
function widestGaps(distinct: readonly number[], clusterCount: number): number[] {
  if (clusterCount === 0) return [];
  const gaps = distinct.slice(1).map((height, index) => ({ start: index + 1, gap: height - distinct[index] }));
  gaps.sort((a, b) => b.gap - a.gap || a.start - b.start);
  return [0, ...gaps.slice(0, clusterCount - 1).map(({ start }) => start)].sort((a, b) => a - b);
}

function centres(
  distinct: readonly number[],
  counts: ReadonlyMap<number, number>,
  starts: readonly number[],
): number[] {
  return starts.map((start, cluster) => {
    const members = distinct.slice(start, starts[cluster + 1] ?? distinct.length);
    const total = members.reduce((sum, height) => sum + (counts.get(height) ?? 0), 0);
    return members.reduce((sum, height) => sum + height * (counts.get(height) ?? 0), 0) / total;
  });
}

/** Where the clusters begin when every height goes to its nearest centre; clusters left empty are gone. */
function nearest(distinct: readonly number[], centre: readonly number[]): number[] {
  const starts: number[] = [];
  let cluster = -1;
  distinct.forEach((height, index) => {
    let wanted = Math.max(cluster, 0);
    while (wanted + 1 < centre.length && height - centre[wanted] > centre[wanted + 1] - height) wanted++;
    if (wanted === cluster) return;
    cluster = wanted;
    starts.push(index);
  });
  return starts;
}
