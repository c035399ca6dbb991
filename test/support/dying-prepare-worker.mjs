// Stands in for the prepare thread: what a task does is named by its document's id.
import { threadId, workerData } from 'node:worker_threads';

export async function openDocument({ input: { documentId }, progress }) {
  progress[1] = documentId === 'protected' ? 0 : 1;
  progress[0] = threadId;
  if (documentId === 'hang') for (;;);
  if (documentId === 'protected') await new Promise((resolve) => setTimeout(resolve, 700));
  if (documentId === 'exit') process.exit(3);
  if (documentId === 'throw') {
    setImmediate(() => {
      throw new Error('an error nobody catches');
    });
    await new Promise(() => {});
  }
  if (documentId === 'memory') {
    const kept = [];
    for (;;) kept.push(new Array(1e6).fill(kept.length));
  }
  if (documentId === 'slow') await new Promise((resolve) => setTimeout(resolve, 300));
  if (documentId === 'strange') return { ok: false, failure: { code: 'NO_SUCH_CODE', message: 'odd' } };
  return { ok: true, value: { kind: 'image', pages: [{ width: workerData.limits.pdfDpi, height: 1 }] } };
}
