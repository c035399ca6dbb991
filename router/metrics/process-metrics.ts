import { readdirSync } from 'node:fs';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * The main process: event-loop delay since the last scrape, memory, processor time, open files.
 * Returns a function that stops the measurement.
 */
export function createProcessMetrics(registry: Registry, version: string): () => void {
  const registers = [registry];
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `quire_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };

  gauge('event_loop_delay_p50_seconds', 'Median event-loop delay since the last scrape.', () => percentile(delay, 50));
  gauge('event_loop_delay_p99_seconds', '99th percentile of the event-loop delay since the last scrape.', () =>
    percentile(delay, 99),
  );
  new Gauge({
    name: 'quire_event_loop_delay_max_seconds',
    help: 'Longest event-loop delay since the last scrape.',
    registers,
    collect() {
      this.set(delay.max / 1e9);
      // Collected after the percentiles (in the order of registration), so that each scrape covers its own time.
      delay.reset();
    },
  });
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  gauge('process_heap_used_bytes', 'JavaScript heap in use.', () => process.memoryUsage().heapUsed);
  gauge(
    'process_external_memory_bytes',
    'Memory of buffers outside the JavaScript heap.',
    () => process.memoryUsage().external,
  );
  gauge('process_open_fds', 'Open file descriptors.', countOpenFiles);
  gauge(
    'process_start_time_seconds',
    'Start of the process since the Unix epoch.',
    () => Date.now() / 1000 - process.uptime(),
  );
  new Counter({
    name: 'quire_process_cpu_seconds_total',
    help: 'Processor time of the process and its threads.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  new Gauge({
    name: 'quire_build_info',
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version, node: process.version }, 1);
  return () => delay.disable();
}

function percentile(delay: IntervalHistogram, percent: number): number {
  // An empty histogram answers with its initial extreme.
  return delay.count === 0 ? 0 : delay.percentile(percent) / 1e9;
}

function countOpenFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return Number.NaN;
  }
}
