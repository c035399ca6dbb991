import type { DocumentState } from './document-state.js';

/** Documents kept in this browser at most, and the bytes of their pictures. */
export const historyLimits = { documentCount: 20, byteCount: 96 * 1024 * 1024 } as const;

/** What is kept of one document. */
export interface HistoryEntry {
  readonly document: DocumentState;
  /** The file itself where the browser shows it; null where the pages carry their pictures. */
  readonly picture: Blob | null;
}

const databaseName = 'quire';
const storeName = 'documents';

/** Entries to drop, oldest first, so that the rest keeps within the limits. */
export function overLimit(
  entries: readonly HistoryEntry[],
  limits: { readonly documentCount: number; readonly byteCount: number } = historyLimits,
): string[] {
  const newestFirst = [...entries].sort((left, right) => right.document.openedAt - left.document.openedAt);
  let byteCount = 0;
  return newestFirst
    .filter((entry, place) => {
      byteCount += sizeOf(entry);
      return place >= limits.documentCount || byteCount > limits.byteCount;
    })
    .map((entry) => entry.document.id);
}

/** Every kept document, newest first; empty where the browser keeps nothing (private windows). */
export async function loadHistory(): Promise<HistoryEntry[]> {
  try {
    const entries = await inStore('readonly', (store) => store.getAll() as IDBRequest<HistoryEntry[]>);
    return entries.sort((left, right) => right.document.openedAt - left.document.openedAt);
  } catch {
    return [];
  }
}

/** Keeps a document and drops what is over the limits; a browser that refuses loses only the history. */
export async function saveToHistory(entry: HistoryEntry): Promise<void> {
  try {
    await inStore('readwrite', (store) => store.put(entry, entry.document.id));
    for (const id of overLimit(await loadHistory())) await removeFromHistory(id);
  } catch {
    // Nothing else depends on it.
  }
}

export async function removeFromHistory(id: string): Promise<void> {
  await inStore('readwrite', (store) => store.delete(id)).catch(() => {});
}

export async function clearHistory(): Promise<void> {
  await inStore('readwrite', (store) => store.clear()).catch(() => {});
}

function sizeOf(entry: HistoryEntry): number {
  let size = entry.picture?.size ?? 0;
  for (const page of entry.document.pages.values()) {
    size += page.picture?.size ?? 0;
    for (const block of page.blocks) size += 2 * block.text.length + 200;
  }
  return size;
}

async function inStore<Value>(
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest<Value>,
): Promise<Value> {
  const database = await settled(openDatabase());
  try {
    return await settled(ask(database.transaction(storeName, mode).objectStore(storeName)));
  } finally {
    database.close();
  }
}

function openDatabase(): IDBOpenDBRequest {
  const request = indexedDB.open(databaseName, 1);
  request.addEventListener('upgradeneeded', () => request.result.createObjectStore(storeName));
  return request;
}

function settled<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error));
  });
}
