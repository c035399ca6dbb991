// Stands in for the prepare thread: each task does what its input's `behaviour` says.
import { workerData } from 'node:worker_threads';

export async function openDocument({ documentId }) {
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
