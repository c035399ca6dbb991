import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import type { ServerSettings } from '#config';

export type Fetch = (request: Request, env: HttpBindings) => Response | Promise<Response>;

/** A bound port and what answers on it. */
export interface HttpServer {
  readonly url: string;
  /** Replaces what answers. */
  answerWith(fetch: Fetch): void;
  /**
   * Stops accepting and lets open requests end; connections are told to close with their answer.
   * Resolves true when all have ended, false when the limit came first and the rest was cut.
   */
  close(limitMs: number): Promise<boolean>;
}

/** Longer than the 60 s for which nginx and cloud balancers keep a connection, so that they never use a closed one. */
const keepAliveMs = 65_000;

/** Binds the port. Rejects with the system's error (EADDRINUSE, EACCES, …). */
export async function openHttpServer(settings: ServerSettings, fetch: Fetch): Promise<HttpServer> {
  let current = fetch;
  let isClosing = false;
  const unanswered = new Set<ServerResponse>();
  const server = createAdaptorServer({
    fetch: (request, env) => current(request, env as HttpBindings),
    hostname: settings.host,
  }) as Server;
  server.keepAliveTimeout = keepAliveMs;
  // The whole request must have come in by then; the answer has the request's own deadline.
  server.requestTimeout = settings.requestTimeoutMs;
  server.prependListener('request', (_, response) => {
    if (isClosing) response.setHeader('Connection', 'close');
    unanswered.add(response);
    response.once('close', () => unanswered.delete(response));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.port, settings.host, resolve);
  });

  return {
    url: urlOf(server.address() as AddressInfo),
    answerWith(next) {
      current = next;
    },
    async close(limitMs) {
      isClosing = true;
      for (const response of unanswered) if (!response.headersSent) response.setHeader('Connection', 'close');
      const ended = new Promise<true>((resolve) => server.close(() => resolve(true)));
      // A connection whose answer was under way becomes idle later than `close` looks.
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      let timer: NodeJS.Timeout | undefined;
      const cut = new Promise<false>((resolve) => {
        timer = setTimeout(() => resolve(false), limitMs);
      });
      const isClean = await Promise.race([ended, cut]);
      clearInterval(sweep);
      clearTimeout(timer);
      return isClean;
    },
  };
}

/** An address a person can open: the wildcard is this machine to its user. */
function urlOf({ address, family, port }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return `http://localhost:${port}`;
  return family === 'IPv6' ? `http://[${address}]:${port}` : `http://${address}:${port}`;
}
