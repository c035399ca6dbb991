import { RouterError } from '../errors.js';

/**
 * The field `file` of a multipart form; any other field is refused, so that a misspelt option is not lost silently.
 *
 * @throws RouterError BODY_INVALID or REQUEST_INVALID.
 */
export async function readMultipartFile(body: Uint8Array, contentType: string): Promise<Uint8Array> {
  let form: FormData;
  try {
    form = await new Response(body as Uint8Array<ArrayBuffer>, { headers: { 'content-type': contentType } }).formData();
  } catch (error) {
    throw new RouterError('BODY_INVALID', 'The body is not the multipart form that its Content-Type announces.', {
      cause: error,
    });
  }
  const unknown = [...form.keys()].find((name) => name !== 'file');
  if (unknown !== undefined) {
    throw new RouterError(
      'REQUEST_INVALID',
      `The field "${unknown.slice(0, 100)}" is unknown; options go into the query.`,
    );
  }
  const files = form.getAll('file');
  if (files.length !== 1) {
    throw new RouterError('REQUEST_INVALID', `Send exactly one field "file", not ${files.length}.`);
  }
  const [file] = files;
  if (typeof file === 'string') {
    throw new RouterError(
      'REQUEST_INVALID',
      'The field "file" holds text; send a file (with curl: -F file=@page.png).',
    );
  }
  return new Uint8Array(await file.arrayBuffer());
}
