import { describe, expect, it } from 'vitest';
import { joinLines, joinPair } from '../../../models/document/join-lines.js';

/** Lines of 10 pixels a letter and 20 high, from `left`. */
const lines = (...texts: (string | [string, number])[]) =>
  texts.map((entry, index) => {
    const [text, left] = typeof entry === 'string' ? [entry, 0] : entry;
    return { text, box: [left, index * 30, left + text.length * 10, index * 30 + 20] as const };
  });

describe('joinLines', () => {
  it('joins the lines of a paragraph', () => {
    expect(joinLines(lines('The ferry to Holm leaves the', 'stone pier at seven in the', 'morning.'), 'text')).toBe(
      'The ferry to Holm leaves the stone pier at seven in the morning.',
    );
  });

  it('takes hyphens at line ends out', () => {
    expect(joinLines(lines('it was measured with an echo soun-', 'der of the newest kind in the bay.'), 'text')).toBe(
      'it was measured with an echo sounder of the newest kind in the bay.',
    );
  });

  it('joins Chinese without a space, and with Latin words as it stands', () => {
    const wide = (text: string, row: number) => ({
      text,
      box: [0, row * 30, text.length * 20, row * 30 + 20] as const,
    });
    expect(joinLines([wide('清晨六点，渡口已经有人', 0), wide('排队。', 1)], 'text')).toBe(
      '清晨六点，渡口已经有人排队。',
    );
  });

  it('keeps items of a list apart and their continuations together', () => {
    const list = lines(
      '1. Close the main valve and wait for',
      ['ten minutes or more.', 30],
      '2. Place both microphones.',
    );
    expect(joinLines(list, 'text')).toBe(
      '1. Close the main valve and wait for ten minutes or more.\n2. Place both microphones.',
    );
  });

  it('keeps a break where the next word would have fitted', () => {
    expect(
      joinLines(lines('Brightwater Joinery', '18 Quay Street', 'Port Ellery', 'Telephone 0800 555 019 8114'), 'text'),
    ).toBe('Brightwater Joinery\n18 Quay Street\nPort Ellery\nTelephone 0800 555 019 8114');
  });

  it('keeps a title in one piece', () => {
    expect(joinLines(lines('Echo Soundings of a Silted', ['Reservoir', 80]), 'doc_title')).toBe(
      'Echo Soundings of a Silted Reservoir',
    );
  });

  it('keeps every line of code', () => {
    expect(joinLines(lines('listen --left 3 --right 4', 'delay: 0.0184 s'), 'algorithm')).toBe(
      'listen --left 3 --right 4\ndelay: 0.0184 s',
    );
  });

  it('skips lines without text', () => {
    expect(joinLines(lines('a', '  '), 'text')).toBe('a');
    expect(joinLines([], 'text')).toBe('');
  });
});

describe('joinPair', () => {
  it.each([
    ['the state-of-the-', 'art', 'the state-of-the-art'],
    ['between 1990-', '1995', 'between 1990-1995'],
    ['the NATO-', 'led', 'the NATO-led'],
    ['a dash -', 'here', 'a dash - here'],
    ['使用', 'HTTPS', '使用HTTPS'],
  ])('%s + %s', (before, after, whole) => expect(joinPair(before, after)).toBe(whole));
});
