import type { Context } from 'hono';
import type { AppEnv, RouteParts } from '../app-env.js';
import { urlInputSchema } from '../contract/parse-request.js';
import { RouterError } from '../errors.js';
import { describeIssues } from './describe-issues.js';
import { fetchUrl } from './fetch-url.js';
import { parseJson } from './parse-json.js';
import { readBody } from './read-body.js';
import { readMultipartFile } from './read-multipart-file.js';
import { refuseEncoding } from './refuse-encoding.js';

/**
 * The file of a request, however it was sent: the raw body, the multipart field `file`, or fetched from the `url` of
 * a JSON body. What kind of file it is, its bytes tell; a wrong Content-Type of an image does no harm.
 */
export async function readUpload(c: Context<AppEnv>, { config, uploads }: RouteParts): Promise<Uint8Array> {
  const header = c.req.header('content-type') ?? 'application/octet-stream';
  const mediaType = header.split(';', 1)[0].trim().toLowerCase();
  const { signal } = c.get('deadline');
  checkMediaType(mediaType);
  refuseEncoding(c.req);
  const body = await readBody(c, { maxBytes: config.server.maxBodyBytes, budget: uploads, signal });
  if (mediaType === 'multipart/form-data') return readMultipartFile(body, header);
  if (mediaType === 'application/json') {
    return fetchUrl(readUrlInput(body), { settings: config.url, signal, budget: uploads });
  }
  return body;
}

/** `curl --data-binary` says `application/x-www-form-urlencoded` unless told otherwise: a file all the same. */
const rawTypes = /^(application\/(octet-stream|pdf|x-pdf|x-www-form-urlencoded)|binary\/octet-stream|image\/[\w.+-]+)$/;

function checkMediaType(mediaType: string): void {
  if (mediaType === 'multipart/form-data' || mediaType === 'application/json' || rawTypes.test(mediaType)) return;
  throw new RouterError(
    'MEDIA_TYPE_UNSUPPORTED',
    'Send the file as the raw body (its own type or application/octet-stream), as the multipart field "file", or as JSON {"url"}.',
  );
}

function readUrlInput(body: Uint8Array): string {
  const checked = urlInputSchema.safeParse(parseJson(body));
  if (!checked.success) throw new RouterError('REQUEST_INVALID', describeIssues(checked.error.issues));
  return checked.data.url;
}
