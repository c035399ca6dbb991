import type { Config, PrepareSettings } from '#config';
import { type CompiledModel, type ModelFolder, pageHintsOf } from '#models';
import type { Machine } from './device-plan.js';
import { openPreparePool, type PreparePool } from './prepare/prepare-pool.js';

/** Opens the prepare threads for a model: half the cores where the settings do not say, the detector on the rest. */
export function openPrepare(
  { prepare, pool }: Config,
  model: ModelFolder,
  { layout }: CompiledModel['graphs'],
  { coreCount }: Machine,
): PreparePool {
  const threadCount = prepareThreadCount(prepare, { coreCount });
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

/** Half the cores, up to eight, where the setting does not say. */
export function prepareThreadCount(
  { threads }: Pick<PrepareSettings, 'threads'>,
  { coreCount }: Pick<Machine, 'coreCount'>,
): number {
  return threads || Math.max(1, Math.min(8, Math.floor(coreCount / 2)));
}
