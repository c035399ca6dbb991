/** The text of `/metrics` by family and by sample, to hold expressions against. */
export interface Exposition {
  /** Type of each family that is announced, with or without samples. */
  readonly types: ReadonlyMap<string, string>;
  /** Label sets of each sample name. */
  readonly samples: ReadonlyMap<string, readonly Readonly<Record<string, string>>[]>;
}

export function parseExposition(text: string): Exposition {
  const types = new Map<string, string>();
  const samples = new Map<string, Record<string, string>[]>();
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (type) types.set(type[1], type[2]);
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/.exec(line);
    if (!sample) continue;
    const labels = Object.fromEntries(
      [...(sample[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]),
    );
    samples.set(sample[1], [...(samples.get(sample[1]) ?? []), labels]);
  }
  return { types, samples };
}

/** Whether a sample of this name can come: the family itself, or a part of a histogram. */
export function isAnnounced({ types }: Exposition, name: string): boolean {
  const part = /^(.*)_(bucket|sum|count)$/.exec(name);
  return types.has(name) ? types.get(name) !== 'histogram' : part !== null && types.get(part[1]) === 'histogram';
}
