import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface HttpMetrics {
  readonly inFlight: Gauge;
  readonly requests: Counter<'route' | 'method' | 'status' | 'outcome'>;
  readonly duration: Histogram<'route' | 'outcome'>;
}

/** What clients see: requests by route and outcome, and how long their whole answer took. */
export function createHttpMetrics(registry: Registry): HttpMetrics {
  const registers = [registry];
  return {
    inFlight: new Gauge({
      name: 'quire_http_requests_in_flight',
      help: 'Requests that are being answered.',
      registers,
    }),
    requests: new Counter({
      name: 'quire_http_requests_total',
      help: 'Requests answered, by route, method, status and outcome (ok, error, cancelled).',
      labelNames: ['route', 'method', 'status', 'outcome'],
      registers,
    }),
    duration: new Histogram({
      name: 'quire_http_request_duration_seconds',
      help: 'Time from the request line to the end of the answer, streams included.',
      labelNames: ['route', 'outcome'],
      buckets: [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600],
      registers,
    }),
  };
}
