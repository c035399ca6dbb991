import { z } from 'zod';

const count = z.int().min(0);
const amount = z.number().min(0);

const distributionSchema = z.strictObject({
  count: count.describe('Values it is made of; p99 of fewer than 100 is the largest.'),
  mean: amount,
  p50: amount,
  p90: amount,
  p99: amount,
  max: amount,
});

const cardSchema = z.strictObject({
  index: z.string().describe('As nvidia-smi counts.'),
  uuid: z.string(),
  memoryPeakBytes: amount.nullable(),
  utilization: amount.nullable().describe('Mean share of time in which a kernel ran, 0 to 1.'),
  powerWatts: amount.nullable().describe('Mean.'),
  energyJoules: amount.nullable(),
});

const gpuUseSchema = z.strictObject({
  sampleCount: count,
  cards: z.array(cardSchema),
  memoryPeakBytes: amount.nullable().describe('Of all cards together, used by anyone.'),
  utilization: amount.nullable().describe('Mean of the cards.'),
  powerWatts: amount.nullable().describe('Mean, of all cards together.'),
  energyJoules: amount.nullable().describe('Of all cards together.'),
  imagesPerSecondPerWatt: amount.nullable(),
});

const workSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('shape'),
    width: count,
    height: count,
    outputTokens: count,
    pictureCount: count.describe('Different pictures; with fewer than requests they were sent again.'),
  }),
  z.strictObject({ kind: z.literal('pages'), fileCount: count, route: z.enum(['/v1/parse', '/v1/chat/completions']) }),
]);

const pointSchema = z.strictObject({
  work: workSchema,
  concurrency: count.describe('Requests in flight.'),
  answeredCount: count,
  failedCount: count,
  failures: z.record(z.string(), count).describe('How often each failure came.'),
  isPartial: z.boolean().describe('Called off before its end; what was in flight is not counted.'),
  seconds: amount.describe('From the first sending to the last answer.'),
  imagesPerSecond: amount,
  outputTokensPerSecond: amount.nullable(),
  promptTokens: amount.nullable().describe('Mean of a request, as the target counts.'),
  outputTokens: amount.nullable().describe('Mean of a request, as the target counts.'),
  shortCount: count.describe('Answers with fewer tokens than asked for.'),
  firstTokenMs: distributionSchema.nullable().describe('To the first text; of pages to the first block.'),
  tokenMs: distributionSchema.nullable().describe('Per output token after the first.'),
  totalMs: distributionSchema.nullable().describe('From sending to the end of the answer.'),
  gpu: gpuUseSchema.nullable(),
  clientBusy: amount.describe('Share of its time this program was busy; near 1 it is what was measured.'),
});

const targetSchema = z.strictObject({
  kind: z.enum(['started', 'url']).describe('A server started for this run, or one that ran already.'),
  url: z.string(),
  software: z.string().describe('Name and version as far as it tells.'),
  model: z.string(),
  precision: z.string().nullable(),
  devices: z.array(z.strictObject({ id: z.string(), isolation: z.string(), threads: count })),
  readySeconds: amount.nullable().describe('From the start of the process to all devices ready.'),
});

/** What `quire bench --json` writes. */
export const reportSchema = z.strictObject({
  version: z.literal(1),
  quire: z.string(),
  startedAt: z.iso.datetime(),
  isPartial: z.boolean(),
  machine: z.strictObject({
    cpu: z.string(),
    coreCount: count,
    memoryBytes: count,
    platform: z.string(),
    node: z.string(),
    loadAverage: z.number().describe('Of one minute, before the start.'),
    driver: z.string().nullable(),
    gpus: z.array(z.strictObject({ name: z.string(), uuid: z.string(), memoryBytes: count })),
  }),
  settings: z.strictObject({
    concurrency: z.array(count),
    requests: count.nullable(),
    durationMs: count,
    warmup: count,
    timeoutMs: count,
    prompt: z.string(),
  }),
  runs: z.array(z.strictObject({ target: targetSchema, points: z.array(pointSchema) })),
  notes: z.array(z.string()),
});

export type Distribution = z.infer<typeof distributionSchema>;
export type GpuUse = z.infer<typeof gpuUseSchema>;
export type CardUse = z.infer<typeof cardSchema>;
export type BenchWork = z.infer<typeof workSchema>;
export type BenchPoint = z.infer<typeof pointSchema>;
export type BenchTarget = z.infer<typeof targetSchema>;
export type BenchRun = z.infer<typeof reportSchema>['runs'][number];
export type BenchReport = z.infer<typeof reportSchema>;
