/** A resampling kernel: its reach in source pixels at scale 1, and its value at a distance. */
export interface ResampleFilter {
  readonly support: number;
  readonly weightAt: (distance: number) => number;
}

const cubicSharpness = -0.5;

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/** The kernels of Pillow, named as it names them. */
export const resampleFilters = {
  /** Keys' cubic convolution with a = -0.5. */
  bicubic: {
    support: 2,
    weightAt(distance) {
      const x = Math.abs(distance);
      const a = cubicSharpness;
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
      return 0;
    },
  },
  bilinear: { support: 1, weightAt: (distance) => Math.max(0, 1 - Math.abs(distance)) },
  lanczos: { support: 3, weightAt: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
} satisfies Record<string, ResampleFilter>;

export type ResampleFilterName = keyof typeof resampleFilters;

/** Fraction bits of a weight: 8 bits are the pixel, 2 are left for the overshoot of the sum. */
export const weightBits = 32 - 8 - 2;
const one = 2 ** weightBits;

/** Which source pixels, with which fixed-point weights, make each target pixel along one axis. */
export interface ResampleTaps {
  /** Most taps of one target pixel; the row length of `weights`. */
  readonly tapCount: number;
  /** First source index of each target pixel. */
  readonly starts: Int32Array;
  /** Taps in use of each target pixel, at most `tapCount`. */
  readonly counts: Int32Array;
  /** `targetSize * tapCount` weights times 2^22; unused ones are 0. */
  readonly weights: Int32Array;
}

/**
 * Fixed-point taps of one axis as Pillow makes them (`precompute_coeffs` and `normalize_coeffs_8bpc` of its
 * `Resample.c`): pixel centres at .5, the kernel widened when shrinking, weights cut at the border and normalised in
 * double precision, then rounded half away from zero.
 */
export function resampleTaps(sourceSize: number, targetSize: number, filter: ResampleFilter): ResampleTaps {
  const scale = sourceSize / targetSize;
  const widening = Math.max(1, scale);
  const support = filter.support * widening;
  const tapCount = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(targetSize);
  const counts = new Int32Array(targetSize);
  const weights = new Int32Array(targetSize * tapCount);
  const exact = new Float64Array(tapCount);
  for (let target = 0; target < targetSize; target++) {
    const centre = (target + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const count = Math.min(sourceSize, Math.trunc(centre + support + 0.5)) - start;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      exact[tap] = filter.weightAt((tap + start - centre + 0.5) * (1 / widening));
      sum += exact[tap];
    }
    for (let tap = 0; tap < count; tap++) {
      const scaled = (sum === 0 ? exact[tap] : exact[tap] / sum) * one;
      weights[target * tapCount + tap] = Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
    starts[target] = start;
    counts[target] = count;
  }
  return { tapCount, starts, counts, weights };
}
