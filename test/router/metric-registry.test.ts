import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createMetricRegistry } from '../../router/metric-registry.js';
import { renderBusyMetrics } from '../support/busy-metrics.js';
import { createScriptedPool, timings } from '../support/scripted-pool.js';

const promtool = spawnSync('promtool', ['--version']);
if (promtool.error) console.warn('skipped: promtool is not installed, the lint of /metrics does not run');

async function renderBusy(): Promise<string> {
  const pool = createScriptedPool();
  const metrics = createMetricRegistry(pool);
  pool.emit({
    type: 'crop-finished',
    device: 'cpu:0',
    shard: 0,
    kind: 'ocr',
    finishReason: 'repetition',
    timings,
    firstTokenMs: 12,
  });
  pool.emit({ type: 'page-finished', timings, emptyBlockCount: 2, meanConfidence: 0.97 });
  pool.emit({ type: 'step', device: 'cpu:0', shard: 0, batchSize: 8, prefillCount: 2, durationMs: 40 });
  pool.emit({ type: 'crop-retried', device: 'cpu:0', reason: 'DEVICE_LOST' });
  pool.emit({ type: 'refused', reason: 'OVERLOADED' });
  pool.emit({ type: 'canary', device: 'cpu:0', ok: false });
  metrics.http.requests.inc({ route: '/v1/parse', method: 'POST', status: '200', outcome: 'ok' });
  metrics.http.duration.observe({ route: '/v1/parse', outcome: 'ok' }, 0.2);
  const text = await metrics.render();
  metrics.close();
  return text;
}

describe('metrics', () => {
  it('follow what the pool reports', async () => {
    const text = await renderBusy();
    const value = (series: string): string | undefined =>
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.slice(series.length + 1);
    expect(value('quire_crops_total{device="cpu:0",shard="0",kind="ocr",finish_reason="repetition"}')).toBe('1');
    expect(value('quire_loop_stops_total{device="cpu:0",shard="0"}')).toBe('1');
    expect(value('quire_output_tokens_total{device="cpu:0",shard="0"}')).toBe('12');
    expect(value('quire_stage_duration_seconds_sum{stage="decode"}')).toBe('0.006');
    expect(value('quire_stage_duration_seconds_sum{stage="total"}')).toBe('0.021');
    expect(value('quire_time_to_first_token_seconds_sum')).toBe('0.012');
    expect(value('quire_batch_size_bucket{le="8",device="cpu:0",shard="0"}')).toBe('1');
    expect(value('quire_crop_retries_total{device="cpu:0",reason="DEVICE_LOST"}')).toBe('1');
    expect(value('quire_refusals_total{reason="OVERLOADED"}')).toBe('1');
    expect(value('quire_canary_readings_total{device="cpu:0",result="wrong"}')).toBe('1');
    expect(value('quire_empty_blocks_total')).toBe('2');
  });

  it('read the pool and its devices at the scrape', async () => {
    const text = await renderBusy();
    expect(text).toContain('quire_queue_crops 2\n');
    expect(text).toContain('quire_predicted_wait_seconds 1.5\n');
    expect(text).toContain('quire_device_state{device="cpu:0",state="ready"} 1\n');
    expect(text).toContain('quire_device_state{device="cpu:0",state="broken"} 0\n');
    expect(text).toContain('quire_device_restarts_total{device="cpu:0"} 2\n');
    expect(text).toMatch(/quire_canary_age_seconds\{device="cpu:0"\} \d/);
  });

  it('tell how a CUDA device reaches the runtime', async () => {
    const text = await renderBusyMetrics();
    expect(text).toContain('quire_device_runtime_door{device="cuda:0",door="c-api"} 1\n');
    expect(text).not.toContain('quire_device_runtime_door{device="cpu:0"');
  });

  it('all carry the prefix, and a help text', async () => {
    const lines = (await renderBusy()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines.filter((line) => !line.startsWith('quire_'))).toEqual([]);
  });

  it.skipIf(promtool.error)('are clean in the eyes of promtool', async () => {
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: await renderBusy(), encoding: 'utf8' });
    expect(checked.stderr + checked.stdout).toBe('');
    expect(checked.status).toBe(0);
  });
});
