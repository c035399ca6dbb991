import { isIP } from 'node:net';
import { type Config, redactConfig } from '#config';
import { ModelError, openPool, type Pool, PoolError } from '#pool';
import { createApp } from './app.js';
import { type ExitCode, exitCodes } from './commands/exit-code.js';
import { type HttpServer, openHttpServer } from './http-server.js';
import { type Log, openLog } from './log.js';
import { createMetricRegistry } from './metric-registry.js';
import { startingFetch } from './starting-fetch.js';
import { waitForStop } from './stop-signals.js';

export interface RunServerOptions {
  /** For tests and benchmarks, as `openPool` takes it: the engine of every shard, as a file URL. */
  readonly engineModule?: string;
}

/** Serves until a signal says stop. Lines for people go to standard output, the log to standard error. */
export async function runServer(config: Config, options: RunServerOptions = {}): Promise<ExitCode> {
  const log = openLog(config.log);
  const stopped = waitForStop(log);
  log.debug({ config: redactConfig(config) }, 'settings');
  warnIfOpen(config, log);

  const server = await bind(config);
  if (!server) return exitCodes.failed;
  say(`Quire listens on ${server.url}`);

  const opening = openServing(config, log, server, options);
  const first = await Promise.race([stopped, opening]);
  if (typeof first === 'string') {
    // Loading cannot be interrupted, but it ends.
    const { close } = await opening;
    return close(first);
  }
  const second = await Promise.race([stopped, first.unusable]);
  if (typeof second === 'string') return first.close(second);
  await first.close('SIGTERM');
  throw second;
}

interface Serving {
  close(signal: NodeJS.Signals): Promise<ExitCode>;
  /** Resolves with the reason when the model can never be served; a device that may recover is no reason. */
  readonly unusable: Promise<ModelError>;
}

/** Loads the model, puts the app behind the port and says so when a device is ready. */
async function openServing(
  config: Config,
  log: Log,
  server: HttpServer,
  { engineModule }: RunServerOptions,
): Promise<Serving> {
  const startedAt = performance.now();
  let isCompiling = false;
  const pool = await openPool({
    config,
    engineModule,
    onProgress() {
      if (!isCompiling)
        log.info({ cacheDir: config.model.cacheDir }, 'compiling the model; the next start finds it in the cache');
      isCompiling = true;
    },
  });
  const metrics = createMetricRegistry(pool);
  const stopLogging = pool.onEvent((event) => {
    if (event.type !== 'device-state') return;
    const { device, state, reason } = event;
    const isBad = state === 'down' || state === 'broken';
    log[isBad ? 'warn' : 'info']({ device, state, ...(reason ? { reason } : {}) }, 'device');
  });
  server.answerWith(createApp({ pool, config, log, metrics }).fetch);
  const unusable = new Promise<ModelError>((resolve) => {
    announce(pool, startedAt).catch((error: unknown) => {
      if (error instanceof ModelError) resolve(error);
      else if (!(error instanceof PoolError && error.code === 'SHUTTING_DOWN'))
        log.error({ err: error }, 'no device became ready');
    });
  });
  return {
    unusable,
    async close(signal) {
      const deadline = performance.now() + config.server.drainMs;
      log.info({ signal, drainMs: config.server.drainMs }, 'stopping');
      const isClean = await server.close(config.server.drainMs);
      if (!isClean) log.warn('requests were cut: they did not end within server.drainMs');
      await pool.close({ drainMs: Math.max(0, deadline - performance.now()) });
      stopLogging();
      metrics.close();
      log.info('stopped');
      return exitCodes.done;
    },
  };
}

async function announce(pool: Pool, startedAt: number): Promise<void> {
  await pool.whenReady();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const ready = pool.devices().filter((device) => device.state === 'ready');
  say(`Quire is ready: ${pool.model.name} on ${ready.map((device) => device.id).join(', ')}, after ${seconds} s`);
}

async function bind(config: Config): Promise<HttpServer | undefined> {
  try {
    return await openHttpServer(config.server, startingFetch);
  } catch (error) {
    const { host, port } = config.server;
    process.stderr.write(`quire: cannot listen on ${host}:${port}: ${listenProblem(error as NodeJS.ErrnoException)}\n`);
    return undefined;
  }
}

function listenProblem(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return 'the port is in use; stop the other server or choose another with --port';
    case 'EACCES':
      return 'not permitted; ports below 1024 need privileges';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'this machine has no such address';
    default:
      return error.message;
  }
}

function warnIfOpen({ server }: Config, log: Log): void {
  const isLocal =
    server.host === 'localhost' || server.host === '::1' || (isIP(server.host) && server.host.startsWith('127.'));
  if (!isLocal && server.apiKeys.length === 0) {
    log.warn(
      { host: server.host },
      'reachable by others without a key: set server.apiKeys (--api-key) or keep it behind a proxy',
    );
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
