// A large model is compiled while the server is asked whether it lives: how long do the answers take?
//   npm run build && node test/bench/http/compile.mjs --model DIR [--precision fp32]
//
// DIR is a snapshot folder; test/support/write-random-snapshot.ts writes one of the published 0.9B sizes. The server is
// started on it with an empty cache, asked until the graphs are written, and told to stop.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAgent, send } from './client.mjs';
import { percentile, readParameters, report, root, sleep } from './kit.mjs';

const parameters = readParameters({ model: '', precision: 'fp32', everyMs: 20 });
const cacheDir = mkdtempSync(join(tmpdir(), 'quire-bench-cache-'));
const server = spawn(process.execPath, [join(root, 'dist/router/main.js'), 'serve', '--port', '0'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'ignore'],
  env: {
    ...process.env,
    QUIRE_CACHE_DIR: cacheDir,
    QUIRE_MODEL_DIR: parameters.model,
    QUIRE_MODEL_PRECISION: parameters.precision,
  },
});
// A benchmark that is stopped leaves nothing running.
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(1));
process.once('exit', () => server.kill('SIGKILL'));
const agent = openAgent();
/** Whether graphs are there whole: they get their name last. */
const isCompiled = () => readdirSync(cacheDir).some((name) => !name.startsWith('compiling-'));
try {
  let output = '';
  server.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  while (!/listens on/.test(output)) await sleep(5);
  const [, url] = /listens on (\S+)/.exec(output);
  const startedAt = performance.now();
  const times = [];
  while (!isCompiled()) {
    if (server.exitCode !== null) throw new Error('the server ended');
    const { status, startedAt: askedAt, endedAt } = await send(url, { path: '/livez', method: 'GET', agent });
    if (status !== 200) throw new Error(`/livez answered ${status}`);
    times.push(endedAt - askedAt);
    await sleep(parameters.everyMs);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  report('compile', {
    parameters,
    tables: {
      'Answers of /livez while graphs are written': [
        {
          'compiling, s': seconds,
          asked: times.length,
          'p50 ms': percentile(times, 0.5),
          'p99 ms': percentile(times, 0.99),
          'longest ms': Math.max(...times),
        },
      ],
    },
  });
} finally {
  agent.destroy();
  server.kill('SIGKILL');
  await once(server, 'exit');
  rmSync(cacheDir, { recursive: true, force: true });
}
