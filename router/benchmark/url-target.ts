import { isIP } from 'node:net';
import type { CudaFindings } from '#pool';
import { askTarget } from './ask-target.js';
import { openBenchClient } from './bench-client.js';
import { cardsOfDevices } from './cards-of-devices.js';
import type { OpenTarget } from './open-target.js';

export interface UrlTargetOptions {
  readonly url: string;
  readonly modelName?: string;
  readonly apiKey?: string;
  readonly gpus: CudaFindings['gpus'];
}

/** A server that runs already. Throws BenchError where it cannot be measured. */
export async function openUrlTarget({ url, modelName, apiKey, gpus }: UrlTargetOptions): Promise<OpenTarget> {
  const client = openBenchClient({ url, apiKey });
  try {
    const { isQuire, software, model, devices } = await askTarget(client, modelName);
    return {
      about: {
        kind: 'url',
        url,
        software,
        model,
        precision: null,
        devices: [...devices],
        readySeconds: null,
      },
      client,
      isQuire,
      gpuUuids: new Set(isThisMachine(url) ? cardsOfDevices(isQuire ? devices : null, gpus) : []),
      died: new Promise(() => {}),
      close: () => client.close(),
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** Cards of another machine cannot be read from here. */
export function isThisMachine(url: string): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
