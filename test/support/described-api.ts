/** JSON Schema as it stands in the description of the API. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly additionalProperties?: boolean | JsonSchema;
}

interface Description {
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
  readonly paths: Readonly<
    Record<string, { post?: { requestBody?: { content?: Record<string, { schema: JsonSchema }> } } }>
  >;
}

/** What `/openapi.json` says, as far as tests ask. */
export async function describedApi(app: { request(path: string): Response | Promise<Response> }) {
  const { components, paths } = (await (await app.request('/openapi.json')).json()) as Description;
  return {
    schemas: components.schemas,
    /** Every POST that takes JSON, with the schema of its body. */
    jsonRoutes: () =>
      Object.entries(paths).flatMap(([path, { post }]) => {
        const schema = post?.requestBody?.content?.['application/json']?.schema;
        return schema ? [{ path, schema }] : [];
      }),
  };
}

/** The schema with its references put in place; none of ours refers to itself. */
export function resolveRefs(schema: JsonSchema, schemas: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    const { $ref } = value as JsonSchema;
    if (typeof $ref === 'string') return walk(schemas[$ref.replace('#/components/schemas/', '')]);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item)]));
  };
  return walk(schema) as JsonSchema;
}
