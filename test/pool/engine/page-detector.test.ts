import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compileModel, openModel, type PageSize } from '../../../models/index.js';
import { createRecordingGate } from '../../../pool/engine/cuda/native/recording-lock.js';
import { type DetectorSetup, openPageDetector } from '../../../pool/engine/page-detector.js';
import { pocketDir } from '../../support/pocket-samples.js';
import { reportsOfShard } from '../../support/stepping-shard.js';

// The detector of the embedded bundle on the CPU, beside an engine that steps for ever.

const device = { target: { kind: 'cpu' }, threadCount: 1 } as const;
let cacheDir: string;
let setup: DetectorSetup;

beforeAll(async () => {
  cacheDir = mkdtempSync(join(tmpdir(), 'quire-page-detector-'));
  const model = await openModel(pocketDir);
  const { graphs } = await compileModel(model, { device: 'cpu', precision: 'fp32' }, cacheDir);
  setup = { graphPath: graphs.layout!, size: model.layout!.config.input.size };
});
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

const blank = ({ width, height }: PageSize) => ({
  width,
  height,
  pixels: new Uint8Array(3 * width * height).fill(255),
});

it('holds the lock of recordings while it computes, and only then', async () => {
  const recordingGate = createRecordingGate();
  const words = new Int32Array(recordingGate);
  const detector = await openPageDetector(setup, { ...device, recordingGate });
  expect([...words]).toEqual([0, 0]);
  const detecting = detector.detect(blank(setup.size));
  expect([...words]).toEqual([0, 1]);
  const { queryCount, logits } = await detecting;
  expect(logits.length % queryCount).toBe(0);
  await detector.close();
  expect([...words]).toEqual([0, 0]);
});

it('rejects where the graph cannot be opened, or takes pages of another size', async () => {
  await expect(openPageDetector({ ...setup, graphPath: join(cacheDir, 'nothing.onnx') }, device)).rejects.toThrow();
  await expect(openPageDetector({ ...setup, size: { width: 64, height: 64 } }, device)).rejects.toThrow();
});

const reportsOf = (detector: DetectorSetup, hear: Parameters<typeof reportsOfShard>[1]) =>
  reportsOfShard({ ...device, deviceId: 'cpu:0', detector }, hear);

it('takes a few pages between two steps, in their order and without those that were withdrawn', async () => {
  const reports = await reportsOf(setup, ({ type }, post, all) => {
    if (type === 'ready') {
      for (const id of [1, 2, 3, 4, 5, 6]) post({ type: 'detect', id, page: blank(setup.size) });
      post({ type: 'cancel-detection', id: 4 });
    }
    if (all.filter((report) => report.type === 'detected').length === 5) post({ type: 'stop' });
  });
  expect(reports.flatMap((report) => (report.type === 'detected' ? [report.id] : []))).toEqual([1, 2, 3, 5, 6]);
  const runs = reports
    .map(({ type }) => (type === 'step' ? '|' : type === 'detected' ? 'd' : ''))
    .join('')
    .split('|');
  expect(Math.max(...runs.map((run) => run.length))).toBe(2);
});

it('leaves a shard that works where it cannot be opened', async () => {
  const broken = { ...setup, graphPath: join(cacheDir, 'nothing.onnx') };
  const reports = await reportsOf(broken, ({ type }, post) => {
    if (type === 'step') post({ type: 'stop' });
  });
  expect(reports.slice(0, 3).map(({ type }) => type)).toEqual(['detecting', 'ready', 'step']);
  expect(reports[1]).toMatchObject({ detector: { isOpen: false, reason: expect.stringContaining('nothing.onnx') } });
});
