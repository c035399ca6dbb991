import { z } from 'zod';

const milliseconds = (value: number) => z.number().int().min(0).max(86_400_000).default(value);
const bytes = (value: number) => z.number().int().min(1).default(value);

/** `cpu`, `cuda:1`, `cuda:GPU-<uuid>` or `remote:http://host:6006`. */
const device = z
  .string()
  .regex(
    /^(cpu|cuda(:(\d+|GPU-[0-9a-f-]+))?|remote:\s*https?:\/\/\S+)$/i,
    'expected cpu, cuda, cuda:N, cuda:GPU-uuid or remote:URL',
  );

const server = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('Address to listen on; 0.0.0.0 for all.'),
  port: z.number().int().min(0).max(65_535).default(6006).describe('TCP port; 0 picks a free one.'),
  apiKeys: z
    .array(z.string().min(8))
    .default([])
    .describe('Bearer keys of users; empty leaves the API open.')
    .meta({ secret: true }),
  adminKeys: z
    .array(z.string().min(8))
    .default([])
    .describe('Bearer keys for the device actions; empty refuses them except from loopback.')
    .meta({ secret: true }),
  corsOrigins: z.array(z.string()).default([]).describe('Origins that browsers may call from; `*` for all.'),
  maxBodyBytes: bytes(100 * 1024 * 1024).describe('Largest request body.'),
  requestTimeoutMs: milliseconds(600_000).describe('Time a request may take before it fails with DEADLINE_EXCEEDED.'),
  drainMs: milliseconds(30_000).describe('Time in-flight work gets after SIGTERM.'),
});

const model = z.strictObject({
  dir: z.string().default('').describe('Model folder; empty for the embedded bundle.'),
  precision: z
    .enum(['auto', 'fp32', 'fp16', 'int8'])
    .default('auto')
    .describe('Arithmetic of the compiled graphs; auto follows the device and the model.'),
  cacheDir: z.string().default('').describe("Where compiled graphs are kept; empty for the platform's cache folder."),
});

const devices = z.strictObject({
  use: z.array(device).default([]).describe('Devices to use; empty finds them: every CUDA device, else one cpu.'),
  isolation: z
    .enum(['auto', 'thread', 'process'])
    .default('auto')
    .describe('Where a device runs; auto is thread on the CPU and process on CUDA.'),
  threadsPerDevice: z
    .number()
    .int()
    .min(0)
    .max(16)
    .default(0)
    .describe('Shards of a device; 0 chooses: 1 on the CPU, 2 or 3 on CUDA by free memory.'),
  cpuThreads: z
    .number()
    .int()
    .min(0)
    .max(256)
    .default(0)
    .describe('Threads one CPU shard computes with; 0 shares the cores among the CPU devices.'),
  memoryLimitBytes: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('Memory a CUDA shard may take; 0 leaves it to the free memory.'),
  cudaDoor: z
    .enum(['auto', 'c-api', 'addon'])
    .default('auto')
    .describe(
      'How CUDA devices reach ONNX Runtime: its C API (CUDA graphs, data stays on the device) or the Node addon; auto takes the C API where it works.',
    ),
  remoteApiKey: z
    .string()
    .default('')
    .describe('Bearer key for the hosts that are remote devices: one of their `server.apiKeys`; empty sends none.')
    .meta({ secret: true }),
});

const engine = z.strictObject({
  maxBatch: z
    .number()
    .int()
    .min(0)
    .max(512)
    .default(0)
    .describe('Crops one shard decodes together; 0 chooses: 32 on the CPU, 64 on CUDA.'),
  maxTokens: z.number().int().min(1).max(131_072).default(4096).describe('Output tokens of a crop at most.'),
  maxSequenceLength: z
    .number()
    .int()
    .min(64)
    .max(131_072)
    .default(16_384)
    .describe('Prompt and output tokens of a crop at most.'),
  prefillTokenBudget: z
    .number()
    .int()
    .min(64)
    .default(4096)
    .describe('Prompt tokens that may enter a step, so that running crops do not stall.'),
  visionPatchBudget: z.number().int().min(64).default(16_384).describe('Patches of one vision run.'),
  kvBlocks: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('Blocks of the KV cache of a shard; 0 sizes it from the memory.'),
  loopGuard: z.boolean().default(true).describe('Stops runaway repetition while it is generated.'),
});

const pool = z.strictObject({
  policy: z
    .enum(['least-cost', 'least-connections', 'round-robin', 'random'])
    .default('least-cost')
    .describe('Which shard takes the next crop.'),
  maxDocuments: z.number().int().min(1).default(2048).describe('Documents in the system at once.'),
  maxQueuedCrops: z.number().int().min(1).default(20_000).describe('Crops that may wait.'),
  maxHeldBytes: bytes(2 * 1024 ** 3).describe('Bytes of input and pixels held at once.'),
  maxPredictedWaitMs: milliseconds(120_000).describe('A request whose predicted wait is longer is refused with 429.'),
  pagesPerDocument: z
    .number()
    .int()
    .min(1)
    .max(256)
    .default(8)
    .describe('Pages of one document that are in work at once.'),
  maxAttempts: z.number().int().min(1).max(20).default(5).describe('Devices a crop may die on before its block fails.'),
  stepTimeoutMs: milliseconds(60_000).describe('A step that takes longer counts as hung.'),
  restartBackoffMs: milliseconds(500).describe(
    'First pause before a dead device is started again; doubles up to 30 s.',
  ),
  canaryIntervalMs: milliseconds(30_000).describe(
    'Time between canary readings of an idle device; 0 for the one at start only.',
  ),
});

const prepare = z.strictObject({
  threads: z
    .number()
    .int()
    .min(0)
    .max(64)
    .default(0)
    .describe('Threads that decode and cut pages; 0 chooses from the cores.'),
  maxImagePixels: z
    .number()
    .int()
    .min(1)
    .max(1_000_000_000)
    .default(178_956_970)
    .describe('Pixels of an image at most, told from its header.'),
  maxPages: z.number().int().min(1).max(10_000).default(1000).describe('Pages of a document at most.'),
  pdfDpi: z.number().min(36).max(600).default(144).describe('Resolution at which PDF pages are rendered.'),
});

const url = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether files may be named by http(s) URL.'),
  allowPrivate: z
    .boolean()
    .default(false)
    .describe('Whether private, loopback and link-local addresses may be fetched.'),
  maxBytes: bytes(100 * 1024 * 1024).describe('Largest file fetched.'),
  timeoutMs: milliseconds(30_000).describe('Time a fetch may take, redirects included.'),
  maxRedirects: z.number().int().min(0).max(10).default(3).describe('Redirects followed, each checked again.'),
});

const log = z.strictObject({
  level: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Least level that is written.'),
  format: z
    .enum(['auto', 'json', 'text'])
    .default('auto')
    .describe('Form of the log on standard error; auto writes text on a terminal and JSON elsewhere.'),
});

/** Every setting once: type, unit in the name, default, bounds and one sentence. */
export const configSchema = z.strictObject({
  server: server.prefault({}),
  model: model.prefault({}),
  devices: devices.prefault({}),
  engine: engine.prefault({}),
  pool: pool.prefault({}),
  prepare: prepare.prefault({}),
  url: url.prefault({}),
  log: log.prefault({}),
});

export type Config = z.infer<typeof configSchema>;
export type ServerSettings = Config['server'];
export type ModelSettings = Config['model'];
export type DeviceSettings = Config['devices'];
export type EngineSettings = Config['engine'];
export type PoolSettings = Config['pool'];
export type PrepareSettings = Config['prepare'];
export type UrlSettings = Config['url'];
export type LogSettings = Config['log'];
