import { compileModel } from '../../models/compile/compile-model.js';
import { type ModelFolder, openModel } from '../../models/open-model.js';
import { openTokenizer } from '../../models/tokenizer/open-tokenizer.js';
import type { Engine, EngineCrop, EngineEvent, EngineReading } from '../../pool/engine/engine.js';
import type { EngineSetup } from '../../pool/engine/engine-setup.js';
import { openEngine } from '../../pool/engine/open-engine.js';
import { promptFor } from './greedy-reader.js';
import { loadPocketSamples, type PocketSample, pocketDir } from './pocket-samples.js';

export interface EngineBench {
  readonly model: ModelFolder;
  readonly samples: readonly PocketSample[];
  /** Sample `index` as a crop with that id. */
  crop(index: number, overrides?: Partial<EngineCrop>): EngineCrop;
  open(limits?: Partial<EngineSetup['limits']>): Promise<Engine>;
}

/** The embedded model compiled into `cacheDir`, its samples, and engines over it in this thread. */
export async function openEngineBench(cacheDir: string): Promise<EngineBench> {
  const model = await openModel(pocketDir);
  const compiled = await compileModel(model, { device: 'cpu', precision: 'fp32' }, cacheDir);
  const samples = await loadPocketSamples(model);
  const { promptTemplate } = openTokenizer(model);
  return {
    model,
    samples,
    crop: (index, overrides = {}) => ({
      id: index,
      task: samples[index].task,
      promptIds: promptFor(promptTemplate, model, samples[index].patches, samples[index].task),
      images: [samples[index].patches],
      maxTokens: 512,
      isStreamed: false,
      ...overrides,
    }),
    open: (limits = {}) =>
      openEngine({
        deviceId: 'cpu:0',
        shard: 0,
        target: { kind: 'cpu' },
        threadCount: 2,
        cudaDoor: 'auto',
        model,
        graphs: compiled.graphs,
        limits: {
          maxBatch: 32,
          maxSequenceLength: 4096,
          prefillTokenBudget: 4096,
          visionPatchBudget: 16_384,
          kvBlocks: 0,
          kvBytes: 256 * 1024 ** 2,
          loopGuard: true,
          ...limits,
        },
        faults: [],
      }),
  };
}

/** Steps until nothing is left; `between` runs after each step. */
export async function drainEngine(
  engine: Engine,
  between: (events: readonly EngineEvent[], step: number) => void = () => {},
): Promise<Map<number, EngineReading>> {
  const readings = new Map<number, EngineReading>();
  for (let step = 1; engine.hasWork; step++) {
    const { events } = await engine.step();
    for (const event of events) if (event.type === 'finished') readings.set(event.id, event.reading);
    between(events, step);
  }
  return readings;
}
