/** A piece of a text: plain, or LaTeX to be set in the line or on its own. */
export type TextPiece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'formula'; readonly latex: string; readonly isDisplay: boolean };

const delimiters = [
  { open: '$$', close: '$$', isDisplay: true },
  { open: '\\[', close: '\\]', isDisplay: true },
  { open: '\\(', close: '\\)', isDisplay: false },
  { open: '$', close: '$', isDisplay: false },
] as const;

/**
 * Splits a text at its formulas. A single dollar opens one only where LaTeX is plausible: no blank after it or before
 * its partner, no digit after that (as in "$5 and $6"), and no line break between.
 */
export function findFormulas(text: string): TextPiece[] {
  const pieces: TextPiece[] = [];
  let plainFrom = 0;
  let at = 0;
  while (at < text.length) {
    const found = formulaAt(text, at);
    if (!found) {
      at += text[at] === '\\' && text[at + 1] === '$' ? 2 : 1;
      continue;
    }
    if (at > plainFrom) pieces.push({ type: 'text', text: text.slice(plainFrom, at) });
    pieces.push({ type: 'formula', latex: found.latex, isDisplay: found.isDisplay });
    at = found.end;
    plainFrom = at;
  }
  if (plainFrom < text.length) pieces.push({ type: 'text', text: text.slice(plainFrom) });
  return pieces;
}

/** LaTeX without the delimiters around it, as blocks of the reader carry them. */
export function bareLatex(text: string): string {
  const trimmed = text.trim();
  const found = formulaAt(trimmed, 0);
  return found && found.end === trimmed.length ? found.latex : trimmed;
}

function formulaAt(text: string, at: number): { latex: string; isDisplay: boolean; end: number } | null {
  const delimiter = delimiters.find(({ open }) => text.startsWith(open, at));
  if (!delimiter) return null;
  const from = at + delimiter.open.length;
  const close = text.indexOf(delimiter.close, from);
  if (close < 0) return null;
  const latex = text.slice(from, close);
  const end = close + delimiter.close.length;
  if (latex.trim() === '') return null;
  if (delimiter.open === '$' && (/^\s|\s$|\n/.test(latex) || /\d/.test(text[end] ?? ''))) return null;
  return { latex: latex.trim(), isDisplay: delimiter.isDisplay, end };
}
