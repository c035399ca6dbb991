import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runQuire, startQuire } from '../support/quire-process.js';

const page = readFileSync(fileURLToPath(new URL('../fixtures/pages/hello.png', import.meta.url)));
const post = { method: 'POST', body: page as Uint8Array<ArrayBuffer>, headers: { 'content-type': 'image/png' } };

describe('quire serve', () => {
  it('says where it listens and when it is ready, each on one line, and exits 0 on SIGTERM', async () => {
    const server = await startQuire();
    const { code, signal, stdout } = await server.close();
    expect(stdout).toMatch(
      /^Quire listens on http:\/\/127\.0\.0\.1:\d+\nQuire is ready: \S+ on cpu:0, after [\d.]+ s\n$/,
    );
    expect([code, signal]).toEqual([0, null]);
  });

  it('finishes what is in flight when it is told to stop', async () => {
    const server = await startQuire();
    const answers = [1, 2, 3].map(() => fetch(`${server.url}/v1/parse`, post));
    await new Promise((resolve) => setTimeout(resolve, 150));
    server.kill('SIGTERM');
    for (const answer of answers) expect((await answer).status).toBe(200);
    expect((await server.finished).code).toBe(0);
  });

  it('stops while it is still loading', async () => {
    const server = await startQuire([], { untilReady: false });
    const { code } = await server.close();
    expect(code).toBe(0);
  });

  it('answers while it compiles, and stops in the middle of it without leaving anything', async () => {
    const cacheDir = mkdtempSync(join(tmpdir(), 'quire-serve-cache-'));
    const server = await startQuire([], { untilReady: false, env: { QUIRE_CACHE_DIR: cacheDir } });
    while (readdirSync(cacheDir).length === 0) {
      expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    }
    const { code, stderr } = await server.close();
    const left = readdirSync(cacheDir).filter((name) => name.startsWith('compiling-'));
    rmSync(cacheDir, { recursive: true, force: true });
    expect(code).toBe(0);
    expect(left).toEqual([]);
    expect(stderr).not.toContain('no device became ready');
  });

  it('ends at once on a second signal', async () => {
    const server = await startQuire();
    const answers = Array.from({ length: 8 }, () => fetch(`${server.url}/v1/parse`, post).catch(() => 'cut'));
    await new Promise((resolve) => setTimeout(resolve, 150));
    server.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const startedAt = performance.now();
    server.kill('SIGTERM');
    const { signal } = await server.finished;
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(signal).toBe('SIGKILL');
    await Promise.all(answers);
  });

  it('goes on when it is hung up on without a terminal', async () => {
    const server = await startQuire();
    server.kill('SIGHUP');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    const { stderr } = await server.close();
    expect(stderr).toContain('restart to apply');
  });

  it('tells in one line that the port is in use', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const { port } = squatter.address() as { port: number };
    const { code, stdout, stderr } = await runQuire(['serve', '--port', String(port)]);
    squatter.close();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(new RegExp(`^quire: cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use.*\\n$`));
  });

  it('names a model folder that does not exist', async () => {
    const { code, stderr } = await runQuire(['serve', '--port', '0', '--model', '/nowhere/model']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/\/nowhere\/model.*\(MODEL_NOT_FOUND\)/);
    expect(stderr).not.toContain('    at ');
  });

  it('lists every wrong setting and exits 2', async () => {
    const { code, stderr } = await runQuire(['serve', '--port', 'http'], { env: { QUIRE_SERVER_HSOT: 'x' } });
    expect(code).toBe(2);
    expect(stderr).toContain('server.port');
    expect(stderr).toContain('did you mean QUIRE_SERVER_HOST?');
  });

  it('warns when others can reach it without a key, and not when a key is set', async () => {
    const open = await startQuire(['--host', '0.0.0.0'], { untilReady: false });
    expect((await open.close()).stderr).toContain('without a key');
    const closed = await startQuire(['--host', '0.0.0.0', '--api-key', 'correct-horse'], { untilReady: false });
    const { stderr } = await closed.close();
    expect(stderr).not.toContain('without a key');
    expect(stderr).not.toContain('correct-horse');
  });
});
