import { createBlockView } from './block-view.js';
import { type BlockState, documentJson, documentMarkdown, type PageState } from './document-state.js';
import { element, part } from './element.js';
import { highlightJson } from './highlight-json.js';
import type { PagePictures } from './page-pictures.js';
import { openDocument, type Store, type ViewState } from './store.js';

/** The open page as text: rendered, as Markdown source and as JSON. */
export function createTextView(store: Store, pictures: PagePictures, pick: (order: number) => void): void {
  const panels = { markdown: part('panel-markdown'), source: part('panel-source'), json: part('panel-json') };
  const blocks = element('div', { class: 'blocks' });
  panels.markdown.append(blocks);
  let shown: { readonly block: BlockState; readonly view: HTMLElement; readonly hasPicture: boolean }[] = [];
  let shownPage: PageState | null = null;

  const orderOf = (event: Event): number | null => {
    const block = (event.target as Element).closest?.('[data-order]');
    return block ? Number(block.getAttribute('data-order')) : null;
  };
  const heat = (order: number | null) => {
    if (store.get().hotOrder !== order) store.update((state) => ({ ...state, hotOrder: order }));
  };
  blocks.addEventListener('pointermove', (event) => heat(orderOf(event)));
  blocks.addEventListener('pointerleave', () => heat(null));
  blocks.addEventListener('focusin', (event) => heat(orderOf(event)));
  blocks.addEventListener('click', (event) => {
    const order = orderOf(event);
    // A person who marks text to copy it does not want the view to jump.
    if (order !== null && String(getSelection()) === '') pick(order);
  });
  blocks.addEventListener('keydown', (event) => {
    const order = orderOf(event);
    if (order === null || event.target !== (event.target as Element).closest('.block')) return;
    if (event.key === 'Enter') pick(order);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    shown.find(({ block }) => block.order === order + step)?.view.focus();
  });

  function drawBlocks(state: ViewState, page: PageState | null): void {
    const document = openDocument(state);
    const keep = shownPage?.pageNumber === page?.pageNumber ? shown : [];
    const hasPicture = document !== null && pictures.addressOf(document, state.pageNumber) !== null;
    shown = (page?.blocks ?? []).map((block) => {
      const kept = keep.find((candidate) => isSame(candidate.block, block));
      // A block kept as a picture waits for the page's own.
      const isStale = kept && !kept.hasPicture && hasPicture && block.text === '';
      if (kept && !isStale) return { ...kept, block };
      const source = () => (document ? pictures.bitmapOf(document, state.pageNumber) : Promise.resolve(null));
      return { block, view: createBlockView(page as PageState, block, source), hasPicture };
    });
    if (shown[0]) shown[0].view.tabIndex = 0;
    // Moving a node loses its focus, so only what is not in its place is touched.
    shown.forEach(({ view }, place) => {
      if (blocks.children[place] !== view) blocks.insertBefore(view, blocks.children[place] ?? null);
    });
    while (blocks.children.length > shown.length) blocks.lastElementChild?.remove();
    shownPage = page;
  }

  function drawPanels(state: ViewState): void {
    const document = openDocument(state);
    if (!document) return;
    const pageNumber = state.scope === 'page' ? state.pageNumber : undefined;
    panels.source.replaceChildren(sourceOf(documentMarkdown(document, pageNumber)));
    panels.json.replaceChildren(highlightJson(documentJson(document, pageNumber)));
  }

  function light(state: ViewState): void {
    for (const { block, view } of shown) {
      view.classList.toggle('is-hot', block.order === state.hotOrder);
      view.classList.toggle('is-picked', block.order === state.pickedOrder);
    }
  }

  store.listen((state, before) => {
    const document = openDocument(state);
    const page = document?.pages.get(state.pageNumber) ?? null;
    const isOther = state.openId !== before.openId || state.pageNumber !== before.pageNumber;
    if (isOther) {
      shown = [];
      blocks.replaceChildren();
    }
    if (isOther || page !== shownPage) drawBlocks(state, page);
    if (
      state.tab !== 'markdown' &&
      (isOther || state.tab !== before.tab || state.scope !== before.scope || document !== openDocument(before))
    ) {
      drawPanels(state);
    }
    for (const [tab, panel] of Object.entries(panels)) panel.hidden = tab !== state.tab;
    light(state);
  });
}

/** Shows a block in the middle of the text, unless it is in sight. */
export function revealBlock(order: number): void {
  const view = document.querySelector<HTMLElement>(`#panel-markdown [data-order="${order}"]`);
  view?.scrollIntoView({
    block: 'nearest',
    behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth',
  });
}

function isSame(left: BlockState, right: BlockState): boolean {
  return (
    left.order === right.order &&
    left.label === right.label &&
    left.text === right.text &&
    left.isRead === right.isRead &&
    left.confidence === right.confidence
  );
}

function sourceOf(markdown: string): HTMLElement {
  if (markdown === '') return element('p', { class: 'panel-note' }, 'The Markdown comes when the page is read.');
  return element('pre', { tabindex: 0, 'aria-label': 'Markdown source' }, element('code', {}, markdown));
}
