/** Shorter strings are no trouble to a JSON parser. */
const leastLength = 32 * 1024;
/** Quotes and backslashes looked at: a body with more before its long strings is left as it is. */
const mostStops = 2000;
/** Node makes strings from a megabyte on external. */
const pieceLength = 512 * 1024;
const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;

/** A JSON text without its long strings. */
export interface LiftedJson {
  /** The text with a short string in place of each long one: `mark` and its index in `strings`. */
  readonly rest: Uint8Array;
  readonly strings: readonly string[];
}

/**
 * Takes the long strings out of a JSON text in UTF-8: a picture in Base64 is megabytes, which a parser would look at
 * letter by letter and keep on its heap. Only values of plain ASCII without escapes are taken, so that text and value
 * are the same; whatever else is in the bytes, valid or not, stays for the parser to judge. Null where there are none.
 */
export function liftStrings(bytes: Uint8Array, mark: string): LiftedJson | null {
  if (bytes.length < leastLength) return null;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  const strings: string[] = [];
  let keptTo = 0;
  let at = 0;
  for (let stops = 0; stops < mostStops; stops++) {
    const open = buffer.indexOf(quote, at);
    if (open < 0) break;
    const start = open + 1;
    let end = buffer.indexOf(quote, start);
    if (end < 0) break;
    let slash = buffer.subarray(start, end).indexOf(backslash);
    if (slash < 0 && end - start >= leastLength && isPlain(buffer.subarray(start, end)) && !isKey(buffer, end + 1)) {
      parts.push(buffer.subarray(keptTo, start), Buffer.from(`${mark}${strings.length}`));
      strings.push(toText(buffer, start, end));
      keptTo = end;
    }
    // The quote that ends a string is the first after all its escapes.
    let from = start;
    for (; slash >= 0 && end >= 0 && stops < mostStops; stops++) {
      from += slash + 2;
      // No byte is searched for its quote twice, however many escapes stand before it.
      if (from > end) end = buffer.indexOf(quote, from);
      slash = end < 0 ? -1 : buffer.subarray(from, end).indexOf(backslash);
    }
    if (end < 0) break;
    at = end + 1;
  }
  if (strings.length === 0) return null;
  return { rest: Buffer.concat([...parts, buffer.subarray(keptTo)]), strings };
}

/**
 * In pieces that V8 keeps on its own heap. A whole one of megabytes would lie outside of it, where only a full
 * collection finds it again, and each request would cost one.
 */
function toText(buffer: Buffer, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at += pieceLength)
    text += buffer.toString('latin1', at, Math.min(at + pieceLength, end));
  return text;
}

/** Whether all bytes are ASCII and none is a control character, which JSON does not allow in a string. */
function isPlain(bytes: Uint8Array): boolean {
  const lead = Math.min(bytes.length, (4 - (bytes.byteOffset & 3)) & 3);
  const wordCount = (bytes.length - lead) >> 2;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + lead, wordCount);
  // The top bit of a byte of `word - 0x20…` is set where the byte is below a space, as long as no byte has it itself.
  let suspects = 0;
  for (let index = 0; index < wordCount; index++) suspects |= (words[index] - 0x20202020) | words[index];
  if ((suspects & 0x80808080) !== 0) return false;
  const isOdd = (byte: number) => byte < 0x20 || byte > 0x7f;
  return !bytes.subarray(0, lead).some(isOdd) && !bytes.subarray(lead + wordCount * 4).some(isOdd);
}

function isKey(bytes: Uint8Array, after: number): boolean {
  let at = after;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
  return bytes[at] === colon;
}
