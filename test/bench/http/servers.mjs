// Starts Quire and nginx for a benchmark, on loopback addresses only.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, sleep } from './kit.mjs';

process.setMaxListeners(100);
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(1));

const simulated = fileURLToPath(new URL('./serve-simulated.mjs', import.meta.url));
const real = join(root, 'dist/router/main.js');

/**
 * Starts a server and waits until it is ready. `engine`: `simulated` or `real`. `devices`: how many of the CPU, or names.
 * `env`: settings; of the parent's environment nothing of Quire's is passed on. Its log is collected.
 */
export async function startServer({ engine, devices = 1, env = {} }) {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('QUIRE_')));
  const child = spawn(process.execPath, engine === 'simulated' ? [simulated] : [real, 'serve'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...clean,
      QUIRE_CACHE_DIR: join(root, 'test-results/cache'),
      QUIRE_SERVER_PORT: '0',
      QUIRE_DEVICES_USE: (Array.isArray(devices) ? devices : new Array(devices).fill('cpu')).join(','),
      ...(engine === 'simulated' ? env : withoutSpeed(env)),
    },
  });
  // A benchmark that is stopped leaves nothing running.
  process.once('exit', () => child.kill('SIGKILL'));
  let output = '';
  let log = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    log += text;
  });
  let end = null;
  const ended = once(child, 'close').then(([code, signal]) => {
    end = { code, signal };
    return end;
  });
  const deadline = Date.now() + 120_000;
  while (!/is ready/.test(output)) {
    if (end || Date.now() > deadline) throw new Error(`the server did not become ready:\n${output}${log}`);
    await sleep(20);
  }
  const url = /listens on (\S+)/.exec(output)[1];
  // The first device is ready; the others follow.
  while ((await devicesOf(url)).some(({ state }) => state !== 'ready')) await sleep(50);
  return {
    url,
    pid: child.pid,
    ended,
    log: () => log,
    kill: (signal) => child.kill(signal),
    async close() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** Real devices have no speed to be set. */
const withoutSpeed = (env) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('QUIRE_SIM_')));

export async function devicesOf(url) {
  return (await (await fetch(`${url}/devices`)).json()).devices;
}

/** The gauges and counters of a server, summed over their labels. */
export async function readMetrics(url) {
  const sums = {};
  for (const line of (await (await fetch(`${url}/metrics`)).text()).split('\n')) {
    const [, name, value] = /^(\w+)(?:\{.*\})? (\S+)$/.exec(line) ?? [];
    if (name) sums[name] = (sums[name] ?? 0) + Number(value);
  }
  return sums;
}

/**
 * nginx in front of servers of one device each. `round-robin` is nginx/round-robin.conf; `tuned` is the same with
 * `least_conn` and one connection to each server. Ports and folders are replaced, nothing else.
 */
export async function startNginx(kind, upstreamUrls) {
  const folder = mkdtempSync(join(tmpdir(), 'quire-bench-nginx-'));
  // Started by root, nginx gives up its rights, and its workers must reach their folders.
  chmodSync(folder, 0o755);
  const port = await freePort();
  let text = readFileSync(join(root, 'nginx/round-robin.conf'), 'utf8');
  const swap = (pattern, replacement) => {
    if (!pattern.test(text)) throw new Error(`round-robin.conf no longer contains ${pattern}`);
    text = text.replace(pattern, replacement);
  };
  let upstream = 0;
  const limit = kind === 'tuned' ? ' max_conns=1' : '';
  swap(/(?<=^ {4}server )127\.0\.0\.1:\d+/gm, () => `${new URL(upstreamUrls[upstream++]).host}${limit}`);
  if (upstream !== upstreamUrls.length) throw new Error(`${upstream} servers in the file`);
  if (kind === 'tuned') swap(/^( {2}upstream \S+ \{)$/m, '$1\n    zone servers 64k;\n    least_conn;');
  swap(/^pid .*;$/m, `pid ${join(folder, 'nginx.pid')};`);
  swap(/^error_log .*;$/m, `error_log ${join(folder, 'error.log')} warn;`);
  swap(/listen 127\.0\.0\.1:\d+;/, `listen 127.0.0.1:${port};`);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  swap(/^http \{$/m, `http {\n${paths.map((path) => `  ${path}_temp_path ${join(folder, path)};`).join('\n')}`);
  writeFileSync(join(folder, 'nginx.conf'), text);
  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  for (let tries = 0; !(await isOpen(port)); tries++) {
    if (tries > 100) throw new Error('nginx did not start');
    await sleep(50);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid,
    async close() {
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function isOpen(port) {
  const socket = connect(port, '127.0.0.1');
  const open = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return open;
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
