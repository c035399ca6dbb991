import type { DOMPurify } from 'dompurify';
import type MarkdownIt from 'markdown-it';
import type Temml from 'temml';

// The server takes these from its own packages; they come with the first document, not with the page.
const addressOf = (name: string) => new URL(`./vendor/${name}.js`, import.meta.url).href;

let markdown: Promise<typeof MarkdownIt> | null = null;
let purify: Promise<DOMPurify> | null = null;
let temml: Promise<typeof Temml> | null = null;

export function loadMarkdownIt(): Promise<typeof MarkdownIt> {
  markdown ??= import(addressOf('markdown-it')).then((module) => module.default);
  return markdown;
}

/** DOMPurify's small build makes itself a global. */
export function loadPurify(): Promise<DOMPurify> {
  purify ??= import(addressOf('dompurify')).then(() => (globalThis as unknown as { DOMPurify: DOMPurify }).DOMPurify);
  return purify;
}

export function loadTemml(): Promise<typeof Temml> {
  temml ??= import(addressOf('temml')).then((module) => module.default);
  return temml;
}
