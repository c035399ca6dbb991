import { html } from 'hono/html';

type Html = ReturnType<typeof html>;

/** The frame of our own pages: no address outside this server, readable in the dark and on a phone. */
export function pageFrame(title: string, content: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <style>
          :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
          body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
          table { border-collapse: collapse; display: block; overflow-x: auto; }
          td, th { border: 1px solid #8888; padding: 0.25rem 0.5rem; text-align: left; vertical-align: top; }
          pre { overflow-x: auto; padding: 0.75rem; background: #8882; white-space: pre-wrap; }
          code { font-family: ui-monospace, monospace; font-size: 0.9em; overflow-wrap: anywhere; }
        </style>
      </head>
      <body>
        <h1>${title}</h1>
        ${content}
      </body>
    </html>`;
}
