// Real pools, most of them with devices of a fixed speed, and pages for them. Shared by the benchmarks of the pool.
import { cpus } from 'node:os';
import sharp from 'sharp';
import { configSchema } from '../../dist/config/index.js';
import { openPool } from '../../dist/pool/index.js';

const engineModule = new URL('../support/simulated-engine.mjs', import.meta.url).href;

/** Opens a pool of `deviceCount` simulated devices; every one is ready. */
export function openSimulatedPool(deviceCount, settings = {}) {
  const devices = { use: new Array(deviceCount).fill('cpu'), isolation: 'thread' };
  return open({ ...settings, devices, engine: { maxBatch: 1 } }, engineModule);
}

/** Opens a pool of `deviceCount` CPU devices of one thread each, with the embedded model; every one is ready. */
export function openRealPool(deviceCount) {
  return open({ devices: { use: new Array(deviceCount).fill('cpu'), cpuThreads: 1 } });
}

async function open(settings, module) {
  const pool = await openPool({ config: configSchema.parse(settings), engineModule: module });
  while (!pool.devices().every(({ state }) => state === 'ready'))
    await new Promise((resolve) => setTimeout(resolve, 20));
  return pool;
}

/** A page of printed lines; its crops cost about the same. */
export async function drawPage(lineCount, lineWidth = 420) {
  const line = new URL('../../models/pocket/samples/00_en_line.png', import.meta.url).pathname;
  const input = await sharp(line)
    .resize({ width: Math.round(lineWidth), height: 42, fit: 'fill' })
    .toBuffer();
  return sharp({
    create: { width: Math.round(lineWidth) + 80, height: lineCount * 56 + 80, channels: 3, background: '#fff' },
  })
    .composite(Array.from({ length: lineCount }, (_, index) => ({ input, left: 40, top: 40 + index * 56 })))
    .png()
    .toBuffer();
}

/** Reads a page without the layout detector: the prepare stage is real, and should not be what is measured. */
export function readPage(pool, bytes, options = {}) {
  return pool.parse({ bytes }, { recipe: { useLayoutDetection: false }, ...options });
}

export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function machine() {
  return `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} threads, Node ${process.version}`;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
