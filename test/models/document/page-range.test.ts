import { describe, expect, test } from 'vitest';
import { parsePageRange } from '../../../models/document/page-range.js';

describe('parsePageRange', () => {
  test.each([
    ['1', 3, [0]],
    ['1-3,7', 9, [0, 1, 2, 6]],
    [' 2 - 4 , 1 ', 4, [1, 2, 3, 0]],
    ['3-', 5, [2, 3, 4]],
    ['2,1-3,2', 3, [1, 0, 2]],
    ['1-1000', 1000, Array.from({ length: 1000 }, (_, index) => index)],
  ])('%j of %i pages', (range, pageCount, indexes) => {
    expect(parsePageRange(range, pageCount)).toEqual(indexes);
  });

  test.each([
    '',
    ',',
    '0',
    '1,,2',
    '4',
    '2-4',
    '3-1',
    '-2',
    'a',
    '1.5',
    '1-2-3',
    '１',
    '1-999999999999',
    '1,'.repeat(2000),
  ])('refuses %j of 3 pages', (range) => {
    expect(() => parsePageRange(range, 3)).toThrow(expect.objectContaining({ code: 'PAGE_RANGE_INVALID' }));
  });
});
