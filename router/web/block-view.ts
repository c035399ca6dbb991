import { isUncertain, kindOf, nameOf } from './block-kind.js';
import { cutPicture } from './cut-picture.js';
import type { BlockState, PageState } from './document-state.js';
import { element } from './element.js';
import { renderFormula, renderText } from './render-text.js';

/** Where the picture of a page comes from; null while there is none. */
export type PictureSource = () => Promise<ImageBitmap | null>;

/**
 * A block of a page as an article with its place in the reading order, its text and its doubts. The text is set
 * once its libraries are here; until then it stands as plain text, so nothing flickers from empty to full.
 */
export function createBlockView(page: PageState, block: BlockState, picture: PictureSource): HTMLElement {
  const body = element('div', { class: 'block-body' });
  const view = element(
    'article',
    {
      class: `block kind-${kindOf(block.label)}${block.isRead ? '' : ' is-waiting'}${isUncertain(block) ? ' is-uncertain' : ''}`,
      'data-order': block.order,
      tabindex: -1,
      'aria-label': `Block ${block.order}, ${nameOf(block.label)}${block.isRead ? '' : ', not read yet'}`,
    },
    element('span', { class: 'block-order', 'aria-hidden': 'true' }, String(block.order)),
    body,
    marksOf(block),
  );
  if (block.isRead) void fillBody(body, page, block, picture);
  else body.append(element('span', { class: 'skeleton' }), element('span', { class: 'skeleton' }));
  return view;
}

async function fillBody(body: HTMLElement, page: PageState, block: BlockState, picture: PictureSource): Promise<void> {
  if (block.error) {
    body.append(
      element('p', { class: 'block-error' }, `${block.error.message} `, element('code', {}, block.error.code)),
    );
    return;
  }
  if (block.text === '') {
    const bitmap = kindOf(block.label) === 'figure' ? await picture() : null;
    body.append(
      bitmap
        ? cutPicture(bitmap, page, block.box, `Picture of block ${block.order}, ${nameOf(block.label)}`)
        : element(
            'p',
            { class: 'block-empty' },
            kindOf(block.label) === 'figure' ? 'picture, not read' : 'no text found',
          ),
    );
    return;
  }
  const target = containerOf(block, body);
  target.textContent = block.text;
  const isFormula = block.label === 'display_formula' || block.label === 'inline_formula';
  const content = isFormula ? await renderFormula(block.text, true) : await renderText(block.text, target !== body);
  target.replaceChildren(content);
}

/** Titles become headings below the page's own; the rest stays in its body. */
function containerOf(block: BlockState, body: HTMLElement): HTMLElement {
  if (kindOf(block.label) !== 'title') return body;
  const heading = element(block.label === 'doc_title' ? 'h3' : 'h4', {});
  body.append(heading);
  return heading;
}

function marksOf(block: BlockState): HTMLElement | null {
  const marks: HTMLElement[] = [];
  if (block.truncated) {
    const reason = block.truncated === 'repetition' ? 'cut short: it repeated itself' : 'cut short: too long';
    marks.push(element('span', { class: 'mark' }, reason));
  }
  if (block.confidence !== null && isUncertain(block)) {
    marks.push(
      element('span', { class: 'mark', title: 'How sure the model is of this text' }, percent(block.confidence)),
    );
  }
  return marks.length === 0 ? null : element('span', { class: 'marks' }, ...marks);
}

/** 0.934 as `93 %`. */
export function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}
