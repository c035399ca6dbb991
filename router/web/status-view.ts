import { isUncertain } from './block-kind.js';
import { type DocumentState, pagesOf, progressOf } from './document-state.js';
import { part } from './element.js';
import { titleOf } from './read-failure.js';
import { openDocument, type Store } from './store.js';

/** The strip at the foot: how far the open document is, and how it went. Start and end are also told to screen readers. */
export function createStatusView(store: Store): void {
  const text = part('status-text');
  const bar = part<HTMLProgressElement>('status-bar');
  const stop = part('stop-reading');
  const announcer = part('announcer');

  store.listen((state, before) => {
    const document = openDocument(state);
    const isActive = document?.status === 'reading' || document?.status === 'waiting';
    stop.hidden = !isActive;
    bar.hidden = !isActive;
    if (!document) {
      text.textContent = 'Nothing open.';
      return;
    }
    const progress = progressOf(document);
    if (isActive && document.pageNumbers.length === 0) bar.removeAttribute('value');
    else bar.value = progress;
    const line = describe(document);
    if (text.textContent !== line) text.textContent = line;
    if (openDocument(before)?.status !== document.status || before.openId !== document.id) {
      announcer.textContent = `${document.name}: ${line}`;
    }
  });
}

/** One line about a document, as the foot of the page shows it. */
export function describe(document: DocumentState): string {
  const pages = pagesOf(document);
  const blocks = pages.flatMap((page) => page.blocks);
  const readCount = blocks.filter((block) => block.isRead).length;
  const seconds = (document.elapsedMs / 1000).toFixed(1);
  switch (document.status) {
    case 'waiting':
      return 'Waiting for the document before it.';
    case 'failed':
      return `Failed: ${document.failure ? titleOf(document.failure) : 'unknown'}`;
    case 'stopped':
      return `Stopped after ${seconds} s; ${countOf(readCount, 'block')} read.`;
    case 'reading': {
      if (document.pageNumbers.length === 0) return 'Sending the file …';
      const doneCount = pages.filter((page) => page.isDone).length;
      return `Reading · ${doneCount} of ${countOf(document.pageNumbers.length, 'page')} · ${readCount} of ${countOf(blocks.length, 'block')} · ${seconds} s`;
    }
    case 'done': {
      const first =
        document.firstBlockMs === null ? '' : ` · first block after ${(document.firstBlockMs / 1000).toFixed(1)} s`;
      const uncertainCount = blocks.filter(isUncertain).length;
      const doubt = uncertainCount === 0 ? '' : ` · ${uncertainCount} uncertain`;
      return `Read ${countOf(document.pageNumbers.length, 'page')}, ${countOf(blocks.length, 'block')} in ${seconds} s${first}${doubt}`;
    }
  }
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
