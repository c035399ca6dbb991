import { parseAccept } from 'hono/utils/accept';
import { RouterError } from './errors.js';

/**
 * The media type to answer in: of those offered, the one the Accept header rates highest, by the most specific entry
 * that matches it (RFC 9110, 12.5.1); the earlier offer wins a tie. Without a header, the first offer.
 *
 * @throws RouterError NOT_ACCEPTABLE when the header excludes them all.
 */
export function chooseMediaType<T extends string>(header: string | undefined, offers: readonly [T, ...T[]]): T {
  if (!header?.trim()) return offers[0];
  const entries = parseAccept(header);
  let best: T | undefined;
  let bestQuality = 0;
  for (const offer of offers) {
    const quality = qualityOf(offer, entries);
    if (quality > bestQuality) {
      best = offer;
      bestQuality = quality;
    }
  }
  if (!best) throw new RouterError('NOT_ACCEPTABLE', `This route answers ${offers.join(', ')}.`);
  return best;
}

function qualityOf(offer: string, entries: readonly { type: string; q: number }[]): number {
  const family = `${offer.split('/', 1)[0]}/*`;
  for (const wanted of [offer, family, '*/*']) {
    const entry = entries.find(({ type }) => type.toLowerCase() === wanted);
    if (entry) return entry.q;
  }
  return 0;
}
