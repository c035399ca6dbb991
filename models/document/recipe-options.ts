import type { Task } from '../generation/task.js';
import { defaultLayoutOptions, type LayoutOptions } from '../layout/layout-options.js';
import type { LayoutLabel } from '../layout/region.js';

/** Pixels of a resized crop, at least and at most. */
export interface PixelRange {
  readonly minPixels?: number;
  readonly maxPixels?: number;
}

/** What a page without layout is read as: the task, and the label of its one block. */
export type PromptLabel = Task;

/** How a page is planned, read and written; the names are those of PaddleX requests, the defaults those it ships. */
export interface RecipeOptions extends LayoutOptions {
  /** Off: the page is one block, read as `promptLabel`. */
  readonly useLayoutDetection: boolean;
  readonly promptLabel: PromptLabel;
  readonly useChartRecognition: boolean;
  readonly useSealRecognition: boolean;
  /** Reads the text in `image`, `header_image` and `footer_image` blocks. */
  readonly useOcrForImageBlock: boolean;
  /** Text blocks that continue one another (next column, round a figure) become one. */
  readonly mergeLayoutBlocks: boolean;
  /** The text of a block in JSON is written as in the Markdown. */
  readonly formatBlockContent: boolean;
  /** Blocks left out of the Markdown and of the numbering. */
  readonly markdownIgnoreLabels: readonly string[];
  /** Centred pictures, captions and tables by HTML; otherwise plain Markdown. */
  readonly prettifyMarkdown: boolean;
  readonly showFormulaNumber: boolean;
  /** Ink that no block covers becomes text blocks of its own. */
  readonly coverInk: boolean;
  /** Pixel limits of every task except spotting; absent: those of the model. */
  readonly minPixels?: number;
  readonly maxPixels?: number;
  /** Pixel limits of single tasks; they go before the ones above. */
  readonly taskPixels?: Readonly<Partial<Record<Task, PixelRange>>>;
  /** Output tokens of a crop at most; absent: the limit of the engine. */
  readonly maxNewTokens?: number;
}

/** Labels PaddleX leaves out of its Markdown. */
export const paddlexIgnoreLabels: readonly LayoutLabel[] = [
  'number',
  'footnote',
  'header',
  'header_image',
  'footer',
  'footer_image',
  'aside_text',
];

/** What a PaddleX request that sets nothing means. */
export const paddlexRecipe: RecipeOptions = {
  ...defaultLayoutOptions,
  useLayoutDetection: true,
  promptLabel: 'ocr',
  useChartRecognition: false,
  useSealRecognition: false,
  useOcrForImageBlock: false,
  mergeLayoutBlocks: true,
  formatBlockContent: false,
  markdownIgnoreLabels: paddlexIgnoreLabels,
  prettifyMarkdown: true,
  showFormulaNumber: false,
  coverInk: true,
};

/** Quire's own default: plain Markdown of everything that is printed, each block as it stands on the page. */
export const defaultRecipe: RecipeOptions = {
  ...paddlexRecipe,
  mergeLayoutBlocks: false,
  markdownIgnoreLabels: [],
  prettifyMarkdown: false,
  showFormulaNumber: true,
};

/** A recipe with the fields of a request in place of its own; absent and null fields keep it. */
export function resolveRecipe(
  request: { readonly [Name in keyof RecipeOptions]?: RecipeOptions[Name] | null },
  base: RecipeOptions = defaultRecipe,
): RecipeOptions {
  const given = Object.entries(request).filter(([, value]) => value !== undefined && value !== null);
  return { ...base, ...Object.fromEntries(given) };
}
