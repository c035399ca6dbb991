import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { NamedTensors, Tensor } from '../../../models/session.js';
import { type KvShape, KvSlots, kvBlockBytes } from '../../../pool/engine/kv-slots.js';

const shape: KvShape = { layerCount: 2, kvHeadCount: 2, headDim: 3, blockSize: 4, blockCount: 40, maxRows: 6 };
const names = ['0.key', '0.value', '1.key', '1.value'];

/** A value that tells where it belongs: which tensor, sequence, head, token and dimension. */
const mark = (tensor: number, sequence: number, head: number, token: number, dimension: number) =>
  ((((tensor * 50 + sequence) * 2 + head) * 60 + token) * 3 + dimension) % 16_777_216;

/** Rows of `sequences`, tokens `from` to `from + count` of each. */
function rows(prefix: string, sequences: { id: number; from: number }[], count: number): NamedTensors {
  return Object.fromEntries(
    names.map((name, tensor) => {
      const dims = [sequences.length, shape.kvHeadCount, count, shape.headDim];
      const data = new Float32Array(sequences.length * shape.kvHeadCount * count * shape.headDim);
      let place = 0;
      for (const { id, from } of sequences) {
        for (let head = 0; head < shape.kvHeadCount; head++) {
          for (let token = from; token < from + count; token++) {
            for (let dimension = 0; dimension < shape.headDim; dimension++) {
              data[place++] = mark(tensor, id, head, token, dimension);
            }
          }
        }
      }
      return [`${prefix}.${name}`, { type: 'float32', dims, data } satisfies Tensor<'float32'>];
    }),
  );
}

function expectContents(slots: KvSlots, sequences: { id: number; length: number }[]): void {
  const views = slots.views();
  let wrongCount = 0;
  names.forEach((name, tensor) => {
    const { data, dims } = views[`past.${name}`] as Tensor<'float32'>;
    expect(dims).toEqual([sequences.length, shape.kvHeadCount, slots.columnCount, shape.headDim]);
    expect(data.length).toBe(dims.reduce((product, value) => product * value, 1));
    sequences.forEach(({ id, length }, row) => {
      for (let head = 0; head < shape.kvHeadCount; head++) {
        for (let token = 0; token < length; token++) {
          const at = ((row * shape.kvHeadCount + head) * slots.columnCount + token) * shape.headDim;
          if (data[at] !== mark(tensor, id, head, token, 0)) wrongCount++;
        }
      }
    });
  });
  expect(wrongCount).toBe(0);
}

it('keeps every sequence whole while rows join, grow and leave in any order', () => {
  const action = fc.oneof(
    fc.record({
      kind: fc.constant('take' as const),
      lengths: fc.array(fc.integer({ min: 1, max: 14 }), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant('free' as const), place: fc.nat(5) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 25 }), (actions) => {
      const slots = new KvSlots(shape);
      let sequences: { id: number; length: number }[] = [];
      let nextId = 0;
      for (const step of actions) {
        if (step.kind === 'take') {
          if (!slots.canTake(step.lengths.length, Math.max(...step.lengths))) continue;
          const taken = step.lengths.map((length) => ({ id: nextId++ % 50, length }));
          const longest = Math.max(...step.lengths);
          slots.take(
            step.lengths,
            rows(
              'present',
              taken.map(({ id }) => ({ id, from: 0 })),
              longest,
            ),
          );
          sequences.push(...taken);
        } else if (step.kind === 'append') {
          if (sequences.length === 0 || !slots.canGrow(step.count)) continue;
          slots.grow(step.count);
          slots.append(
            rows(
              'new',
              sequences.map(({ id, length }) => ({ id, from: length })),
              step.count,
            ),
            step.count,
          );
          sequences = sequences.map(({ id, length }) => ({ id, length: length + step.count }));
        } else if (sequences.length > 0) {
          const row = step.place % sequences.length;
          const moved = slots.free(row);
          expect(moved).toBe(row === sequences.length - 1 ? null : sequences.length - 1);
          const last = sequences.pop() as (typeof sequences)[number];
          if (moved !== null) sequences[row] = last;
        }
        expect(slots.lengths).toEqual(sequences.map(({ length }) => length));
        expect(slots.blocksUsed).toBeLessThanOrEqual(shape.blockCount);
        expectContents(slots, sequences);
      }
    }),
    { numRuns: 200 },
  );
});

it('refuses what its rows or blocks cannot hold', () => {
  const slots = new KvSlots(shape);
  expect(slots.canTake(7, 1)).toBe(false);
  expect(slots.canTake(1, 160)).toBe(true);
  expect(slots.canTake(1, 161)).toBe(false);
  expect(slots.canTake(5, 33)).toBe(false);
});

it('gives back columns that a long sequence needed', () => {
  const slots = new KvSlots(shape);
  slots.take([60], rows('present', [{ id: 0, from: 0 }], 60));
  slots.take([4], rows('present', [{ id: 1, from: 0 }], 4));
  const wide = slots.columnCount;
  slots.free(0);
  slots.grow(1);
  expect(slots.columnCount).toBeLessThan(wide);
  expectContents(slots, [{ id: 1, length: 4 }]);
});

it('counts the bytes of a block', () => {
  expect(kvBlockBytes({ layerCount: 5, kvHeadCount: 2, headDim: 64, blockSize: 64 })).toBe(5 * 2 * 2 * 64 * 64 * 4);
});
