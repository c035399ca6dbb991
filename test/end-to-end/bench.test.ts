import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BenchReport, reportSchema } from '../../router/benchmark/report.js';
import { type ChatBehaviour, type ChatServer, openChatServer } from '../support/chat-server.js';
import { type Finished, type RunningServer, runQuire, spawnQuire, startQuire } from '../support/quire-process.js';

const page = fileURLToPath(new URL('../fixtures/pages/hello.png', import.meta.url));
const small = ['--shape', '160x64:9', '--concurrency', '2', '--requests', '4', '--warmup', '2'];

function readReport({ stdout }: Finished): BenchReport {
  return reportSchema.parse(JSON.parse(stdout));
}

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'quire-bench-'));
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('quire bench with a server of its own', () => {
  it('prints a table, writes the JSON it is made of, and leaves no server behind', async () => {
    const file = join(folder(), 'report.json');
    const { code, stdout, stderr } = await runQuire(['bench', ...small, '--shape', '1080p:3', '--json', file]);
    expect(stderr).toMatch(/^starting a server …\n(making ready …\n.*images\/s\n){2}$/);
    expect(code).toBe(0);
    const { machine, settings, runs, notes, isPartial } = reportSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    expect([isPartial, notes]).toEqual([false, []]);
    expect(machine).toMatchObject({ node: process.version });
    expect(settings).toMatchObject({ concurrency: [2], requests: 4, warmup: 2 });
    const [{ target, points }] = runs;
    expect(target).toMatchObject({ kind: 'started', model: 'pocket', precision: 'int8' });
    expect(target.devices).toEqual([{ id: 'cpu:0', isolation: 'thread', threads: 1 }]);
    expect(target.software).toMatch(/^Quire \d+\.\d+\.\d+$/);
    await expect(fetch(target.url)).rejects.toThrow();
    expect(points.map(({ work }) => work)).toMatchObject([
      { width: 160, height: 64, outputTokens: 9, pictureCount: 8 },
      { width: 1920, height: 1080, outputTokens: 3 },
    ]);
    for (const point of points) {
      expect(point).toMatchObject({ answeredCount: 4, failedCount: 0, shortCount: 0, isPartial: false, gpu: null });
      expect(point.outputTokens).toBe((point.work as { outputTokens: number }).outputTokens);
      expect(point.totalMs?.p99).toBeGreaterThanOrEqual(point.firstTokenMs?.p50 ?? Number.NaN);
      expect(point.imagesPerSecond).toBeCloseTo(4 / point.seconds);
    }
    const rows = stdout.split('\n').filter((line) => line.startsWith('|'));
    expect(rows).toHaveLength(4);
    expect(new Set(rows.map(({ length }) => length)).size).toBe(1);
    expect(rows[0]).not.toMatch(/GPU|watt/);
    expect(rows[2]).toMatch(/^\| 160x64, 9 tokens +\| 2 +\| 4 +\| /);
    expect(stdout).toContain('no GPU on this machine');
  });

  it('measures the first device alone and then all of them', async () => {
    const finished = await runQuire([
      ...['bench', ...small, '--devices', 'cpu,cpu', '--compare-devices', '--json', '-'],
    ]);
    expect(finished.code).toBe(0);
    const { runs } = readReport(finished);
    expect(runs.map(({ target }) => target.devices.map(({ id }) => id))).toEqual([['cpu:0'], ['cpu:0', 'cpu:1']]);
    expect(runs.map(({ points }) => points.length)).toEqual([1, 1]);
  });

  it('refuses to compare one device with itself', async () => {
    const { code, stdout, stderr } = await runQuire(['bench', ...small, '--compare-devices', '--quiet']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^quire: there is one device only \(cpu:0\).*\(DEVICES_TOO_FEW\)\n$/);
  });

  it('says what the server said when it does not start', async () => {
    const { code, stderr } = await runQuire(['bench', ...small, '--devices', 'cuda:7', '--quiet']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/devices\.use.*cuda:7/);
    expect(stderr).toContain('TARGET_DIED');
  });

  it('ends at a signal with what it has, and takes the server with it', async () => {
    const long = ['--concurrency', '2,1', '--requests', '400', '--duration', '2'];
    const bench = spawnQuire(['bench', '--shape', '320x128:64', ...long]);
    await bench.said(/, 2 in flight: /);
    const { pid } = await serverOf(bench.pid);
    bench.kill('SIGINT');
    const { code, stdout } = await bench.finished;
    expect(code).toBe(130);
    expect(stdout).toMatch(/^\| 320x128, 64 tokens +\| 2 /m);
    expect(stdout).toContain('Called off before its end');
    expect(isAlive(pid)).toBe(false);
  });

  it('prints what it has and why it ends when the server dies', async () => {
    const long = ['--concurrency', '2,1', '--requests', '400', '--duration', '2'];
    const bench = spawnQuire(['bench', '--shape', '320x128:64', ...long]);
    await bench.said(/, 2 in flight: /);
    process.kill((await serverOf(bench.pid)).pid, 'SIGKILL');
    const { code, stdout, stderr } = await bench.finished;
    expect(code).toBe(1);
    expect(stdout).toMatch(/^\| 320x128, 64 tokens +\| 2 /m);
    expect(stderr).toMatch(/quire: the server ended \(SIGKILL\)[\s\S]*\(TARGET_DIED\)\n$/);
  });

  it('ends the server when it is told twice to end', async () => {
    const bench = spawnQuire(['bench', ...small, '--duration', '600']);
    await bench.said(/starting a server/);
    const { pid } = await serverOf(bench.pid);
    bench.kill('SIGTERM');
    bench.kill('SIGTERM');
    expect((await bench.finished).code).toBe(130);
    // Nobody waits for it any more: on a busy machine it takes a while until it is gone.
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });
});

/** The server a benchmark has started, as Linux tells. */
async function serverOf(pid: number): Promise<{ pid: number }> {
  const file = `/proc/${pid}/task/${pid}/children`;
  await expect.poll(() => readFileSync(file, 'utf8').trim()).toMatch(/^\d+$/);
  return { pid: Number(readFileSync(file, 'utf8')) };
}

describe('quire bench with a Quire that runs', () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startQuire([], { env: { QUIRE_SERVER_API_KEYS: 'key-of-users' } });
  });
  afterAll(() => server.close());
  const bench = (...args: string[]) => runQuire(['bench', '--url', server.url, '--json', '-', '--quiet', ...args]);

  it('reads real pages through /v1/parse, a page a time', async () => {
    const scans = folder();
    for (const name of ['1.png', '2.png']) copyFileSync(page, join(scans, name));
    const args = ['--concurrency', '1,2', '--requests', '3', '--warmup', '1', '--api-key', 'key-of-users'];
    const finished = await bench('--pages', scans, '--pages', page, ...args);
    expect([finished.code, finished.stderr]).toEqual([0, '']);
    const [{ target, points }] = readReport(finished).runs;
    expect(target).toMatchObject({ kind: 'url', url: server.url, model: 'pocket', readySeconds: null });
    expect(target.devices.map(({ id }) => id)).toEqual(['cpu:0']);
    expect(points.map(({ concurrency }) => concurrency)).toEqual([1, 2]);
    for (const point of points) {
      expect(point).toMatchObject({ answeredCount: 3, failedCount: 0, outputTokens: null, tokenMs: null });
      expect(point.work).toEqual({ kind: 'pages', fileCount: 3, route: '/v1/parse' });
      expect(point.firstTokenMs?.p50).toBeLessThan(point.totalMs?.p50 ?? 0);
    }
  });

  it('takes the address with /v1, and the same shapes', async () => {
    const finished = await runQuire([
      ...['bench', '--url', `${server.url}/v1/`, '--api-key', 'key-of-users', ...small, '--json', '-', '--quiet'],
    ]);
    expect(finished.code).toBe(0);
    expect(readReport(finished).runs[0].points[0]).toMatchObject({ answeredCount: 4, outputTokens: 9 });
  });

  it('asks for the key it lacks', async () => {
    const { code, stderr } = await bench(...small);
    expect([code, stderr]).toEqual([1, `quire: ${server.url} wants a key: give it with --api-key (TARGET_REFUSES)\n`]);
  });

  it('tells files that cannot be read by their codes, and goes on', async () => {
    const scans = folder();
    copyFileSync(page, join(scans, '1.png'));
    writeFileSync(join(scans, '2.png'), 'no picture');
    const args = ['--concurrency', '1', '--requests', '2', '--warmup', '0', '--api-key', 'key-of-users'];
    const finished = await bench('--pages', scans, ...args);
    expect(finished.code).toBe(1);
    const [point] = readReport(finished).runs[0].points;
    expect(point).toMatchObject({ answeredCount: 1, failedCount: 1 });
    expect(Object.keys(point.failures)).toEqual([expect.stringMatching(/^4\d\d [A-Z_]+$/)]);
  });
});

describe('quire bench with a server that is not Quire', () => {
  let server: ChatServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  const bench = async (behaviour: ChatBehaviour, args: string[], env: Record<string, string> = {}) => {
    server = await openChatServer(behaviour);
    return runQuire(['bench', '--url', server.url, '--json', '-', '--quiet', ...args], { env });
  };

  it('speaks the OpenAI dialect: a fixed length, pictures that differ, so many in flight', async () => {
    const finished = await bench({}, [
      ...small.slice(0, 2),
      '--concurrency',
      '1,3',
      '--requests',
      '6',
      '--warmup',
      '2',
    ]);
    expect([finished.code, finished.stderr]).toEqual([0, '']);
    const [{ target, points }] = readReport(finished).runs;
    expect(target).toMatchObject({ software: 'vllm 0.25.0', model: 'reader', devices: [], precision: null });
    expect(points).toMatchObject([
      { concurrency: 1, answeredCount: 6, promptTokens: 30, outputTokens: 9 },
      { concurrency: 3, answeredCount: 6 },
    ]);
    const { requests, mostInFlight } = server as ChatServer;
    expect(mostInFlight()).toBe(3);
    expect(requests).toHaveLength(1 + 2 + 6 + 6);
    for (const request of requests) expect(request).toMatchObject({ model: 'reader', max_tokens: 9, ignore_eos: true });
    const pictures = new Set(requests.map(({ messages }) => messages[0].content[0].image_url.url));
    expect(pictures.size).toBe(requests.length);
  });

  it('measures one that refuses ignore_eos or counts no tokens as it is, and says so', async () => {
    const finished = await bench({ isStrict: true, tokenCount: 4, hasUsage: false }, small);
    expect(finished.code).toBe(0);
    const { runs, notes } = readReport(finished);
    expect(runs[0].points[0]).toMatchObject({ answeredCount: 4, outputTokens: null, outputTokensPerSecond: null });
    expect(notes).toEqual([expect.stringMatching(/refuses ignore_eos/)]);
    expect(server?.requests.at(-1)).not.toHaveProperty('ignore_eos');
  });

  it('counts answers that are shorter than asked for', async () => {
    const finished = await bench({ tokenCount: 4 }, small);
    expect(readReport(finished).runs[0].points[0]).toMatchObject({ shortCount: 4, outputTokens: 4 });
  });

  it('counts failures by kind, and exits 1', async () => {
    const finished = await bench(
      {
        fails(request, response) {
          if (request === 4) response.writeHead(503).end('{"error":{"code":"BUSY","message":"later"}}');
          if (request === 5) response.writeHead(200).end('data: {"choices":[{"delta":{"content":"a"}}]}\n\n');
          if (request === 6) response.destroy();
          return request >= 4 && request <= 6;
        },
      },
      small,
    );
    expect(finished.code).toBe(1);
    const [point] = readReport(finished).runs[0].points;
    expect(point).toMatchObject({ answeredCount: 1, failedCount: 3 });
    expect(point.failures).toMatchObject({ '503 BUSY': 1, 'answer cut off': 1 });
  });

  it('gives up on a request that takes too long', async () => {
    const finished = await bench({ fails: (request) => request > 3 }, [...small, '--timeout', '1', '--requests', '2']);
    expect(finished.code).toBe(1);
    expect(readReport(finished).runs[0].points[0]).toMatchObject({ answeredCount: 0, failures: { timeout: 2 } });
  });

  it('sends real pages as chat turns, and says that these have no layout', async () => {
    const scans = folder();
    copyFileSync(page, join(scans, '1.png'));
    writeFileSync(join(scans, '2.pdf'), '%PDF-1.4');
    const args = ['--pages', scans, '--concurrency', '1', '--requests', '2', '--warmup', '0'];
    const finished = await bench({ tokenCount: 3 }, args);
    expect(finished.code).toBe(0);
    const { runs, notes } = readReport(finished);
    expect(runs[0].points[0].work).toEqual({ kind: 'pages', fileCount: 1, route: '/v1/chat/completions' });
    expect(notes).toEqual([expect.stringMatching(/without page layout; files that are no pictures are left out: 1/)]);
    expect(server?.requests.every((request) => !('ignore_eos' in request))).toBe(true);
  });

  it('gives the key, the model and the prompt that were named', async () => {
    const named = ['--api-key', 'secret-key', '--model-name', 'mine', '--prompt', 'Table Recognition:'];
    const finished = await bench({ apiKey: 'secret-key' }, [...small, ...named]);
    expect(finished.code).toBe(0);
    expect(finished.stdout).not.toContain('secret-key');
    expect(JSON.stringify(server?.requests[0])).toContain('Table Recognition:');
    expect(server?.requests[0].model).toBe('mine');
  });

  it('counts the GPUs of this machine, as nvidia-smi tells', async () => {
    const bin = folder();
    const program = join(bin, 'nvidia-smi');
    const uuid = 'GPU-22cc6aea-2c9e-48a9-4c41-c6bac08fa8c1';
    writeFileSync(
      program,
      `#!/bin/sh
case "$1" in
*driver_version*) echo 580.159.04 ;;
*memory.free*) echo "0, ${uuid}, NVIDIA H200, 143771, 143000" ;;
*) echo "0, ${uuid}, 50, 1024, 143771, 100.00, 38" ;;
esac
`,
    );
    chmodSync(program, 0o755);
    const finished = await bench({}, small, { PATH: `${bin}:${process.env.PATH}` });
    const { machine, runs } = readReport(finished);
    expect(machine).toMatchObject({ driver: '580.159.04', gpus: [{ name: 'NVIDIA H200', uuid }] });
    const [point] = runs[0].points;
    expect(point.gpu).toMatchObject({ memoryPeakBytes: 1024 ** 3, utilization: 0.5, powerWatts: 100 });
    expect(point.gpu?.imagesPerSecondPerWatt).toBeCloseTo(point.imagesPerSecond / 100);
    const table = await runQuire(['bench', '--url', (server as ChatServer).url, ...small, '--quiet'], {
      env: { PATH: `${bin}:${process.env.PATH}` },
    });
    expect(table.stdout).toContain('GPUs: 1 x NVIDIA H200, driver 580.159.04');
    expect(table.stdout).toMatch(/\| GPU memory, GiB \| GPU use \| power, W \| images\/s a watt \|/);
    expect(table.stdout).toMatch(/\| 1\.0 +\| 50 % +\| 100 +\| /);
  });
});

describe('a command that is wrong', () => {
  it('names a server that is down', async () => {
    const { code, stdout, stderr } = await runQuire(['bench', '--url', 'http://127.0.0.1:1', '--quiet']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe('quire: http://127.0.0.1:1 does not answer (ECONNREFUSED) (TARGET_UNREACHABLE)\n');
  });

  it('names pages that are not there before it starts a server', async () => {
    const { code, stderr } = await runQuire(['bench', '--pages', '/nowhere']);
    expect([code, stderr]).toEqual([1, 'quire: /nowhere: there is no such file or folder (PAGES_INVALID)\n']);
  });

  it('names a report that cannot be written before it measures', async () => {
    const { code, stderr } = await runQuire(['bench', '--json', '/nowhere/report.json']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^quire: \/nowhere\/report\.json cannot be written: .*\(REPORT_UNWRITABLE\)\n$/);
    expect(existsSync('/nowhere')).toBe(false);
  });

  it.each([
    ['a shape in words', ['--shape', 'large']],
    ['a shape of no size', ['--shape', '0x0:1']],
    ['no requests', ['--requests', '0']],
    ['a level that is no number', ['--concurrency', '1,many']],
    ['an address that is none', ['--url', 'localhost:8000']],
    ['devices of a server that runs already', ['--url', 'http://127.0.0.1:1', '--devices', 'cpu']],
    ['a comparison of a server that runs already', ['--url', 'http://127.0.0.1:1', '--compare-devices']],
    ['a key for a server of its own', ['--api-key', 'secret-key']],
    ['an unknown device', ['--devices', 'gpu']],
    ['an argument', ['page.png']],
  ])('is refused with exit code 2: %s', async (_, args) => {
    const { code, stdout, stderr } = await runQuire(['bench', ...args]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/error|setting/i);
  });
});
