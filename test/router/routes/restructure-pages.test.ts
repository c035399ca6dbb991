import { describe, expect, it } from 'vitest';
import { openTestApp } from '../../support/test-app.js';

const settings = { use_layout_detection: true, use_chart_recognition: false, markdown_ignore_labels: ['header'] };
const html = (...rows: string[]) =>
  `<table>${rows.map((row) => `<tr><td>${row}</td><td>v</td></tr>`).join('')}</table>`;

function block(label: string, content: string, id: number, box = [0, 0, 100, 20]) {
  return { block_label: label, block_content: content, block_bbox: box, block_id: id, block_order: null, group_id: id };
}

const pages = [
  {
    prunedResult: {
      input_path: '/secret',
      page_index: 0,
      page_count: null,
      width: 200,
      height: 300,
      model_settings: settings,
      layout_det_res: { input_path: '/secret', page_index: 0, boxes: [{ label: 'table' }] },
      parsing_res_list: [block('paragraph_title', '## 1 First', 0, [0, 0, 100, 30]), block('table', html('a', '1'), 1)],
      kept: { untouched: null },
    },
    markdownImages: { 'imgs/a.jpg': 'AAAA' },
  },
  {
    prunedResult: {
      width: 200,
      height: 300,
      model_settings: settings,
      layout_det_res: { boxes: [] },
      parsing_res_list: [
        block('header', 'Head', 0),
        block('table', html('a', '2'), 1),
        block('paragraph_title', '1.1 Second', 2, [0, 0, 100, 20]),
        block('image', '', 3, [0, 0, 50, 20]),
        { ...block('text', '', 4), group_id: 2 },
      ],
    },
    markdownImages: { 'imgs/b.jpg': 'BBBB' },
  },
];

async function ask(body: unknown) {
  const response = await openTestApp().app.request('/restructure-pages', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what is under test
  return { status: response.status, body: (await response.json()) as any };
}

describe('POST /restructure-pages', () => {
  it('joins tables, levels titles and echoes pictures, page by page', async () => {
    const { status, body } = await ask({ pages, logId: 'mine', prettifyMarkdown: false });
    expect(status).toBe(200);
    expect(body).toMatchObject({ logId: 'mine', errorCode: 0, errorMsg: 'Success' });
    const [first, second] = body.result.layoutParsingResults;
    expect(first.markdown).toEqual({
      text: `## 1 First\n\n${html('a', '1', '2')}`,
      images: { 'imgs/a.jpg': 'AAAA' },
    });
    expect(second.markdown.text).toBe('### 1.1 Second\n\n![](imgs/img_in_image_box_0_0_50_20.jpg)');
    expect(second.prunedResult.parsing_res_list.map((item: { block_content: string }) => item.block_content)).toEqual([
      'Head',
      '',
      '1.1 Second',
      '',
      '',
    ]);
    const ids = second.prunedResult.parsing_res_list.map((item: Record<string, unknown>) => [
      item.block_id,
      item.block_order,
      item.group_id,
      item.global_block_id,
      item.global_group_id,
    ]);
    expect(ids).toEqual([
      [0, null, 0, 2, 2],
      [1, null, 1, 3, 1],
      [2, 1, 2, 4, 4],
      [3, null, 3, 5, 5],
      [4, 2, 2, 6, 6],
    ]);
  });

  it('takes out paths and page indexes at any depth, and keeps the rest', async () => {
    const [first] = (await ask({ pages })).body.result.layoutParsingResults;
    expect(JSON.stringify(first)).not.toMatch(/input_path|page_index|secret/);
    expect(first.prunedResult).toMatchObject({ page_count: null, kept: { untouched: null } });
  });

  it('makes one result of all pages when asked', async () => {
    const { body } = await ask({ pages, concatenatePages: true });
    expect(body.result.layoutParsingResults).toHaveLength(1);
    const [{ prunedResult, markdown }] = body.result.layoutParsingResults;
    expect(prunedResult.page_count).toBe(2);
    expect(prunedResult.layout_det_res).toEqual([{ boxes: [{ label: 'table' }] }, { boxes: [] }]);
    const ids = prunedResult.parsing_res_list.map((item: Record<string, unknown>) => [item.block_id, item.group_id]);
    expect(ids).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
      [5, 5],
      [6, 4],
    ]);
    expect(markdown.images).toEqual({ 'imgs/a.jpg': 'AAAA', 'imgs/b.jpg': 'BBBB' });
  });

  it('leaves tables, titles and pictures alone when told to', async () => {
    const options = { mergeTables: false, relevelTitles: false, returnMarkdownImages: false, prettifyMarkdown: false };
    const { body } = await ask({ pages, ...options });
    const [first, second] = body.result.layoutParsingResults;
    expect(first.markdown).toEqual({ text: `## 1 First\n\n${html('a', '1')}` });
    expect(second.markdown.text).toContain(html('a', '2'));
  });

  it.each([
    [{}],
    [{ pages: [] }],
    [{ pages: [{}] }],
    [{ pages: [{ prunedResult: {} }] }],
    [{ pages: [{ prunedResult: { parsing_res_list: [{ block_label: 'text' }] } }] }],
    [{ pages, mergeTables: 'yes' }],
    [{ pages, outputFormats: ['docx'] }],
  ])('refuses %j', async (wrong) => {
    const { status, body } = await ask(wrong);
    expect([status, body.errorCode, body.code]).toEqual([422, 422, 'FIELDS_INVALID']);
  });
});
