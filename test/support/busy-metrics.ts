import type { DeviceStatus } from '../../pool/index.js';
import { createMetricRegistry } from '../../router/metric-registry.js';
import { createScriptedPool, scriptedDevice, timings } from './scripted-pool.js';

const cuda: DeviceStatus = {
  ...scriptedDevice,
  id: 'cuda:0',
  kind: 'cuda',
  isolation: 'process',
  runtimeDoor: 'c-api',
};

/** `/metrics` of a server to which everything has happened once: every series of the registry has a sample. */
export async function renderBusyMetrics(): Promise<string> {
  const pool = createScriptedPool({ devices: [scriptedDevice, cuda] });
  const metrics = createMetricRegistry(pool, {
    readGpus: async () => [
      {
        index: '0',
        uuid: 'GPU-22cc6aea',
        utilization: 0.97,
        memoryUsedBytes: 2e10,
        memoryBytes: 1.5e11,
        powerWatts: 640,
        temperatureCelsius: 61,
      },
    ],
  });
  for (const device of ['cpu:0', 'cuda:0']) {
    for (const finishReason of ['stop', 'length', 'repetition'] as const) {
      pool.emit({ type: 'crop-finished', device, shard: 0, kind: 'ocr', finishReason, timings, firstTokenMs: 12 });
    }
    pool.emit({ type: 'step', device, shard: 0, batchSize: 8, prefillCount: 2, durationMs: 40 });
    pool.emit({ type: 'crop-retried', device, reason: 'DEVICE_LOST' });
    for (const ok of [true, false]) pool.emit({ type: 'canary', device, ok });
  }
  for (const device of ['cuda:0', 'host']) pool.emit({ type: 'page-detected', device });
  pool.emit({ type: 'page-finished', timings, emptyBlockCount: 2, meanConfidence: 0.97 });
  pool.emit({ type: 'refused', reason: 'OVERLOADED' });
  for (const [status, outcome] of [
    ['200', 'ok'],
    ['429', 'error'],
    ['503', 'error'],
  ] as const) {
    metrics.http.requests.inc({ route: '/v1/parse', method: 'POST', status, outcome });
    metrics.http.duration.observe({ route: '/v1/parse', outcome }, 0.2);
  }
  const text = await metrics.render();
  metrics.close();
  return text;
}
