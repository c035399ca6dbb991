import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../dist/config/index.js';
import { openPool, type Pool } from '../../dist/pool/index.js';

const [width, height] = [520, 700];
/**
 * Noise is read as print, each piece to its own limit; a reader that runs away gives 4096 for every crop.
 */
const mostTokens = 20_000;

let pool: Pool;
beforeAll(async () => {
  pool = await openPool({ config: loadConfig({ env: process.env, flags: { 'log.level': 'silent' } }) });
  await pool.whenReady();
});
afterAll(() => pool.close());

/** The same numbers every time. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

async function png(value: (x: number, y: number) => number): Promise<Uint8Array> {
  const data = Buffer.alloc(width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data[y * width + x] = value(x, y);
  return sharp(data, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer();
}

const random = createRandom(7);
const pages: readonly [string, () => Promise<Uint8Array>][] = [
  ['noise', () => png(() => random() * 256)],
  ['salt on paper', () => png(() => (random() < 0.03 ? 0 : 255))],
  // Two strokes of a character, eight characters wide gaps, line after line.
  [
    'rows of =====',
    () => png((x, y) => (x % 14 < 11 && x > 60 && x < 460 && [8, 9, 14, 15].includes(y % 30) ? 20 : 250)),
  ],
  [
    'soft shapes of a photograph',
    () => png((x, y) => 128 + 60 * Math.sin(x / 37 + y / 91) + 60 * Math.cos(y / 53 - x / 120)),
  ],
  ['white', () => png(() => 255)],
];

describe('a page that holds no text ends within bounded tokens', () => {
  it.each(pages)('%s', { timeout: 120_000 }, async (_name, draw) => {
    const { pages, timings } = await pool.parse({ bytes: await draw() }).result;
    expect(pages).toHaveLength(1);
    expect(timings.outputTokenCount).toBeLessThan(mostTokens);
    expect(pages[0].markdown.length).toBeLessThan(mostTokens * 2);
  });
});
