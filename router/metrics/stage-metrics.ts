import { Counter, Histogram, type Registry } from 'prom-client';
import type { PoolEvent } from '#pool';

const stageBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const tokenBuckets = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1];

/**
 * What the pool reports as it happens, as counters and histograms: stages of crops and pages, tokens, batches,
 * retries, refusals and canaries. Returns the listener for `pool.onEvent`.
 */
export function createStageMetrics(registry: Registry): (event: PoolEvent) => void {
  const registers = [registry];
  const counter = <T extends string>(name: string, help: string, ...labelNames: T[]): Counter<T> =>
    new Counter({ name: `quire_${name}`, help, labelNames, registers });
  const histogram = <T extends string>(
    name: string,
    help: string,
    buckets: number[],
    ...labelNames: T[]
  ): Histogram<T> => new Histogram({ name: `quire_${name}`, help, buckets, labelNames, registers });

  const stages = histogram(
    'stage_duration_seconds',
    'Time in a stage: queue, vision, prefill and decode of a crop; prepare, detect and total of a page.',
    stageBuckets,
    'stage',
  );
  const firstToken = histogram(
    'time_to_first_token_seconds',
    'Time from queueing a crop to its first token.',
    stageBuckets,
  );
  const perToken = histogram('time_per_output_token_seconds', 'Decoding time of a crop by its tokens.', tokenBuckets);
  const crops = counter(
    'crops_total',
    'Crops read, by kind and why they ended.',
    'device',
    'shard',
    'kind',
    'finish_reason',
  );
  const outputTokens = counter('output_tokens_total', 'Tokens generated.', 'device', 'shard');
  const imageTokens = counter('image_tokens_total', 'Image tokens read.', 'device', 'shard');
  const loopStops = counter('loop_stops_total', 'Crops stopped by the loop guard.', 'device', 'shard');
  const pages = counter('pages_total', 'Pages finished.');
  const pageDetections = counter(
    'page_detections_total',
    'Pages whose layout was detected, by device; host: in a prepare thread.',
    'device',
  );
  const emptyBlocks = counter('empty_blocks_total', 'Blocks of finished pages in which nothing was read.');
  const confidence = histogram(
    'page_confidence_ratio',
    'Mean confidence of finished pages.',
    [0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 1],
  );
  const batchSizes = histogram(
    'batch_size',
    'Crops in a step.',
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    'device',
    'shard',
  );
  const steps = histogram('step_duration_seconds', 'Time of one engine step.', stageBuckets, 'device', 'shard');
  const prefills = counter('prefills_total', 'Crops that entered a batch.', 'device', 'shard');
  const retries = counter('crop_retries_total', 'Crops that ran again elsewhere.', 'device', 'reason');
  const refusals = counter('refusals_total', 'Work refused before it began.', 'reason');
  const canaries = counter('canary_readings_total', 'Readings of the known page.', 'device', 'result');

  return (event) => {
    switch (event.type) {
      case 'crop-finished': {
        const { timings, kind, finishReason } = event;
        const shard = { device: event.device, shard: String(event.shard) };
        stages.observe({ stage: 'queue' }, timings.queueMs / 1000);
        stages.observe({ stage: 'vision' }, timings.visionMs / 1000);
        stages.observe({ stage: 'prefill' }, timings.prefillMs / 1000);
        stages.observe({ stage: 'decode' }, timings.decodeMs / 1000);
        firstToken.observe(event.firstTokenMs / 1000);
        // The first token comes out of the prefill.
        if (timings.outputTokenCount > 1) perToken.observe(timings.decodeMs / 1000 / (timings.outputTokenCount - 1));
        crops.inc({ ...shard, kind, finish_reason: finishReason });
        outputTokens.inc(shard, timings.outputTokenCount);
        imageTokens.inc(shard, timings.imageTokenCount);
        if (finishReason === 'repetition') loopStops.inc(shard);
        break;
      }
      case 'page-finished':
        stages.observe({ stage: 'prepare' }, event.timings.prepareMs / 1000);
        stages.observe({ stage: 'detect' }, event.timings.detectMs / 1000);
        stages.observe({ stage: 'total' }, event.timings.totalMs / 1000);
        pages.inc();
        emptyBlocks.inc(event.emptyBlockCount);
        if (event.meanConfidence !== null) confidence.observe(event.meanConfidence);
        break;
      case 'page-detected':
        pageDetections.inc({ device: event.device });
        break;
      case 'step': {
        const shard = { device: event.device, shard: String(event.shard) };
        batchSizes.observe(shard, event.batchSize);
        steps.observe(shard, event.durationMs / 1000);
        prefills.inc(shard, event.prefillCount);
        break;
      }
      case 'crop-retried':
        retries.inc({ device: event.device, reason: event.reason });
        break;
      case 'refused':
        refusals.inc({ reason: event.reason });
        break;
      case 'canary':
        canaries.inc({ device: event.device, result: event.ok ? 'right' : 'wrong' });
        break;
      case 'device-state':
        // The state itself is a gauge, read at scrape.
        break;
    }
  };
}
