import { describe, expect, it } from 'vitest';
import { meanOf, parseScrape, rateOf, sumOf } from '../../../router/web/metric-samples.js';
import { renderBusyMetrics } from '../../support/busy-metrics.js';

const at = (seconds: number, text: string) => parseScrape(text, seconds * 1000);

describe('samples of /metrics in the page', () => {
  it('has every series that the devices view shows', async () => {
    const scrape = parseScrape(await renderBusyMetrics(), 0);
    for (const name of [
      'quire_pages_total',
      'quire_crops_total',
      'quire_output_tokens_total',
      'quire_stage_duration_seconds_sum',
      'quire_stage_duration_seconds_count',
      'quire_step_duration_seconds_sum',
      'quire_queue_crops',
      'quire_predicted_wait_seconds',
      'quire_documents_in_flight',
      'quire_process_resident_memory_bytes',
      'quire_gpu_utilization_ratio',
      'quire_gpu_memory_used_bytes',
      'quire_gpu_power_watts',
    ]) {
      expect(sumOf(scrape, name), name).not.toBeNull();
    }
    for (const stage of ['queue', 'prepare', 'detect', 'vision', 'prefill', 'decode', 'total']) {
      expect(sumOf(scrape, 'quire_stage_duration_seconds_count', { stage }), stage).toBeGreaterThan(0);
    }
  });

  it('adds up labels, and tells growth per second', () => {
    const before = at(0, 'c{device="a"} 10\nc{device="b"} 5\n');
    const after = at(4, '# HELP c x\nc{device="a"} 18\nc{device="b"} 5\n');
    expect(sumOf(after, 'c')).toBe(23);
    expect(rateOf(before, after, 'c')).toBe(2);
    expect(rateOf(before, after, 'c', { device: 'b' })).toBe(0);
    expect(rateOf(before, after, 'missing')).toBeNull();
  });

  it('does not fall below zero when the server was restarted', () => {
    expect(rateOf(at(0, 'c 100'), at(2, 'c 4'), 'c')).toBe(2);
  });

  it('takes the mean of what happened between two looks', () => {
    expect(meanOf(at(0, 'h_sum 10\nh_count 5'), at(2, 'h_sum 16\nh_count 7'), 'h')).toBe(3);
    expect(meanOf(at(0, 'h_sum 10\nh_count 5'), at(2, 'h_sum 10\nh_count 5'), 'h')).toBeNull();
  });
});
