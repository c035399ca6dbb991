import { AnswerError } from '#pool';
import { type BenchClient, type BenchRequest, readFailure } from './bench-client.js';
import type { Sample } from './sample.js';

/** What is learned of an answer line by line. */
export interface AnswerReader {
  /** Throws an Error with the name of the failure for a line that tells of one. */
  read(line: string): void;
  /** Whether the answer came to its end, not merely to the end of its connection. */
  readonly isWhole: boolean;
  /** Whether text has come. */
  readonly hasText: boolean;
  readonly promptTokens: number | null;
  readonly outputTokens: number | null;
  readonly imageCount: number;
}

export interface SendOptions {
  readonly client: BenchClient;
  readonly timeoutMs: number;
  /** Aborted when the benchmark is called off. */
  readonly signal: AbortSignal;
}

/** A failure is counted by its name. */
const mostNameLength = 100;

/** Sends one request and follows its answer to the end. Never rejects; null when it was called off. */
export async function sendRequest(
  request: BenchRequest,
  reader: AnswerReader,
  { client, timeoutMs, signal }: SendOptions,
): Promise<Sample | null> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const startedAt = performance.now();
  let firstMs: number | null = null;
  let failure: string | null = null;
  let retryAfterMs = 0;
  try {
    for await (const line of client.post(request, AbortSignal.any([deadline, signal]))) {
      reader.read(line);
      if (firstMs === null && reader.hasText) firstMs = performance.now() - startedAt;
    }
    if (!reader.isWhole) failure = 'answer cut off';
  } catch (error) {
    if (signal.aborted) return null;
    failure = deadline.aborted ? 'timeout' : nameFailure(error);
    if (error instanceof AnswerError) ({ retryAfterMs } = error);
  }
  return {
    totalMs: performance.now() - startedAt,
    firstMs,
    promptTokens: reader.promptTokens,
    outputTokens: reader.outputTokens,
    imageCount: failure === null ? reader.imageCount : 0,
    failure,
    retryAfterMs,
  };
}

/** Throws what an `error` object inside an answer says. */
export function throwFailure(error: unknown): never {
  const { code, message } = readFailure(JSON.stringify({ error }));
  throw new Error(code || message);
}

function nameFailure(error: unknown): string {
  if (error instanceof AnswerError) return `${error.status} ${error.code}`.trim();
  if (error instanceof SyntaxError) return 'answer is no JSON';
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message.slice(0, mostNameLength);
}
