import type { MiddlewareHandler } from 'hono';
import { PoolError } from '#pool';
import type { AppEnv } from '../app-env.js';

/** How long a request may still take, and whether its client is still there. */
export interface RequestDeadline {
  /** Aborted with CANCELLED when the client leaves. */
  readonly clientSignal: AbortSignal;
  /** Aborted with CANCELLED or DEADLINE_EXCEEDED, whichever comes first. */
  readonly signal: AbortSignal;
  /** Milliseconds left, never negative. */
  remainingMs(): number;
  /** Brings the deadline forward to this many milliseconds after the request came in; never back. */
  shorten(limitMs: number): void;
}

/** Gives every request one clock and one signal, from its first byte to the end of its answer. */
export function deadline(limitMs: number): MiddlewareHandler<AppEnv> {
  return async function deadline(c, next) {
    const clock = startDeadline(c.req.raw.signal, limitMs);
    c.set('deadline', clock);
    try {
      await next();
    } finally {
      const { streamEnd } = c.get('record');
      if (streamEnd) void streamEnd.finally(() => clock.stop());
      else clock.stop();
    }
  };
}

function startDeadline(connection: AbortSignal, limitMs: number): RequestDeadline & { stop(): void } {
  const startedAt = performance.now();
  const client = new AbortController();
  const either = new AbortController();
  const leave = (): void => {
    client.abort(new PoolError('CANCELLED', 'The client has left.'));
    either.abort(client.signal.reason);
  };
  const expire = (): void =>
    either.abort(new PoolError('DEADLINE_EXCEEDED', `The request took longer than ${limit} ms.`));
  let limit = limitMs;
  let timer = setTimeout(expire, limit);
  if (connection.aborted) leave();
  else connection.addEventListener('abort', leave, { once: true });
  return {
    clientSignal: client.signal,
    signal: either.signal,
    remainingMs: () => Math.max(0, limit - (performance.now() - startedAt)),
    shorten(wantedMs) {
      if (wantedMs >= limit) return;
      limit = wantedMs;
      clearTimeout(timer);
      timer = setTimeout(expire, Math.max(0, limit - (performance.now() - startedAt)));
    },
    stop() {
      clearTimeout(timer);
      connection.removeEventListener('abort', leave);
    },
  };
}
