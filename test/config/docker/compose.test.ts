import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../config/schema.js';
import { readYaml, unknownVariables } from '../../support/deployment-files.js';

interface Service {
  readonly image: string;
  readonly build?: { readonly context?: string; readonly dockerfile?: string; readonly target: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: readonly string[];
  readonly stop_grace_period?: string;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

const [compose] = readYaml('config/docker/compose.yaml') as [Compose];
const [cuda] = readYaml('config/docker/compose.cuda.yaml') as [Compose];
const [swarm] = readYaml('config/docker/swarm.yaml') as [Compose];
const services = Object.entries(compose.services);

const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0;
if (!hasCompose) console.warn('skipped: this docker has no compose plugin, so the files are checked by structure only');

describe('the compose files', () => {
  it.skipIf(!hasCompose).each([
    ['compose.yaml', []],
    ['compose.yaml', ['-f', 'config/docker/compose.cuda.yaml']],
  ])('are read by docker compose: %s %j', (file, more) => {
    const { status, stderr } = spawnSync(
      'docker',
      ['compose', '-f', `config/docker/${file}`, ...more, 'config', '-q'],
      {
        encoding: 'utf8',
        env: { ...process.env, GRAFANA_PASSWORD: 'x', QUIRE_MODEL: '/model' },
      },
    );
    expect(status, stderr).toBe(0);
  });

  it('mount files that exist, and volumes that are declared', () => {
    for (const [name, service] of services) {
      for (const volume of service.volumes ?? []) {
        const [source = ''] = volume.split(':');
        if (source.startsWith('.'))
          expect(existsSync(resolve('config/docker', source)), `${name}: ${source}`).toBe(true);
        else expect(Object.keys(compose.volumes ?? {}), name).toContain(source);
      }
      for (const other of service.depends_on ?? []) expect(Object.keys(compose.services)).toContain(other);
    }
  });

  it('build the two images of the Dockerfile, from the root of the repository', () => {
    const build = compose.services.quire?.build;
    expect(existsSync(resolve('config/docker', build?.context ?? '', build?.dockerfile ?? ''))).toBe(true);
    expect(build?.target).toBe('cpu');
    expect(cuda.services.quire?.build?.target).toBe('cuda');
  });

  it('pin every image, and open no port to the network', () => {
    for (const [name, service] of services) {
      expect(service.image, name).toMatch(/^quire:|:v?\d+\.\d+\.\d+$/);
      for (const port of service.ports ?? []) expect(port, name).toMatch(/^127\.0\.0\.1:/);
    }
  });

  it('set only variables that Quire knows, and wait longer than it drains', () => {
    const { drainMs } = configSchema.parse({}).server;
    for (const file of [compose, cuda, swarm]) {
      const { environment = {}, stop_grace_period: grace } = file.services.quire ?? { image: '' };
      expect(unknownVariables(Object.keys(environment))).toEqual([]);
      if (grace) expect(Number.parseInt(grace, 10) * 1000).toBeGreaterThan(drainMs);
    }
  });

  it('scrape the service by its name, and hand Grafana the data source that the dashboard asks for', () => {
    const [scrape] = readYaml('config/prometheus/prometheus.yml') as [
      { scrape_configs: { static_configs: { targets: string[] }[] }[] },
    ];
    expect(scrape.scrape_configs[0]?.static_configs[0]?.targets).toEqual(['quire:6006']);
    const [sources] = readYaml('config/docker/grafana/datasources.yaml') as [
      { datasources: { type: string; url: string }[] },
    ];
    expect(sources.datasources[0]).toMatchObject({ type: 'prometheus', url: 'http://prometheus:9090' });
    const [providers] = readYaml('config/docker/grafana/dashboards.yaml') as [
      { providers: { options: { path: string } }[] },
    ];
    const mounts = compose.services.grafana?.volumes ?? [];
    expect(mounts.some((mount) => mount.includes(`:${providers.providers[0]?.options.path}/dashboard.json`))).toBe(
      true,
    );
  });
});
