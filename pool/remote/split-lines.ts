/** Bytes of one line at most; the longest reading takes a few megabytes. */
const mostLineBytes = 16 * 1024 * 1024;

/** Lines of a byte stream as they come, without their ends; a last line without one counts. Throws on an endless line. */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() as string;
    for (const line of lines) if (line !== '') yield line;
    if (rest.length > mostLineBytes) throw new Error('a line does not end');
  }
  if (rest !== '') yield rest;
}
