import { Registry } from 'prom-client';
import type { Pool } from '#pool';
import { createGpuMetrics } from './metrics/gpu-metrics.js';
import { readGpus } from './metrics/gpu-readings.js';
import { createHttpMetrics, type HttpMetrics } from './metrics/http-metrics.js';
import { createPoolGauges } from './metrics/pool-gauges.js';
import { createProcessMetrics } from './metrics/process-metrics.js';
import { createStageMetrics } from './metrics/stage-metrics.js';
import { quireVersion } from './quire-version.js';

/** All series of one server, prefixed `quire_`, in base units. */
export interface MetricRegistry {
  readonly http: HttpMetrics;
  readonly contentType: string;
  /** The text format of Prometheus. */
  render(): Promise<string>;
  /** Stops listening to the pool and measuring the event loop. */
  close(): void;
}

/** Registers every series and feeds them from the pool. Registries are independent: two servers in one process do not mix. */
export function createMetricRegistry(
  pool: Pool,
  readers: { readonly readGpus?: typeof readGpus } = {},
): MetricRegistry {
  const registry = new Registry();
  const http = createHttpMetrics(registry);
  const stopListening = pool.onEvent(createStageMetrics(registry));
  createPoolGauges(registry, pool);
  createGpuMetrics(registry, pool, readers.readGpus ?? readGpus);
  const stopMeasuring = createProcessMetrics(registry, quireVersion());
  return {
    http,
    contentType: registry.contentType,
    render: () => registry.metrics(),
    close() {
      stopListening();
      stopMeasuring();
    },
  };
}
