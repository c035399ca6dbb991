import { describe, expect, it } from 'vitest';
import { assembleBlock } from '../../../models/document/assemble-block.js';
import type { PlannedBlock, PlannedCrop } from '../../../models/document/page-plan.js';
import type { FinishReason } from '../../../models/generation/reading.js';

const printed = { lineBreaks: 'printed' } as const;
const reading = (text: string, probability = 0.99, finishReason: FinishReason = 'stop') => ({
  text,
  tokenIds: [5, 2],
  logprobs: [Math.log(probability), Math.log(probability)],
  finishReason,
});
const line = (row: number, width = 400): PlannedCrop => {
  const box = [0, row * 30, width, row * 30 + 20] as const;
  return { box, task: 'ocr', lineCount: 1, lines: [box] };
};
const block = (crops: readonly PlannedCrop[], more: Partial<PlannedBlock> = {}): PlannedBlock => ({
  label: 'text',
  box: [0, 0, 400, 90],
  score: 0.9,
  crops,
  ...more,
});

describe('assembleBlock', () => {
  it('joins the printed lines of its crops', () => {
    const made = assembleBlock(block([line(0), line(1)]), [reading('a pier at'), reading('seven in\nthe')], 3, printed);
    expect(made).toMatchObject({ text: 'a pier at seven in the', order: 3, label: 'text' });
    expect(made.confidence).toBeCloseTo(0.99, 6);
    expect(made).not.toHaveProperty('truncated');
  });

  it('puts the pieces of one long line together', () => {
    const crops = [line(0), { ...line(0), continuesLine: true }, line(1)];
    const made = assembleBlock(block(crops), [reading('one'), reading('two'), reading('three')], 1, printed);
    expect(made.text).toBe('one two three');
  });

  it('takes underscores out where none is printed', () => {
    const bare = { ...line(0), hasNoUnderscore: true };
    expect(assembleBlock(block([bare]), [reading('Before printed_ timetables_were')], 1, printed).text).toBe(
      'Before printed timetables were',
    );
    expect(assembleBlock(block([line(0)]), [reading('snake_case')], 1, printed).text).toBe('snake_case');
  });

  it('keeps the paragraphs of a model that joins lines itself', () => {
    const made = assembleBlock(block([line(0)]), [reading('one\ntwo')], 1, { lineBreaks: 'paragraphs' });
    expect(made.text).toBe('one\ntwo');
  });

  it('writes a table as HTML and delimits formulas', () => {
    const table = block([{ ...line(0), task: 'table', lineCount: 0 }], { label: 'table' });
    expect(assembleBlock(table, [reading('<fcel>a<fcel>b<nl>')], 1, printed).text).toBe(
      '<table><tr><td>a</td><td>b</td></tr></table>',
    );
    const formula = block([{ ...line(0), task: 'formula' }], { label: 'display_formula' });
    expect(assembleBlock(formula, [reading('\\[x^2\\]')], 1, printed).text).toBe(' $$ x^2 $$ ');
  });

  it('builds a table from cells, an empty one included', () => {
    const place = { rowSpan: 1, columnSpan: 1 };
    const cells = [
      { row: 0, column: 0, ...place, firstCrop: 0, cropCount: 2 },
      { row: 0, column: 1, ...place, firstCrop: 2, cropCount: 0 },
      { row: 1, column: 0, rowSpan: 1, columnSpan: 2, firstCrop: 2, cropCount: 1 },
    ];
    const made = assembleBlock(
      block([line(0), line(1), line(2)], { label: 'table', cells }),
      [reading('two'), reading('lines'), reading('1 < 2')],
      1,
      printed,
    );
    expect(made.text).toBe('<table><tr><td>two lines</td><td></td></tr><tr><td colspan="2">1 &lt; 2</td></tr></table>');
  });

  it('says what was cut short and what failed, and keeps the rest', () => {
    const made = assembleBlock(
      block([line(0), line(1), line(2)]),
      [reading('good'), reading('====', 0.9, 'repetition'), { error: { code: 'POISON_CROP', message: 'died' } }],
      1,
      printed,
    );
    expect(made).toMatchObject({ truncated: 'repetition', error: { code: 'POISON_CROP' } });
    expect(made.text).toContain('good');
  });

  it('gives left-over ink that reads as nonsense no text', () => {
    const stray = block([line(0)], { isStray: true });
    expect(assembleBlock(stray, [reading('x;', 0.3)], 1, printed).text).toBe('');
    expect(assembleBlock(stray, [reading('----', 0.9, 'repetition')], 1, printed).text).toBe('');
    expect(assembleBlock(stray, [reading('a note')], 1, printed).text).toBe('a note');
  });

  it('has no confidence where nothing was read', () => {
    expect(assembleBlock(block([], { label: 'image' }), [], 1, printed)).toMatchObject({ text: '', confidence: null });
  });
});
