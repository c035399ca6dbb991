import { describe, expect, it } from 'vitest';
import { filterOverlapping } from '../../../models/layout/filter-overlapping.js';
import type { Box, LayoutLabel } from '../../../models/layout/region.js';

const of = (label: LayoutLabel, ...box: [number, number, number, number]) => ({ label, box: box as Box });
const kept = (...boxes: { label: LayoutLabel; box: Box }[]) => filterOverlapping(boxes).map(({ label }) => label);

describe('what is cropped', () => {
  it('has no containers and no slivers', () => {
    expect(kept(of('reference', 0, 0, 500, 500), of('text', 0, 0, 100, 6), of('text', 200, 0, 300, 5))).toEqual([
      'text',
    ]);
    expect(kept(of('text', 0, 0, 5, 100))).toEqual([]);
  });

  it('has the larger of two boxes that cover one another, the first of two alike', () => {
    expect(kept(of('text', 0, 0, 100, 50), of('content', 0, 0, 100, 100))).toEqual(['content']);
    expect(kept(of('text', 0, 0, 100, 100), of('content', 0, 0, 100, 100))).toEqual(['text']);
    // 0.7 of the smaller is not yet too much.
    expect(kept(of('text', 0, 0, 100, 100), of('text', 0, 30, 100, 130))).toEqual(['text', 'text']);
    expect(kept(of('text', 0, 0, 100, 100), of('text', 0, 29, 100, 129))).toEqual(['text']);
  });

  it('loses inline formulas to what they stand in', () => {
    expect(kept(of('inline_formula', 0, 0, 100, 10), of('text', 0, 4, 300, 100))).toEqual(['text']);
    expect(kept(of('text', 0, 5, 300, 100), of('inline_formula', 0, 0, 100, 10))).toEqual(['text', 'inline_formula']);
    expect(kept(of('inline_formula', 0, 0, 100, 10), of('inline_formula', 0, 0, 90, 10))).toEqual([]);
  });

  it.each([
    ['image', 'text'],
    ['chart', 'figure_title'],
    ['image', 'table'],
    ['table', 'seal'],
  ] as const)('has both %s and %s', (outer, inner) => {
    expect(kept(of(outer, 0, 0, 100, 100), of(inner, 10, 10, 50, 50))).toEqual([outer, inner]);
    expect(kept(of(inner, 10, 10, 50, 50), of(outer, 0, 0, 100, 100))).toEqual([inner, outer]);
  });

  it.each([
    ['table', 'text'],
    ['image', 'image'],
    ['table', 'table'],
  ] as const)('has %s but no %s in it', (outer, inner) => {
    expect(kept(of(inner, 10, 10, 50, 50), of(outer, 0, 0, 100, 100))).toEqual([outer]);
  });

  it('keeps boxes whose outlines hardly meet', () => {
    const boxes = [of('text', 0, 0, 100, 100), of('text', 10, 10, 90, 90)];
    expect(filterOverlapping(boxes, () => 0.69)).toHaveLength(2);
    expect(filterOverlapping(boxes, () => 0.7)).toHaveLength(1);
  });

  it('goes on with what is left after a box is dropped', () => {
    // The first loses to the second, so the third, which only the first covers, stays.
    expect(kept(of('text', 0, 0, 100, 100), of('text', 0, 20, 200, 200), of('footnote', 0, 0, 100, 18))).toEqual([
      'text',
      'footnote',
    ]);
  });
});
