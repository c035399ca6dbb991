import { describe, expect, it } from 'vitest';
import { formatReport } from '../../../router/benchmark/format-report.js';
import type { BenchPoint, BenchReport, GpuUse } from '../../../router/benchmark/report.js';

const times = { count: 20, mean: 1, p50: 0.0512, p90: 12.34, p99: 1234.5, max: 2000 };
const gpu: GpuUse = {
  sampleCount: 3,
  cards: [],
  memoryPeakBytes: 23.4 * 1024 ** 3,
  utilization: 0.973,
  powerWatts: 612.4,
  energyJoules: 100,
  imagesPerSecondPerWatt: 0.0454,
};
const point = (changes: Partial<BenchPoint> = {}): BenchPoint => ({
  work: { kind: 'shape', width: 1316, height: 728, outputTokens: 128, pictureCount: 9 },
  concurrency: 32,
  answeredCount: 20,
  failedCount: 0,
  failures: {},
  isPartial: false,
  seconds: 2,
  imagesPerSecond: 10,
  outputTokensPerSecond: 1280,
  promptTokens: 1240.4,
  outputTokens: 128,
  shortCount: 0,
  firstTokenMs: times,
  tokenMs: times,
  totalMs: times,
  gpu: null,
  clientBusy: 0.1,
  ...changes,
});
const report = (runs: BenchPoint[][], changes: Partial<BenchReport> = {}): BenchReport => ({
  version: 1,
  quire: '0.1.0',
  startedAt: '2026-11-28T04:00:00.000Z',
  isPartial: false,
  machine: {
    cpu: 'A processor',
    coreCount: 16,
    memoryBytes: 128 * 1024 ** 3,
    platform: 'linux x64',
    node: 'v20.20.2',
    loadAverage: 0.25,
    driver: '580.1',
    gpus: ['a', 'b'].map((uuid) => ({ name: 'NVIDIA H200', uuid, memoryBytes: 1 })),
  },
  settings: { concurrency: [32], requests: null, durationMs: 1, warmup: 1, timeoutMs: 1, prompt: 'OCR:' },
  runs: runs.map((points, index) => ({
    target: {
      kind: 'started',
      url: 'http://127.0.0.1:1',
      software: 'Quire 0.1.0',
      model: 'pocket',
      precision: 'fp16',
      devices: [{ id: `cuda:${index}`, isolation: 'process', threads: 3 }],
      readySeconds: 4.96,
    },
    points,
  })),
  notes: [],
  ...changes,
});
const cellsOf = (text: string) => {
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
};

describe('the table', () => {
  it('has a row a measurement, and says what it was measured on', () => {
    const text = formatReport(report([[point({ gpu })]]));
    const [head, , row] = cellsOf(text);
    expect(Object.fromEntries(head.map((name, column) => [name, row[column]]))).toEqual({
      input: '1316x728, 128 tokens',
      'in flight': '32',
      requests: '20',
      'images/s': '10.0',
      'tokens/s': '1280',
      'tokens in + out': '1240 + 128',
      'first token, ms': '0.0512 / 12.3 / 1235',
      'ms a token': '0.0512 / 12.3 / 1235',
      'in all, ms': '0.0512 / 12.3 / 1235',
      'GPU memory, GiB': '23.4',
      'GPU use': '97 %',
      'power, W': '612',
      'images/s a watt': '0.0454',
    });
    expect(text).toContain('16 cores of A processor, 128.0 GiB');
    expect(text).toContain('GPUs: 2 x NVIDIA H200, driver 580.1');
    expect(text).toContain('Quire 0.1.0, pocket in fp16, on cuda:0 (3 threads, process)');
  });

  it('leaves out what no row knows', () => {
    const pages = point({
      work: { kind: 'pages', fileCount: 1, route: '/v1/parse' },
      outputTokens: null,
      outputTokensPerSecond: null,
      tokenMs: null,
    });
    const [head, , row] = cellsOf(formatReport(report([[pages]])));
    expect(head).toEqual(['input', 'in flight', 'requests', 'images/s', 'first text, ms', 'in all, ms']);
    expect(row[0]).toBe('1 file to /v1/parse');
  });

  it('compares the same work of a second run with the first', () => {
    const text = formatReport(
      report([[point()], [point({ imagesPerSecond: 19.6 }), point({ concurrency: 96, imagesPerSecond: 20 })]]),
    );
    const cells = cellsOf(text);
    const column = cells[3].indexOf('times the first');
    expect(cells[0]).not.toContain('times the first');
    expect(cells.slice(5).map((row) => row[column])).toEqual(['x1.96', '-']);
  });

  it('ends with failures, short answers, a busy client and notes', () => {
    const bad = point({
      failedCount: 3,
      failures: { '429 OVERLOADED': 2, timeout: 1 },
      shortCount: 4,
      clientBusy: 0.9,
    });
    const text = formatReport(report([[bad]], { isPartial: true, notes: ['A note.'] }));
    expect(text.trimEnd().split('\n').slice(-5)).toEqual([
      '3 of 23 requests failed (1316x728, 128 tokens, 32 in flight, Quire 0.1.0): 2 x 429 OVERLOADED, 1 x timeout',
      '4 of 20 answers are shorter than asked for (1316x728, 128 tokens, 32 in flight).',
      'quire bench itself was busy 90 % of the time and may be what was measured (1316x728, 128 tokens, 32 in flight).',
      'A note.',
      'Called off before its end: only what was answered until then is counted.',
    ]);
  });

  it('says so where nothing was measured', () => {
    expect(formatReport(report([[]]))).toContain('nothing was measured');
  });
});
