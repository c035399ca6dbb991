/**
 * LaTeX delimiters as Markdown reads them: `\(…\)` becomes ` $ … $` and `\[…\]` becomes ` $$ … $$ `, after every other
 * dollar is taken out. Texts without a pair of either stay as they are. Source: PaddleX's PaddleOCR-VL pipeline.
 */
export function normalizeFormula(text: string, isFormulaNumber = false): string {
  const has = (open: string, close: string) => text.includes(open) && text.includes(close);
  if (!has('\\(', '\\)') && !has('\\[', '\\]')) return text;
  const normal = text
    .replaceAll('$', '')
    .replaceAll('\\(', ' $ ')
    .replaceAll('\\)', ' $')
    .replaceAll('\\[\\[', '\\[')
    .replaceAll('\\]\\]', '\\]')
    .replaceAll('\\[', ' $$$$ ')
    .replaceAll('\\]', ' $$$$ ');
  return isFormulaNumber ? normal.replaceAll('$', '') : normal;
}
