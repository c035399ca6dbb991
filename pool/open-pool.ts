import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, defaultCacheDir } from '#config';
import {
  type CompiledModel,
  type CompileProgress,
  chooseTarget,
  compileModel,
  type ModelFolder,
  openModel,
  openTokenizer,
  pageHintsOf,
} from '#models';
import { createPolicy } from './balancer/create-policy.js';
import { createCostModel } from './cost-model.js';
import type { CropJob } from './crop-job.js';
import { CropQueue } from './crop-queue.js';
import { type CropReader, createCropReader } from './crop-reader.js';
import type { DeviceOptions } from './device.js';
import { DeviceGroup } from './device-group.js';
import { type Machine, type PlannedDevice, planDevices, thisMachine } from './device-plan.js';
import { Dispatcher } from './dispatcher.js';
import { DocumentRegister } from './document-register.js';
import { startDocument } from './document-run.js';
import { PoolError } from './errors.js';
import { readFaults } from './fault-injection.js';
import { createHeldBytes } from './held-bytes.js';
import { openCanary } from './open-canary.js';
import { sweepPixelFiles } from './pixel-files.js';
import type { DeviceStatus, Pool, PoolEvent } from './pool.js';
import type { PoolParts } from './pool-parts.js';
import { openPreparePool, type PreparePool } from './prepare/prepare-pool.js';
import { openProcessHost } from './process-host.js';
import type { ShardSetup } from './protocol.js';
import { startRecognize } from './recognize-run.js';
import { openThreadHost } from './thread-host.js';
import { createThroughputMeter } from './throughput-meter.js';

export interface OpenPoolOptions {
  readonly config: Config;
  readonly onProgress?: (progress: CompileProgress) => void;
  /** For tests and benchmarks: module whose `openEngine` every shard uses in place of its own, as a file URL. */
  readonly engineModule?: string;
}

const embeddedModel = fileURLToPath(new URL('../../models/pocket', import.meta.url));
/** A batch document that was not served for this long competes with interactive ones. */
const ageingMs = 5000;
const startTimeoutMs = 300_000;

/**
 * Opens the pool: reads the model folder, then, in the background, compiles graphs, opens the prepare threads and
 * starts the devices. Documents may come at once; they wait for the first device. Rejects with what is wrong with the
 * model folder or the settings; what fails later fails `whenReady` and every document.
 */
export async function openPool({ config, onProgress, engineModule }: OpenPoolOptions): Promise<Pool> {
  sweepPixelFiles();
  const faults = readFaults(process.env.QUIRE_FAULTS, process.env.NODE_ENV);
  const machine = thisMachine();
  const planned = planDevices(config.devices, machine);
  const model = await openModel(config.model.dir || embeddedModel);
  const tokenizer = openTokenizer(model);
  const hints = pageHintsOf(model.manifest);
  const listeners = new Set<(event: PoolEvent) => void>();
  const emit = (event: PoolEvent): void => {
    for (const listener of listeners) listener(event);
  };

  const costModel = createCostModel();
  const throughput = createThroughputMeter();
  const queue = new CropQueue<CropJob>({
    maxLength: config.pool.maxQueuedCrops,
    ageingMs,
    now: () => performance.now(),
  });
  const group: DeviceGroup = new DeviceGroup({ dispatcher: () => dispatcher, emit });
  const dispatcher: Dispatcher = new Dispatcher({
    queue,
    policy: createPolicy(config.pool.policy),
    costModel,
    throughput,
    devices: () => group.devices,
    maxAttempts: config.pool.maxAttempts,
    emit,
  });
  const heldPixels = createHeldBytes(config.pool.maxHeldBytes);
  let failure: Error | null = null;
  const register = new DocumentRegister({
    limits: config.pool,
    costModel,
    load: () => ({
      heldPixelBytes: heldPixels.used,
      queuedCropCount: dispatcher.queuedCount,
      costPerMs: throughput.rate(Math.max(1, group.openShardCount)),
    }),
    obstacle: () => group.obstacle(),
    emit,
  });

  let prepare: PreparePool | null = null;
  let reader: CropReader | null = null;
  let isClosing = false;
  const opened = (async () => {
    const cacheDir = config.model.cacheDir || join(defaultCacheDir(process.env), 'graphs');
    const compiled = new Map<PlannedDevice['kind'], CompiledModel>();
    for (const { kind } of planned) {
      if (compiled.has(kind)) continue;
      const target = chooseTarget(model.manifest, kind, config.model.precision);
      compiled.set(kind, await compileModel(model, target, cacheDir, onProgress));
    }
    if (isClosing) throw new PoolError('SHUTTING_DOWN', 'The server is shutting down.');
    const graphsOf = (kind: PlannedDevice['kind']) => (compiled.get(kind) as CompiledModel).graphs;
    // The detector runs on the CPU; its graph is the same for every target.
    prepare = openPrepare(config, model, graphsOf(planned[0].kind), machine);
    reader = createCropReader({ dispatcher, model, tokenizer, maxTokens: config.engine.maxTokens });
    const canary = await openCanary(model, tokenizer, prepare);
    const options = planned.map((device): DeviceOptions => {
      const shards = Array.from({ length: device.shardCount }, (_, shard) => shard);
      return {
        id: device.id,
        kind: device.kind,
        isolation: device.isolation,
        openHost: device.isolation === 'process' ? openProcessHost : openThreadHost,
        setups: shards.map((shard) =>
          setupOf(device, shard, { config, model, graphs: graphsOf(device.kind), engineModule, faults }),
        ),
        canary,
        stepTimeoutMs: config.pool.stepTimeoutMs,
        startTimeoutMs,
        restartBackoffMs: config.pool.restartBackoffMs,
        canaryIntervalMs: config.pool.canaryIntervalMs,
      };
    });
    if (!isClosing) group.start(options);
  })();
  opened.catch((error: Error) => {
    failure = error;
  });

  const parts: PoolParts = {
    config,
    model,
    hints,
    tokenizer,
    dispatcher,
    heldPixels,
    opened,
    prepare: () => prepare as PreparePool,
    reader: () => reader as CropReader,
    enter: (applicant) => {
      if (failure) throw failure;
      return register.enter(applicant);
    },
    roomForCrops: async () => {
      while (queue.isFull) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    cancelled: () => new PoolError('CANCELLED', 'The reader of the events has left.'),
    emit,
  };

  return {
    model: {
      name: model.name,
      aliases: model.manifest.aliases,
      maxPositions: model.reader.text.maxPositions,
      hasLayout: model.layout !== undefined,
    },
    parse: (input, options = {}) => startDocument(input, options, parts),
    recognize: (input, options = {}) => startRecognize(input, options, parts),
    devices: () => (group.devices.length > 0 ? group.status() : planned.map((device) => statusBefore(device, failure))),
    control: async (deviceId, action) => group.control(deviceId, action),
    isReady: () => group.isReady,
    whenReady: async () => {
      await opened;
      await group.whenReady();
    },
    stats: () => ({
      documentsInFlight: register.documentCount,
      pagesInFlight: register.pageCount,
      cropsQueued: dispatcher.queuedCount,
      cropsRunning: dispatcher.runningCount,
      queuedCost: dispatcher.queuedCost,
      runningCost: group.status().reduce((sum, { outstandingCost }) => sum + outstandingCost, 0),
      bytesHeld: register.bytes + heldPixels.used,
      prepareQueued: prepare?.queueLength ?? 0,
      prepareRunning: 0,
      predictedWaitMs: register.predictedWaitMs,
    }),
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close({ drainMs = config.server.drainMs } = {}) {
      isClosing = true;
      register.shut();
      await register.drain(drainMs);
      await opened.catch(() => {});
      await group.close();
      await prepare?.close();
    },
  };
}

interface SetupParts {
  readonly config: Config;
  readonly model: ModelFolder;
  readonly graphs: CompiledModel['graphs'];
  readonly engineModule: string | undefined;
  readonly faults: ShardSetup['faults'];
}

function setupOf(
  device: PlannedDevice,
  shard: number,
  { config, model, graphs, engineModule, faults }: SetupParts,
): Omit<ShardSetup, 'life'> {
  const { maxBatch, maxSequenceLength, prefillTokenBudget, visionPatchBudget, kvBlocks, loopGuard } = config.engine;
  return {
    deviceId: device.id,
    shard,
    target: device.target,
    threadCount: device.threadCount,
    model: { reader: model.reader, manifest: model.manifest },
    graphs,
    limits: {
      maxBatch,
      maxSequenceLength,
      prefillTokenBudget,
      visionPatchBudget,
      kvBlocks,
      kvBytes: device.kvBytes,
      loopGuard,
    },
    ...(engineModule && { engineModule }),
    faults,
  };
}

function openPrepare(
  { prepare, pool }: Config,
  model: ModelFolder,
  { layout }: CompiledModel['graphs'],
  { coreCount }: Machine,
): PreparePool {
  const threadCount = prepare.threads || Math.max(1, Math.min(8, Math.floor(coreCount / 2)));
  return openPreparePool({
    threadCount,
    // Every page in work has one task there at most, plus pieces to be read again.
    maxQueueLength: pool.maxDocuments * (pool.pagesPerDocument + 1),
    setup: {
      limits: prepare,
      imageProcessor: model.imageProcessor,
      hints: pageHintsOf(model.manifest),
      ...(layout &&
        model.layout && {
          layout: {
            graphPath: layout,
            config: model.layout.config,
            threadCount: Math.max(1, Math.floor(coreCount / threadCount)),
          },
        }),
    },
  });
}

/** A device before the graphs are there, or when they could not be made. */
function statusBefore({ id, kind, isolation, shardCount }: PlannedDevice, failure: Error | null): DeviceStatus {
  const code = (failure as { code?: string } | null)?.code ?? 'COMPILE_FAILED';
  return {
    id,
    kind,
    isolation,
    state: failure ? 'broken' : 'starting',
    shardCount,
    runningCount: 0,
    outstandingCost: 0,
    kvBlocksUsed: 0,
    kvBlocksTotal: 0,
    restartCount: 0,
    canaryMismatchCount: 0,
    ...(failure && { lastError: { code, message: failure.message } }),
  };
}
