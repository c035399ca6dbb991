import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createLoopGuard, type LoopLimits, loopLimitsFor } from '../../../models/generation/loop-guard.js';

const text = loopLimitsFor('ocr');
const table = loopLimitsFor('table');

/** How many tokens pass before the guard speaks, and what it keeps; null where it never does. */
function stopOf(tokenIds: Iterable<number>, limits: LoopLimits) {
  const guard = createLoopGuard(limits);
  let pushed = 0;
  for (const id of tokenIds) {
    pushed++;
    const repetition = guard.push(id);
    if (repetition) return { pushed, keepCount: repetition.keepCount };
  }
  return null;
}

/** Letters as ids, so that sequences can be written as text. */
const ids = (written: string) => Array.from(written, (character) => character.codePointAt(0)!);
const lead = ids('Some words before. ');

const ecel = 11;
const fcel = 10;
const nl = 15;

describe('what a page may hold passes', () => {
  const lines = (count: number, line: (index: number) => string) =>
    ids(Array.from({ length: count }, (_, index) => line(index)).join('\n'));

  test.each([
    ['dotted leaders of a table of contents', lines(40, (i) => `Chapter ${i} ${'. '.repeat(70)}${i * 7}`)],
    ['one very long leader', ids(`Index ${'.'.repeat(250)} 9`)],
    ['similar lines that differ in a number', lines(60, (i) => `Order ${1000 + i}: delivered to the customer`)],
    ['ten equal lines', lines(10, () => 'I will not talk in class.')],
    ['a rule under a title', ids(`Title\n${'='.repeat(80)}\nBody text follows.\n${'-'.repeat(80)}\n`)],
    ['hexadecimal zeros', lines(8, (i) => `000${i}: ${'0'.repeat(32)}`)],
  ])('%s', (_name, sequence) => {
    expect(stopOf(sequence, text)).toBeNull();
  });

  test.each([
    ['an empty form', Array.from({ length: 40 }, () => [...Array(14).fill(ecel), nl]).flat()],
    ['rows of zeros', Array.from({ length: 25 }, () => [...Array(10).fill([fcel, 48]).flat(), nl]).flat()],
    ['numbered rows', Array.from({ length: 80 }, (_, i) => [fcel, ...ids(`${i + 1}`), fcel, 48, fcel, 48, nl]).flat()],
    [
      'a matrix of bits',
      Array.from({ length: 20 }, (_, i) => [
        ...ids((i * 977).toString(2).padStart(20, '0')).flatMap((bit) => [fcel, bit]),
        nl,
      ]).flat(),
    ],
  ])('in tables: %s', (_name, sequence) => {
    expect(stopOf(sequence, table)).toBeNull();
  });

  const samples: { file: string; task: string; greedy_ids: number[] }[] = JSON.parse(
    readFileSync(fileURLToPath(new URL('../../../models/pocket/samples/samples.json', import.meta.url)), 'utf8'),
  );
  test.each(samples)('the golden $file', (sample) => {
    expect(stopOf(sample.greedy_ids, loopLimitsFor(sample.task === 'OCR:' ? 'ocr' : 'table'))).toBeNull();
  });
});

describe('runaways end within a few hundred tokens', () => {
  test('one token', () => {
    const stop = stopOf([...lead, ...Array(2000).fill(61)], text);
    expect(stop!.pushed).toBeLessThan(lead.length + 400);
    expect(stop!.keepCount).toBe(lead.length + 1);
  });

  test.each([2, 3, 7, 16, 33, 64, 100, 128])('a piece of %i tokens, keeping its first copy', (period) => {
    const piece = Array.from({ length: period }, (_, index) => 500 + index);
    const loop = Array.from({ length: 4096 }, (_, index) => piece[index % period]);
    const stop = stopOf([...lead, ...loop], text);
    expect(stop!.pushed).toBeLessThan(lead.length + 800);
    expect(stop!.keepCount).toBe(lead.length + period);
  });

  test('the same table row', () => {
    const row = [fcel, 97, 98, fcel, 49, 50, fcel, 51, nl];
    const stop = stopOf(Array(500).fill(row).flat(), table);
    expect(stop!.pushed).toBeLessThan(700);
    expect(stop!.keepCount).toBe(row.length);
  });

  test('lines of = of changing length', () => {
    const sequence = Array.from({ length: 400 }, (_, index) => [
      ...Array(3 + ((index * index) % 17)).fill(61),
      10,
    ]).flat();
    const stop = stopOf([...lead, ...sequence], text);
    expect(stop!.pushed).toBeLessThanOrEqual(lead.length + text.varietyWindow);
    // The space before the lines is the third token the rule allows.
    expect(stop!.keepCount).toBe(lead.length - 1);
  });
});

test('the guard tells apart sequences that only share a window', () => {
  // A loop that ends in time is forgotten; the next one starts its own count.
  const almost = Array(text.minRunCount - 1).fill(61);
  expect(stopOf([...almost, 1, 2, 3, 4, ...almost], text)).toBeNull();
});
