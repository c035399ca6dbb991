import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stepShape } from '../../../../../pool/engine/cuda/native/step-shape.js';

const blockSize = 256;
const rows = (lengths: readonly number[]) =>
  lengths.map((pastLength) => ({ ids: [1], pastLength, blockIds: [], grids: [], embedStarts: [] }));

it('holds every step it stands for and promises attention nothing untrue', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 16_000 }), { minLength: 1, maxLength: 200 }), (lengths) => {
      const { batch, width, mostTokens, leastTokens } = stepShape(rows(lengths), blockSize, 8);
      const longest = Math.max(...lengths) + 1;
      expect(batch).toBeGreaterThanOrEqual(lengths.length);
      expect(width * blockSize).toBeGreaterThanOrEqual(longest);
      expect(mostTokens).toBeGreaterThanOrEqual(longest);
      expect(leastTokens).toBeLessThanOrEqual(longest);
    }),
  );
});

it('knows few shapes', () => {
  const shapes = new Set<string>();
  for (let count = 1; count <= 128; count++) {
    for (let length = 1; length < 16_000; length += 97) {
      const { batch, width } = stepShape(rows(new Array(count).fill(length)), blockSize, 8);
      shapes.add(`${batch}x${width}`);
    }
  }
  expect(shapes.size).toBeLessThanOrEqual(54);
});
