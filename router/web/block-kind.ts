/** Families of labels; each has one colour in the style sheet (`--kind-…`). */
export type BlockKind = 'title' | 'text' | 'table' | 'formula' | 'figure' | 'note' | 'margin';

const kinds: Readonly<Record<string, BlockKind>> = {
  doc_title: 'title',
  paragraph_title: 'title',
  figure_title: 'note',
  text: 'text',
  abstract: 'text',
  content: 'text',
  algorithm: 'text',
  vertical_text: 'text',
  table: 'table',
  display_formula: 'formula',
  inline_formula: 'formula',
  formula_number: 'formula',
  image: 'figure',
  chart: 'figure',
  seal: 'figure',
  header_image: 'figure',
  footer_image: 'figure',
  reference: 'note',
  reference_content: 'note',
  footnote: 'note',
  vision_footnote: 'note',
  aside_text: 'note',
  header: 'margin',
  footer: 'margin',
  number: 'margin',
};

export function kindOf(label: string): BlockKind {
  return kinds[label] ?? 'text';
}

/** `paragraph_title` as a person writes it. */
export function nameOf(label: string): string {
  return label.replaceAll('_', ' ');
}

/** Below this confidence a block is marked for a second look. */
export const lowConfidence = 0.8;

export function isUncertain(block: {
  readonly confidence: number | null;
  readonly truncated?: string;
  readonly error?: unknown;
}): boolean {
  return block.error !== undefined || block.truncated !== undefined || (block.confidence ?? 1) < lowConfidence;
}
