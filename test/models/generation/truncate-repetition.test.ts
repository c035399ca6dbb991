import { describe, expect, test } from 'vitest';
import { meanConfidence } from '../../../models/generation/confidence.js';
import { truncateRepetition } from '../../../models/generation/truncate-repetition.js';

describe('truncateRepetition', () => {
  test('drops every copy at the end of a single line', () => {
    const start = 'The report of the year begins here. ';
    expect(truncateRepetition(start + 'and so on, '.repeat(20))).toBe(start);
  });

  test('folds a line that is nothing but copies', () => {
    expect(truncateRepetition('ab'.repeat(40))).toBe('ab');
    expect(truncateRepetition('😀'.repeat(60))).toBe('😀');
  });

  test('keeps one of many equal lines', () => {
    const lines = [...Array(18).fill('same line'), 'another', 'and another'];
    expect(truncateRepetition(lines.join('\n'))).toBe('same line');
  });

  test.each([
    ['short texts', '= '.repeat(20)],
    ['copies that are less than half', `${'A sentence with many different words in it. '.repeat(3)}x`],
    ['nine equal lines', `${'line\n'.repeat(9)}${'other words that make it long enough to count'}`],
    ['ordinary text', 'It is a truth universally acknowledged, that a single man in possession of a good fortune …'],
  ])('leaves %s alone', (_name, text) => {
    expect(truncateRepetition(text)).toBe(text);
  });

  test('tables may repeat for thousands of characters', () => {
    const rows = '<fcel>0<fcel>0<nl>'.repeat(100);
    expect(truncateRepetition(rows, 'table')).toBe(rows);
    expect(truncateRepetition(rows.repeat(10), 'table')).not.toBe(rows.repeat(10));
  });
});

describe('meanConfidence', () => {
  test('is the geometric mean of the probabilities', () => {
    expect(meanConfidence([Math.log(0.5), Math.log(0.125)])).toBeCloseTo(0.25, 12);
    expect(meanConfidence([0, 0, 0])).toBe(1);
    expect(meanConfidence([])).toBeNull();
    expect(meanConfidence([-1000])).toBe(0);
  });
});
