import { describe, expect, it } from 'vitest';
import { findComponents } from '../../../models/layout/ink-components.js';

function componentsOf(...rows: string[]) {
  const bits = Uint8Array.from(rows.join(''), (mark) => (mark === '#' ? 1 : 0));
  return findComponents({ width: rows[0].length, bits });
}

describe('findComponents', () => {
  it('joins strokes that meet further down, also by a corner', () => {
    const found = componentsOf('##...##', '.#...#.', '..#.#..', '...#...');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ x0: 0, y0: 0, x1: 7, y1: 4, area: 9 });
  });

  it('keeps separate marks apart and drops grain', () => {
    const found = componentsOf('###..#.', '###....', '....###');
    expect(found.map(({ area }) => area)).toEqual([6, 3]);
  });

  it('gives every row of a component', () => {
    expect(componentsOf('.##.', '#..#', '.##.')[0].runs).toEqual([0, 1, 3, 1, 0, 1, 1, 3, 4, 2, 1, 3]);
  });

  it('finds runs that touch the edges', () => {
    expect(componentsOf('....###', '###....').map(({ x0, x1 }) => [x0, x1])).toEqual([
      [4, 7],
      [0, 3],
    ]);
  });
});
