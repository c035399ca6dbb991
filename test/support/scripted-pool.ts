import type {
  CropFrame,
  DeviceAction,
  DeviceStatus,
  DocumentEvent,
  DocumentInput,
  DocumentResult,
  DocumentRun,
  EngineLine,
  EngineStatus,
  PageOutcome,
  ParseOptions,
  Pool,
  PoolEvent,
  PoolStats,
  RecognizeInput,
  RecognizeResult,
  RecognizeRun,
  RunOptions,
  StageTimings,
} from '../../pool/index.js';
import { PoolError } from '../../pool/index.js';

export const timings: StageTimings = {
  prepareMs: 1,
  detectMs: 2,
  queueMs: 3,
  visionMs: 4,
  prefillMs: 5,
  decodeMs: 6,
  totalMs: 21,
  cropCount: 2,
  imageTokenCount: 30,
  outputTokenCount: 12,
};

export const stats: PoolStats = {
  documentsInFlight: 1,
  pagesInFlight: 1,
  cropsQueued: 2,
  cropsRunning: 3,
  queuedCost: 4,
  runningCost: 5,
  bytesHeld: 6,
  prepareQueued: 7,
  prepareRunning: 8,
  predictedWaitMs: 1500,
};

/** A page with one block that was read and, if asked for, one that was not. */
export function scriptedPage(pageIndex: number, options: { readonly failed?: boolean } = {}): PageOutcome {
  const failed = {
    label: 'text',
    box: [0, 20, 10, 30],
    text: '',
    confidence: null,
    order: 2,
    error: { code: 'POISON_CROP', message: 'This part killed a device twice.' },
  } as const;
  return {
    pageIndex,
    width: 100,
    height: 50,
    blocks: [
      { label: 'text', box: [0, 0, 10, 10], text: `Page ${pageIndex + 1}`, confidence: 0.987654, order: 1 },
      ...(options.failed ? [failed] : []),
    ],
    markdown: `Page ${pageIndex + 1}`,
    detections: [],
    timings,
  };
}

export interface ScriptedPool extends Pool {
  /** What `parse` was called with. */
  readonly calls: { input: DocumentInput; options: ParseOptions }[];
  /** What `recognize` was called with. */
  readonly recognitions: { input: RecognizeInput; options: RunOptions }[];
  /** What `readCrop` was called with. */
  readonly crops: CropFrame[];
  emit(event: PoolEvent): void;
}

export interface Script {
  readonly pages?: readonly PageOutcome[];
  readonly kind?: DocumentResult['kind'];
  /** Answer of `recognize`, token by token; without it no picture is read. */
  readonly reading?: Partial<RecognizeResult> & Pick<RecognizeResult, 'tokenTexts'>;
  /** `recognize` fails after this many tokens. */
  readonly failAfterTokens?: number;
  /** Fails before the first event. */
  readonly failure?: unknown;
  /** Fails after the events of this many pages. */
  readonly failAfterPages?: number;
  /** Thrown by `checkRoom`. */
  readonly refusal?: unknown;
  /** Never finishes until its signal says so. */
  readonly hangs?: boolean;
  readonly isReady?: boolean;
  readonly devices?: readonly DeviceStatus[];
  readonly engine?: EngineStatus;
  /** Lines of the answer to `readCrop`; `failure` and `hangs` hold for it too. */
  readonly lines?: readonly EngineLine[];
}

export const scriptedDevice: DeviceStatus = {
  id: 'cpu:0',
  kind: 'cpu',
  isolation: 'thread',
  state: 'ready',
  shardCount: 1,
  runningCount: 0,
  outstandingCost: 0,
  kvBlocksUsed: 0,
  kvBlocksTotal: 64,
  restartCount: 2,
  canaryOkAt: 1_700_000_000_000,
  canaryMismatchCount: 0,
};

/** A pool that answers as it is told: for the mapping of answers and failures to HTTP, not for reading. */
export function createScriptedPool(script: Script = {}): ScriptedPool {
  const listeners = new Set<(event: PoolEvent) => void>();
  const calls: ScriptedPool['calls'] = [];
  const recognitions: ScriptedPool['recognitions'] = [];
  const crops: CropFrame[] = [];
  return {
    calls,
    recognitions,
    crops,
    model: { name: 'scripted', aliases: [], maxPositions: 1024, hasLayout: true },
    parse(input, options = {}) {
      calls.push({ input, options });
      return scriptedRun(script, options);
    },
    recognize(input, options = {}) {
      recognitions.push({ input, options });
      if (!script.reading) throw new PoolError('NO_DEVICE', 'The scripted pool reads no crops.');
      return scriptedRecognition(script, script.reading, options);
    },
    checkRoom() {
      if (script.refusal) throw script.refusal;
    },
    devices: () => script.devices ?? [scriptedDevice],
    async control(deviceId: string, _action: DeviceAction) {
      if (deviceId !== 'cpu:0') throw new PoolError('DEVICE_UNKNOWN', `There is no device "${deviceId}".`);
    },
    isReady: () => script.isReady ?? true,
    whenReady: async () => {},
    stats: () => stats,
    engine: () => script.engine ?? scriptedEngine,
    readCrop(frame, options = {}) {
      crops.push(frame);
      return scriptedCrop(script, options);
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    emit: (event) => {
      for (const listener of listeners) listener(event);
    },
    close: async () => {},
  } as ScriptedPool;
}

const scriptedEngine: EngineStatus = {
  protocol: 2,
  instance: 'scripted-instance',
  model: { name: 'scripted', weightsId: 'w'.repeat(64) },
  isReady: true,
  maxSequenceLength: 1024,
  capacity: { maxBatch: 4, kvBlocksTotal: 64 },
  load: { queuedCount: 0, runningCount: 0, outstandingCost: 0, kvBlocksUsed: 0 },
};

async function* scriptedCrop(script: Script, { signal }: RunOptions): AsyncGenerator<EngineLine> {
  const [first, ...rest] = script.lines ?? [];
  if (!first) throw script.failure ?? new PoolError('NO_DEVICE', 'The scripted pool reads no crops.');
  yield first;
  yield* rest;
  if (script.hangs) await untilAborted(signal);
  if (script.failure) throw script.failure;
}

function scriptedRun(script: Script, options: ParseOptions): DocumentRun {
  const pages = script.pages ?? [scriptedPage(0)];
  const document: DocumentResult = {
    kind: script.kind ?? 'image',
    pages,
    markdown: pages.map((page) => page.markdown).join('\n\n'),
    timings,
  };
  const ended = script.hangs ? untilAborted(options.signal) : Promise.resolve();
  const failure = script.failure ?? new PoolError('DEVICE_LOST', 'All devices died.');
  const fails = script.failure !== undefined || script.failAfterPages !== undefined;
  const result = ended.then(() => {
    if (fails) throw failure;
    return document;
  });
  result.catch(() => {});
  async function* events(): AsyncGenerator<DocumentEvent> {
    if (script.failure !== undefined) throw failure;
    const pageIndexes = pages.map((page) => page.pageIndex);
    yield { type: 'document', kind: script.kind ?? 'image', pageCount: pages.length, pageIndexes };
    for (const [place, page] of pages.entries()) {
      if (script.failAfterPages !== undefined && place >= script.failAfterPages) throw failure;
      const { pageIndex, width, height, blocks } = page;
      yield { type: 'page', pageIndex, width, height, blocks };
      for (const block of blocks) yield { type: 'block', pageIndex, block };
      yield { type: 'page-done', page };
    }
    await ended;
  }
  return { result, [Symbol.asyncIterator]: events };
}

function scriptedRecognition(
  script: Script,
  reading: NonNullable<Script['reading']>,
  options: RunOptions,
): RecognizeRun {
  const failure = script.failure ?? new PoolError('DEVICE_LOST', 'All devices died.');
  const fails = script.failure !== undefined || script.failAfterTokens !== undefined;
  const ended = script.hangs ? untilAborted(options.signal) : Promise.resolve();
  const { tokenTexts } = reading;
  const logprobs = tokenTexts.map((_, index) => -0.5 * (index + 1));
  const result = ended.then((): RecognizeResult => {
    if (fails) throw failure;
    return {
      text: tokenTexts.join(''),
      tokenIds: tokenTexts.map((_, index) => index + 10),
      logprobs,
      finishReason: 'stop',
      promptTokenCount: 7,
      outputTokenCount: tokenTexts.length,
      timings,
      ...reading,
    };
  });
  result.catch(() => {});
  async function* events() {
    if (script.failure !== undefined) throw failure;
    for (const [index, text] of tokenTexts.entries()) {
      if (script.failAfterTokens !== undefined && index >= script.failAfterTokens) throw failure;
      const token = { tokenIds: [index + 10], tokenTexts: [text], logprobs: [logprobs[index]] };
      yield { type: 'delta' as const, text, ...token };
    }
    await ended;
  }
  return { result, [Symbol.asyncIterator]: events };
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(signal?.reason);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
  });
}
