import { type DocumentState, type DocumentStatus, progressOf } from './document-state.js';
import { element, icon, part } from './element.js';
import type { PagePictures } from './page-pictures.js';
import { openDocument, type Store } from './store.js';

const statusNames: Readonly<Record<DocumentStatus, string>> = {
  waiting: 'waiting',
  reading: 'reading',
  done: 'read',
  failed: 'failed',
  stopped: 'stopped',
};

/** Most pages listed with their picture; a thousand-page book scrolls well as it is, pictures or not. */
const maxListedPages = 2000;

/** The side list: documents of this browser, and the pages of the open one. */
export function createLibraryView(
  store: Store,
  pictures: PagePictures,
  actions: { open(id: string): void; goTo(page: number): void; remove(id: string): void },
): void {
  const documentList = part('document-list');
  const pageList = part('page-list');
  const pageSection = part('page-section');
  const emptyNote = part('history-empty');
  let shownRows = '';

  function drawDocuments(documents: readonly DocumentState[], openId: string | null): void {
    documentList.replaceChildren(...documents.map((document) => rowOf(document, document.id === openId, actions)));
    emptyNote.hidden = documents.length > 0;
    part('clear-history').hidden = documents.length === 0;
  }

  function drawPages(document: DocumentState | null, current: number): void {
    pageSection.hidden = (document?.pageNumbers.length ?? 0) < 2;
    if (!document || pageSection.hidden) {
      pageList.replaceChildren();
      return;
    }
    const numbers = document.pageNumbers.slice(0, maxListedPages);
    while (pageList.children.length > numbers.length) pageList.lastElementChild?.remove();
    numbers.forEach((number, place) => {
      const page = document.pages.get(number);
      const address = page ? pictures.addressOf(document, number) : null;
      const readCount = page?.blocks.filter((block) => block.isRead).length ?? 0;
      const status = !page ? 'waiting' : page.isDone ? `${readCount} blocks` : `${readCount} of ${page.blocks.length}`;
      const signature = `${number} ${address} ${status} ${number === current}`;
      const old = pageList.children[place] as HTMLElement | undefined;
      // Only what differs is made anew: long books stay fast, and a row that has the focus keeps it.
      if (old?.dataset.signature === signature) return;
      const row = pageRow(number, address, status, number === current, page !== undefined);
      row.dataset.signature = signature;
      const isFocused = old?.contains(globalThis.document.activeElement) ?? false;
      if (old) old.replaceWith(row);
      else pageList.append(row);
      if (isFocused) row.querySelector('button')?.focus();
    });
  }

  function pageRow(
    number: number,
    address: string | null,
    status: string,
    isCurrent: boolean,
    isKnown: boolean,
  ): HTMLElement {
    const button = element(
      'button',
      {
        type: 'button',
        class: 'page-row',
        'aria-current': isCurrent ? 'page' : null,
        'aria-label': `Page ${number}, ${status}`,
      },
      address
        ? element('img', { src: address, alt: '', loading: 'lazy', decoding: 'async' })
        : element('span', { class: `page-blank${isKnown ? ' is-reading' : ''}` }),
      element('span', { class: 'page-number' }, String(number)),
    );
    button.addEventListener('click', () => actions.goTo(number));
    return element('li', {}, button);
  }

  store.listen((state) => {
    const signature = JSON.stringify([
      state.openId,
      state.documents.map((document) => [document.id, document.status, Math.floor(progressOf(document) * 50)]),
    ]);
    if (signature !== shownRows) {
      const focused = document.activeElement?.closest('#document-list [data-id]')?.getAttribute('data-id');
      drawDocuments(state.documents, state.openId);
      if (focused) documentList.querySelector<HTMLElement>(`[data-id="${focused}"] .document-open`)?.focus();
    }
    shownRows = signature;
    drawPages(openDocument(state), state.pageNumber);
  });
}

function rowOf(
  document: DocumentState,
  isOpen: boolean,
  actions: { open(id: string): void; remove(id: string): void },
): HTMLElement {
  const open = element(
    'button',
    { type: 'button', class: 'document-open', 'aria-current': isOpen ? 'true' : null, title: document.name },
    element('span', { class: 'document-name' }, document.name),
    element('span', { class: 'document-note' }, noteOf(document)),
  );
  open.addEventListener('click', () => actions.open(document.id));
  const remove = element(
    'button',
    { type: 'button', class: 'document-remove', 'aria-label': `Remove ${document.name}` },
    icon('close'),
  );
  remove.addEventListener('click', () => actions.remove(document.id));
  const row = element('li', { class: `document-row is-${document.status}`, 'data-id': document.id }, open, remove);
  if (document.status === 'reading') {
    const bar = element('span', { class: 'document-bar' });
    bar.style.width = `${Math.round(100 * progressOf(document))}%`;
    open.append(bar);
  }
  return row;
}

function noteOf(document: DocumentState): string {
  if (document.status !== 'done') return statusNames[document.status];
  const pageCount = document.pageNumbers.length;
  let blockCount = 0;
  for (const page of document.pages.values()) blockCount += page.blocks.length;
  return `${pageCount} ${pageCount === 1 ? 'page' : 'pages'} · ${blockCount} blocks · ${timeOf(document.openedAt)}`;
}

/** The time of day for today, the day for what is older. */
function timeOf(at: number): string {
  const date = new Date(at);
  return date.toDateString() === new Date().toDateString()
    ? date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
    : date.toLocaleDateString([], { month: 'short', day: 'numeric' });
}
