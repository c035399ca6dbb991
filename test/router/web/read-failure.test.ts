import { describe, expect, it } from 'vitest';
import { modelErrorCodes } from '../../../models/errors.js';
import { poolErrorCodes } from '../../../pool/errors.js';
import { failureOf, titleOf } from '../../../router/web/read-failure.js';

/** Codes that reading a file from the page cannot meet: device actions, other hosts, page ranges, faults at start. */
const elsewhere = /^(DEVICE_(UNKNOWN|STATE)|CROP_INVALID|MODEL_|WEIGHTS_|COMPILE_|PAGE_RANGE_)/;
const routerCodes = ['REQUEST_INVALID', 'BODY_TOO_LARGE', 'UNAUTHORIZED', 'STARTING', 'INTERNAL'];

describe('a failure in the page', () => {
  it('has plain words for every code that a file can meet', () => {
    const plain = titleOf({ code: 'SOMETHING_NEW', message: '' });
    const codes = [...routerCodes, ...poolErrorCodes, ...modelErrorCodes].filter((code) => !elsewhere.test(code));
    expect(codes.filter((code) => titleOf({ code, message: '' }) === plain)).toEqual([]);
  });

  it('is taken from the body of the server, with the pause it asks for', async () => {
    const response = new Response(
      JSON.stringify({ error: { code: 'OVERLOADED', message: 'Full.', requestId: 'r1' } }),
      {
        status: 429,
        headers: { 'retry-after': '7' },
      },
    );
    expect(await failureOf(response)).toEqual({
      code: 'OVERLOADED',
      message: 'Full.',
      requestId: 'r1',
      retryAfterSeconds: 7,
    });
  });

  it('is told from the status when a proxy answers', async () => {
    const failure = await failureOf(
      new Response('<html>too large</html>', { status: 413, headers: { 'x-request-id': 'n1' } }),
    );
    expect(failure).toMatchObject({ code: 'BODY_TOO_LARGE', requestId: 'n1' });
    expect((await failureOf(new Response('', { status: 502 }))).code).toBe('HTTP_502');
  });
});
