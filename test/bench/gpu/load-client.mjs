// One process of a load: keeps a number of chat requests in flight until it is told to stop, and notes when each ended.
// Started by measure-load.mjs.
import { setMaxListeners } from 'node:events';
import { openAgent, send } from '../http/client.mjs';
import { drawBars } from './pictures.mjs';

const pictureCount = 8;

process.once('message', async ({ url, width, height, tokens, slots }) => {
  const bodies = await Promise.all(
    Array.from({ length: pictureCount }, async (_, seed) => {
      const picture = await drawBars(width, height, seed + 1);
      return (maxTokens) => chatBody(picture, maxTokens);
    }),
  );
  const whole = bodies.map((bodyOf) => bodyOf(tokens));
  // The first request of a slot is shorter than the others, each by another share: the slots never run in step.
  const first = slots.map(({ place, share }) => bodies[place % pictureCount](Math.max(1, Math.round(tokens * share))));
  process.send({ type: 'prepared', bodyBytes: whole[0].length });
  await new Promise((resolve) => process.once('message', resolve));

  const agent = openAgent();
  const leaving = new AbortController();
  setMaxListeners(0, leaving.signal);
  const ended = [];
  const cpuBefore = process.cpuUsage();
  const startedAt = Date.now();
  process.once('message', () => {
    const { user, system } = process.cpuUsage(cpuBefore);
    const cpuShare = (user + system) / 1000 / (Date.now() - startedAt);
    leaving.abort();
    process.send({ type: 'ended', ended, cpuShare });
    setTimeout(() => process.exit(0), 200);
  });
  await Promise.all(
    slots.map(async ({ place }, slot) => {
      for (let turn = 0; !leaving.signal.aborted; turn++) {
        const body = turn === 0 ? first[slot] : whole[(place + turn) % pictureCount];
        const headers = { 'Content-Type': 'application/json' };
        const answer = await send(url, {
          path: '/v1/chat/completions',
          headers,
          body,
          agent,
          signal: leaving.signal,
        });
        if (leaving.signal.aborted) return;
        ended.push({ at: Date.now(), ms: answer.endedAt - answer.startedAt, isFirst: turn === 0, ...read(answer) });
        // A server that is not there would be asked a thousand times a second.
        if (answer.status !== 200) await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }),
  );
});

function chatBody(picture, maxTokens) {
  const url = `data:image/jpeg;base64,${picture.toString('base64')}`;
  const content = [
    { type: 'image_url', image_url: { url } },
    { type: 'text', text: 'OCR:' },
  ];
  return Buffer.from(JSON.stringify({ messages: [{ role: 'user', content }], max_tokens: maxTokens }));
}

function read({ status, body, error }) {
  if (status !== 200) return { wrong: `${status} ${error ?? String(body).slice(0, 300)}` };
  return { tokens: JSON.parse(String(body)).usage.completion_tokens };
}
