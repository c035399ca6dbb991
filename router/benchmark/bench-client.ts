import { Agent, request } from 'undici';
import { AnswerError, splitLines } from '#pool';

/** A request of the benchmark; the body is ready before its clock starts. */
export interface BenchRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** The connections to a target. Rejects with AnswerError, or with what the network says. */
export interface BenchClient {
  readonly url: string;
  getJson(path: string): Promise<unknown>;
  /** Sends and gives the lines of the answer as they come. */
  post(request: BenchRequest, signal: AbortSignal): AsyncGenerator<string>;
  close(): Promise<void>;
}

const connectTimeoutMs = 10_000;
const askTimeoutMs = 15_000;
const mostErrorBytes = 64 * 1024;

/** Opens a client with a connection for each request in flight, kept open between them. */
export function openBenchClient({ url, apiKey }: { readonly url: string; readonly apiKey?: string }): BenchClient {
  // A request has a deadline of its own.
  const agent = new Agent({ connect: { timeout: connectTimeoutMs }, headersTimeout: 0, bodyTimeout: 0, pipelining: 1 });
  const own = { 'user-agent': 'quire-bench', ...(apiKey && { authorization: `Bearer ${apiKey}` }) };

  return {
    url,
    async getJson(path) {
      const response = await request(`${url}${path}`, {
        dispatcher: agent,
        headers: { ...own, accept: 'application/json' },
        signal: AbortSignal.timeout(askTimeoutMs),
      });
      if (response.statusCode !== 200) throw await toAnswerError(response);
      return response.body.json();
    },
    async *post({ path, headers, body }, signal) {
      const response = await request(`${url}${path}`, {
        dispatcher: agent,
        method: 'POST',
        headers: { ...own, ...headers },
        body,
        signal,
      });
      if (response.statusCode !== 200) throw await toAnswerError(response);
      yield* splitLines(response.body);
    },
    close: () => agent.destroy(),
  };
}

async function toAnswerError({ statusCode, headers, body }: Awaited<ReturnType<typeof request>>): Promise<AnswerError> {
  const chunks: Uint8Array[] = [];
  let byteCount = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    byteCount += chunk.byteLength;
    if (byteCount > mostErrorBytes) break;
  }
  const { code, message } = readFailure(Buffer.concat(chunks).toString('utf8'));
  const seconds = Number(headers['retry-after']);
  return new AnswerError(statusCode, code, message, Number.isFinite(seconds) ? seconds * 1000 : 0);
}

/** Code and message of an error body: of Quire, of OpenAI's shape, or of a proxy. */
export function readFailure(text: string): { code: string; message: string } {
  try {
    const body = JSON.parse(text) as Record<string, unknown>;
    const nested = body.error;
    const found = (typeof nested === 'object' && nested !== null ? nested : body) as Record<string, unknown>;
    const code = typeof found.code === 'string' ? found.code : typeof found.type === 'string' ? found.type : '';
    const message = typeof found.message === 'string' ? found.message : text.slice(0, 300);
    return { code, message };
  } catch {
    return { code: '', message: text.slice(0, 300) };
  }
}
