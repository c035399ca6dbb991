import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = fileURLToPath(new URL('../../dist/router/main.js', import.meta.url));

/** Graphs compiled once serve every test; the folder is not in git. */
export const testCacheDir = fileURLToPath(new URL('../../test-results/cache', import.meta.url));

const environment = { ...process.env, QUIRE_CACHE_DIR: testCacheDir };

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the built `quire` to its end. */
export async function runQuire(
  args: readonly string[],
  { input, cwd = root, env }: RunOptions = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...environment, ...env } });
  const output = collect(child);
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, ...output() };
}

export interface RunningCommand {
  readonly pid: number;
  /** Resolves when standard error matches; rejects when the command ends before. */
  said(pattern: RegExp): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly finished: Promise<Finished>;
}

/** Starts a command of the built `quire` that is to be stopped. */
export function spawnQuire(args: readonly string[]): RunningCommand {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const finished = once(child, 'close').then(([code, signal]) => ({ code, signal, ...output() }) as Finished);
  return {
    pid: child.pid as number,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(output().stderr)) resolve();
        };
        child.stderr.on('data', look);
        look();
        void finished.then(({ stderr }) => reject(new Error(`quire ended:\n${stderr}`)));
      }),
    kill: (signal) => void child.kill(signal),
    finished,
  };
}

export interface RunningServer {
  readonly url: string;
  readonly pid: number;
  /** What it has written so far. */
  output(): { readonly stdout: string; readonly stderr: string };
  kill(signal: NodeJS.Signals): void;
  readonly finished: Promise<Finished>;
  /** Stops it by SIGTERM and waits. */
  close(): Promise<Finished>;
}

export interface ServeOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Whether to wait until a device is ready, not only until the port is bound. */
  readonly untilReady?: boolean;
}

/** Starts the built `quire serve` on a free port. Rejects with its output when it ends instead. */
export async function startQuire(
  args: readonly string[] = [],
  { env, untilReady = true }: ServeOptions = {},
): Promise<RunningServer> {
  const child = spawn(process.execPath, [main, 'serve', '--port', '0', ...args], {
    cwd: root,
    env: { ...environment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const finished = once(child, 'close').then(([code, signal]) => ({ code, signal, ...output() }) as Finished);
  const wanted = untilReady ? /is ready/ : /listens on/;
  await new Promise<void>((resolve, reject) => {
    const look = (): void => {
      if (wanted.test(output().stdout)) resolve();
    };
    child.stdout?.on('data', look);
    void finished.then(({ code, signal, stdout, stderr }) =>
      reject(new Error(`quire serve ended (${code ?? signal}):\n${stdout}${stderr}`)),
    );
  });
  const [, url] = /listens on (\S+)/.exec(output().stdout) ?? [];
  return {
    url,
    pid: child.pid as number,
    output,
    kill: (signal) => void child.kill(signal),
    finished,
    close() {
      child.kill('SIGTERM');
      return finished;
    },
  };
}

function collect(child: ChildProcess): () => { stdout: string; stderr: string } {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return () => ({ stdout, stderr });
}
