import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The reason why Prometheus cannot run here, or null. */
export function missingPrometheus() {
  return spawnSync('prometheus', ['--version']).error ? 'prometheus is not installed' : null;
}

/** A Prometheus in a folder of its own that scrapes one server every second. */
export async function openPrometheus(target) {
  const folder = await mkdtemp(path.join(tmpdir(), 'quire-prometheus-'));
  const port = await freePort();
  const scrape = { job_name: 'quire', static_configs: [{ targets: [new URL(target).host] }] };
  const config = { global: { scrape_interval: '1s', evaluation_interval: '1s' }, scrape_configs: [scrape] };
  // JSON is YAML.
  await writeFile(path.join(folder, 'prometheus.yml'), JSON.stringify(config));
  const child = spawn(
    'prometheus',
    [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  );
  const base = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    if (child.exitCode !== null || tries > 200) throw new Error('Prometheus did not start');
    if ((await fetch(`${base}/-/ready`).catch(() => null))?.ok) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const ask = async (route, values) => {
    const answer = await (await fetch(`${base}/api/v1/${route}?${new URLSearchParams(values)}`)).json();
    if (answer.status !== 'success') throw new Error(answer.error);
    return answer.data.result;
  };
  return {
    query: (query) => ask('query', { query }),
    queryRange: (query, start, end, step) => ask('query_range', { query, start, end, step }),
    async close() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
