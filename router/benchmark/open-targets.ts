import type { CudaFindings } from '#pool';
import { BenchError } from './bench-error.js';
import type { TargetChoice } from './bench-options.js';
import type { OpenTarget } from './open-target.js';
import { openStartedTarget } from './started-target.js';
import { openUrlTarget } from './url-target.js';

export interface OpenTargetsOptions {
  readonly gpus: CudaFindings['gpus'];
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
}

/** The targets one after another, each closed before the next is opened. */
export async function* openTargets(
  choice: TargetChoice,
  { gpus, signal, note }: OpenTargetsOptions,
): AsyncGenerator<OpenTarget, void, undefined> {
  if (choice.kind === 'url') {
    yield* lend(await openUrlTarget({ ...choice, gpus }));
    return;
  }
  const { config, flags, isComparison } = choice;
  const start = async (devices?: readonly string[]): Promise<OpenTarget> => {
    note(`starting a server${devices ? ` on ${devices.join(', ')}` : ''} …`);
    return openStartedTarget({ config, flags, devices, gpus, signal });
  };
  if (!isComparison) {
    yield* lend(await start());
    return;
  }
  // Only a server knows which devices the settings come to.
  const all = await start();
  const [firstId, ...otherIds] = all.about.devices.map(({ id }) => id);
  await all.close();
  if (otherIds.length === 0) {
    throw new BenchError('DEVICES_TOO_FEW', `there is one device only (${firstId}): nothing to compare it with`);
  }
  yield* lend(await start([settingOf(firstId)]));
  if (!signal.aborted) yield* lend(await start());
}

async function* lend(target: OpenTarget): AsyncGenerator<OpenTarget, void, undefined> {
  try {
    yield target;
  } finally {
    await target.close();
  }
}

/** `cpu:0` is a name Quire gives, `cpu` what its settings take; cards have one name. */
function settingOf(deviceId: string): string {
  return deviceId.replace(/^cpu:\d+$/, 'cpu');
}
