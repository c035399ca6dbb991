import {
  type Block,
  blockMarkdown,
  classIdOf,
  type DocumentPlace,
  type PageOutcome,
  picturePathOf,
  type RecipeOptions,
  readingPlaces,
  type SpottedText,
} from '#pool';
import type { ParsedBlock, PrunedResult } from './layout-response.js';

/** A page whose blocks may know their places in the document. */
export interface DocumentPage extends PageOutcome {
  readonly blocks: readonly DocumentBlock[];
}

export interface DocumentBlock extends Block {
  readonly inDocument?: DocumentPlace;
}

/**
 * One page as PaddleX's JSON has it, less the path and index of the page that its server takes out. `texts` are those
 * that spotting found.
 */
export function toPrunedResult(
  page: DocumentPage,
  recipe: RecipeOptions,
  texts?: readonly SpottedText[],
): PrunedResult {
  const { width, height } = page;
  return {
    page_count: null,
    width,
    height,
    model_settings: {
      use_doc_preprocessor: false,
      use_layout_detection: recipe.useLayoutDetection,
      use_chart_recognition: recipe.useChartRecognition,
      use_seal_recognition: recipe.useSealRecognition,
      use_ocr_for_image_block: recipe.useOcrForImageBlock,
      format_block_content: recipe.formatBlockContent,
      merge_layout_blocks: recipe.mergeLayoutBlocks,
      markdown_ignore_labels: [...recipe.markdownIgnoreLabels],
      return_layout_polygon_points: false,
    },
    parsing_res_list: toParsedBlocks(page, recipe),
    ...(texts ? { spotting_res: toSpottingResult(texts) } : {}),
    ...(recipe.useLayoutDetection ? { layout_det_res: { boxes: toLayoutBoxes(page) } } : {}),
  };
}

function toParsedBlocks({ blocks, width }: DocumentPage, recipe: RecipeOptions): ParsedBlock[] {
  // A page without layout is one block that PaddleX names after its prompt.
  const labels = blocks.map(({ label }) => (recipe.useLayoutDetection ? label : recipe.promptLabel));
  const places = readingPlaces(labels, recipe.markdownIgnoreLabels);
  const indexOfOrder = new Map(blocks.map(({ order }, index) => [order, index]));
  return blocks.map((block, index) => ({
    block_label: labels[index],
    block_content: recipe.formatBlockContent ? formatted(block, width, recipe) : block.text,
    block_bbox: [...block.box],
    block_id: index,
    block_order: places[index],
    group_id: indexOfOrder.get(block.mergedInto ?? block.order) ?? index,
    ...(block.inDocument
      ? { global_block_id: block.inDocument.index, global_group_id: block.inDocument.groupIndex }
      : {}),
    ...(block.error ? { block_error: { code: block.error.code, message: block.error.message } } : {}),
  }));
}

/** Always in the pretty form, and only of blocks that the Markdown shows. */
function formatted(block: Block, width: number, recipe: RecipeOptions): string {
  if (recipe.markdownIgnoreLabels.includes(block.label)) return block.text;
  const path = recipe.useLayoutDetection ? picturePathOf(block, recipe) : undefined;
  return blockMarkdown(block, width, { prettifyMarkdown: true }, path);
}

function toSpottingResult(texts: readonly SpottedText[]): NonNullable<PrunedResult['spotting_res']> {
  return {
    rec_polys: texts.map(({ corners }) => corners.map(([x, y]): [number, number] => [x, y])),
    rec_texts: texts.map(({ text }) => text),
  };
}

/** The unfiltered boxes of the detector. */
function toLayoutBoxes({ detections }: PageOutcome): NonNullable<PrunedResult['layout_det_res']>['boxes'] {
  const places = readingPlaces(detections.map(({ label }) => label));
  return detections.map(({ label, score, box }, index) => ({
    cls_id: classIdOf(label) ?? -1,
    label,
    score,
    coordinate: [...box],
    order: places[index],
  }));
}
