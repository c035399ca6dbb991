import { describe, expect, it } from 'vitest';
import { ModelError, modelErrorCodes, PoolError, poolErrorCodes } from '../../pool/index.js';
import { errorTable, isFault, toHttpFailure } from '../../router/error-response.js';
import { RouterError, routerErrorCodes } from '../../router/errors.js';

describe('errorTable', () => {
  it('has a row for each code of each layer, and no other', () => {
    const codes = [...routerErrorCodes, ...poolErrorCodes, ...modelErrorCodes];
    expect(Object.keys(errorTable).sort()).toEqual([...codes].sort());
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('has one whole sentence for each', () => {
    for (const [code, { meaning }] of Object.entries(errorTable)) expect(meaning, code).toMatch(/^[A-Z].*[.)]$/);
  });
});

describe('toHttpFailure', () => {
  it('keeps code and message of what is ours', () => {
    expect(toHttpFailure(new ModelError('PDF_ENCRYPTED', 'Locked.'))).toEqual({
      status: 422,
      code: 'PDF_ENCRYPTED',
      message: 'Locked.',
    });
    expect(toHttpFailure(new RouterError('NOT_FOUND', 'No.'))).toMatchObject({ status: 404 });
  });

  it('rounds the wait up to whole seconds, and always names one with 429 and 503', () => {
    const wait = (error: PoolError) => toHttpFailure(error).retryAfterSeconds;
    expect(wait(new PoolError('OVERLOADED', 'Full.', { retryAfterMs: 1001 }))).toBe(2);
    expect(wait(new PoolError('OVERLOADED', 'Full.', { retryAfterMs: 1 }))).toBe(1);
    expect(wait(new PoolError('NO_DEVICE', 'None.'))).toBe(1);
    expect(wait(new PoolError('DEADLINE_EXCEEDED', 'Late.'))).toBeUndefined();
  });

  it('tells nobody what a foreign error says', () => {
    const failure = toHttpFailure(new TypeError('x is not a function at /srv/app.js'));
    expect(failure).toMatchObject({ status: 500, code: 'INTERNAL' });
    expect(failure.message).not.toContain('/srv');
    expect(isFault(failure)).toBe(true);
  });
});
