/** Corners `[x0, y0, x1, y1]` in page pixels; `x1` and `y1` lie outside the box. */
export type Box = readonly [x0: number, y0: number, x1: number, y1: number];

/** The classes of PP-DocLayoutV2 and V3, in id order. */
export const layoutLabels = [
  'abstract',
  'algorithm',
  'aside_text',
  'chart',
  'content',
  'display_formula',
  'doc_title',
  'figure_title',
  'footer',
  'footer_image',
  'footnote',
  'formula_number',
  'header',
  'header_image',
  'image',
  'inline_formula',
  'number',
  'paragraph_title',
  'reference',
  'reference_content',
  'seal',
  'table',
  'text',
  'vertical_text',
  'vision_footnote',
] as const;

export type LayoutLabel = (typeof layoutLabels)[number];

/** One detected region of a page. */
export interface Region {
  readonly label: LayoutLabel;
  readonly box: Box;
  /** Sigmoid score of the label, 0 to 1. */
  readonly score: number;
  /** Reading rank: smaller is read earlier; unique within a page, not consecutive. */
  readonly order: number;
}
