/** Every series of a server's metrics with its labels. */
export async function readSeries(url) {
  const series = [];
  for (const line of (await (await fetch(`${url}/metrics`)).text()).split('\n')) {
    const [, name, labelText, value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (!name) continue;
    const labels = Object.fromEntries(
      [...(labelText ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, key, of]) => [key, of]),
    );
    series.push({ name, labels, value: Number(value) });
  }
  return series;
}

/** Sums a counter for each value of one label. */
export function sumBy(series, name, label) {
  const sums = {};
  for (const one of series) if (one.name === name) sums[one.labels[label]] = (sums[one.labels[label]] ?? 0) + one.value;
  return sums;
}
