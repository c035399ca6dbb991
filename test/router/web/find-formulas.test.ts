import { describe, expect, it } from 'vitest';
import { bareLatex, findFormulas } from '../../../router/web/find-formulas.js';

const formulasOf = (text: string) =>
  findFormulas(text).flatMap((piece) =>
    piece.type === 'formula' ? [`${piece.isDisplay ? 'D' : 'I'}:${piece.latex}`] : [],
  );

describe('findFormulas', () => {
  it.each([
    ['a $x_1$ b', ['I:x_1']],
    ['$$ \\frac{1}{2} $$', ['D:\\frac{1}{2}']],
    ['\\(a\\) and \\[b\\]', ['I:a', 'D:b']],
    ['it costs $5 and then $6', []],
    ['from $5 to $6 a piece, $x$', ['I:x']],
    ['open $x without an end', []],
    ['\\$5 and \\$6', []],
    ['$a\nb$', []],
    ['$$ $$', []],
  ])('%j', (text, expected) => {
    expect(formulasOf(text)).toEqual(expected);
  });

  it('loses nothing of the text', () => {
    const pieces = findFormulas('a $x$ b $$y$$ c');
    expect(pieces.map((piece) => (piece.type === 'text' ? piece.text : piece.latex)).join('')).toBe('a x b y c');
  });
});

describe('bareLatex', () => {
  it.each([
    ['$$ x $$', 'x'],
    ['\\[ x \\]', 'x'],
    ['x + y', 'x + y'],
    ['$a$ + $b$', '$a$ + $b$'],
  ])('%j', (text, expected) => {
    expect(bareLatex(text)).toBe(expected);
  });
});
