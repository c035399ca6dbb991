import fc from 'fast-check';
import type { JsonSchema } from './described-api.js';

/** Values that trip careless code, whatever was expected. */
const awkward: readonly unknown[] = [
  null,
  true,
  '',
  ' ',
  '\u0000',
  '\ud800',
  'a'.repeat(10_000),
  '-1',
  'http://127.0.0.1/',
  'http://[::ffff:127.0.0.1]/a.png',
  'file:///etc/passwd',
  'data:image/png;base64,',
  'data:,',
  '__proto__',
  'constructor',
  -1,
  0,
  -0,
  0.5,
  1e308,
  2 ** 53,
  -(2 ** 31),
  [],
  [[]],
  [null],
  {},
  { __proto__x: 1 },
  { constructor: { prototype: 1 } },
  new Array(1000).fill({}),
];

/**
 * Texts of bodies near what a schema allows: right in most places and wrong in some, cut off, or something else
 * altogether.
 */
export function bodiesNear(schema: JsonSchema): fc.Arbitrary<string> {
  const near = valueNear(schema, 0).map((value) => JSON.stringify(value) ?? 'null');
  const cut = fc
    .tuple(near, fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([text, share]) => text.slice(0, Math.floor(text.length * share)));
  const deep = fc.integer({ min: 1, max: 20_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth));
  return fc.oneof(
    { weight: 12, arbitrary: near },
    { weight: 2, arbitrary: cut },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string() },
    { weight: 1, arbitrary: deep },
  );
}

function valueNear(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 12, arbitrary: valueFor(schema, depth) },
    { weight: 1, arbitrary: fc.constantFrom(...awkward) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  );
}

/** A value of the schema, the parts of which may be wrong. */
function valueFor(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices && depth < 8) return fc.oneof(...choices.map((choice) => valueFor(choice, depth + 1)));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const [type] = [schema.type].flat().filter((name) => name !== undefined);
  switch (type) {
    case 'object':
      return objectNear(schema, depth);
    case 'array':
      return arrayNear(schema, depth);
    case 'string':
      return fc.oneof(
        fc.string(),
        fc.constantFrom('a', 'QUJD', 'table', 'http://10.0.0.1/a.png', 'data:image/png;base64,QUJD'),
      );
    case 'integer':
      return fc.integer({ min: -5, max: 5000 });
    case 'number':
      return fc.double({ min: -2, max: 5, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectNear({ properties = {}, required = [], additionalProperties }: JsonSchema, depth: number) {
  if (depth > 8) return fc.constant({});
  const model = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, valueNear(schema, depth + 1)]),
  );
  const known = fc.record(model, { requiredKeys: required.filter((name) => name in model) });
  const extra = typeof additionalProperties === 'object' ? valueNear(additionalProperties, depth + 1) : fc.jsonValue();
  const others = fc.dictionary(fc.string({ maxLength: 10 }), extra, { maxKeys: 2 });
  return fc.tuple(known, others, fc.integer({ min: 0, max: 9 })).map(([body, more, chance]) => {
    const whole: Record<string, unknown> = chance < 3 ? { ...more, ...body } : { ...body };
    // Now and then something that must be there is not.
    if (chance === 9 && required.length > 0) delete whole[required[0]];
    return whole;
  });
}

function arrayNear({ items, prefixItems }: JsonSchema, depth: number): fc.Arbitrary<unknown> {
  if (depth > 8) return fc.constant([]);
  if (prefixItems) return fc.tuple(...prefixItems.map((item) => valueNear(item, depth + 1)));
  return fc.array(items ? valueNear(items, depth + 1) : fc.jsonValue({ maxDepth: 1 }), { maxLength: 4 });
}
