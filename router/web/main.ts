import { askForKey } from './api-key.js';
import { createDevicesView } from './devices-view.js';
import type { DocumentState } from './document-state.js';
import { part } from './element.js';
import { clearHistory, type HistoryEntry, loadHistory, removeFromHistory, saveToHistory } from './history.js';
import { listenForFiles } from './intake.js';
import { createLibraryView } from './library-view.js';
import { createPagePictures } from './page-pictures.js';
import { createPageView } from './page-view.js';
import { createReaderView } from './reader-view.js';
import { createReadingQueue } from './reading-queue.js';
import { isShownByBrowsers } from './request-reading.js';
import { listenForKeys } from './shortcuts.js';
import { createSplitter } from './splitter.js';
import { createStatusView } from './status-view.js';
import { createStore, openDocument } from './store.js';
import { createTextView, revealBlock } from './text-view.js';
import { applyTheme, currentTheme, nextTheme } from './theme.js';

const store = createStore();
const kept = new Map<string, HistoryEntry>();
const queue = createReadingQueue(store, keep);
const pictures = createPagePictures((id) => queue.fileOf(id) ?? kept.get(id)?.picture ?? null);

createLibraryView(store, pictures, { open, goTo, remove });
const pageView = createPageView(store, pictures, pick);
createTextView(store, pictures, pick);
createReaderView(store, { goTo, pick, retry: (id) => queue.retry(id) });
createStatusView(store);
createSplitter();
const devices = createDevicesView();

listenForFiles((files) => {
  if (files.length === 0) return;
  queue.add(files);
  removeOldest();
  showSection('read');
  const [newest] = store.get().documents;
  if (newest) open(newest.id);
});

function open(id: string): void {
  store.update((state) => {
    const document = state.documents.find((candidate) => candidate.id === id);
    return { ...state, openId: id, pageNumber: document?.pageNumbers[0] ?? 1, pickedOrder: null, hotOrder: null };
  });
  document.body.classList.remove('shows-library');
}

function goTo(page: number): void {
  store.update((state) => {
    const isThere = openDocument(state)?.pageNumbers.includes(page);
    return isThere ? { ...state, pageNumber: page, pickedOrder: null, hotOrder: null } : state;
  });
  part('page-scroll').scrollTop = 0;
  part('panel-markdown').scrollTop = 0;
}

/** Joins box and text: both are marked, and both come into sight. */
function pick(order: number): void {
  store.update((state) => ({ ...state, pickedOrder: order, tab: 'markdown' }));
  requestAnimationFrame(() => {
    revealBlock(order);
    document.querySelector(`.overlay [data-order="${order}"]`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  });
}

function pickNext(step: 1 | -1): void {
  const state = store.get();
  const orders =
    openDocument(state)
      ?.pages.get(state.pageNumber)
      ?.blocks.map((block) => block.order) ?? [];
  const at = state.pickedOrder === null ? (step === 1 ? -1 : orders.length) : orders.indexOf(state.pickedOrder);
  const next = orders[at + step];
  if (next !== undefined) pick(next);
}

/** Documents listed at most; older ones that are read leave the list, as they leave the history. */
const maxListedDocuments = 60;

function remove(id: string): void {
  queue.stop(id);
  const gone = store.get().documents.find((candidate) => candidate.id === id);
  if (gone) pictures.release(gone);
  queue.forget(id);
  kept.delete(id);
  store.update((state) => ({
    ...state,
    documents: state.documents.filter((candidate) => candidate.id !== id),
    openId: state.openId === id ? null : state.openId,
  }));
  void removeFromHistory(id);
}

function removeOldest(): void {
  const { documents, openId } = store.get();
  for (const document of documents.slice(maxListedDocuments)) {
    if (document.id !== openId && document.status !== 'waiting' && document.status !== 'reading') remove(document.id);
  }
}

function keep(document: DocumentState, file: File): void {
  if (document.status !== 'done') return;
  const picture = isShownByBrowsers(file) ? new Blob([file], { type: file.type }) : null;
  kept.set(document.id, { document, picture });
  void saveToHistory({ document, picture });
}

void loadHistory().then((entries) => {
  for (const entry of entries) kept.set(entry.document.id, entry);
  store.update((state) => ({ ...state, documents: [...state.documents, ...entries.map((entry) => entry.document)] }));
});

part('clear-history').addEventListener('click', () => {
  for (const { id } of store.get().documents) remove(id);
  void clearHistory();
});

part('stop-reading').addEventListener('click', () => {
  const { openId } = store.get();
  if (openId) queue.stop(openId);
});

/** The two sections have addresses of their own (`#devices`), so that they can be bookmarked. */
function showSection(name: string): void {
  const isDevices = name === 'devices';
  part('section-read').hidden = isDevices;
  part('section-devices').hidden = !isDevices;
  for (const link of document.querySelectorAll<HTMLAnchorElement>('[data-section]')) {
    if (link.dataset.section === (isDevices ? 'devices' : 'read')) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (location.hash.slice(1) !== name && (isDevices || location.hash !== ''))
    history.replaceState(null, '', `#${name}`);
  devices.setVisible(isDevices);
}
addEventListener('hashchange', () => showSection(location.hash.slice(1)));
showSection(location.hash.slice(1));

let zoom = 100;
const setZoom = (percentOfPane: number) => {
  zoom = Math.min(400, Math.max(25, percentOfPane));
  pageView.setZoom(zoom);
  part('zoom-level').textContent = `${zoom} %`;
};
part('zoom-in').addEventListener('click', () => setZoom(zoom + 25));
part('zoom-out').addEventListener('click', () => setZoom(zoom - 25));
part('zoom-fit').addEventListener('click', () => setZoom(100));

for (const name of ['boxes', 'order'] as const) {
  const toggle = part(`toggle-${name}`);
  toggle.addEventListener('click', () => {
    const isOn = toggle.getAttribute('aria-pressed') !== 'true';
    toggle.setAttribute('aria-pressed', String(isOn));
    part('sheet').classList.toggle(`shows-${name}`, isOn);
  });
}

const themeButton = part('theme');
const nameTheme = () => themeButton.setAttribute('aria-label', `Theme: ${currentTheme()}`);
themeButton.addEventListener('click', () => {
  applyTheme(nextTheme(currentTheme()));
  nameTheme();
});
nameTheme();
part('enter-key').addEventListener('click', () => void askForKey());
part('toggle-library').addEventListener('click', () => document.body.classList.toggle('shows-library'));
for (const side of ['page', 'text'] as const) {
  part(`side-${side}`).addEventListener('click', () => {
    part('panes').dataset.side = side;
    for (const other of ['page', 'text']) part(`side-${other}`).setAttribute('aria-pressed', String(other === side));
  });
}

listenForKeys({
  o: () => part('file-input').click(),
  j: () => pickNext(1),
  k: () => pickNext(-1),
  n: () => part('next-uncertain').click(),
  '[': () => part('page-before').click(),
  ']': () => part('page-after').click(),
  1: () => store.update((state) => ({ ...state, tab: 'markdown' })),
  2: () => store.update((state) => ({ ...state, tab: 'source' })),
  3: () => store.update((state) => ({ ...state, tab: 'json' })),
  c: () => part('copy').click(),
  b: () => part('toggle-boxes').click(),
  '?': () => part<HTMLDialogElement>('help-dialog').showModal(),
});
