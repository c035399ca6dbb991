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
  const sharpness = createProfile(letters);
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

/** How sharply the lower edges of letters, seen along a slope, gather on lines: sum of squares of their counts. */
function createProfile(letters: readonly InkComponent[]): (slope: number) => number {
  const bottoms = Int32Array.from(letters, ({ y1 }) => y1);
  const middles = Int32Array.from(letters, ({ x0, x1 }) => x0 + x1);
  // No slope that is tried moves a letter by more than a tenth of its distance to the left edge.
  const reach = Math.ceil(middles.reduce((most, middle) => Math.max(most, middle), 0) / 40) + 1;
  const binCount = reach + (bottoms.reduce((most, bottom) => Math.max(most, bottom), 0) >> 1) + reach + 2;
  const counts = new Float64Array(binCount);
  /** Bins in the order in which they were met, and when they were last met. */
  const met = new Int32Array(binCount);
  const rounds = new Int32Array(binCount);
  let round = 0;
  let metCount = 0;
  const meet = (place: number) => {
    if (rounds[place] === round) return;
    rounds[place] = round;
    counts[place] = 0;
    met[metCount++] = place;
  };
  return (slope) => {
    round++;
    metCount = 0;
    for (let letter = 0; letter < bottoms.length; letter++) {
      const at = (bottoms[letter] - (slope * middles[letter]) / 2) / 2;
      const bin = Math.floor(at);
      const share = at - bin;
      const place = bin + reach;
      meet(place);
      meet(place + 1);
      counts[place] = counts[place] + 1 - share;
      counts[place + 1] += share;
    }
    let sum = 0;
    for (let index = 0; index < metCount; index++) sum += counts[met[index]] * counts[met[index]];
    return sum;
  };
}

/**
 * The mask turned so that lines run level: a point `(x, y)` of the straight page lies at `toTilted` on the mask given.
 * Two shears with whole-pixel steps.
 */
export function straightenMask(mask: InkMask, slope: number): InkMask {
  if (slope === 0) return mask;
  const { width, height, bits } = mask;
  const straight = new Uint8Array(width * height);
  // `toTilted` point by point takes several times as long.
  const rises = Float64Array.from({ length: width }, (_, x) => slope * (x - width / 2));
  for (let y = 0; y < height; y++) {
    const shift = slope * (y - height / 2);
    for (let x = 0; x < width; x++) {
      const tx = nearest(x - shift);
      const ty = nearest(y + rises[x]);
      if (tx >= 0 && tx < width && ty >= 0 && ty < height) straight[y * width + x] = bits[ty * width + tx];
    }
  }
  return { ...mask, bits: straight };
}

/** `Math.round`, which V8 computes several times more slowly. */
function nearest(value: number): number {
  const above = Math.ceil(value);
  return above - 0.5 > value ? above - 1 : above;
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
