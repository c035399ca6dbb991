import { apiKey, askForKey } from './api-key.js';
import { applyEvent, createDocument, type DocumentState } from './document-state.js';
import { ReadError, type ReadFailure } from './read-failure.js';
import { requestReading } from './request-reading.js';
import type { Store } from './store.js';

/** Files that may wait in the page; more are left out. */
export const maxWaitingFiles = 50;

/** Reads files one after the other; the server spreads each over all its devices. */
export interface ReadingQueue {
  /** Answers how many of the files were taken. */
  add(files: readonly File[]): number;
  /** Stops a document that waits or is being read. */
  stop(id: string): void;
  /** Reads a document of this session again. */
  retry(id: string): void;
  fileOf(id: string): File | null;
  /** Lets go of a file that is listed no more. */
  forget(id: string): void;
}

export function createReadingQueue(
  store: Store,
  onSettled: (document: DocumentState, file: File) => void,
): ReadingQueue {
  const files = new Map<string, File>();
  const waiting: string[] = [];
  let current: { readonly id: string; readonly abort: AbortController } | null = null;

  const change = (id: string, update: (document: DocumentState) => DocumentState) =>
    store.update((state) => ({
      ...state,
      documents: state.documents.map((document) => (document.id === id ? update(document) : document)),
    }));
  const find = (id: string) => store.get().documents.find((document) => document.id === id);

  async function read(id: string, file: File, signal: AbortSignal): Promise<ReadFailure | null> {
    const startedAt = performance.now();
    change(id, (document) => ({
      ...createDocument(id, document.name, document.byteCount, document.openedAt),
      status: 'reading',
    }));
    try {
      for await (const event of requestReading(file, { apiKey: apiKey(), signal })) {
        change(id, (document) => applyEvent(document, event, performance.now() - startedAt));
      }
      return null;
    } catch (error) {
      if (error instanceof ReadError) return error.failure;
      throw error;
    }
  }

  async function run(): Promise<void> {
    while (!current) {
      const id = waiting.shift();
      const file = id === undefined ? undefined : files.get(id);
      if (id === undefined || !file) return;
      const abort = new AbortController();
      current = { id, abort };
      let failure = await read(id, file, abort.signal);
      if (failure?.code === 'UNAUTHORIZED' && (await askForKey())) failure = await read(id, file, abort.signal);
      current = null;
      const status = failure ? 'failed' : abort.signal.aborted ? 'stopped' : 'done';
      change(id, (document) => ({ ...document, status, failure }));
      const settled = find(id);
      if (settled) onSettled(settled, file);
    }
  }

  return {
    add: (given) => {
      const taken = given.slice(0, Math.max(0, maxWaitingFiles - waiting.length));
      for (const file of taken) {
        const id = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
        const document = createDocument(id, file.name || 'pasted picture', file.size, Date.now());
        files.set(id, file);
        waiting.push(id);
        store.update((state) => ({ ...state, documents: [document, ...state.documents] }));
      }
      void run();
      return taken.length;
    },
    stop: (id) => {
      if (current?.id === id) current.abort.abort();
      const place = waiting.indexOf(id);
      if (place >= 0) {
        waiting.splice(place, 1);
        change(id, (document) => ({ ...document, status: 'stopped' }));
      }
    },
    retry: (id) => {
      if (!files.has(id) || current?.id === id || waiting.includes(id)) return;
      waiting.push(id);
      change(id, (document) => ({ ...document, status: 'waiting', failure: null }));
      void run();
    },
    fileOf: (id) => files.get(id) ?? null,
    forget: (id) => {
      files.delete(id);
    },
  };
}
