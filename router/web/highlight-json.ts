import { element } from './element.js';

/** Characters shown at most; the download has all of it. */
const maxShownLength = 400_000;

const token = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** A value as indented JSON with its keys, texts and numbers in colour. Short arrays of numbers stay in one line. */
export function highlightJson(value: unknown): HTMLElement {
  const full = formatJson(value);
  const text = full.slice(0, maxShownLength);
  const code = element('code');
  let from = 0;
  for (const match of text.matchAll(token)) {
    code.append(text.slice(from, match.index));
    const [whole, quoted, colon, word] = match;
    const role = quoted ? (colon ? 'key' : 'string') : word ? 'word' : 'number';
    code.append(element('span', { class: `json-${role}` }, quoted ?? whole), colon ?? '');
    from = match.index + whole.length;
  }
  code.append(text.slice(from));
  const pre = element('pre', { tabindex: 0, 'aria-label': 'JSON' }, code);
  if (full.length === text.length) return pre;
  return element(
    'div',
    {},
    element('p', { class: 'panel-note' }, 'Only the beginning is shown; the download has it all.'),
    pre,
  );
}

/** JSON with two blanks of indent and boxes in one line. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(
    /\[\s+(-?\d+(?:\.\d+)?(?:,\s+-?\d+(?:\.\d+)?){0,7})\s+\]/g,
    (_, numbers: string) => `[${numbers.replaceAll(/\s+/g, ' ')}]`,
  );
}
