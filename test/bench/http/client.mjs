// One HTTP request, followed from its first byte to its last, and the bodies the benchmarks send.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import sharp from 'sharp';
import { root } from './kit.mjs';

export const openAgent = (maxSockets = Number.POSITIVE_INFINITY) => new Agent({ keepAlive: true, maxSockets });

/**
 * Sends a request and never rejects. Times are of `performance.now()`: `startedAt`, `sentAt` (the body is out),
 * `headersAt`, `endedAt`. `isWhole` tells whether the answer came to its end.
 */
export function send(url, { path, method = 'POST', headers = {}, body, agent, signal, onSent, onChunk }) {
  return new Promise((resolve) => {
    const outcome = { startedAt: performance.now(), status: 0, headers: {}, isWhole: false, error: null };
    const chunks = [];
    const finish = () => {
      outcome.endedAt ??= performance.now();
      outcome.body = Buffer.concat(chunks);
      resolve(outcome);
    };
    const fail = (error) => {
      outcome.error ??= error.code ?? error.name;
      finish();
    };
    const outgoing = request(`${url}${path}`, {
      method,
      agent,
      signal,
      headers: { ...headers, ...(body && { 'Content-Length': Buffer.byteLength(body) }) },
    });
    outgoing.on('error', fail);
    outgoing.on('finish', () => {
      outcome.sentAt = performance.now();
      onSent?.();
    });
    outgoing.on('response', (answer) => {
      outcome.headersAt = performance.now();
      outcome.status = answer.statusCode;
      outcome.headers = answer.headers;
      answer.on('data', (chunk) => {
        chunks.push(chunk);
        onChunk?.(chunk);
      });
      answer.on('error', fail);
      answer.on('end', () => {
        outcome.isWhole = answer.complete;
        finish();
      });
      answer.on('close', finish);
    });
    outgoing.end(body);
  });
}

/** Milliseconds of each stage, from the header `Server-Timing`. */
export function stagesOf({ headers }) {
  const stages = {};
  for (const [, name, ms] of (headers['server-timing'] ?? '').matchAll(/(\w+);dur=([\d.]+)/g))
    stages[name] = Number(ms);
  return stages;
}

const json = { 'Content-Type': 'application/json' };

/** A chat turn about one picture. */
export function chatRequest(picture, { prompt = 'OCR:', stream = false } = {}) {
  const url = `data:image/png;base64,${picture.toString('base64')}`;
  const content = [
    { type: 'image_url', image_url: { url } },
    { type: 'text', text: prompt },
  ];
  const body = JSON.stringify({ messages: [{ role: 'user', content }], stream });
  return { path: '/v1/chat/completions', headers: json, body };
}

/** A page through the PaddleX route with layout detection off: decoded, cut into its printed lines, read line by line. */
export function linesRequest(page) {
  const body = JSON.stringify({
    file: page.toString('base64'),
    fileType: 1,
    useLayoutDetection: false,
    visualize: false,
    returnMarkdownImages: false,
  });
  return { path: '/layout-parsing', headers: json, body };
}

/** A page with everything: layout, lines, blocks. */
export function parseRequest(page, accept = 'application/json') {
  return {
    path: '/v1/parse',
    headers: { 'Content-Type': 'application/octet-stream', Accept: accept },
    body: page,
  };
}

const words = 'the binder puts the sheets of every quire in order by the letter at the foot of each leaf'.split(' ');

/** A page of so many printed lines, as PNG. */
export async function drawPage(lineCount) {
  const lines = Array.from({ length: lineCount }, (_, line) => {
    const text = Array.from({ length: 7 }, (_, word) => words[(line * 5 + word * 3) % words.length]).join(' ');
    return `<text x="30" y="${50 + line * 30}" font-size="18" font-family="DejaVu Serif">${line + 1}. ${text}</text>`;
  });
  const height = 70 + lineCount * 30;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="620" height="${height}"><rect width="100%" height="100%" fill="#fff"/>${lines.join('')}</svg>`;
  return sharp(Buffer.from(svg)).greyscale().png().toBuffer();
}

/** Line pictures of the bundle: real crops with known texts. */
export function samplePictures() {
  const folder = join(root, 'models/pocket/samples');
  return ['00_en_line', '01_en_line_noisy', '04_zh_line', '07_mixed_line'].map((name) => ({
    name,
    bytes: readFileSync(join(folder, `${name}.png`)),
  }));
}

/** A printed page with headings, paragraphs and a table. */
export const samplePage = () => readFileSync(join(root, 'router/web/sample.png'));
/** A small printed page. */
export const helloPage = () => readFileSync(join(root, 'test/fixtures/pages/hello.png'));
