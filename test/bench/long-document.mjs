// Reads a long PDF through POST /layout-parsing and says whether its pages came in order, how long it took and what
// memory the server took at most. `node test/bench/long-document.mjs [pages=200] [visualize=true]`, after the build.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { PDFDocument, StandardFonts } from 'pdf-lib';

const pageCount = Number(argv[2] ?? 200);
const visualize = (argv[3] ?? 'true') === 'true';
const root = fileURLToPath(new URL('../..', import.meta.url));

/** A4 pages with a heading that names the page and a line of text. */
async function makePdf() {
  const pdf = await PDFDocument.create();
  const font = await pdf.embedFont(StandardFonts.Helvetica);
  for (let page = 1; page <= pageCount; page++) {
    const sheet = pdf.addPage([595, 842]);
    sheet.drawText(`Chapter ${page}`, { x: 60, y: 760, size: 24, font });
    sheet.drawText(`The text of page ${page} is short.`, { x: 60, y: 700, size: 12, font });
  }
  return pdf.save();
}

async function startServer() {
  const env = { ...process.env, QUIRE_CACHE_DIR: `${root}test-results/cache`, QUIRE_LOG_LEVEL: 'warn' };
  const args = ['dist/router/main.js', 'serve', '--port', '0'];
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of child.stdout) {
    output += chunk;
    if (output.includes('is ready')) break;
  }
  return { child, url: /listens on (\S+)/.exec(output)[1] };
}

/** Resident memory of a process in MB: now, or at most so far. */
function memoryOf(pid, field) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)[1]) / 1024;
}

const file = Buffer.from(await makePdf()).toString('base64');
const { child, url } = await startServer();
const idle = memoryOf(child.pid, 'VmRSS');
const startedAt = performance.now();
const response = await fetch(`${url}/layout-parsing`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ file, fileType: 0, visualize }),
});

// The answer is looked at as it comes and not kept: it is the server's memory that counts.
let byteCount = 0;
let tail = '';
let firstByteMs = 0;
const seen = [];
const sizes = [];
const decoder = new TextDecoder();
for await (const chunk of response.body) {
  firstByteMs ||= performance.now() - startedAt;
  byteCount += chunk.byteLength;
  const text = tail + decoder.decode(chunk, { stream: true });
  const places = [...text.matchAll(/"markdown":\{"text":"#+ Chapter (\d+)/g)];
  for (const [, page] of places) {
    seen.push(Number(page));
    if (seen.length % Math.ceil(pageCount / 8) === 0) {
      sizes.push(`${seen.length} pages: ${Math.round(memoryOf(child.pid, 'VmRSS'))} MB`);
    }
  }
  const last = places.at(-1);
  tail = text.slice(Math.max(last ? last.index + 30 : 0, text.length - 200));
}
const seconds = (performance.now() - startedAt) / 1000;
const peak = memoryOf(child.pid, 'VmHWM');
child.kill('SIGTERM');
await once(child, 'exit');

const isOrdered = seen.every((page, index) => index === 0 || page > seen[index - 1]);
const isWhole = tail.includes(`"numPages":${pageCount}`) || tail.endsWith('}}}');
console.log(`${cpus().length} cores, ${cpus()[0].model}`);
console.log(`status ${response.status}, ${(byteCount / 2 ** 20).toFixed(1)} MB, whole: ${isWhole}`);
console.log(`${seen.length} of ${pageCount} headings read right, in order: ${isOrdered}`);
console.log(
  `${seconds.toFixed(1)} s, ${(seconds / pageCount).toFixed(2)} s a page, first byte after ${(firstByteMs / 1000).toFixed(1)} s`,
);
console.log(`memory: ${Math.round(idle)} MB idle, ${Math.round(peak)} MB at most; ${sizes.join(', ')}`);
process.exitCode = isOrdered && isWhole ? 0 : 1;
