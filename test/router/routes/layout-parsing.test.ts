import { describe, expect, it } from 'vitest';
import { ModelError, type PageOutcome, PoolError, paddlexRecipe } from '../../../pool/index.js';
import { type Script, scriptedPage } from '../../support/scripted-pool.js';
import { openTestApp } from '../../support/test-app.js';

const file = Buffer.from('pixels').toString('base64');
const jpeg = (name: string): Uint8Array => Buffer.from(`jpeg of ${name}`);
const base64 = (name: string): string => Buffer.from(jpeg(name)).toString('base64');

/** A page with one block of every kind that the dialect treats in its own way. */
const page: PageOutcome = {
  ...scriptedPage(0),
  width: 200,
  height: 300,
  blocks: [
    { label: 'header', box: [0, 0, 200, 10], text: 'Head', confidence: 0.9, order: 1 },
    { label: 'doc_title', box: [0, 20, 200, 40], text: 'Title', confidence: 0.9, order: 2 },
    { label: 'text', box: [0, 50, 90, 90], text: 'First and second', confidence: 0.9, order: 3 },
    { label: 'text', box: [110, 50, 200, 90], text: '', confidence: null, order: 4, mergedInto: 3 },
    { label: 'image', box: [0, 100, 100, 150], text: '', confidence: null, order: 5 },
    { label: 'header_image', box: [0, 160, 50, 170], text: '', confidence: null, order: 6 },
    { label: 'table', box: [0, 180, 200, 220], text: '<table><tr><td>A</td></tr></table>', confidence: 1, order: 7 },
    { label: 'display_formula', box: [0, 230, 150, 250], text: ' $$ x $$ ', confidence: 1, order: 8 },
    { label: 'formula_number', box: [160, 230, 200, 250], text: '(1)', confidence: 1, order: 9 },
    {
      label: 'text',
      box: [0, 260, 200, 290],
      text: '',
      confidence: null,
      order: 10,
      error: { code: 'POISON_CROP', message: 'It killed a device twice.' },
    },
  ],
  detections: [
    { label: 'reference', box: [0, 0, 10, 10], score: 0.5, order: 0 },
    { label: 'table', box: [0, 180, 200, 220], score: 0.75, order: 1 },
    { label: 'text', box: [0, 260, 200, 290], score: 0.9, order: 2 },
  ],
  pageJpeg: jpeg('page'),
  layoutJpeg: jpeg('layout'),
  blockJpegs: new Map([
    [5, jpeg('image')],
    [6, jpeg('header image')],
  ]),
};

async function ask(body: unknown, script: Script = { pages: [page] }, env: Record<string, string> = {}) {
  const opened = openTestApp(script, env);
  const response = await opened.app.request('/layout-parsing', {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  return { ...opened, response };
}

// biome-ignore lint/suspicious/noExplicitAny: the shape is what is under test
async function resultOf(body: object, script?: Script): Promise<any> {
  const { response } = await ask({ file, fileType: 1, ...body }, script);
  expect(response.status).toBe(200);
  return ((await response.json()) as { result: unknown }).result;
}

async function failureOf(response: Response) {
  const body = (await response.json()) as { logId: string; errorCode: number; errorMsg: string; code: string };
  expect(Object.keys(body)).toEqual(['logId', 'errorCode', 'errorMsg', 'code']);
  expect(body.errorCode).toBe(response.status);
  return body;
}

/** Fields named in the list of errors that `errorMsg` holds. */
function fieldsOf(errorMsg: string): string[] {
  const errors = JSON.parse(errorMsg) as { type: string; loc: (string | number)[]; msg: string }[];
  for (const { type, loc, msg } of errors) {
    expect(type).not.toBe('');
    expect(msg).not.toBe('');
    expect(loc[0]).toBe('body');
  }
  return errors.map(({ loc }) => loc.slice(1).join('.'));
}

describe('the answer of POST /layout-parsing', () => {
  it('has the envelope, every field of a page, and nothing that is null outside of prunedResult', async () => {
    const { response } = await ask({ file, fileType: 1, logId: 'mine' });
    const body = (await response.json()) as Record<string, never>;
    const { layoutParsingResults, dataInfo } = body.result as { layoutParsingResults: object[]; dataInfo: object };
    expect(body).toMatchObject({ logId: 'mine', errorCode: 0, errorMsg: 'Success' });
    expect(Object.keys(body)).toEqual(['logId', 'errorCode', 'errorMsg', 'result']);
    expect(dataInfo).toEqual({ width: 200, height: 300, type: 'image' });
    expect(layoutParsingResults).toHaveLength(1);
    expect(layoutParsingResults[0]).toEqual({
      prunedResult: expect.any(Object),
      markdown: { text: expect.any(String), images: { 'imgs/img_in_image_box_0_100_100_150.jpg': base64('image') } },
      outputImages: { layout_det_res: base64('layout') },
      inputImage: base64('page'),
    });
  });

  it("writes prunedResult in PaddleX's words, numbers and nulls", async () => {
    const { prunedResult } = (await resultOf({})).layoutParsingResults[0];
    const { parsing_res_list: blocks, layout_det_res, ...rest } = prunedResult;
    expect(rest).toEqual({
      page_count: null,
      width: 200,
      height: 300,
      model_settings: {
        use_doc_preprocessor: false,
        use_layout_detection: true,
        use_chart_recognition: false,
        use_seal_recognition: false,
        use_ocr_for_image_block: false,
        format_block_content: false,
        merge_layout_blocks: true,
        markdown_ignore_labels: [
          'number',
          'footnote',
          'header',
          'header_image',
          'footer',
          'footer_image',
          'aside_text',
        ],
        return_layout_polygon_points: false,
      },
    });
    expect(blocks[1]).toEqual({
      block_label: 'doc_title',
      block_content: 'Title',
      block_bbox: [0, 20, 200, 40],
      block_id: 1,
      block_order: 1,
      group_id: 1,
    });
    expect(blocks.map((block: { block_order: number | null }) => block.block_order)).toEqual([
      null,
      1,
      2,
      3,
      null,
      null,
      null,
      4,
      5,
      6,
    ]);
    expect(blocks.map((block: { group_id: number }) => block.group_id)).toEqual([0, 1, 2, 2, 4, 5, 6, 7, 8, 9]);
    expect(blocks[9].block_error).toEqual({ code: 'POISON_CROP', message: 'It killed a device twice.' });
    expect(layout_det_res).toEqual({
      boxes: [
        { cls_id: 18, label: 'reference', score: 0.5, coordinate: [0, 0, 10, 10], order: 1 },
        { cls_id: 21, label: 'table', score: 0.75, coordinate: [0, 180, 200, 220], order: null },
        { cls_id: 22, label: 'text', score: 0.9, coordinate: [0, 260, 200, 290], order: 2 },
      ],
    });
  });

  it('writes pretty Markdown by default and plain Markdown when asked', async () => {
    const pretty = (await resultOf({})).layoutParsingResults[0].markdown.text;
    expect(pretty).toContain('# Title');
    expect(pretty).not.toContain('Head');
    expect(pretty).toContain(
      '<div style="text-align: center;"><img src="imgs/img_in_image_box_0_100_100_150.jpg" alt="Image" width="50%" /></div>',
    );
    expect(pretty).toContain("<table border=1 style='margin: auto; word-wrap: break-word;'>");
    expect(pretty).not.toContain('(1)');
    const plain = (await resultOf({ prettifyMarkdown: false })).layoutParsingResults[0].markdown.text;
    expect(plain).toContain('![](imgs/img_in_image_box_0_100_100_150.jpg)');
    expect(plain).toContain('<table><tr><td>A</td></tr></table>');
    const numbered = (await resultOf({ showFormulaNumber: true })).layoutParsingResults[0].markdown.text;
    expect(numbered).toContain('$$x \\tag*{(1)}$$');
  });

  it('leaves out what was not asked for', async () => {
    const { layoutParsingResults } = await resultOf({ visualize: false, returnMarkdownImages: false });
    expect(Object.keys(layoutParsingResults[0])).toEqual(['prunedResult', 'markdown']);
    expect(Object.keys(layoutParsingResults[0].markdown)).toEqual(['text']);
  });

  it('follows the labels to ignore in Markdown, pictures and numbers', async () => {
    const { prunedResult, markdown } = (await resultOf({ markdownIgnoreLabels: ['image'] })).layoutParsingResults[0];
    expect(markdown.text).toContain('Head');
    expect(Object.keys(markdown.images)).toEqual(['imgs/img_in_header_image_box_0_160_50_170.jpg']);
    expect(prunedResult.model_settings.markdown_ignore_labels).toEqual(['image']);
  });

  it('writes the Markdown of a block into its content with formatBlockContent', async () => {
    const { prunedResult } = (await resultOf({ formatBlockContent: true })).layoutParsingResults[0];
    expect(prunedResult.parsing_res_list[1].block_content).toBe('# Title');
  });

  it('names the one block of a page without layout after the prompt', async () => {
    const whole = { ...page, blocks: [{ ...page.blocks[2], box: [0, 0, 200, 300] as const }], detections: [] };
    const body = { useLayoutDetection: false, promptLabel: 'formula' };
    const { prunedResult } = (await resultOf(body, { pages: [whole] })).layoutParsingResults[0];
    expect(prunedResult.parsing_res_list.map((block: { block_label: string }) => block.block_label)).toEqual([
      'formula',
    ]);
    expect(prunedResult).not.toHaveProperty('layout_det_res');
  });

  it('tells texts and places of spotting, and keeps the numbers out of the content', async () => {
    const numbers = [0, 0, 500, 0, 500, 100, 0, 100].map((number) => `<|LOC_${number}|>`).join('');
    const text = `one${numbers}two${numbers}`;
    const whole = { ...page, blocks: [{ ...page.blocks[2], text, box: [0, 0, 200, 300] as const }], detections: [] };
    const body = { useLayoutDetection: false, promptLabel: 'spotting' };
    const { prunedResult, markdown } = (await resultOf(body, { pages: [whole] })).layoutParsingResults[0];
    const place = [
      [0, 0],
      [100, 0],
      [100, 30],
      [0, 30],
    ];
    expect(prunedResult.spotting_res).toEqual({ rec_polys: [place, place], rec_texts: ['one', 'two'] });
    expect(prunedResult.parsing_res_list[0]).toMatchObject({ block_label: 'spotting', block_content: 'one\n\ntwo' });
    expect(markdown.text).not.toContain('LOC');
  });

  it('keeps the pages of a PDF in order and tells their sizes', async () => {
    const pages = [scriptedPage(0), scriptedPage(1), scriptedPage(2)];
    const { layoutParsingResults, dataInfo } = await resultOf({ fileType: 0 }, { pages, kind: 'pdf' });
    const texts = layoutParsingResults.map(({ markdown }: { markdown: { text: string } }) => markdown.text);
    expect(texts).toEqual(['Page 1', 'Page 2', 'Page 3']);
    const size = { width: 100, height: 50 };
    expect(dataInfo).toEqual({ numPages: 3, pages: [size, size, size], type: 'pdf' });
  });

  it('counts pages and crops in the log', async () => {
    const { response, lines } = await ask({ file, fileType: 1 });
    await response.text();
    expect(lines.at(-1)).toMatchObject({ route: '/layout-parsing', pages: 1, crops: 2, outcome: 'ok' });
  });
});

describe('the options of POST /layout-parsing', () => {
  async function optionsOf(body: object) {
    const { pool } = await ask({ file, fileType: 1, ...body });
    return pool.calls[0].options;
  }

  it('are those PaddleX ships when a request says nothing, or null', async () => {
    const names = [
      'useDocOrientationClassify',
      'useDocUnwarping',
      'useLayoutDetection',
      'useChartRecognition',
      'useSealRecognition',
      'useOcrForImageBlock',
      'layoutThreshold',
      'layoutNms',
      'layoutUnclipRatio',
      'layoutMergeBboxesMode',
      'promptLabel',
      'formatBlockContent',
      'repetitionPenalty',
      'temperature',
      'topP',
      'minPixels',
      'maxPixels',
      'maxNewTokens',
      'mergeLayoutBlocks',
      'markdownIgnoreLabels',
      'vlmExtraArgs',
      'outputFormats',
      'visualize',
      'logId',
    ];
    const nulls = Object.fromEntries(names.map((name) => [name, null]));
    for (const body of [{}, nulls, { somethingElse: 1 }]) {
      const { recipe, pictures } = await optionsOf(body);
      expect(recipe).toEqual({ ...paddlexRecipe, layoutShapeMode: 'auto' });
      expect(pictures).toEqual({ page: true, layout: true, blocks: true });
    }
  });

  it('reach the recipe one by one', async () => {
    const given = {
      useChartRecognition: true,
      useSealRecognition: true,
      useOcrForImageBlock: true,
      layoutThreshold: { 22: 0.4, table: 0.2 },
      layoutNms: false,
      layoutUnclipRatio: [1.1, 1.2],
      layoutMergeBboxesMode: { 7: 'small' },
      layoutShapeMode: 'poly',
      formatBlockContent: true,
      minPixels: 1000,
      maxPixels: 2000,
      maxNewTokens: 50,
      mergeLayoutBlocks: false,
      markdownIgnoreLabels: [],
      prettifyMarkdown: false,
      showFormulaNumber: true,
    };
    expect((await optionsOf(given)).recipe).toEqual({ ...paddlexRecipe, ...given });
  });

  it('take pixel limits of single tasks, and never those of spotting', async () => {
    const vlmExtraArgs = { ocr_min_pixels: 10, ocr_max_pixels: 20, table_max_pixels: 30, spotting_max_pixels: 5, x: 1 };
    const { recipe } = await optionsOf({ vlmExtraArgs });
    expect(recipe?.taskPixels).toEqual({ ocr: { minPixels: 10, maxPixels: 20 }, table: { maxPixels: 30 } });
  });

  it('read the whole page as the prompt says without layout', async () => {
    const { recipe } = await optionsOf({ useLayoutDetection: false, promptLabel: 'chart' });
    expect(recipe).toMatchObject({ useLayoutDetection: false, promptLabel: 'chart', useChartRecognition: true });
  });

  it('ask for pictures only where they are sent', async () => {
    const { pictures } = await optionsOf({ visualize: false, returnMarkdownImages: false });
    expect(pictures).toEqual({ page: false, layout: false, blocks: false });
  });
});

describe('a bad request to POST /layout-parsing', () => {
  it.each([
    [{}, ['file']],
    [{ file: 3, fileType: 2 }, ['file', 'fileType']],
    [{ file: '' }, ['file']],
    [{ file, fileType: 'pdf' }, ['fileType']],
    [{ file, fileType: 1, layoutThreshold: 1.5 }, ['layoutThreshold']],
    [{ file, fileType: 1, layoutThreshold: { 1: 'x' } }, ['layoutThreshold']],
    [{ file, fileType: 1, layoutUnclipRatio: 0 }, ['layoutUnclipRatio']],
    [{ file, fileType: 1, layoutUnclipRatio: [1] }, ['layoutUnclipRatio']],
    [{ file, fileType: 1, layoutMergeBboxesMode: 'huge' }, ['layoutMergeBboxesMode']],
    [{ file, fileType: 1, layoutShapeMode: 'round' }, ['layoutShapeMode']],
    [{ file, fileType: 1, promptLabel: 'OCR' }, ['promptLabel']],
    [{ file, fileType: 1, repetitionPenalty: 0 }, ['repetitionPenalty']],
    [{ file, fileType: 1, temperature: -1 }, ['temperature']],
    [{ file, fileType: 1, topP: 0 }, ['topP']],
    [{ file, fileType: 1, minPixels: 0, maxNewTokens: 1.5 }, ['minPixels', 'maxNewTokens']],
    [{ file, fileType: 1, minPixels: 20, maxPixels: 10 }, ['minPixels']],
    [{ file, fileType: 1, markdownIgnoreLabels: 'header' }, ['markdownIgnoreLabels']],
    [{ file, fileType: 1, layoutShapeMode: null }, ['layoutShapeMode']],
    [{ file, fileType: 1, prettifyMarkdown: 'yes' }, ['prettifyMarkdown']],
    [[], ['']],
    [null, ['']],
  ])('%j is refused by the names of its fields', async (body, fields) => {
    const { response, pool } = await ask(body);
    const { errorCode, errorMsg, code } = await failureOf(response);
    expect(errorCode).toBe(422);
    expect(code).toBe('FIELDS_INVALID');
    expect(fieldsOf(errorMsg)).toEqual(fields);
    expect(pool.calls).toEqual([]);
  });

  it.each([
    [{ file }, 'File type cannot be determined'],
    [{ file: 'http://example.com/page' }, 'Unsupported file type'],
    [{ file: 'http://example.com/a.pdf/' }, 'Unsupported file type'],
    [{ file: 'http://example.com/page.docx' }, 'Unsupported file type'],
    [{ file: 'http://example.com/page.constructor' }, 'Unsupported file type'],
    [{ file, fileType: 1, useDocUnwarping: true }, 'the input params for model settings are invalid! useDocUnwarping'],
    [{ file, fileType: 1, useDocOrientationClassify: true }, 'the input params for model settings are invalid!'],
    [{ file, fileType: 1, outputFormats: ['docx'] }, 'outputFormats'],
    [{ file, fileType: 1, vlmExtraArgs: { ocr_min_pixels: 'many' } }, 'ocr_min_pixels must be a positive integer'],
    [{ file, fileType: 1, vlmExtraArgs: { ocr_min_pixels: 2, ocr_max_pixels: 1 } }, 'must not be larger'],
  ])("%j is refused in PaddleX's words where it has some", async (body, message) => {
    const { response, pool } = await ask(body);
    const { errorCode, errorMsg, code } = await failureOf(response);
    expect([errorCode, code]).toEqual([422, 'FIELDS_INVALID']);
    expect(errorMsg).toContain(message);
    expect(pool.calls).toEqual([]);
  });

  it.each(['http://127.0.0.1/page.png', 'http://[::1]/doc.PDF?x=1', 'http://10.0.0.1/a.tiff#b'])(
    'takes the type from the URL %s and does not fetch it',
    async (url) => {
      const { response } = await ask({ file: url });
      expect(await failureOf(response)).toMatchObject({ errorCode: 403, code: 'URL_FORBIDDEN' });
    },
  );

  it('says so when the file is not of the type it claims', async () => {
    const { response } = await ask({ file, fileType: 0 });
    const { errorCode, errorMsg } = await failureOf(response);
    expect(errorCode).toBe(422);
    expect(errorMsg).toContain('fileType 1');
  });

  it.each([
    ['%%%%', 422, 'BASE64_INVALID'],
    ['QUJ', 200, undefined],
    ['QU\nJD', 200, undefined],
    ['QUJD=QUJD', 422, 'BASE64_INVALID'],
    ['data:image/png;base64,QUJD', 422, 'BASE64_INVALID'],
  ])('%j as Base64 gives %i', async (text, status, code) => {
    const { response } = await ask({ file: text, fileType: 1 });
    expect(response.status).toBe(status);
    if (code) expect((await failureOf(response)).code).toBe(code);
  });

  it('keeps the envelope and the logId for whatever else goes wrong', async () => {
    const body = { file, fileType: 1, logId: 'mine' };
    const broken = await ask(body, { failure: new ModelError('IMAGE_UNREADABLE', 'It is damaged.') });
    expect(await failureOf(broken.response)).toMatchObject({ logId: 'mine', errorCode: 422, code: 'IMAGE_UNREADABLE' });
    const full = await ask(body, { failure: new PoolError('OVERLOADED', 'Full.', { retryAfterMs: 1000 }) });
    expect(full.response.headers.get('retry-after')).toBe('1');
    expect(await failureOf(full.response)).toMatchObject({ logId: 'mine', errorCode: 429 });
    const late = await ask(body, { pages: [page, { ...page, pageIndex: 1 }], failAfterPages: 1 });
    expect(await failureOf(late.response)).toMatchObject({ logId: 'mine', errorCode: 503, code: 'DEVICE_LOST' });
    const syntax = await ask('{');
    expect(await failureOf(syntax.response)).toMatchObject({ errorCode: 400, code: 'BODY_INVALID' });
    const key = await ask(body, {}, { QUIRE_SERVER_API_KEYS: 'user-key-1' });
    expect(await failureOf(key.response)).toMatchObject({ errorCode: 401, code: 'UNAUTHORIZED' });
  });

  it('answers 20 errors at most', async () => {
    const { response } = await ask({ file, fileType: 1, markdownIgnoreLabels: new Array(90).fill(1) });
    expect(fieldsOf((await failureOf(response)).errorMsg)).toHaveLength(20);
  });
});

describe('GET /health', () => {
  it.each([
    ['/health', 'Healthy'],
    ['/health/ready', 'Ready'],
  ])('%s is 200 when ready and 503 otherwise', async (path, errorMsg) => {
    const ready = await openTestApp().app.request(path);
    expect(await ready.json()).toEqual({ logId: expect.any(String), errorCode: 0, errorMsg });
    const not = await openTestApp({ isReady: false }).app.request(path);
    expect(await failureOf(not)).toMatchObject({ errorCode: 503, code: 'NO_DEVICE' });
  });
});
