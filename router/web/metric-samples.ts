/** One series of a scrape. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A scrape of `/metrics`: series by name. */
export interface Scrape {
  /** Milliseconds of the page's clock. */
  readonly at: number;
  readonly series: ReadonlyMap<string, readonly Series[]>;
}

/** Reads the text format of Prometheus; comments and lines of another form are left out. */
export function parseScrape(text: string, at: number): Scrape {
  const series = new Map<string, Series[]>();
  for (const line of text.split('\n')) {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line);
    if (!match?.[1]) continue;
    const labels: Record<string, string> = {};
    for (const [, name, value] of (match[2] ?? '').matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)) {
      if (name)
        labels[name] = (value ?? '').replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
    }
    const known = series.get(match[1]) ?? [];
    known.push({ labels, value: Number(match[3]) });
    series.set(match[1], known);
  }
  return { at, series };
}

/** Sum of the series of a name whose labels include `wanted`; null when there is none. */
export function sumOf(scrape: Scrape, name: string, wanted: Readonly<Record<string, string>> = {}): number | null {
  const found = (scrape.series.get(name) ?? []).filter(({ labels }) =>
    Object.entries(wanted).every(([label, value]) => labels[label] === value),
  );
  return found.length === 0 ? null : found.reduce((sum, { value }) => sum + value, 0);
}

/** Growth per second of a counter between two scrapes; a restart counts as growth from zero. */
export function rateOf(
  before: Scrape,
  after: Scrape,
  name: string,
  wanted: Readonly<Record<string, string>> = {},
): number | null {
  const end = sumOf(after, name, wanted);
  const seconds = (after.at - before.at) / 1000;
  if (end === null || seconds <= 0) return null;
  const start = sumOf(before, name, wanted) ?? 0;
  return (end >= start ? end - start : end) / seconds;
}

/** Mean of what a histogram or summary saw between two scrapes; null when it saw nothing. */
export function meanOf(
  before: Scrape,
  after: Scrape,
  name: string,
  wanted: Readonly<Record<string, string>> = {},
): number | null {
  const count = rateOf(before, after, `${name}_count`, wanted);
  const sum = rateOf(before, after, `${name}_sum`, wanted);
  return count === null || sum === null || count === 0 ? null : sum / count;
}
