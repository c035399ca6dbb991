/** Longest line taken from a stream: a page with its picture stays far below. */
const maxLineLength = 64 * 1024 * 1024;

/**
 * Splits a stream of newline-delimited JSON into its values; blank lines are skipped.
 * Throws a SyntaxError on a line that is not JSON and a RangeError on one that never ends.
 */
export async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      let start = 0;
      for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', start)) {
        const line = rest.slice(start, end).trim();
        start = end + 1;
        if (line !== '') yield JSON.parse(line);
      }
      rest = rest.slice(start);
      if (rest.length > maxLineLength) throw new RangeError('a line of the answer is too long');
      if (done) break;
    }
    if (rest.trim() !== '') yield JSON.parse(rest);
  } finally {
    // Leaving early tells the server to stop reading for us.
    await reader.cancel().catch(() => {});
  }
}
