import { html, raw } from 'hono/html';
import { errorTable } from '../error-response.js';
import { pageFrame } from './page-frame.js';

interface Described {
  readonly description?: string;
  readonly summary?: string;
}

interface Operation extends Described {
  readonly tags?: readonly string[];
  readonly parameters?: readonly (Described & {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema?: unknown;
  })[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: unknown }>> };
  readonly responses?: Readonly<
    Record<string, Described & { readonly content?: Readonly<Record<string, { readonly schema?: unknown }>> }>
  >;
}

/** As much of an OpenAPI 3.1 document as the reference page shows. */
export interface DescribedApi {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> };
}

/** The reference page: the OpenAPI document as one page of HTML, with nothing fetched from anywhere. */
export function docsPage(api: DescribedApi): ReturnType<typeof html> {
  const operations = Object.entries(api.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => showOperation(method, path, operation)),
  );
  return pageFrame(
    `${api.info.title} ${api.info.version}: reference`,
    html`<p>${api.info.description ?? ''} The same as data: <a href="openapi.json">openapi.json</a>.</p>
      ${operations}
      <h2>Schemas</h2>
      ${Object.entries(api.components?.schemas ?? {}).map(
        ([name, schema]) => html`<h3 id="${name}">${name}</h3><pre>${JSON.stringify(schema, null, 2)}</pre>`,
      )}
      <h2>Error codes</h2>
      <table>
        <tr><th>code</th><th>status</th><th>meaning</th></tr>
        ${Object.entries(errorTable).map(
          ([code, { status, meaning }]) =>
            html`<tr><td><code>${code}</code></td><td>${status}</td><td>${meaning}</td></tr>`,
        )}
      </table>`,
  );
}

function showOperation(method: string, path: string, operation: Operation): ReturnType<typeof html> {
  const { parameters = [], requestBody, responses = {} } = operation;
  return html`<section>
    <h2><code>${method.toUpperCase()} ${path}</code></h2>
    <p><strong>${operation.summary ?? ''}</strong> ${operation.description ?? ''}</p>
    ${
      parameters.length > 0
        ? html`<table>
            <tr><th>parameter</th><th>in</th><th>schema</th><th></th></tr>
            ${parameters.map(
              (parameter) => html`<tr>
                <td><code>${parameter.name}</code>${parameter.required ? ' (required)' : ''}</td>
                <td>${parameter.in}</td>
                <td><code>${JSON.stringify(parameter.schema ?? {})}</code></td>
                <td>${parameter.description ?? ''}</td>
              </tr>`,
            )}
          </table>`
        : ''
    }
    ${
      requestBody
        ? html`<p>Body:</p>
            <ul>
              ${Object.entries(requestBody.content).map(
                ([type, { schema }]) => html`<li><code>${type}</code> ${showSchema(schema)}</li>`,
              )}
            </ul>`
        : ''
    }
    <p>Answers:</p>
    <ul>
      ${Object.entries(responses).map(
        ([status, response]) => html`<li>
          <code>${status}</code> ${response.description ?? ''}
          ${Object.entries(response.content ?? {}).map(
            ([type, { schema }]) => html` <code>${type}</code> ${showSchema(schema)}`,
          )}
        </li>`,
      )}
    </ul>
  </section>`;
}

/** A reference becomes a link, anything else its JSON. */
function showSchema(schema: unknown): ReturnType<typeof html> | ReturnType<typeof raw> {
  const target = (schema as { $ref?: string } | undefined)?.$ref?.split('/').at(-1);
  if (target) return html`<a href="#${target}">${target}</a>`;
  return schema ? html`<code>${JSON.stringify(schema)}</code>` : raw('');
}
