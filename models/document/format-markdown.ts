import type { LayoutLabel } from '../layout/region.js';
import { escapeHtml } from './otsl-to-html.js';
import type { Block } from './page-result.js';
import type { RecipeOptions } from './recipe-options.js';
import { titleMarkdown } from './title-level.js';

/** Relative path of the picture of a block; undefined where there is none. */
export type PicturePath = (block: Block) => string | undefined;

export type MarkdownOptions = Pick<RecipeOptions, 'prettifyMarkdown' | 'markdownIgnoreLabels' | 'showFormulaNumber'>;

const pictureLabels: ReadonlySet<LayoutLabel> = new Set(['image', 'header_image', 'footer_image', 'chart', 'seal']);

/**
 * Markdown of a page: its blocks, a blank line apart. `prettifyMarkdown` centres captions, pictures and tables by HTML,
 * as PaddleX's default does; without it captions are text and tables bare HTML. Labels that are ignored are left out,
 * and so are pictures without a path.
 */
export function formatMarkdown(
  blocks: readonly Block[],
  pageWidth: number,
  options: MarkdownOptions,
  picturePath: PicturePath = () => undefined,
): string {
  const kept = blocks.filter(({ label }) => !options.markdownIgnoreLabels.includes(label));
  return kept
    .map((block, index) => {
      const next = kept[index + 1];
      const isOwnNumber = block.label === 'formula_number' && kept[index - 1]?.label !== 'display_formula';
      if (options.showFormulaNumber && isOwnNumber) return block.text;
      const number = options.showFormulaNumber && next?.label === 'formula_number' ? next.text : undefined;
      return blockMarkdown(block, pageWidth, options, picturePath(block), number);
    })
    .filter((text) => text !== '')
    .join('\n\n');
}

/** Markdown of one block; `formulaNumber` is the number printed beside a display formula. */
export function blockMarkdown(
  block: Block,
  pageWidth: number,
  { prettifyMarkdown: isPretty }: Pick<MarkdownOptions, 'prettifyMarkdown'>,
  picture?: string,
  formulaNumber?: string,
): string {
  const { label, text } = block;
  if (label === 'chart' && picture === undefined && text.includes('|')) return chartMarkdown(text, isPretty);
  if (pictureLabels.has(label)) return pictureMarkdown(block, pageWidth, isPretty, picture);
  if (text === '') return '';
  switch (label) {
    case 'doc_title':
      return `# ${text.replaceAll('-\n', '').replaceAll('\n', ' ')}`;
    case 'paragraph_title':
      return titleMarkdown(text, block.titleLevel);
    case 'text':
    case 'vertical_text':
    case 'reference_content':
    case 'vision_footnote':
      return isPretty ? text.replaceAll('\n\n', '\n').replaceAll('\n', '\n\n') : breakLines(text);
    case 'abstract':
      return abstractMarkdown(text);
    case 'content':
      return text.replaceAll('-\n', '  \n').replaceAll(/(?<! {2})\n/g, '  \n');
    case 'algorithm':
      return withoutOuterBreaks(text);
    case 'figure_title':
      return isPretty ? `${centred(text.replaceAll('\n', ' '))}\n` : text;
    case 'table':
      return isPretty ? `\n${prettyTable(text)}` : text;
    case 'display_formula':
      return formulaNumber === undefined ? text : tagFormula(text, formulaNumber);
    case 'formula_number':
    case 'reference':
      return '';
    default:
      return text;
  }
}

/** Items of a list stay items; other line breaks become Markdown's. */
function breakLines(text: string): string {
  const isItem = (line: string) => /^(?:[-*+] |\d{1,3}[.)] )/.test(line);
  const lines = text.split('\n').map((line) => line.replace(/^[•●▪■◦‣∙·]\s*/, '- '));
  return lines.reduce((joined, line, index) => {
    if (index === 0) return line;
    return joined + (isItem(line) ? '\n' : '  \n') + line;
  }, '');
}

function abstractMarkdown(text: string): string {
  const [first, ...rest] = text.split(' ');
  return /^(?:摘要|abstract)$/i.test(first) ? `## ${first}\n${rest.join(' ')}` : text;
}

function pictureMarkdown(block: Block, pageWidth: number, isPretty: boolean, path?: string): string {
  const read = block.text === '' ? '' : `\n\n${block.text}`;
  if (path === undefined) return block.text;
  if (!isPretty) return `![](${path})${read}`;
  const percent = Math.floor((100 * (block.box[2] - block.box[0])) / pageWidth);
  return `${centred(`<img src="${path}" alt="Image" width="${percent}%" />`)}\n${read}`;
}

/** A chart as the reader tells it, a row a line and `|` between cells, as an HTML table; the first line is its head. */
function chartMarkdown(text: string, isPretty: boolean): string {
  const [head, ...body] = text.trim().split('\n');
  const row = (line: string, tag: 'th' | 'td') =>
    `<tr>${line
      .split('|')
      .map((cell) => `<${tag}>${escapeHtml(cell.trim())}</${tag}>`)
      .join('')}</tr>`;
  const rows = body.map((line) => row(line, 'td')).join('');
  const html = `<table><thead>${row(head, 'th')}</thead><tbody>${rows}</tbody></table>`;
  return isPretty ? prettyTable(html) : html;
}

function centred(text: string): string {
  return `<div style="text-align: center;">${text}</div>`;
}

function prettyTable(html: string): string {
  const cell = (tag: string) => `<${tag} style='text-align: center; word-wrap: break-word;'>`;
  return html
    .replaceAll('<table>', "<table border=1 style='margin: auto; word-wrap: break-word;'>")
    .replaceAll('<th>', cell('th'))
    .replaceAll('<td>', cell('td'));
}

/** By hand: an expression anchored at the end tries every run of breaks in the text. */
function withoutOuterBreaks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text[start] === '\n') start++;
  while (end > start && text[end - 1] === '\n') end--;
  return text.slice(start, end);
}

function withoutDollars(text: string): string {
  const opened = text.startsWith('$$') ? text.slice(2) : text;
  return (opened.endsWith('$$') ? opened.slice(0, -2) : opened).trim();
}

function tagFormula(text: string, number: string): string {
  if (!text.includes('$$')) return `${text} ${number}`;
  const tag = number.trim().replace(/^[(（]|[)）]$/g, '');
  const body = withoutDollars(text.trim());
  return `$$${body} \\tag*{(${tag})}$$`;
}
