import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import type { ServerSettings } from '#config';
import type { AppEnv } from '../app-env.js';
import { RouterError } from '../errors.js';

/** Lets a request pass that carries a user's or an operator's key; without any key set, the API is open. */
export function userAuth({ apiKeys, adminKeys }: ServerSettings): MiddlewareHandler<AppEnv> {
  const isKnown = createKeyCheck([...apiKeys, ...adminKeys]);
  return async function userAuth(c, next) {
    if (apiKeys.length > 0 && !isKnown(bearerKey(c))) throw unauthorized(c, 'API key');
    await next();
  };
}

/**
 * Guards the device actions: an operator's key, or, when none is set, a direct request from this machine.
 * A proxied or a browser's cross-site request reaches us from loopback too and does not count as one.
 */
export function adminAuth({ adminKeys }: ServerSettings): MiddlewareHandler<AppEnv> {
  const isKnown = createKeyCheck(adminKeys);
  return async function adminAuth(c, next) {
    if (adminKeys.length > 0) {
      if (!isKnown(bearerKey(c))) throw unauthorized(c, 'admin key');
    } else if (!isDirectLoopback(c)) {
      throw new RouterError(
        'FORBIDDEN',
        'Set server.adminKeys and send one as a bearer key, or ask from the machine itself.',
      );
    }
    await next();
  };
}

function unauthorized(c: Context<AppEnv>, name: string): RouterError {
  c.header('WWW-Authenticate', 'Bearer');
  return new RouterError('UNAUTHORIZED', `Send a valid ${name} as "Authorization: Bearer KEY".`);
}

function bearerKey(c: Context<AppEnv>): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '')?.[1];
}

/** Compares in a time that depends neither on the keys nor on where they differ: digests of equal length, all of them. */
function createKeyCheck(keys: readonly string[]): (given: string | undefined) => boolean {
  const digests = keys.map(digest);
  return (given) => {
    if (given === undefined) return false;
    const wanted = digest(given);
    return digests.reduce((isFound, known) => timingSafeEqual(known, wanted) || isFound, false);
  };
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

function isDirectLoopback(c: Context<AppEnv>): boolean {
  const address = c.env?.incoming?.socket.remoteAddress ?? '';
  const isLoopback = /^(127\.|::1$|::ffff:127\.)/.test(address);
  const isForwarded = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'].some(
    (name) => c.req.header(name) !== undefined,
  );
  const isFromBrowser = c.req.header('origin') !== undefined || c.req.header('sec-fetch-site') !== undefined;
  return isLoopback && !isForwarded && !isFromBrowser;
}
