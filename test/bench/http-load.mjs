// Load of a server that speaks the OpenAI dialect: a fixed number of streamed requests in flight, each with a picture of
// one size and a number of output tokens. Start Quire with `engine.loopGuard: false` when its weights are random.
// usage: node test/bench/http-load.mjs URL WIDTHxHEIGHT OUTPUT_TOKENS IN_FLIGHT REQUESTS [model]
import sharp from 'sharp';

const [url, size, outputTokens, inFlight, requests, model = ''] = process.argv.slice(2);
const [width, height] = size.split('x').map(Number);
const maxTokens = Number(outputTokens);

/** A few different pictures with something like print on them, as JPEG data URLs. */
async function makePictures(count) {
  return Promise.all(
    Array.from({ length: count }, async (_, seed) => {
      const lines = Array.from({ length: Math.floor(height / 28) }, (_, line) => {
        const words = Array.from({ length: Math.floor(width / 60) }, (_, word) =>
          ((line * 7919 + word * 104_729 + seed * 31) % 46_656).toString(36),
        );
        return `<text x="8" y="${(line + 1) * 26}" font-size="20" font-family="sans-serif">${words.join(' ')}</text>`;
      });
      const svg = `<svg width="${width}" height="${height}" xmlns="http://www.w3.org/2000/svg"><rect width="100%" height="100%" fill="white"/>${lines.join('')}</svg>`;
      const jpeg = await sharp(Buffer.from(svg)).jpeg({ quality: 90 }).toBuffer();
      return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
    }),
  );
}

const pictures = await makePictures(8);
const bodyOf = (index) =>
  JSON.stringify({
    model,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: pictures[index % pictures.length] } },
          { type: 'text', text: 'OCR:' },
        ],
      },
    ],
    max_tokens: maxTokens,
    temperature: 0,
    stream: true,
    ignore_eos: true,
    stream_options: { include_usage: true },
  });

async function request(index) {
  const start = performance.now();
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: bodyOf(index),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  const decoder = new TextDecoder();
  let firstMs = null;
  let tokens = 0;
  let text = '';
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end < 0) break;
      const line = text.slice(0, end).trim();
      text = text.slice(end + 2);
      if (!line.startsWith('data: ') || line === 'data: [DONE]') continue;
      const event = JSON.parse(line.slice(6));
      if (event.error) throw new Error(JSON.stringify(event.error));
      if (firstMs === null && event.choices?.[0]?.delta?.content !== undefined && !event.choices[0].delta.role)
        firstMs = performance.now() - start;
      tokens = event.usage?.completion_tokens ?? tokens;
    }
  }
  return { firstMs: firstMs ?? Number.NaN, ms: performance.now() - start, tokens };
}

async function load(count, flight) {
  const results = [];
  let next = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: Math.min(flight, count) }, async () => {
      while (next < count) results.push(await request(next++));
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const at = (key, share) => {
    const sorted = results
      .map((result) => result[key])
      .filter(Number.isFinite)
      .sort((a, b) => a - b);
    return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(0);
  };
  const tokens = results.reduce((sum, result) => sum + result.tokens, 0);
  console.log(
    `${size}, ${outputTokens} tokens, ${flight} in flight, ${count} requests: ${(count / seconds).toFixed(2)} requests/s, ` +
      `${Math.round(tokens / seconds)} tokens/s (${(tokens / count).toFixed(1)} a request); first token p50 ${at('firstMs', 0.5)} ` +
      `p90 ${at('firstMs', 0.9)} ms; in all p50 ${at('ms', 0.5)} p90 ${at('ms', 0.9)} p99 ${at('ms', 0.99)} ms`,
  );
}

await load(Math.min(8, Number(requests)), Math.min(8, Number(inFlight)));
await load(8, 1);
await load(Number(requests), Number(inFlight));
