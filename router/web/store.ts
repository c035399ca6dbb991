import type { DocumentState } from './document-state.js';

/** What the views show; replaced as a whole, never changed in place. */
export interface ViewState {
  /** Newest first. */
  readonly documents: readonly DocumentState[];
  readonly openId: string | null;
  readonly pageNumber: number;
  /** Reading order of the block under the pointer and of the one picked. */
  readonly hotOrder: number | null;
  readonly pickedOrder: number | null;
  readonly tab: TextTab;
  /** Whether the source, the JSON, copies and downloads hold the open page or the whole document. */
  readonly scope: 'page' | 'document';
}

export type TextTab = 'markdown' | 'source' | 'json';

export type Update = (state: ViewState) => ViewState;
export type Listener = (state: ViewState, before: ViewState) => void;

/** State with listeners. Several updates of one frame reach them as one. */
export interface Store {
  get(): ViewState;
  update(change: Update): void;
  listen(listener: Listener): void;
}

export function createStore(
  schedule: (task: () => void) => void = (task) => {
    // A hidden tab gets no frames, yet its documents go on.
    if (document.hidden) setTimeout(task, 100);
    else requestAnimationFrame(task);
  },
): Store {
  let state: ViewState = {
    documents: [],
    openId: null,
    pageNumber: 1,
    hotOrder: null,
    pickedOrder: null,
    tab: 'markdown',
    scope: 'page',
  };
  let shown = state;
  let isScheduled = false;
  const listeners: Listener[] = [];
  const tell = () => {
    isScheduled = false;
    const before = shown;
    shown = state;
    for (const listener of listeners) listener(shown, before);
  };
  return {
    get: () => state,
    update: (change) => {
      state = change(state);
      if (!isScheduled) {
        isScheduled = true;
        schedule(tell);
      }
    },
    listen: (listener) => {
      listeners.push(listener);
    },
  };
}

/** The document that is open, if any. */
export function openDocument(state: ViewState): DocumentState | null {
  return state.documents.find((document) => document.id === state.openId) ?? null;
}
