import { describe, expect, it } from 'vitest';
import { parseSpotting } from '../../../models/document/parse-spotting.js';

const page = { width: 2000, height: 500 };
const loc = (...numbers: number[]): string => numbers.map((number) => `<|LOC_${number}|>`).join('');
const corners = [
  [200, 50],
  [400, 50],
  [400, 100],
  [200, 100],
];
const numbers = [100, 100, 200, 100, 200, 200, 100, 200];

describe('parseSpotting', () => {
  it('reads marked pairs', () => {
    const answer = `<|TEXT_START|> one <|TEXT_END|><|LOC_BEGIN|>${loc(...numbers)}<|LOC_END|><|TEXT_START|>two<|TEXT_END|><|LOC_BEGIN|>${loc(0, 0, 1000, 0, 1000, 1000, 0, 1000)}<|LOC_END|>`;
    expect(parseSpotting(answer, page)).toEqual([
      { text: 'one', corners },
      {
        text: 'two',
        corners: [
          [0, 0],
          [2000, 0],
          [2000, 500],
          [0, 500],
        ],
      },
    ]);
  });

  it('drops a marked text whose place is not whole', () => {
    const answer = `<|TEXT_START|>a<|TEXT_END|><|LOC_BEGIN|>${loc(1, 2)}<|LOC_END|><|TEXT_START|>b<|TEXT_END|><|LOC_BEGIN|>${loc(...numbers)}<|LOC_END|>`;
    expect(parseSpotting(answer, page)).toEqual([{ text: 'b', corners }]);
  });

  it('reads texts that are followed by their numbers', () => {
    const answer = `one two${loc(...numbers)}\n三${loc(...numbers)}cut off${loc(1, 2, 3)}`;
    expect(parseSpotting(answer, page)).toEqual([
      { text: 'one two', corners },
      { text: '三', corners },
    ]);
  });

  it('finds nothing where there is nothing', () => {
    expect(parseSpotting('', page)).toEqual([]);
    expect(parseSpotting('just text <|TEXT_START|> open', page)).toEqual([]);
  });
});
