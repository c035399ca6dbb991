import { bareLatex, findFormulas } from './find-formulas.js';
import { loadMarkdownIt, loadPurify, loadTemml } from './vendor.js';

/** Elements and attributes a page of text may need; everything else of a block's text is dropped. */
const allowed = {
  ALLOWED_TAGS: [
    ...[
      'p',
      'br',
      'hr',
      'h1',
      'h2',
      'h3',
      'h4',
      'h5',
      'h6',
      'ul',
      'ol',
      'li',
      'blockquote',
      'pre',
      'code',
      'div',
      'span',
    ],
    ...['b', 'strong', 'i', 'em', 'u', 's', 'del', 'sub', 'sup'],
    ...['table', 'caption', 'colgroup', 'col', 'thead', 'tbody', 'tfoot', 'tr', 'td', 'th'],
  ],
  ALLOWED_ATTR: ['colspan', 'rowspan', 'start', 'data-formula'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};

/** Longest text that is rendered; a block longer than this is shown as it stands. */
const maxRenderedLength = 200_000;

/**
 * The text of a block as safe elements: Markdown and the HTML of tables through a sanitiser that knows few tags,
 * formulas as MathML built node by node. Nothing in the text can run, load or link.
 */
export async function renderText(text: string): Promise<DocumentFragment> {
  if (text.length > maxRenderedLength) return plainText(text);
  const formulas: { latex: string; isDisplay: boolean }[] = [];
  // Formulas leave the text before Markdown sees their underscores and backslashes.
  const source = findFormulas(text)
    .map((piece) => {
      if (piece.type === 'text') return piece.text;
      formulas.push(piece);
      return `<span data-formula="${formulas.length - 1}"></span>`;
    })
    .join('');
  const [MarkdownIt, purify] = await Promise.all([loadMarkdownIt(), loadPurify()]);
  const html = new MarkdownIt({ html: true, breaks: true, linkify: false })
    .disable(['link', 'image', 'autolink'])
    .render(source);
  const fragment = purify.sanitize(html, { ...allowed, RETURN_DOM_FRAGMENT: true });
  for (const place of fragment.querySelectorAll('[data-formula]')) {
    const formula = formulas[Number(place.getAttribute('data-formula'))];
    if (formula) place.replaceWith(await renderFormula(formula.latex, formula.isDisplay));
  }
  return fragment;
}

/** A formula as MathML; LaTeX that cannot be set is shown as it was read. */
export async function renderFormula(latex: string, isDisplay: boolean): Promise<HTMLElement> {
  const place = document.createElement(isDisplay ? 'div' : 'span');
  place.className = isDisplay ? 'formula formula-display' : 'formula';
  const bare = bareLatex(latex);
  try {
    const temml = await loadTemml();
    temml.render(bare, place, {
      displayMode: isDisplay,
      throwOnError: true,
      trust: false,
      maxExpand: 500,
      maxSize: [20, 20],
    });
  } catch {
    const code = document.createElement('code');
    code.textContent = bare;
    code.title = 'This formula could not be set; its LaTeX is shown.';
    place.replaceChildren(code);
  }
  return place;
}

function plainText(text: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  const pre = document.createElement('pre');
  pre.textContent = text;
  fragment.append(pre);
  return fragment;
}
