import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configSchema } from '../../dist/config/index.js';
import { type OpenPoolOptions, openPool, type Pool, type PoolEvent } from '../../dist/pool/index.js';

const samplesDir = fileURLToPath(new URL('../../models/pocket/samples/', import.meta.url));

/** Module of the engine of fixed speed. */
export const simulatedEngine = new URL('./simulated-engine.mjs', import.meta.url).href;

export interface GoldenCrop {
  readonly file: string;
  readonly task: string;
  readonly bytes: Uint8Array;
  readonly tokenIds: readonly number[];
  readonly text: string;
}

/** The twelve goldens as files, with what must come out. */
export function readGoldenCrops(): GoldenCrop[] {
  const records = JSON.parse(readFileSync(`${samplesDir}samples.json`, 'utf8')) as {
    file: string;
    task: string;
    greedy_ids: number[];
    greedy_text: string;
  }[];
  return records.map(({ file, task, greedy_ids, greedy_text }) => ({
    file,
    task,
    bytes: readFileSync(`${samplesDir}${file}`),
    tokenIds: greedy_ids,
    text: greedy_text,
  }));
}

export interface PoolBench {
  readonly pool: Pool;
  /** Everything the pool has reported. */
  readonly events: PoolEvent[];
}

export interface PoolBenchOptions extends Omit<OpenPoolOptions, 'config'> {
  readonly settings?: object;
  /** `QUIRE_FAULTS` while the pool opens. */
  readonly faults?: string;
}

/** A real pool over the built code. */
export async function openPoolBench({ settings = {}, faults, ...options }: PoolBenchOptions = {}): Promise<PoolBench> {
  const before = process.env.QUIRE_FAULTS;
  if (faults) process.env.QUIRE_FAULTS = faults;
  try {
    const pool = await openPool({ config: configSchema.parse(settings), ...options });
    const events: PoolEvent[] = [];
    pool.onEvent((event) => events.push(event));
    return { pool, events };
  } finally {
    if (before === undefined) delete process.env.QUIRE_FAULTS;
    else process.env.QUIRE_FAULTS = before;
  }
}

/** One crop by the chat door. */
export function readCrop(pool: Pool, { bytes, task }: GoldenCrop, options: Parameters<Pool['recognize']>[1] = {}) {
  const content = [
    { type: 'image', bytes },
    { type: 'text', text: task },
  ] as const;
  return pool.recognize({ messages: [{ role: 'user', content }] }, options);
}

/** Waits for a condition that comes true by itself; fails after the limit. */
export async function eventually(condition: () => boolean, limitMs = 20_000): Promise<void> {
  const startedAt = performance.now();
  while (!condition()) {
    if (performance.now() - startedAt > limitMs) throw new Error(`${condition} did not come true in ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
