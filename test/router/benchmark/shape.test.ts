import { describe, expect, it } from 'vitest';
import { defaultShapes, parseShape } from '../../../router/benchmark/shape.js';

describe('a shape', () => {
  it('is a size in pixels or by name, and a number of tokens', () => {
    expect(parseShape('1316x728:128')).toEqual({ width: 1316, height: 728, outputTokens: 128 });
    expect(parseShape(' 1080P:7 ')).toEqual({ width: 1920, height: 1080, outputTokens: 7 });
    expect(defaultShapes).toEqual([
      { width: 1920, height: 1080, outputTokens: 128 },
      { width: 640, height: 360, outputTokens: 512 },
    ]);
  });

  it.each([
    ['1316x728', /Write a shape as/],
    ['1316:128', /Write a shape as/],
    ['-5x100:128', /Write a shape as/],
    ['999p:128', /1080p, 720p, 360p/],
    ['8x100:128', /Sides are/],
    ['16384x16384:1', /Sides are/],
    ['100x100:0', /Output tokens/],
    ['100x100:999999', /Output tokens/],
  ])('refuses %s and says why', (text, reason) => {
    expect(() => parseShape(text)).toThrow(reason);
  });
});
