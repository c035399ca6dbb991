import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../config/schema.js';
import { renderBusyMetrics } from '../../support/busy-metrics.js';
import { readYaml, unknownVariables } from '../../support/deployment-files.js';
import { parseExposition } from '../../support/exposition.js';
import { openTestApp } from '../../support/test-app.js';

// biome-ignore lint/suspicious/noExplicitAny: manifests are free-form trees, and a wrong path must fail the test.
type Tree = any;

const files = ['quire.yaml', 'autoscaler.yaml', 'monitoring.yaml'];
const objects = files.flatMap((file) => readYaml(`config/kubernetes/${file}`)) as Tree[];
const find = (kind: string): Tree => objects.find((object) => object.kind === kind);

const groups: Readonly<Record<string, string>> = {
  Namespace: 'v1',
  ServiceAccount: 'v1',
  Service: 'v1',
  Deployment: 'apps/v1',
  PodDisruptionBudget: 'policy/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  ServiceMonitor: 'monitoring.coreos.com/v1',
};

// No cluster and no kubeconform runs here: structure and what the parts say of each other are checked instead.
describe('the Kubernetes manifests', () => {
  const deployment = find('Deployment');
  const pod = deployment.spec.template.spec;
  const [container] = pod.containers;

  it('hold one object of each kind, in its group and namespace', () => {
    expect(objects.map((object) => object.kind).sort()).toEqual(Object.keys(groups).sort());
    for (const object of objects) {
      expect(object.apiVersion, object.kind).toBe(groups[object.kind]);
      expect(object.metadata.name).toMatch(/^[a-z0-9-]+$/);
      if (object.kind !== 'Namespace') expect(object.metadata.namespace).toBe(find('Namespace').metadata.name);
    }
  });

  it('select the pods of the deployment everywhere', () => {
    const { labels } = deployment.spec.template.metadata;
    expect(labels).toMatchObject(deployment.spec.selector.matchLabels);
    expect(labels).toMatchObject(find('Service').spec.selector);
    expect(labels).toMatchObject(find('PodDisruptionBudget').spec.selector.matchLabels);
    expect(find('Service').metadata.labels).toMatchObject(find('ServiceMonitor').spec.selector.matchLabels);
    expect(find('HorizontalPodAutoscaler').spec.scaleTargetRef).toMatchObject({
      kind: 'Deployment',
      name: deployment.metadata.name,
    });
  });

  it('leave the number of pods to the autoscaler', () => {
    expect(deployment.spec.replicas).toBeUndefined();
  });

  it('ask for a GPU and bound memory', () => {
    expect(Number(container.resources.limits['nvidia.com/gpu'])).toBeGreaterThan(0);
    expect(container.resources.limits.memory).toMatch(/^\d+Gi$/);
    expect(container.resources.requests).toMatchObject({ cpu: expect.anything(), memory: expect.anything() });
  });

  it('run without rights, on a file system that cannot be written', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(container.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const dockerfile = readFileSync('config/docker/Dockerfile', 'utf8');
    expect(dockerfile).toContain(`--uid ${pod.securityContext.runAsUser} `);
  });

  it('mount every volume they name, and a writable place for all that is written', () => {
    const volumes = pod.volumes.map((volume: Tree) => volume.name).sort();
    expect(container.volumeMounts.map((mount: Tree) => mount.name).sort()).toEqual(volumes);
    const paths = container.volumeMounts.map((mount: Tree) => mount.mountPath);
    expect(paths).toEqual(expect.arrayContaining(['/var/cache/quire', '/tmp', '/dev/shm']));
  });

  it('probe routes that answer, on a port that is named', async () => {
    const { app } = openTestApp();
    const names = container.ports.map((port: Tree) => port.name);
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      const { path, port } = container[probe].httpGet;
      expect(names).toContain(port);
      expect((await app.request(path)).status, path).toBe(200);
    }
    expect(names).toContain(find('Service').spec.ports[0].targetPort);
    const [endpoint] = find('ServiceMonitor').spec.endpoints;
    expect(find('Service').spec.ports.map((port: Tree) => port.name)).toContain(endpoint.port);
    expect((await app.request(endpoint.path)).status).toBe(200);
  });

  it('keep restarting slower than losing readiness, and wait longer than Quire drains', () => {
    const timeOf = (probe: Tree) => probe.periodSeconds * probe.failureThreshold;
    expect(timeOf(container.livenessProbe)).toBeGreaterThan(timeOf(container.readinessProbe));
    const { drainMs } = configSchema.parse({}).server;
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(drainMs + 5000);
  });

  it('scale on a series that the server has, which the adapter rule carries over', async () => {
    const { types } = parseExposition(await renderBusyMetrics());
    const [metric] = find('HorizontalPodAutoscaler').spec.metrics;
    expect(types.get(metric.pods.metric.name)).toBe('gauge');
    const [adapter] = readYaml('config/kubernetes/adapter-rule.yaml') as Tree[];
    expect(adapter.rules.custom[0].seriesQuery).toMatch(new RegExp(`^${metric.pods.metric.name}\\{`));
  });

  it('set only variables that Quire knows', () => {
    expect(unknownVariables(container.env.map((variable: Tree) => variable.name))).toEqual([]);
    expect(pod.enableServiceLinks).toBe(false);
  });
});
