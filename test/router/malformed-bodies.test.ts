import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describedApi, type JsonSchema, resolveRefs } from '../support/described-api.js';
import { bodiesNear } from '../support/malformed-bodies.js';
import { openTestApp } from '../support/test-app.js';

const { app } = openTestApp({ reading: { tokenTexts: ['x'] } });
const api = await describedApi(app);
const bodiesPerRoute = 200;
const answerWithinMs = 2000;

/** Every route that takes JSON, with the schema its body is held to. */
const routes = api.jsonRoutes().map(({ path, schema }) => ({ path, schema: resolveRefs(schema, api.schemas) }));

/** The stable code of a failure, wherever its dialect has it. */
function codeOf(body: unknown): unknown {
  const { code, error } = body as { code?: string; error?: { code: string } };
  return error?.code ?? code;
}

function validator(schema: JsonSchema): ValidateFunction {
  return new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
}

describe('malformed bodies, made from the description of the API', () => {
  it('covers every route that takes JSON', () => {
    expect(routes.map(({ path }) => path).sort()).toEqual([
      '/layout-parsing',
      '/restructure-pages',
      '/v1/chat/completions',
      '/v1/parse',
    ]);
    expect(routes.length * bodiesPerRoute).toBeGreaterThanOrEqual(500);
  });

  it.each(routes)('$path answers each with a code, none with 5xx, and at once', async ({ path, schema }) => {
    const isValid = validator(schema);
    let refusedCount = 0;
    await fc.assert(
      fc.asyncProperty(bodiesNear(schema), async (text) => {
        const startedAt = performance.now();
        const response = await app.request(path, {
          method: 'POST',
          body: text,
          headers: { 'content-type': 'application/json' },
        });
        const answer = await response.text();
        expect(performance.now() - startedAt).toBeLessThan(answerWithinMs);
        expect(response.status, answer).toBeLessThan(500);
        if (response.status >= 400) {
          refusedCount++;
          expect(codeOf(JSON.parse(answer)), answer).toMatch(/^[A-Z_]+$/);
        } else {
          // What is taken is what the description allows: the two come from one schema.
          expect(isValid(JSON.parse(text)), `${text} ${JSON.stringify(isValid.errors)}`).toBe(true);
        }
      }),
      { numRuns: bodiesPerRoute, seed: 20_250_101 },
    );
    expect(refusedCount).toBeGreaterThan(bodiesPerRoute / 2);
  });
});
