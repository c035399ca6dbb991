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
  ALLOWED_ATTR: ['colspan', 'rowspan', 'start'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};

/** Stands on both sides of a formula's number while Markdown is at work; a character for private use, so never printed. */
const placeMark = '\uE000';

/** Longest text that is rendered; a block longer than this is shown as it stands. */
const maxRenderedLength = 200_000;

/**
 * The text of a block as safe elements: Markdown and the HTML of tables through a sanitiser that knows few tags,
 * formulas as MathML built node by node; `isInline` for headings, which hold no paragraphs. Nothing in the text can run, load or link.
 */
export async function renderText(text: string, isInline = false): Promise<DocumentFragment> {
  if (text.length > maxRenderedLength) return plainText(text);
  const formulas: { latex: string; isDisplay: boolean }[] = [];
  // Formulas leave the text before Markdown sees their underscores and backslashes.
  const source = findFormulas(text.replaceAll(placeMark, ''))
    .map((piece) => {
      if (piece.type === 'text') return piece.text;
      formulas.push(piece);
      return `${placeMark}${formulas.length - 1}${placeMark}`;
    })
    .join('');
  const [MarkdownIt, purify] = await Promise.all([loadMarkdownIt(), loadPurify()]);
  // Only tables come as HTML; a `<tag>` printed on a page is text like any other.
  const isTable = /^\s*<table[\s>]/i.test(source);
  const markdown = new MarkdownIt({ html: false, breaks: true }).disable(['link', 'image', 'autolink', 'reference']);
  const html = isTable ? source : isInline ? markdown.renderInline(source) : markdown.render(source);
  const fragment = purify.sanitize(html, { ...allowed, RETURN_DOM_FRAGMENT: true });
  await placeFormulas(fragment, formulas);
  return fragment;
}

async function placeFormulas(
  fragment: DocumentFragment,
  formulas: readonly { latex: string; isDisplay: boolean }[],
): Promise<void> {
  if (formulas.length === 0) return;
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  const places: Text[] = [];
  while (walker.nextNode())
    if ((walker.currentNode as Text).data.includes(placeMark)) places.push(walker.currentNode as Text);
  for (const place of places) {
    const pieces = await Promise.all(
      place.data.split(placeMark).map((piece, index) => {
        const formula = index % 2 === 1 ? formulas[Number(piece)] : undefined;
        return formula ? renderFormula(formula.latex, formula.isDisplay) : piece;
      }),
    );
    place.replaceWith(...pieces);
  }
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
