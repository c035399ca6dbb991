import { failureOf, ReadError } from './read-failure.js';
import { readLines } from './read-lines.js';
import type { WireEvent } from './wire.js';

/** Kinds of picture that every browser shows itself; of the others the server sends pages as JPEG. */
const shownByBrowsers = new Set(['image/png', 'image/jpeg', 'image/webp', 'image/gif']);

export function isShownByBrowsers(file: Blob): boolean {
  return shownByBrowsers.has(file.type);
}

/**
 * Sends a file to `/v1/parse` and yields the events of its reading.
 * Throws a ReadError for everything the server refuses and for a stream that ends early; an abort ends quietly.
 */
export async function* requestReading(
  file: Blob,
  options: { readonly apiKey: string | null; readonly signal: AbortSignal },
): AsyncGenerator<WireEvent> {
  const query = isShownByBrowsers(file) ? '' : '?pictures=page';
  let response: Response;
  try {
    response = await fetch(`/v1/parse${query}`, {
      method: 'POST',
      body: file,
      signal: options.signal,
      headers: {
        Accept: 'application/x-ndjson',
        // What the file is, its bytes tell.
        'Content-Type': 'application/octet-stream',
        ...(options.apiKey ? { Authorization: `Bearer ${options.apiKey}` } : {}),
      },
    });
  } catch (cause) {
    if (options.signal.aborted) return;
    throw new ReadError({ code: 'UNREACHABLE', message: `Check that the server runs and try again (${cause}).` });
  }
  if (!response.ok || !response.body) throw new ReadError(await failureOf(response));
  const requestId = response.headers.get('x-request-id') ?? undefined;
  try {
    for await (const line of readLines(response.body)) {
      const event = line as WireEvent;
      if (event.type === 'error') throw new ReadError({ requestId, ...event.error });
      yield event;
      if (event.type === 'done') return;
    }
    throw new TypeError('it ended before the document did');
  } catch (error) {
    if (options.signal.aborted) return;
    if (error instanceof ReadError) throw error;
    throw new ReadError({
      code: 'STREAM_BROKEN',
      message: `The connection was lost while reading (${error}).`,
      requestId,
    });
  }
}
