import type { Context } from 'hono';
import type { DocumentResult } from '#pool';
import type { AppEnv } from './app-env.js';
import { countFailedBlocks, toDocumentBody } from './document-body.js';
import { serverTiming } from './server-timing.js';

/** Answers with a whole document, as JSON or as Markdown. */
export function answerDocument(
  c: Context<AppEnv>,
  document: DocumentResult,
  mediaType: 'application/json' | 'text/markdown',
): Response {
  const record = c.get('record');
  record.pageCount = document.pages.length;
  record.cropCount = document.timings.cropCount;
  c.header('Vary', 'Accept', { append: true });
  c.header('Server-Timing', serverTiming(document.timings));
  c.header('X-Failed-Blocks', String(countFailedBlocks(document.pages)));
  if (mediaType === 'text/markdown') {
    return c.body(document.markdown, 200, { 'Content-Type': 'text/markdown; charset=utf-8' });
  }
  return c.json(toDocumentBody(document), 200);
}
