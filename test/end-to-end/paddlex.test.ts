import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startQuire } from '../support/quire-process.js';

const path = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const image = readFileSync(path('pages/hello.png'));
const pdf = readFileSync(path('inputs/two-pages.pdf'));

let server: RunningServer;
let files: Server;
let filesUrl: string;
beforeAll(async () => {
  server = await startQuire([], { env: { QUIRE_URL_ALLOW_PRIVATE: 'true' } });
  files = createServer((request, response) => response.end(request.url?.startsWith('/doc.pdf') ? pdf : image));
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
  filesUrl = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
});
afterAll(async () => {
  files?.close();
  await server?.close();
});

// biome-ignore lint/suspicious/noExplicitAny: the shape is what is under test
async function post(route: string, body: object): Promise<{ status: number; body: any }> {
  const response = await fetch(`${server.url}${route}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  return { status: response.status, body: await response.json() };
}

async function sizeOf(base64: string): Promise<[string | undefined, number | undefined, number | undefined]> {
  const { format, width, height } = await sharp(Buffer.from(base64, 'base64')).metadata();
  return [format, width, height];
}

describe('POST /layout-parsing on the running server', () => {
  it('reads an image and sends its pictures', async () => {
    const { status, body } = await post('/layout-parsing', { file: image.toString('base64'), fileType: 1 });
    expect(status).toBe(200);
    const { dataInfo, layoutParsingResults } = body.result;
    const [{ prunedResult, markdown, inputImage, outputImages }] = layoutParsingResults;
    expect(dataInfo.type).toBe('image');
    expect([prunedResult.width, prunedResult.height]).toEqual([dataInfo.width, dataInfo.height]);
    expect(prunedResult.parsing_res_list.length).toBeGreaterThan(0);
    expect(prunedResult.layout_det_res.boxes.length).toBeGreaterThan(0);
    for (const block of prunedResult.parsing_res_list) {
      const [x0, y0, x1, y1] = block.block_bbox;
      expect(0 <= x0 && x0 < x1 && x1 <= dataInfo.width && 0 <= y0 && y0 < y1 && y1 <= dataInfo.height).toBe(true);
    }
    expect(markdown.text.trim()).not.toBe('');
    expect(await sizeOf(inputImage)).toEqual(['jpeg', dataInfo.width, dataInfo.height]);
    expect(await sizeOf(outputImages.layout_det_res)).toEqual(['jpeg', dataInfo.width, dataInfo.height]);
    expect(outputImages.layout_det_res).not.toBe(inputImage);
  });

  it('reads a PDF by URL, its type told by the extension, pages in order', async () => {
    const { status, body } = await post('/layout-parsing', { file: `${filesUrl}/doc.pdf?v=1`, visualize: false });
    expect(status).toBe(200);
    const { dataInfo, layoutParsingResults } = body.result;
    expect(dataInfo).toMatchObject({ type: 'pdf', numPages: 2 });
    expect(layoutParsingResults).toHaveLength(2);
    for (const [index, item] of layoutParsingResults.entries()) {
      expect(Object.keys(item)).toEqual(['prunedResult', 'markdown']);
      expect([item.prunedResult.width, item.prunedResult.height]).toEqual([
        dataInfo.pages[index].width,
        dataInfo.pages[index].height,
      ]);
    }
  });

  it('reads a page without layout by its prompt', async () => {
    const body = { file: `${filesUrl}/a.png`, useLayoutDetection: false, promptLabel: 'ocr', visualize: false };
    const answer = await post('/layout-parsing', body);
    const [{ prunedResult }] = answer.body.result.layoutParsingResults;
    expect(prunedResult.parsing_res_list.map((block: { block_label: string }) => block.block_label)).toContain('ocr');
    expect(prunedResult).not.toHaveProperty('layout_det_res');
  });

  it('refuses broken files as the fault of the caller', async () => {
    for (const [name, fileType] of [
      ['broken.pdf', 0],
      ['encrypted.pdf', 0],
      ['no-pages.pdf', 0],
      ['bomb.png', 1],
    ] as const) {
      const file = readFileSync(path(`inputs/${name}`)).toString('base64');
      const { status, body } = await post('/layout-parsing', { file, fileType, logId: name });
      expect([status, body.errorCode, body.logId], name).toEqual([422, 422, name]);
    }
  });

  it('puts together what it read before', async () => {
    const read = await post('/layout-parsing', { file: pdf.toString('base64'), fileType: 0 });
    const pages = read.body.result.layoutParsingResults.map(
      ({ prunedResult, markdown }: { prunedResult: object; markdown: { images: object } }) => ({
        prunedResult,
        markdownImages: markdown.images,
      }),
    );
    const apart = await post('/restructure-pages', { pages });
    expect(apart.status).toBe(200);
    expect(apart.body.result.layoutParsingResults).toHaveLength(2);
    const one = await post('/restructure-pages', { pages, concatenatePages: true });
    const [{ prunedResult, markdown }] = one.body.result.layoutParsingResults;
    const counts = pages.map(
      (page: { prunedResult: { parsing_res_list: unknown[] } }) => page.prunedResult.parsing_res_list.length,
    );
    expect(prunedResult.parsing_res_list).toHaveLength(counts[0] + counts[1]);
    expect(prunedResult.page_count).toBe(2);
    expect(markdown.images).toEqual({});
    const now = await post('/layout-parsing', { file: pdf.toString('base64'), fileType: 0, restructurePages: true });
    expect(
      now.body.result.layoutParsingResults.map(({ markdown }: { markdown: { text: string } }) => markdown.text),
    ).toEqual(
      apart.body.result.layoutParsingResults.map(({ markdown }: { markdown: { text: string } }) => markdown.text),
    );
  });

  it('says that it is healthy', async () => {
    expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({ errorCode: 0, errorMsg: 'Healthy' });
  });
});
