import { expect, it } from 'vitest';
import { type CropLoss, judgeCrop } from '../../pool/retry-policy.js';

const loss = (overrides: Partial<CropLoss> = {}): CropLoss => ({
  isInvolved: true,
  wasAlone: false,
  isOutsideKill: false,
  ...overrides,
});
const judge = (deathCount: number, overrides: Partial<CropLoss> = {}) => judgeCrop({ deathCount }, loss(overrides), 5);

it('runs a crop again after the first death', () => {
  expect(judge(0)).toBe('again');
});

it('runs a crop alone after the second death', () => {
  expect(judge(1)).toBe('again-alone');
});

it('condemns a crop that dies alone after two deaths', () => {
  expect(judge(2, { wasAlone: true })).toBe('poison');
});

it('does not condemn a crop that happened to be alone at its first deaths', () => {
  expect(judge(0, { wasAlone: true })).toBe('again');
  expect(judge(1, { wasAlone: true })).toBe('again-alone');
});

it('does not condemn a crop for a kill from outside, until its attempts are used up', () => {
  const killed = { wasAlone: true, isOutsideKill: true };
  expect([2, 3].map((deaths) => judge(deaths, killed))).toEqual(['again-alone', 'again-alone']);
  expect(judge(4, killed)).toBe('poison');
});

it('gives a crop up that was never alone when its attempts are used up', () => {
  expect(judge(4)).toBe('given-up');
});

it('holds nothing against a crop that took no part', () => {
  expect(judge(0, { isInvolved: false })).toBe('again');
  expect(judge(4, { isInvolved: false, wasAlone: true })).toBe('again-alone');
});
