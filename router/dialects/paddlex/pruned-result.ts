import { blockMarkdown, classIdOf, type PageOutcome, type RecipeOptions, readingPlaces } from '#pool';
import type { ParsedBlock, PrunedResult } from './layout-response.js';

/** One page as PaddleX's JSON has it, less the input path that its server takes out. */
export function toPrunedResult(page: PageOutcome, recipe: RecipeOptions): PrunedResult {
  const { width, height } = page;
  return {
    page_index: null,
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
    layout_det_res: { page_index: null, boxes: toLayoutBoxes(page, recipe) },
  };
}

function toParsedBlocks({ blocks, width }: PageOutcome, recipe: RecipeOptions): ParsedBlock[] {
  // A page without layout is one block that PaddleX names after its prompt.
  const labels = blocks.map(({ label }) => (recipe.useLayoutDetection ? label : recipe.promptLabel));
  const places = readingPlaces(labels, recipe.markdownIgnoreLabels);
  const indexOfOrder = new Map(blocks.map(({ order }, index) => [order, index]));
  return blocks.map((block, index) => ({
    block_label: labels[index],
    block_content: recipe.formatBlockContent ? blockMarkdown(block, width, recipe) : block.text,
    block_bbox: [...block.box],
    block_id: index,
    block_order: places[index],
    group_id: indexOfOrder.get(block.mergedInto ?? block.order) ?? index,
    ...(block.error ? { block_error: { code: block.error.code, message: block.error.message } } : {}),
  }));
}

/** The unfiltered boxes of the detector; without layout the page itself is the box. */
function toLayoutBoxes(
  { detections, width, height }: PageOutcome,
  { useLayoutDetection, promptLabel }: RecipeOptions,
): PrunedResult['layout_det_res']['boxes'] {
  if (!useLayoutDetection) {
    return [{ cls_id: 0, label: promptLabel, score: 1, coordinate: [0, 0, width, height], order: 1 }];
  }
  const places = readingPlaces(detections.map(({ label }) => label));
  return detections.map(({ label, score, box }, index) => ({
    cls_id: classIdOf(label) ?? -1,
    label,
    score,
    coordinate: [...box],
    order: places[index],
  }));
}
