import type { InkComponent } from './ink-components.js';
import type { InkMask } from './ink-mask.js';

const steepest = 0.06;
const coarseStep = 0.002;
const fineStep = 0.00025;
/** Slopes below this move the end of a line by a tenth of a letter or so: not worth turning. */
const negligible = 0.002;

/**
 * Slope of the printed lines (rise of y per pixel of x, positive when they sink to the right), within about
 * 3.4 degrees; 0 when it is negligible or when the page shows no lines. Sharpest projection profile of the lower edges
 * of letter-sized components.
 */
export function estimateSlope(components: readonly InkComponent[], letterHeight: number): number {
  const letters = components.filter(
    ({ x0, y0, x1, y1 }) =>
      y1 - y0 > letterHeight * 0.6 && y1 - y0 < letterHeight * 2.2 && x1 - x0 < letterHeight * 4 && x1 - x0 > 1,
  );
  if (letters.length < 30) return 0;
  const sharpness = (slope: number) => {
    const histogram = new Map<number, number>();
    let sum = 0;
    for (const { x0, x1, y1 } of letters) {
      const at = (y1 - (slope * (x0 + x1)) / 2) / 2;
      const bin = Math.floor(at);
      const share = at - bin;
      histogram.set(bin, (histogram.get(bin) ?? 0) + 1 - share);
      histogram.set(bin + 1, (histogram.get(bin + 1) ?? 0) + share);
    }
    for (const count of histogram.values()) sum += count * count;
    return sum;
  };
  const sharpestOf = (from: number, to: number, step: number) => {
    let best = 0;
    let bestSharpness = sharpness(0);
    for (let slope = from; slope <= to; slope += step) {
      const value = sharpness(slope);
      if (value > bestSharpness * 1.0001) {
        best = slope;
        bestSharpness = value;
      }
    }
    return best;
  };
  const coarse = sharpestOf(-steepest, steepest, coarseStep);
  const slope = sharpestOf(coarse - coarseStep, coarse + coarseStep, fineStep);
  return Math.abs(slope) < negligible ? 0 : slope;
}

/**
 * The mask turned so that lines run level: a point `(x, y)` of the straight page lies at `toTilted` on the mask given.
 * Two shears with whole-pixel steps.
 */
export function straightenMask(mask: InkMask, slope: number): InkMask {
  if (slope === 0) return mask;
  const { width, height, bits } = mask;
  const straight = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = toTilted(x, y, slope, width, height);
      const tx = Math.round(u);
      const ty = Math.round(v);
      if (tx >= 0 && tx < width && ty >= 0 && ty < height) straight[y * width + x] = bits[ty * width + tx];
    }
  }
  return { ...mask, bits: straight };
}

/** Where a point of the straightened page lies on the page as it came, both in the same unit; turns about the middle. */
export function toTilted(
  x: number,
  y: number,
  slope: number,
  width: number,
  height: number,
): readonly [number, number] {
  const dx = x - width / 2;
  const dy = y - height / 2;
  return [x - slope * dy, y + slope * dx];
}

/** The inverse of `toTilted`, exact to the square of the slope. */
export function toStraight(
  x: number,
  y: number,
  slope: number,
  width: number,
  height: number,
): readonly [number, number] {
  const norm = 1 + slope * slope;
  const dx = x - width / 2;
  const dy = y - height / 2;
  return [width / 2 + (dx + slope * dy) / norm, height / 2 + (dy - slope * dx) / norm];
}
