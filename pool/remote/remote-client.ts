import { Agent, request } from 'undici';
import { AnswerError } from './answer-error.js';
import { type EngineLine, type EngineStatus, engineLineSchema, engineStatusSchema } from './engine-contract.js';
import { splitLines } from './split-lines.js';

/** The HTTP side of another host's engine. Rejects with AnswerError, or with what the network says. */
export interface RemoteClient {
  status(): Promise<EngineStatus>;
  /** Sends a crop and gives the lines of its answer as they come. Ends early when the signal is aborted. */
  read(frame: Uint8Array, signal: AbortSignal): AsyncGenerator<EngineLine>;
  /** Cuts every connection. */
  close(): Promise<void>;
}

export interface RemoteClientOptions {
  readonly url: string;
  /** Empty for none. */
  readonly apiKey: string;
  /** The other host says something at least every five seconds; a quiet stream is cut after this. */
  readonly quietMs: number;
  readonly statusTimeoutMs: number;
}

const connectTimeoutMs = 5_000;
const mostErrorBytes = 64 * 1024;

/** Opens a client whose connections stay open between crops; there is one for each crop under way. */
export function openRemoteClient({ url, apiKey, quietMs, statusTimeoutMs }: RemoteClientOptions): RemoteClient {
  const agent = new Agent({
    connect: { timeout: connectTimeoutMs },
    headersTimeout: quietMs,
    bodyTimeout: quietMs,
    pipelining: 1,
  });
  const headers = { 'user-agent': 'quire', ...(apiKey && { authorization: `Bearer ${apiKey}` }) };

  return {
    async status() {
      const response = await request(`${url}/v1/engine`, {
        dispatcher: agent,
        headers: { ...headers, accept: 'application/json' },
        signal: AbortSignal.timeout(statusTimeoutMs),
      });
      if (response.statusCode !== 200) throw await toAnswerError(response);
      const checked = engineStatusSchema.safeParse(await readJson(response.body));
      if (!checked.success) throw new AnswerError(200, '', 'its answer is not that of a Quire engine', 0);
      return checked.data;
    },
    async *read(frame, signal) {
      const response = await request(`${url}/v1/engine/crops`, {
        dispatcher: agent,
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/octet-stream', accept: 'application/x-ndjson' },
        body: frame,
        signal,
      });
      if (response.statusCode !== 200) throw await toAnswerError(response);
      try {
        for await (const line of splitLines(response.body)) yield readLine(line);
      } finally {
        // Nobody hears what a body says that is cut.
        response.body.on('error', () => {});
        if (!response.body.readableEnded) response.body.destroy();
      }
    },
    close: () => agent.destroy(),
  };
}

type Body = AsyncIterable<Uint8Array>;

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Body;
}

async function toAnswerError({ statusCode, headers, body }: Answer): Promise<AnswerError> {
  const retryAfterMs = Math.max(0, Number(headers['retry-after'] ?? 0) || 0) * 1000;
  const { error } = ((await readJson(body).catch(() => null)) ?? {}) as {
    error?: { code?: unknown; message?: unknown };
  };
  const code = typeof error?.code === 'string' ? error.code : '';
  const message = typeof error?.message === 'string' ? `${error.message} (${code})` : `it answered ${statusCode}`;
  return new AnswerError(statusCode, code, message.slice(0, 500), retryAfterMs);
}

async function readJson(body: Body): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let byteCount = 0;
  for await (const chunk of body) {
    byteCount += chunk.length;
    if (byteCount > mostErrorBytes) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function readLine(text: string): EngineLine {
  try {
    return engineLineSchema.parse(JSON.parse(text));
  } catch {
    throw new AnswerError(200, '', 'a line of its answer is not that of a Quire engine', 0);
  }
}
