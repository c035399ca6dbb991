import type { LayoutLabel } from './region.js';

/** Labels that stand beside the text flow and get no place in it. Source: PaddleX's layout post-processing. */
export const besideTheText: ReadonlySet<string> = new Set<LayoutLabel>([
  'figure_title',
  'vision_footnote',
  'image',
  'chart',
  'table',
  'header',
  'header_image',
  'footer',
  'footer_image',
  'footnote',
  'aside_text',
]);

/**
 * 1-based places in the reading order, for labels already in that order; null for those beside the text flow and for
 * the ones to ignore, which take no number.
 */
export function readingPlaces(labels: readonly string[], ignored: readonly string[] = []): (number | null)[] {
  let place = 0;
  return labels.map((label) => (besideTheText.has(label) || ignored.includes(label) ? null : ++place));
}
