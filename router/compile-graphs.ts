import { SingleBar } from 'cli-progress';
import type { Config } from '#config';
import { type CompileProgress, chooseTarget, compileModel, embeddedModelDir, openModel } from '#pool';
import { type ExitCode, exitCodes } from './commands/exit-code.js';

/** Compiles a model for a kind of device and prints where the graphs are. */
export async function compileGraphs(config: Config, device: 'cpu' | 'cuda'): Promise<ExitCode> {
  const startedAt = performance.now();
  const model = await openModel(config.model.dir || embeddedModelDir());
  const target = chooseTarget(model.manifest, device, config.model.precision);
  const bar = openBar();
  try {
    const { dir, fromCache } = await compileModel(model, target, config.model.cacheDir, bar.update);
    bar.stop();
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const how = fromCache ? 'was in the cache' : `compiled in ${seconds} s`;
    process.stderr.write(`${model.name} for ${target.device} in ${target.precision}: ${how}\n`);
    process.stdout.write(`${dir}\n`);
    return exitCodes.done;
  } finally {
    bar.stop();
  }
}

/** Megabytes written, on a terminal only. */
function openBar(): { update(progress: CompileProgress): void; stop(): void } {
  if (!process.stderr.isTTY) return { update() {}, stop() {} };
  const megabyte = 1e6;
  const bar = new SingleBar({
    format: '{bar} {value}/{total} MB, {graph}',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    barsize: 24,
  });
  let isStarted = false;
  return {
    update({ graph, doneBytes, totalBytes }) {
      const done = Math.round(doneBytes / megabyte);
      if (isStarted) bar.update(done, { graph });
      else bar.start(Math.max(1, Math.round(totalBytes / megabyte)), done, { graph });
      isStarted = true;
    },
    stop() {
      if (isStarted) bar.stop();
      isStarted = false;
    },
  };
}
