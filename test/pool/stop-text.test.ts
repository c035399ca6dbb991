import { expect, it } from 'vitest';
import { createStopText } from '../../pool/stop-text.js';

function run(stops: string[], pieces: string[]): { text: string; isStopped: boolean } {
  const stop = createStopText(stops);
  let text = '';
  for (const piece of pieces) {
    const result = stop.push(piece);
    text += result.piece;
    if (result.isStopped) return { text, isStopped: true };
  }
  return { text: text + stop.end(), isStopped: false };
}

it.each([
  [['END'], ['some E', 'ND more'], 'some ', true],
  [['END'], ['some E', 'Nough'], 'some ENough', false],
  [['b', 'ab'], ['xxab'], 'xx', true],
  [['aab'], ['aa', 'ab'], 'a', true],
  [[], ['all of it'], 'all of it', false],
  [[''], ['all'], 'all', false],
  [['x'], [], '', false],
])('stops at %j in %j', (stops, pieces, text, isStopped) => {
  expect(run(stops, pieces)).toEqual({ text, isStopped });
});
