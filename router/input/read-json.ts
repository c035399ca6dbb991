import type { Context } from 'hono';
import type { AppEnv, RouteParts } from '../app-env.js';
import { RouterError } from '../errors.js';
import { parseJson } from './parse-json.js';
import { readBody } from './read-body.js';
import { refuseEncoding } from './refuse-encoding.js';

/**
 * A JSON body, held to the limits of all bodies. What it holds is for a schema to say.
 *
 * @throws RouterError MEDIA_TYPE_UNSUPPORTED or BODY_INVALID, and what `readBody` throws.
 */
export async function readJson(c: Context<AppEnv>, { config, uploads }: RouteParts): Promise<unknown> {
  const mediaType = (c.req.header('content-type') ?? 'application/json').split(';', 1)[0].trim().toLowerCase();
  if (!/^application\/([\w.-]+\+)?json$/.test(mediaType)) {
    throw new RouterError('MEDIA_TYPE_UNSUPPORTED', 'This route takes JSON: send Content-Type: application/json.');
  }
  refuseEncoding(c.req);
  const { signal } = c.get('deadline');
  const body = await readBody(c, { maxBytes: config.server.maxBodyBytes, budget: uploads, signal });
  return parseJson(body);
}
