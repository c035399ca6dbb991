import { RouterError } from '../../errors.js';
import { decodeBase64 } from '../../input/decode-base64.js';

/** Fetches by http(s); bounded and checked by whoever hands it in. */
export type Fetcher = (url: string) => Promise<Uint8Array>;

/**
 * The bytes of an `image_url`: a Base64 data URL of any media type, or http(s) through `fetch`.
 *
 * @throws RouterError URL_INVALID or BASE64_INVALID with `param`, and what `fetch` throws.
 */
export async function readImageUrl(url: string, param: string, fetch: Fetcher): Promise<Uint8Array> {
  if (/^https?:/i.test(url)) return fetch(url);
  if (!/^data:/i.test(url)) {
    throw new RouterError('URL_INVALID', 'Pictures are given as data:image/…;base64,… or http(s) URLs.', { param });
  }
  const comma = url.indexOf(',');
  // A long URL without a comma is not searched for its header.
  const header = comma === -1 ? '' : url.slice(0, Math.min(comma, 1000));
  if (!/;\s*base64\s*$/i.test(header)) {
    throw new RouterError('URL_INVALID', 'A data URL must be written data:image/…;base64,… .', { param });
  }
  return decodeBase64(url.slice(comma + 1), param);
}
