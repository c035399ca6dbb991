import { describe, expect, it } from 'vitest';
import { acceptRereads } from '../../../models/document/accept-rereads.js';
import { checkReadings, mostRereadRounds } from '../../../models/document/check-readings.js';
import type { CropOutcome } from '../../../models/document/crop-outcome.js';
import type { PagePlan, PlannedBlock, PlannedCrop } from '../../../models/document/page-plan.js';
import type { FinishReason } from '../../../models/generation/reading.js';

const hints = { lineBreaks: 'printed' } as const;
const reading = (text: string, probability = 0.99, finishReason: FinishReason = 'stop') => ({
  text,
  tokenIds: [5],
  logprobs: [Math.log(probability)],
  finishReason,
});
const box = (row: number) => [0, row * 30, 300, row * 30 + 20] as const;
const line: PlannedCrop = {
  box: [0, -4, 320, 24],
  task: 'ocr',
  lineCount: 1,
  lines: [box(0)],
  size: { width: 448, height: 28 },
};
const lines = (count: number): PlannedCrop => ({
  box: [0, 0, 300, count * 30],
  task: 'ocr',
  lineCount: count,
  lines: Array.from({ length: count }, (_, row) => box(row)),
});
const planOf = (crop: PlannedCrop, more: Partial<PlannedBlock> = {}): PagePlan => ({
  width: 400,
  height: 400,
  slope: 0,
  blocks: [{ label: 'text', box: [0, 0, 300, 100], score: 0.9, crops: [crop], ...more }],
});
const check = (crop: PlannedCrop, outcome: CropOutcome, more: Partial<PlannedBlock> = {}) =>
  checkReadings(planOf(crop, more), [[outcome]], hints);

describe('checkReadings', () => {
  it('is content with a plausible line', () => expect(check(line, reading('The ferry to Holm leaves'))).toEqual([]));

  it.each([
    ['runs on', reading('=====', 0.9, 'repetition')],
    ['reaches the limit', reading('abc abc', 0.9, 'length')],
    ['is not sure', reading('Tne ferrv to Hoim', 0.5)],
    ['reads far more than there is room for', reading('x'.repeat(400))],
    ['reads next to nothing of a long line', reading('.')],
  ])('reads a line again at another scale when the reader %s', (_, outcome) => {
    const [again] = check(line, outcome);
    expect(again.crops).toHaveLength(1);
    const size = again.crops[0].size ?? { width: 0, height: 0 };
    expect([size.width % 28, size.height]).toEqual([0, 56]);
    expect(again.crops[0].box[1]).toBeLessThan(line.box[1]);
    expect(again.crops[0].round).toBe(1);
  });

  it('halves a crop whose reader skipped a line, between the printed lines', () => {
    const [again] = check(lines(4), reading('one\ntwo\nthree'));
    expect(again.crops.map(({ lineCount, box: [, top, , bottom] }) => [lineCount, top, bottom])).toEqual([
      [2, 0, 55],
      [2, 55, 120],
    ]);
  });

  it('does not count the lines of a model that joins them', () => {
    expect(checkReadings(planOf(lines(4)), [[reading('one paragraph')]], { lineBreaks: 'paragraphs' })).toEqual([]);
  });

  it('ends: a place is read again a bounded number of times', () => {
    let state = { plan: planOf(line), outcomes: [[reading('==', 0.9, 'repetition')]] as CropOutcome[][] };
    let rounds = 0;
    for (; rounds < 10; rounds++) {
      const again = checkReadings(state.plan, state.outcomes, hints);
      if (again.length === 0) break;
      const answers = again.map(({ crops }) => crops.map(() => reading('==', 0.9, 'repetition')));
      state = acceptRereads(state, again, answers) as typeof state;
    }
    expect(rounds).toBe(mostRereadRounds);
  });

  it('leaves what failed to the pool', () => {
    expect(check(line, { error: { code: 'POISON_CROP', message: '' } })).toEqual([]);
  });

  it('reads a table cell by cell when its rows differ from the printed ones', () => {
    const table: PlannedCrop = { ...line, task: 'table', lineCount: 0, lines: [] };
    const place = { rowSpan: 1, columnSpan: 1, cropCount: 1 };
    const cells = [
      { row: 0, column: 0, firstCrop: 0, ...place },
      { row: 1, column: 0, firstCrop: 1, ...place },
    ];
    const grid = { rowCount: 2, columnCount: 1, crops: [line, line], cells };
    expect(check(table, reading('<fcel>a<nl><fcel>b<nl>'), { grid })).toEqual([]);
    const again = check(table, reading('<fcel>a<nl>'), { grid });
    expect(again[0].cells).toHaveLength(2);
    const { plan, outcomes } = acceptRereads(
      { plan: planOf(table, { grid }), outcomes: [[reading('<fcel>a<nl>')]] },
      again,
      [[reading('a'), reading('b')]],
    );
    expect(plan.blocks[0].cells).toHaveLength(2);
    expect(outcomes[0]).toHaveLength(2);
    expect(checkReadings(plan, outcomes, hints).every(({ cells: again }) => again === undefined)).toBe(true);
  });
});

describe('acceptRereads', () => {
  const plan = planOf(line);
  const state = { plan, outcomes: [[reading('Tne ferry', 0.6)]] };
  const rereads = [{ block: 0, crop: 0, crops: [{ ...line, round: 1 }] }];

  it('takes the surer of two readings of a line', () => {
    const better = acceptRereads(state, rereads, [[reading('The ferry', 0.95)]]);
    expect(better.outcomes[0][0]).toMatchObject({ text: 'The ferry' });
    const worse = acceptRereads(state, rereads, [[reading('Xhe ferry', 0.4)]]);
    expect(worse.outcomes[0][0]).toMatchObject({ text: 'Tne ferry' });
    expect(worse.plan.blocks[0].crops[0].round).toBe(1);
  });

  it('keeps the first reading when the second fails or runs on', () => {
    expect(acceptRereads(state, rereads, [[{ error: { code: 'X', message: '' } }]]).outcomes).toEqual(state.outcomes);
    expect(acceptRereads(state, rereads, [[reading('====', 0.99, 'repetition')]]).outcomes).toEqual(state.outcomes);
  });

  it('puts pieces where their crop was', () => {
    const whole = lines(2);
    const two = planOf(whole);
    const withTail = { ...two, blocks: [{ ...two.blocks[0], crops: [whole, line] }] };
    const next = acceptRereads(
      { plan: withTail, outcomes: [[reading('one'), reading('tail')]] },
      [{ block: 0, crop: 0, crops: [lines(1), lines(1)] }],
      [[reading('one'), reading('two')]],
    );
    expect(next.outcomes[0].map((outcome) => ('text' in outcome ? outcome.text : ''))).toEqual(['one', 'two', 'tail']);
    expect(next.plan.blocks[0].crops).toHaveLength(3);
  });
});
