const scratchFloat = new Float32Array(1);
const scratchBits = new Uint32Array(scratchFloat.buffer);

let halfValues: Float32Array | undefined;
let bfloatHalves: Uint16Array | undefined;

/** IEEE binary16 bits to float32, exactly. */
export function halfToFloat(source: Uint16Array, target: Float32Array): void {
  halfValues ??= Float32Array.from({ length: 65_536 }, (_, bits) => halfValue(bits));
  for (let index = 0; index < source.length; index++) target[index] = halfValues[source[index]];
}

/** bfloat16 bits to float32, exactly: they are the upper half of its bits. */
export function bfloatToFloat(source: Uint16Array, target: Float32Array): void {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let index = 0; index < source.length; index++) bits[index] = source[index] << 16;
}

/**
 * float32 to binary16 bits, to nearest, ties to even.
 * Returns the index of the first finite value that is too large for binary16 (above 65,519.99…), or -1.
 */
export function floatToHalf(source: Float32Array, target: Uint16Array): number {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  let overflow = -1;
  for (let index = 0; index < source.length; index++) {
    const half = roundToHalf(bits[index]);
    target[index] = half;
    if ((half & 0x7fff) === 0x7c00 && (bits[index] & 0x7f800000) !== 0x7f800000 && overflow < 0) overflow = index;
  }
  return overflow;
}

/** bfloat16 bits to binary16 bits, to nearest; returns the index of the first finite value that is too large, or -1. */
export function bfloatToHalf(source: Uint16Array, target: Uint16Array): number {
  bfloatHalves ??= Uint16Array.from({ length: 65_536 }, (_, bits) => roundToHalf(bits << 16));
  let overflow = -1;
  for (let index = 0; index < source.length; index++) {
    const half = bfloatHalves[source[index]];
    target[index] = half;
    if ((half & 0x7fff) === 0x7c00 && (source[index] & 0x7f80) !== 0x7f80 && overflow < 0) overflow = index;
  }
  return overflow;
}

/** One number as binary16 bits; too large a value becomes infinity. */
export function toHalfBits(value: number): number {
  scratchFloat[0] = value;
  return roundToHalf(scratchBits[0]);
}

function roundToHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  const exponent = (magnitude >>> 23) - 127;
  if (exponent > 15) return sign | 0x7c00;
  if (exponent < -25) return sign;
  // Below 2^-14 the result is subnormal: its unit stays 2^-24 while the value shrinks.
  const dropped = exponent < -14 ? 13 + (-14 - exponent) : 13;
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const kept = mantissa >>> dropped;
  const rest = mantissa & ((1 << dropped) - 1);
  const middle = 1 << (dropped - 1);
  const rounded = kept + (rest > middle || (rest === middle && (kept & 1) === 1) ? 1 : 0);
  // `kept` holds the implicit bit of normal numbers, so a carry moves into the exponent by itself.
  return sign | (exponent < -14 ? rounded : rounded + ((exponent + 14) << 10));
}

function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
