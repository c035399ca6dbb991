import { glyphSize, glyphs } from './glyphs.js';

const paper = 248;
const ink = 32;

/** A page of grey pixels, row by row, printed with words that differ from seed to seed. Deterministic. */
export function drawPrint(width: number, height: number, seed: number): Uint8Array<ArrayBuffer> {
  const pixels = new Uint8Array(width * height).fill(paper);
  const side = Math.min(width, height);
  const dot = side >= 600 ? 3 : side >= 40 ? 2 : 1;
  const advance = (glyphSize.width + 1) * dot;
  const lineHeight = (glyphSize.height + 6) * dot;
  const margin = 2 * dot;
  const random = createRandom(seed);
  for (let top = margin; top + glyphSize.height * dot <= height - margin; top += lineHeight) {
    const right = (width - margin) * (0.75 + random() / 4);
    let lettersLeft = wordLength(random());
    for (let left = margin; left + advance <= right; left += advance) {
      if (lettersLeft-- === 0) {
        lettersLeft = wordLength(random());
        continue;
      }
      for (const [x, y] of glyphs[Math.floor(random() * glyphs.length)]) {
        for (let row = top + y * dot; row < top + (y + 1) * dot; row++) {
          pixels.fill(ink, row * width + left + x * dot, row * width + left + (x + 1) * dot);
        }
      }
    }
  }
  return pixels;
}

function wordLength(random: number): number {
  return 2 + Math.floor(random * 8);
}

/** Numbers from 0 up to 1 that are the same for the same seed (xorshift). */
function createRandom(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
