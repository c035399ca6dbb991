// Character errors and seconds per page of Quire (the built pool, embedded model, CPU) and of Tesseract 5, on the same
// rendered pages in the same run: npm run build && node test/bench/page-accuracy.mjs [name pattern] [--no-tesseract]
// Needs Chromium and tesseract with eng and chi_sim. Both use the cores of this machine one page at a time.
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadConfig } from '../../dist/config/index.js';
import { openPool } from '../../dist/pool/index.js';
import { editDistance, normalise } from './pages/edit-distance.mjs';
import { loadPages } from './pages/render-pages.mjs';

const out = fileURLToPath(new URL('./out', import.meta.url));
const args = process.argv.slice(2);
const withTesseract = !args.includes('--no-tesseract');
const pattern = new RegExp(args.find((arg) => !arg.startsWith('--')) ?? '');
const pages = (await loadPages(`${out}/pages`)).filter(({ name }) => pattern.test(name));
await mkdir(`${out}/read`, { recursive: true });

/** The text of a page in reading order; a table row by row. */
function plainText(page) {
  const unescapeHtml = (text) =>
    text
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#x27;', "'")
      .replaceAll('&amp;', '&');
  return page.blocks
    .map(({ label, text }) =>
      label === 'table'
        ? unescapeHtml(
            text
              .replaceAll('</tr>', '\n')
              .replaceAll('</td>', ' ')
              .replace(/<[^>]+>/g, ''),
          )
        : text,
    )
    .join('\n\n');
}

/** Seconds on the clock and of all cores, and what came back. */
async function measure(cpuTime, work) {
  const startedAt = performance.now();
  const cpuBefore = cpuTime();
  const value = await work();
  return { value, seconds: (performance.now() - startedAt) / 1000, cpuSeconds: (cpuTime() - cpuBefore) / 1000 };
}

const ownCpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
async function readWithTesseract({ file, lang }) {
  // The shell's `time` counts the child alone.
  const { stdout, stderr } = await promisify(execFile)(
    'bash',
    ['-c', 'TIMEFORMAT="cpu %U %S"; time tesseract "$0" - -l "$1" --psm 3 2>/dev/null', file, lang],
    { maxBuffer: 1 << 24 },
  );
  const [, user, system] = /cpu ([\d.]+) ([\d.]+)/.exec(stderr);
  return { text: stdout, cpuSeconds: Number(user) + Number(system) };
}

const config = loadConfig({ env: process.env, flags: { 'log.level': 'silent' } });
const pool = await openPool({ config });
await pool.whenReady?.();
// The first page of a process pays for warming up the compiler of JavaScript; a server does not.
await pool.parse({ bytes: await readFile(pages[0].file) }).result;

const percent = (errors, characters) => `${((100 * errors) / characters).toFixed(2)} %`.padStart(8);
const seconds = ({ seconds: wall, cpuSeconds }) =>
  `${wall.toFixed(2).padStart(6)} ${cpuSeconds.toFixed(2).padStart(6)}`;
const line = (name, characters, quire, tesseract, note = '') =>
  console.log(
    `${name.padEnd(26)} ${percent(quire.errors, characters)} ${seconds(quire)}   ${tesseract ? `${percent(tesseract.errors, characters)} ${seconds(tesseract)}` : ''} ${note}`,
  );
console.log(`${''.padEnd(26)} Quire: CER, seconds, CPU seconds   Tesseract: the same`);
const rows = [];
for (const page of pages) {
  const isChinese = page.lang !== 'eng';
  const truth = normalise(page.truth, isChinese);
  const bytes = await readFile(page.file);
  const quire = await measure(ownCpu, () => pool.parse({ bytes }).result);
  const text = plainText(quire.value.pages[0]);
  await writeFile(`${out}/read/${page.name}.txt`, text);
  await writeFile(`${out}/read/${page.name}.md`, quire.value.markdown);
  const row = {
    name: page.name,
    kind: page.kind,
    characters: truth.length,
    quire: {
      errors: editDistance(truth, normalise(text, isChinese)),
      seconds: quire.seconds,
      cpuSeconds: quire.cpuSeconds,
    },
    truncated: quire.value.pages[0].blocks.filter((block) => block.truncated).length,
    timings: quire.value.timings,
  };
  if (withTesseract) {
    const rival = await measure(ownCpu, () => readWithTesseract(page));
    await writeFile(`${out}/read/${page.name}.tesseract.txt`, rival.value.text);
    row.tesseract = {
      errors: editDistance(truth, normalise(rival.value.text, isChinese)),
      seconds: rival.seconds,
      cpuSeconds: rival.value.cpuSeconds,
    };
  }
  rows.push(row);
  const { prepareMs, detectMs, visionMs, prefillMs, decodeMs, cropCount } = row.timings;
  const stages = [prepareMs, detectMs, visionMs, prefillMs, decodeMs].map((ms) => Math.round(ms)).join('/');
  const note = `${stages} ms, ${cropCount} crops${row.truncated ? `, ${row.truncated} cut short` : ''}`;
  line(row.name, row.characters, row.quire, row.tesseract, note);
}
await pool.close();

const sum = (group, who) =>
  group[0][who] &&
  group.reduce(
    (total, row) => ({
      errors: total.errors + row[who].errors,
      seconds: total.seconds + row[who].seconds / group.length,
      cpuSeconds: total.cpuSeconds + row[who].cpuSeconds / group.length,
    }),
    { errors: 0, seconds: 0, cpuSeconds: 0 },
  );
console.log('');
for (const kind of [...new Set(rows.map((row) => row.kind)), '']) {
  const group = rows.filter((row) => kind === '' || row.kind === kind);
  const characters = group.reduce((total, row) => total + row.characters, 0);
  line(kind || `all ${rows.length} pages`, characters, sum(group, 'quire'), sum(group, 'tesseract'));
}
await writeFile(`${out}/page-accuracy.json`, JSON.stringify(rows, null, 2));
