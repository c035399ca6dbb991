import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, request } from 'undici';
import type { UrlSettings } from '#config';
import { PoolError } from '#pool';
import { RouterError } from '../errors.js';
import { isFetchableAddress } from './address-rules.js';
import type { UploadBudget } from './upload-budget.js';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

export interface FetchUrlOptions {
  readonly settings: UrlSettings;
  /** Client gone or request out of time. */
  readonly signal: AbortSignal;
  /** Bytes held while fetching count against the uploads of all requests. */
  readonly budget: UploadBudget;
  /** All addresses of a name; the system's resolver unless a test brings its own. */
  readonly resolve?: (hostname: string) => Promise<readonly ResolvedAddress[]>;
  /** Which addresses may be fetched; the rule of the settings unless a test brings its own. */
  readonly isAllowed?: (address: string) => boolean;
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/**
 * Fetches a file that a client named by URL without becoming its way into our network: http(s) only, every address
 * of the name is checked and the connection goes to a checked address (the name is not resolved a second time), each
 * redirect is checked like the first URL, and size and time are bounded.
 *
 * @throws RouterError URL_INVALID, URL_FORBIDDEN, URL_UNREACHABLE or URL_TOO_LARGE, or the signal's reason.
 */
export async function fetchUrl(url: string, options: FetchUrlOptions): Promise<Uint8Array> {
  const { settings, signal } = options;
  if (!settings.enabled) throw new RouterError('URL_FORBIDDEN', 'Files by URL are switched off here; send the bytes.');
  const timeout = AbortSignal.timeout(settings.timeoutMs);
  const stop = AbortSignal.any([signal, timeout]);
  try {
    let current = parseUrl(url);
    for (let hop = 0; hop <= settings.maxRedirects; hop++) {
      const answer = await fetchOnce(current, options, stop);
      if (answer instanceof Uint8Array) return answer;
      current = answer;
    }
    throw new RouterError('URL_UNREACHABLE', `The URL redirects more than ${settings.maxRedirects} times.`);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (timeout.aborted) {
      throw new RouterError('URL_UNREACHABLE', `The URL did not answer within ${settings.timeoutMs} ms.`);
    }
    if (error instanceof RouterError || error instanceof PoolError) throw error;
    throw new RouterError('URL_UNREACHABLE', `The URL could not be fetched (${reasonOf(error)}).`, { cause: error });
  }
}

function parseUrl(text: string, base?: URL): URL {
  let url: URL;
  try {
    url = new URL(text, base);
  } catch {
    throw new RouterError('URL_INVALID', 'The URL cannot be read; write it as http://host/path or https://host/path.');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new RouterError('URL_INVALID', 'Only http and https URLs can be fetched.');
  }
  if (url.username || url.password) {
    throw new RouterError('URL_INVALID', 'A URL must not hold a user name or password.');
  }
  return url;
}

/** One request: the body of the file, or where it says the file is. */
async function fetchOnce(url: URL, options: FetchUrlOptions, stop: AbortSignal): Promise<Uint8Array | URL> {
  const addresses = await checkedAddresses(url, options, stop);
  const agent = new Agent({ connect: { lookup: pinnedLookup(addresses) }, pipelining: 0 });
  try {
    const response = await request(url, {
      dispatcher: agent,
      method: 'GET',
      headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'quire' },
      signal: stop,
    });
    const { statusCode, headers, body } = response;
    // A body that is dropped emits an error, which nobody would hear; one that is read throws where it is read.
    body.on('error', () => {});
    if (redirectStatuses.has(statusCode) && typeof headers.location === 'string') {
      body.destroy();
      return parseUrl(headers.location, url);
    }
    if (statusCode !== 200) {
      body.destroy();
      throw new RouterError('URL_UNREACHABLE', `The URL answered with status ${statusCode}.`);
    }
    return await readLimited(body, Number(headers['content-length'] ?? 0), options);
  } finally {
    await agent.destroy();
  }
}

async function checkedAddresses(
  url: URL,
  options: FetchUrlOptions,
  stop: AbortSignal,
): Promise<readonly ResolvedAddress[]> {
  const { settings } = options;
  const isAllowed = options.isAllowed ?? ((address: string) => isFetchableAddress(address, settings.allowPrivate));
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) ? [{ address: host, family: isIP(host) }] : await resolveWithin(host, options, stop);
  if (addresses.length === 0) throw new RouterError('URL_UNREACHABLE', 'The name of the URL has no address.');
  // One bad address refuses the name: which of them a connection would use is not ours to choose.
  if (!addresses.every(({ address }) => isAllowed(address))) {
    throw new RouterError('URL_FORBIDDEN', 'The URL leads to an address that may not be fetched (url.allowPrivate).');
  }
  return addresses;
}

/** The resolver cannot be stopped, but it need not be waited for. */
async function resolveWithin(
  host: string,
  options: FetchUrlOptions,
  stop: AbortSignal,
): Promise<readonly ResolvedAddress[]> {
  const resolve = options.resolve ?? ((name: string) => systemLookup(name, { all: true }));
  stop.throwIfAborted();
  const settled = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    stop.addEventListener('abort', () => reject(stop.reason), { once: true, signal: settled.signal });
  });
  try {
    return await Promise.race([resolve(host), aborted]);
  } finally {
    settled.abort();
  }
}

/** A lookup that knows one name, so that a second answer of its DNS server cannot lead the connection elsewhere. */
function pinnedLookup(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_hostname, options, done) => {
    if (options.all) done(null, [...addresses]);
    else done(null, addresses[0].address, addresses[0].family);
  };
}

async function readLimited(
  body: AsyncIterable<Uint8Array>,
  announced: number,
  { settings, budget }: FetchUrlOptions,
): Promise<Uint8Array> {
  const tooLarge = (): RouterError =>
    new RouterError('URL_TOO_LARGE', `The file at the URL is larger than ${settings.maxBytes} bytes (url.maxBytes).`);
  if (announced > settings.maxBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let byteCount = 0;
  let takenCount = 0;
  try {
    for await (const chunk of body) {
      byteCount += chunk.byteLength;
      if (byteCount > settings.maxBytes) throw tooLarge();
      budget.take(chunk.byteLength);
      takenCount += chunk.byteLength;
      chunks.push(chunk);
    }
  } finally {
    budget.give(takenCount);
  }
  return Buffer.concat(chunks, byteCount);
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message ?? 'unknown reason';
}
