import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Config } from '#config';
import { type CudaFindings, chooseTarget, embeddedModelDir, openModel } from '#pool';
import { deviceListSchema } from '../contract/devices.js';
import { askTarget } from './ask-target.js';
import { openBenchClient } from './bench-client.js';
import { BenchError } from './bench-error.js';
import { cardsOfDevices } from './cards-of-devices.js';
import type { OpenTarget } from './open-target.js';

export interface StartedTargetOptions {
  readonly config: Config;
  /** The flags of settings as they were given, for the server. */
  readonly flags: readonly string[];
  /** Devices instead of those of the settings. */
  readonly devices?: readonly string[];
  readonly gpus: CudaFindings['gpus'];
  readonly signal: AbortSignal;
}

const main = fileURLToPath(new URL('../main.js', import.meta.url));
/** A large model is compiled first. */
const startPatienceMs = 1_200_000;
const pollMs = 100;
/** Nothing is in flight when a target is closed. */
const stopPatienceMs = 15_000;
const mostOutput = 16 * 1024;

/**
 * Starts `quire serve` on a free port of the loopback in a process of its own and waits until every device is ready.
 * Throws BenchError TARGET_DIED with what it said when it ends instead or a device does not start.
 */
export async function openStartedTarget(options: StartedTargetOptions): Promise<OpenTarget> {
  const { config, flags, devices, gpus, signal } = options;
  const startedAt = performance.now();
  const server = startServer([...flags, ...(devices ? ['--devices', devices.join(',')] : [])]);
  // A server of ours may ask for a key that its settings name.
  const apiKey = config.server.apiKeys[0];
  try {
    const url = await server.listening(signal);
    const client = openBenchClient({ url, apiKey });
    await untilReady(() => client.getJson('/devices'), server.died, signal);
    const readySeconds = (performance.now() - startedAt) / 1000;
    const facts = await askTarget(client);
    return {
      about: {
        kind: 'started',
        url,
        software: facts.software,
        model: facts.model,
        precision: await precisionOf(config, facts.devices),
        devices: [...facts.devices],
        readySeconds,
      },
      client,
      isQuire: true,
      gpuUuids: new Set(cardsOfDevices(facts.devices, gpus)),
      died: server.died,
      async close() {
        await client.close();
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

interface StartedServer {
  /** Its address, once it listens. */
  listening(signal: AbortSignal): Promise<string>;
  readonly died: Promise<string>;
  stop(): Promise<void>;
}

function startServer(flags: readonly string[]): StartedServer {
  const child = spawn(process.execPath, [main, 'serve', ...flags, '--host', '127.0.0.1', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A Ctrl-C is for the benchmark, which then stops the server itself.
    detached: true,
    env: { QUIRE_LOG_LEVEL: 'warn', ...process.env },
  });
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  let output = '';
  let tellOutput = (): void => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-mostOutput);
      tellOutput();
    });
  }
  let isStopping = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => {
      process.removeListener('exit', killWithUs);
      resolve(`the server ended (${signal ?? code})${output === '' ? '' : `:\n${output.trimEnd()}`}`);
    });
  });
  const died = new Promise<string>((resolve) => {
    void ended.then((reason) => isStopping || resolve(reason));
  });
  return {
    died,
    async listening(signal) {
      const address = new Promise<string>((resolve) => {
        tellOutput = () => {
          const [, url] = /^Quire listens on (\S+)$/m.exec(output) ?? [];
          if (url !== undefined) resolve(url);
        };
      });
      return raceDeath(address, died, signal);
    },
    stop() {
      isStopping = true;
      return stopServer(child, ended);
    },
  };
}

async function stopServer(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopPatienceMs);
  await ended;
  clearTimeout(timer);
}

/** Until every device takes work; a device that gives up ends the wait. */
async function untilReady(ask: () => Promise<unknown>, died: Promise<string>, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + startPatienceMs;
  for (;;) {
    const answer = await raceDeath(
      ask().catch(() => null),
      died,
      signal,
    );
    const list = deviceListSchema.safeParse(answer);
    const devices = list.success ? list.data.devices : [];
    const lost = devices.find(({ state }) => state === 'down' || state === 'broken');
    if (lost)
      throw new BenchError('TARGET_DIED', `${lost.id} does not start: ${lost.lastError?.message ?? lost.state}`);
    if (devices.length > 0 && devices.every(({ state }) => state === 'ready')) return;
    if (performance.now() > deadline) {
      throw new BenchError('TARGET_DIED', `the server is not ready after ${startPatienceMs / 60_000} minutes`);
    }
    await pause(pollMs);
  }
}

/** What comes first: the answer, the end of the server, or being called off. */
function raceDeath<T>(answer: Promise<T>, died: Promise<string>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const calledOff = (): void => reject(signal.reason);
    if (signal.aborted) calledOff();
    signal.addEventListener('abort', calledOff, { once: true });
    const settle = (): void => signal.removeEventListener('abort', calledOff);
    answer.then(resolve, reject).finally(settle);
    void died.then((reason) => reject(new BenchError('TARGET_DIED', reason))).finally(settle);
  });
}

/** The arithmetic the settings and the model choose for the kinds of devices. */
async function precisionOf(config: Config, devices: readonly { readonly id: string }[]): Promise<string | null> {
  const { manifest } = await openModel(config.model.dir || embeddedModelDir());
  const kinds = (['cpu', 'cuda'] as const).filter((kind) => devices.some(({ id }) => id.startsWith(kind)));
  return kinds.map((kind) => chooseTarget(manifest, kind, config.model.precision).precision).join(' and ') || null;
}
