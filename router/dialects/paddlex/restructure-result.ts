import {
  type Block,
  type Box,
  formatMarkdown,
  paddlexRecipe,
  picturePathOf,
  type Restructured,
  readingPlaces,
  restructurePages,
} from '#pool';
import type { PrunedPage, RestructureRequest } from './restructure-request.js';

/** One result of `/restructure-pages`: the page as it came, with its blocks, and its Markdown. */
export interface RestructureItem {
  readonly prunedResult: Readonly<Record<string, unknown>>;
  readonly markdown: { readonly text: string; readonly images?: Readonly<Record<string, string>> };
}

/** A block of a request with what it was made of. */
interface GivenBlock extends Block {
  readonly given: PrunedPage['parsing_res_list'][number];
}

/** Keys that PaddleX takes out of its answers, at any depth. */
const prunedKeys: ReadonlySet<string> = new Set(['input_path', 'page_index']);
const mostDepth = 64;

/** The pages of a document again, as its tables and titles stand in the whole; one result for all when asked. */
export function toRestructureItems(request: RestructureRequest): RestructureItem[] {
  const pages = restructurePages(
    request.pages.map(({ prunedResult }) => toBlocks(prunedResult)),
    request,
  );
  if (!request.concatenatePages) {
    return request.pages.map(({ prunedResult, markdownImages }, index) =>
      toItem(prunedResult, pages[index], markdownImages ?? undefined, request),
    );
  }
  const [first] = request.pages;
  const whole = {
    ...first.prunedResult,
    page_count: pages.length,
    ...('layout_det_res' in first.prunedResult
      ? { layout_det_res: request.pages.map(({ prunedResult }) => prunedResult.layout_det_res) }
      : {}),
  };
  const images = Object.assign({}, ...request.pages.map(({ markdownImages }) => markdownImages ?? {}));
  return [toItem(whole, pages.flat(), images, request)];
}

function toBlocks({ parsing_res_list }: PrunedPage): GivenBlock[] {
  return parsing_res_list.map((given, index) => ({
    // Labels of pages without layout are no classes of the detector, but they are written like these.
    label: (given.block_label === 'ocr' ? 'text' : given.block_label) as Block['label'],
    box: given.block_bbox as Box,
    text: (given.block_content ?? '').replace(/^#+\s/, ''),
    confidence: null,
    order: index + 1,
    given,
  }));
}

function toItem(
  page: PrunedPage,
  blocks: readonly Restructured<GivenBlock>[],
  images: Readonly<Record<string, string>> | undefined,
  { prettifyMarkdown, showFormulaNumber, returnMarkdownImages }: RestructureRequest,
): RestructureItem {
  const settings = page.model_settings ?? {};
  const markdownIgnoreLabels = settings.markdown_ignore_labels ?? paddlexRecipe.markdownIgnoreLabels;
  const useChartRecognition = settings.use_chart_recognition === true;
  const hasLayout = settings.use_layout_detection !== false;
  const text = formatMarkdown(
    blocks,
    page.width ?? blocks.reduce((right, { box }) => Math.max(right, box[2]), 1),
    { prettifyMarkdown, showFormulaNumber, markdownIgnoreLabels },
    (block) => (hasLayout ? picturePathOf(block, { useChartRecognition }) : undefined),
  );
  const pruned = prune({ ...page, parsing_res_list: toParsedBlocks(blocks, markdownIgnoreLabels) });
  return {
    prunedResult: pruned as RestructureItem['prunedResult'],
    markdown: { text, ...(returnMarkdownImages && images ? { images } : {}) },
  };
}

function toParsedBlocks(blocks: readonly Restructured<GivenBlock>[], ignored: readonly string[]) {
  const places = readingPlaces(
    blocks.map(({ given }) => given.block_label),
    ignored,
  );
  const indexOfGlobal = new Map(blocks.map(({ inDocument }, index) => [inDocument.index, index]));
  return blocks.map(({ given, text, inDocument }, index) => {
    // Groups are numbered within their page; where pages are put together they move with it.
    const own = typeof given.block_id === 'number' ? given.block_id : index;
    const group = typeof given.group_id === 'number' ? given.group_id : own;
    return {
      ...given,
      block_content: text,
      block_id: index,
      block_order: places[index],
      group_id: indexOfGlobal.get(inDocument.index + group - own) ?? index,
      global_block_id: inDocument.index,
      global_group_id: inDocument.groupIndex,
    };
  });
}

function prune(value: unknown, depth = 0): unknown {
  if (depth > mostDepth || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => prune(item, depth + 1));
  const kept = Object.entries(value).filter(([key]) => !prunedKeys.has(key));
  return Object.fromEntries(kept.map(([key, item]) => [key, prune(item, depth + 1)]));
}
