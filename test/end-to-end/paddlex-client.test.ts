import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pocketSamples } from '../support/pocket-crops.js';
import { pythonEnvironment, runPython } from '../support/python-environment.js';
import { type RunningServer, startQuire } from '../support/quire-process.js';

// Large (hundreds of megabytes), so that only who asks for it waits for it: TEST_PADDLEX=1.
const environment = process.env.TEST_PADDLEX
  ? pythonEnvironment('paddlex', ['paddlex==3.7.2', 'openai==3.54.0'])
  : { missing: 'TEST_PADDLEX is not set' };
const missing = 'missing' in environment ? environment.missing : undefined;
if (missing) console.warn(`skipped: ${missing}, so PaddleX's own client and schemas judge nothing`);

const samplesDir = fileURLToPath(new URL('../../models/pocket/samples/', import.meta.url));
const fixture = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))).toString('base64');

describe.skipIf(missing)("PaddleX's own code", () => {
  const { python } = environment as { python: string };
  let server: RunningServer;
  beforeAll(async () => {
    server = await startQuire();
  });
  afterAll(async () => {
    await server?.close();
  });

  async function post(path: string, body: object): Promise<{ status: number; result?: unknown }> {
    const init = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await fetch(server.url + path, init);
    return { status: response.status, result: ((await response.json()) as { result?: unknown }).result };
  }

  it('reads all samples right as the client of a vllm-server', () => {
    const readings = runPython(python, 'read_with_paddlex.py', [`${server.url}/v1`, samplesDir]);
    expect(readings).toEqual(Object.fromEntries(pocketSamples().map(({ file, text }) => [file, text])));
  });

  it('takes our answers for its own, and refuses the requests that we refuse', async () => {
    const image = { file: fixture('pages/hello.png'), fileType: 1 };
    const pdf = { file: fixture('inputs/two-pages.pdf'), fileType: 0 };
    const requests = [
      image,
      { ...image, visualize: false, returnMarkdownImages: false, somethingNew: 1 },
      { ...image, useLayoutDetection: false, promptLabel: 'ocr', logId: 'x' },
      {
        ...image,
        layoutThreshold: { 1: 0.3 },
        layoutUnclipRatio: { 2: [1, 1] },
        layoutMergeBboxesMode: { 3: 'large' },
      },
      { ...pdf, restructurePages: true, formatBlockContent: true, prettifyMarkdown: false },
      {},
      { ...image, fileType: 2 },
      { ...image, file: 5 },
      { ...image, layoutThreshold: 2 },
      { ...image, layoutThreshold: { 1: 7 } },
      { ...image, layoutUnclipRatio: [1, 2, 3] },
      { ...image, layoutMergeBboxesMode: 'x' },
      { ...image, layoutShapeMode: 'x' },
      { ...image, layoutShapeMode: null },
      { ...image, promptLabel: 'x' },
      { ...image, topP: 0 },
      { ...image, temperature: -1 },
      { ...image, repetitionPenalty: 0 },
      { ...image, minPixels: 0 },
      { ...image, minPixels: 9, maxPixels: 8 },
      { ...image, markdownIgnoreLabels: [1] },
      { ...image, vlmExtraArgs: 1 },
      { ...image, visualize: 'perhaps' },
    ];
    const ours: boolean[] = [];
    const answers: unknown[] = [];
    for (const request of requests) {
      const { status, result } = await post('/layout-parsing', request);
      expect([200, 422]).toContain(status);
      ours.push(status === 200);
      if (status === 200) answers.push(result);
    }
    const pages = (answers[4] as { layoutParsingResults: { prunedResult: object; markdown: { images: object } }[] })
      .layoutParsingResults;
    const restructureRequests = [
      { pages: pages.map(({ prunedResult, markdown }) => ({ prunedResult, markdownImages: markdown.images })) },
      { pages: pages.map(({ prunedResult }) => ({ prunedResult })), concatenatePages: true },
    ];
    const restructured: unknown[] = [];
    for (const request of restructureRequests) {
      const { status, result } = await post('/restructure-pages', request);
      expect(status).toBe(200);
      restructured.push(result);
    }
    const verdicts = runPython(
      python,
      'check_shapes.py',
      [],
      JSON.stringify({ requests, answers, restructureRequests, restructured }),
    );
    expect(verdicts).toEqual({
      requests: ours,
      answers: answers.map(() => true),
      restructureRequests: [true, true],
      restructured: [true, true],
    });
  });
});
