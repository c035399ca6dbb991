import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type Config, defaultCacheDir } from '#config';
import {
  type CompiledModel,
  type CompileProgress,
  chooseTarget,
  embeddedModelDir,
  openModel,
  openTokenizer,
  pageHintsOf,
} from '#models';
import { createPolicy } from './balancer/create-policy.js';
import { compileOnThread } from './compile-thread.js';
import { createCostModel } from './cost-model.js';
import type { CropJob } from './crop-job.js';
import { CropQueue } from './crop-queue.js';
import { type CropReader, createCropReader } from './crop-reader.js';
import type { DeviceOptions } from './device.js';
import { createDeviceDetection } from './device-detection.js';
import { DeviceGroup } from './device-group.js';
import type { OpenHost } from './device-host.js';
import { type PlannedDevice, planDevices, thisMachine } from './device-plan.js';
import { Dispatcher } from './dispatcher.js';
import { DocumentRegister } from './document-register.js';
import { startDocument } from './document-run.js';
import { PoolError } from './errors.js';
import { readFaults, refuseUnreachable } from './fault-injection.js';
import { createHeldBytes } from './held-bytes.js';
import { openCanary } from './open-canary.js';
import { openPrepare, prepareThreadCount } from './open-prepare.js';
import { sweepPixelFiles } from './pixel-files.js';
import type { DeviceStatus, Pool, PoolEvent } from './pool.js';
import type { PoolParts } from './pool-parts.js';
import type { PreparePool } from './prepare/prepare-pool.js';
import { createPrepareTurns, type PrepareTurns } from './prepare-turns.js';
import { openProcessHost } from './process-host.js';
import { startRecognize } from './recognize-run.js';
import { createEngineDesk } from './remote/engine-desk.js';
import { identifyModel } from './remote/model-identity.js';
import { type PlannedRemote, planRemotes } from './remote/plan-remotes.js';
import { openRemoteHost } from './remote/remote-host.js';
import { createShardSetup } from './shard-setup.js';
import { openThreadHost } from './thread-host.js';
import { createThroughputMeter } from './throughput-meter.js';

export interface OpenPoolOptions {
  readonly config: Config;
  readonly onProgress?: (progress: CompileProgress) => void;
  /** For tests and benchmarks: module whose `openEngine` every shard uses in place of its own, as a file URL. */
  readonly engineModule?: string;
  /** For tests: kinds of devices that detect the layout of pages. CUDA: a CPU does it as well in a prepare thread. */
  readonly detecting?: readonly PlannedDevice['kind'][];
}

/** A batch document that was not served for this long competes with interactive ones. */
const ageingMs = 5000;
const startTimeoutMs = 300_000;

/**
 * Opens the pool: reads the model folder, then, in the background, compiles graphs, opens the prepare threads and
 * starts the devices. Documents may come at once; they wait for the first device. Rejects with what is wrong with the
 * model folder or the settings; what fails later fails `whenReady` and every document.
 */
export async function openPool(options: OpenPoolOptions): Promise<Pool> {
  const { config, onProgress, engineModule, detecting = ['cuda'] } = options;
  sweepPixelFiles();
  const faults = readFaults(process.env.QUIRE_FAULTS, process.env.NODE_ENV);
  const machine = thisMachine();
  const planned = planDevices(config.devices, machine);
  refuseUnreachable(faults, planned);
  const remotes = planRemotes(config.devices);
  const model = await openModel(config.model.dir || embeddedModelDir());
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
  const deviceRate = (): number => throughput.rate(Math.max(1, group.openShardCount));
  const heldPixels = createHeldBytes(config.pool.maxHeldBytes);
  let failure: Error | null = null;
  const register = new DocumentRegister({
    limits: config.pool,
    costModel,
    load: () => ({
      heldPixelBytes: heldPixels.used,
      queuedCropCount: dispatcher.queuedCount,
      rate: { prepare: prepareThreadCount(config.prepare, machine), device: deviceRate() },
    }),
    obstacle: () => group.obstacle(),
    emit,
  });

  const instance = randomUUID();
  const identity = identifyModel(model);
  const { maxSequenceLength } = config.engine;
  const desk = createEngineDesk({
    instance,
    model,
    identity,
    maxSequenceLength,
    maxQueuedCrops: config.pool.maxQueuedCrops,
    maxHeldBytes: config.pool.maxHeldBytes,
    dispatcher,
    devices: () => group.devices,
    heldPixels,
    costPerMs: deviceRate,
  });

  let prepare: PreparePool | null = null;
  let turns: PrepareTurns | null = null;
  let reader: CropReader | null = null;
  const closing = new AbortController();
  const opened = (async () => {
    const cacheDir = config.model.cacheDir || join(defaultCacheDir(process.env), 'graphs');
    const compiled = new Map<PlannedDevice['kind'], CompiledModel>();
    // Without a device of its own this host still looks for the blocks of a page, which needs the detector.
    const kinds: readonly PlannedDevice['kind'][] = planned.length > 0 ? planned.map(({ kind }) => kind) : ['cpu'];
    for (const kind of kinds) {
      if (compiled.has(kind)) continue;
      const target = chooseTarget(model.manifest, kind, config.model.precision);
      compiled.set(kind, await compileOnThread(model, target, { cacheDir, onProgress, signal: closing.signal }));
    }
    if (closing.signal.aborted) throw new PoolError('SHUTTING_DOWN', 'The server is shutting down.');
    const graphsOf = (kind: PlannedDevice['kind']) => (compiled.get(kind) as CompiledModel).graphs;
    // For the pages that no device detects; the detector's graph is the same for every target.
    prepare = openPrepare(config, model, graphsOf(kinds[0]), machine);
    turns = createPrepareTurns(prepare, prepareThreadCount(config.prepare, machine) + 1, config.pool.maxQueuedCrops);
    reader = createCropReader({ dispatcher, model, tokenizer, maxTokens: config.engine.maxTokens });
    const canary = await openCanary(model, tokenizer, prepare);
    const { stepTimeoutMs, restartBackoffMs, canaryIntervalMs } = config.pool;
    const supervision = { canary, stepTimeoutMs, startTimeoutMs, restartBackoffMs, canaryIntervalMs };
    const own = planned.map((device): DeviceOptions => {
      const open = device.isolation === 'process' ? openProcessHost : openThreadHost;
      const setups = Array.from({ length: device.shardCount }, (_, shard) =>
        createShardSetup(device, shard, {
          config,
          model,
          graphs: graphsOf(device.kind),
          engineModule,
          faults,
          detecting,
        }),
      );
      const openHost: OpenHost = (life, listener, mayDetect) =>
        open(
          setups.map(({ detector, ...setup }) => ({ ...setup, life, ...(mayDetect && detector && { detector }) })),
          listener,
        );
      const { id, kind, isolation, shardCount } = device;
      return { id, kind, isolation, shardCount, openHost, ...supervision };
    });
    const { remoteApiKey: apiKey } = config.devices;
    const others = remotes.map(({ id, url }): DeviceOptions => {
      const settings = { url, apiKey, instance, model: identity, maxSequenceLength, stepTimeoutMs };
      const openHost: OpenHost = (_life, listener) => openRemoteHost(settings, listener);
      return { id, kind: 'remote', isolation: 'host', shardCount: 1, openHost, ...supervision };
    });
    if (!closing.signal.aborted) group.start([...own, ...others]);
  })();
  opened.catch((error: Error) => {
    failure = error;
  });

  const parts: PoolParts = {
    config,
    model,
    hints,
    tokenizer,
    costModel,
    dispatcher,
    detection: createDeviceDetection(() => group.devices, emit),
    heldPixels,
    opened,
    prepare: () => prepare as PreparePool,
    prepareFor: (run) => (turns as PrepareTurns).doorFor(run),
    reader: () => reader as CropReader,
    enter: (entrant, scope) => {
      if (failure) throw failure;
      return register.enter(entrant, scope);
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
    checkRoom: (wishes = {}) => {
      if (failure) throw failure;
      register.check(wishes);
    },
    devices: () =>
      group.devices.length > 0
        ? group.status()
        : [...planned, ...remotes.map(asDevice)].map((device) => statusBefore(device, failure)),
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
      prepareQueued: (turns?.waitingCount ?? 0) + (prepare?.queueLength ?? 0),
      prepareRunning: (turns?.startedCount ?? 0) - (prepare?.queueLength ?? 0),
      predictedWaitMs: register.predictedWaitMs,
    }),
    engine: () => desk.status(),
    readCrop: (frame, options = {}) => desk.read(frame, options),
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close({ drainMs = config.server.drainMs } = {}) {
      register.shut();
      await register.drain(drainMs);
      closing.abort();
      desk.close();
      await opened.catch(() => {});
      await group.close();
      await prepare?.close();
    },
  };
}

type ShownDevice = Pick<DeviceStatus, 'id' | 'kind' | 'isolation' | 'shardCount'>;

function asDevice({ id }: PlannedRemote): ShownDevice {
  return { id, kind: 'remote', isolation: 'host', shardCount: 1 };
}

/** A device before the graphs are there, or when they could not be made. */
function statusBefore({ id, kind, isolation, shardCount }: ShownDevice, failure: Error | null): DeviceStatus {
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
