import { expect, it } from 'vitest';
import {
  bfloatToFloat,
  bfloatToHalf,
  floatToHalf,
  halfToFloat,
  toHalfBits,
} from '../../../models/compile/half-float.js';

it('converts every binary16 number to float32 and back', () => {
  const bits = Uint16Array.from({ length: 65_536 }, (_, index) => index).filter((b) => (b & 0x7fff) <= 0x7c00);
  const floats = new Float32Array(bits.length);
  halfToFloat(bits, floats);
  const back = new Uint16Array(bits.length);
  floatToHalf(floats, back);
  expect(back).toEqual(bits);
  expect(floats[bits.indexOf(0x3555)]).toBe(0.333251953125);
});

it('rounds to nearest with ties to even, into subnormals and across exponents', () => {
  const between = (low: number, high: number) => (low + high) / 2;
  const ulp = 2 ** -10;
  expect(toHalfBits(between(1, 1 + ulp))).toBe(0x3c00);
  expect(toHalfBits(between(1 + ulp, 1 + 2 * ulp))).toBe(0x3c02);
  expect(toHalfBits(between(1, 1 + ulp) + 2 ** -20)).toBe(0x3c01);
  expect(toHalfBits(between(2 - ulp, 2))).toBe(0x4000);
  expect(toHalfBits(2 ** -25)).toBe(0);
  expect(toHalfBits(2 ** -25 * 1.0001)).toBe(1);
  expect(toHalfBits(1.5 * 2 ** -24)).toBe(2);
  expect(toHalfBits(-(2 ** -14) * (1 - 2 ** -12))).toBe(0x8400);
  expect(toHalfBits(Number.NaN) & 0x7fff).toBeGreaterThan(0x7c00);
});

it('tells where a finite value overflows', () => {
  const target = new Uint16Array(4);
  expect(floatToHalf(Float32Array.of(65_519, 65_504, Number.POSITIVE_INFINITY, Number.NaN), target)).toBe(-1);
  expect(target[0]).toBe(0x7bff);
  expect(floatToHalf(Float32Array.of(1, 65_520, 1e30, 0), target)).toBe(1);
  expect([...target]).toEqual([0x3c00, 0x7c00, 0x7c00, 0]);
});

it('converts every bfloat16 as by way of float32', () => {
  const source = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
  const floats = new Float32Array(source.length);
  bfloatToFloat(source, floats);
  const expected = new Uint16Array(source.length);
  const direct = new Uint16Array(source.length);
  expect(bfloatToHalf(source, direct)).toBe(floatToHalf(floats, expected));
  expect(direct).toEqual(expected);
});
