import { isUncertain, kindOf } from './block-kind.js';
import { copyText, downloadText, renameExtension } from './copy-text.js';
import { type DocumentState, documentJson, documentMarkdown } from './document-state.js';
import { element, part } from './element.js';
import { formatJson } from './highlight-json.js';
import { titleOf } from './read-failure.js';
import { openDocument, type Store, type TextTab, type ViewState } from './store.js';

const kindNames = {
  title: 'Titles',
  text: 'Text',
  table: 'Tables',
  formula: 'Formulas',
  figure: 'Pictures',
  note: 'Notes',
  margin: 'Margins',
} as const;

/** The tools around the page and its text, and the notice of a failure. */
export function createReaderView(
  store: Store,
  actions: { goTo(page: number): void; pick(order: number): void; retry(id: string): void },
): void {
  const tabs = [...document.querySelectorAll<HTMLButtonElement>('[role="tab"][data-tab]')];
  for (const tab of tabs) {
    tab.addEventListener('click', () => show(tab.dataset.tab as TextTab));
    tab.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step === undefined) return;
      const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
      next?.focus();
      next?.click();
    });
  }
  const show = (tab: TextTab) => store.update((state) => ({ ...state, tab }));

  part('page-before').addEventListener('click', () => actions.goTo(store.get().pageNumber - 1));
  part('page-after').addEventListener('click', () => actions.goTo(store.get().pageNumber + 1));
  part('scope').addEventListener('click', () =>
    store.update((state) => ({ ...state, scope: state.scope === 'page' ? 'document' : 'page' })),
  );
  part('next-uncertain').addEventListener('click', () => {
    const state = store.get();
    const orders = uncertainOrders(state);
    const next = orders.find((order) => order > (state.pickedOrder ?? 0)) ?? orders[0];
    if (next !== undefined) actions.pick(next);
  });
  part('copy').addEventListener('click', async () => {
    const isCopied = await copyText(shownText(store.get()));
    flash(part('copy'), isCopied ? 'Copied' : 'Not copied');
  });
  part('download').addEventListener('click', () => {
    const state = store.get();
    const document = openDocument(state);
    if (!document) return;
    const isJson = state.tab === 'json';
    const type = isJson ? 'application/json' : 'text/markdown';
    downloadText(shownText(state), renameExtension(document.name, isJson ? 'json' : 'md'), type);
  });
  part('retry').addEventListener('click', () => {
    const { openId } = store.get();
    if (openId) actions.retry(openId);
  });

  store.listen((state) => {
    const current = openDocument(state);
    part('welcome').hidden = current !== null;
    part('reader').hidden = current === null;
    if (!current) return;
    for (const tab of tabs) {
      const isShown = tab.dataset.tab === state.tab;
      tab.setAttribute('aria-selected', String(isShown));
      tab.tabIndex = isShown ? 0 : -1;
    }
    const place = current.pageNumbers.indexOf(state.pageNumber);
    part('page-place').textContent =
      current.pageNumbers.length === 0 ? '' : `${place + 1} / ${current.pageNumbers.length}`;
    part<HTMLButtonElement>('page-before').disabled = place <= 0;
    part<HTMLButtonElement>('page-after').disabled = place < 0 || place >= current.pageNumbers.length - 1;
    part('pager').hidden = current.pageNumbers.length < 2;
    const scope = part('scope');
    scope.hidden = current.pageNumbers.length < 2;
    scope.textContent = state.scope === 'page' ? 'This page' : 'Whole document';
    const uncertain = uncertainOrders(state);
    part('next-uncertain').hidden = uncertain.length === 0;
    part('uncertain-count').textContent = String(uncertain.length);
    drawLegend(current, state.pageNumber);
    drawFailure(current);
  });
}

/** What Copy and Download take: the tab in sight, of the page or of the document. */
function shownText(state: ViewState): string {
  const document = openDocument(state);
  if (!document) return '';
  const page = state.scope === 'page' ? state.pageNumber : undefined;
  return state.tab === 'json' ? formatJson(documentJson(document, page)) : documentMarkdown(document, page);
}

function uncertainOrders(state: ViewState): number[] {
  const blocks = openDocument(state)?.pages.get(state.pageNumber)?.blocks ?? [];
  return blocks.filter((block) => block.isRead && isUncertain(block)).map((block) => block.order);
}

let shownLegend = '';

function drawLegend(document: DocumentState, pageNumber: number): void {
  const counts = new Map<keyof typeof kindNames, number>();
  for (const { label } of document.pages.get(pageNumber)?.blocks ?? []) {
    counts.set(kindOf(label), (counts.get(kindOf(label)) ?? 0) + 1);
  }
  const signature = JSON.stringify([...counts]);
  if (signature === shownLegend) return;
  shownLegend = signature;
  const entries = (Object.keys(kindNames) as (keyof typeof kindNames)[]).filter((kind) => counts.has(kind));
  part('legend').replaceChildren(
    ...entries.map((kind) =>
      element(
        'li',
        { class: `kind-${kind}` },
        element('span', { class: 'swatch' }),
        kindNames[kind],
        element('b', {}, String(counts.get(kind))),
      ),
    ),
  );
}

function drawFailure(document: DocumentState): void {
  const box = part('failure');
  box.hidden = document.failure === null;
  part('panes').hidden = document.failure !== null && document.pages.size === 0;
  const { failure } = document;
  if (!failure) return;
  part('failure-title').textContent = titleOf(failure);
  const again = failure.retryAfterSeconds ? ` Try again in ${failure.retryAfterSeconds} s.` : '';
  part('failure-message').textContent = `${document.name}: ${failure.message}${again}`;
  part('failure-code').textContent = failure.requestId
    ? `${failure.code} · request ${failure.requestId}`
    : failure.code;
}

function flash(button: HTMLElement, text: string): void {
  const label = button.querySelector('.label');
  if (!label) return;
  const before = button.dataset.label ?? label.textContent ?? '';
  button.dataset.label = before;
  label.textContent = text;
  part('announcer').textContent = text;
  setTimeout(() => {
    label.textContent = before;
  }, 1500);
}
