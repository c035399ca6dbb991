// Renders the test pages: node test/bench/pages/render-pages.mjs [folder]. Needs Chromium (CHROMIUM_PATH or /usr/bin/chromium).
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { degradeScan } from './degrade-scan.mjs';
import { pages } from './templates.mjs';

/** Runs in the browser: the printed text in reading order, a table as rows of cells. */
function readTruth() {
  const clean = (text) => text.replace(/[ \t]+/g, ' ').trim();
  return [...document.querySelectorAll('[data-truth]')]
    .map((element) => {
      if (element.tagName === 'TABLE') {
        return [...element.rows]
          .map((row) =>
            [...row.cells]
              .map((cell) => clean(cell.innerText))
              .join(' ')
              .trim(),
          )
          .join('\n');
      }
      if (element.tagName === 'OL' || element.tagName === 'UL') {
        return [...element.children]
          .map((item, index) => `${element.tagName === 'OL' ? `${index + 1}.` : '•'} ${clean(item.innerText)}`)
          .join('\n');
      }
      return clean(element.innerText);
    })
    .join('\n\n');
}

/** Renders every page into `folder` (PNG and truth); answers what was written. */
export async function renderPages(folder) {
  await mkdir(folder, { recursive: true });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--font-render-hinting=none', '--disable-lcd-text'],
  });
  const rendered = [];
  try {
    for (const page of pages) {
      const source = page.scanOf ? pages.find((other) => other.name === page.scanOf) : page;
      const scale = page.scanOf ? 2 : 1;
      const tab = await browser.newPage({
        viewport: { width: page.width ?? 1240, height: page.height ?? 1754 },
        deviceScaleFactor: scale,
      });
      await tab.setContent(source.html, { waitUntil: 'load' });
      const overflow = await tab.evaluate(() => {
        const footer = document.querySelector('footer')?.getBoundingClientRect().top ?? innerHeight;
        const ends = [...document.querySelectorAll('[data-truth]:not(footer)')].map((e) => e.getBoundingClientRect());
        return ends.some((box) => box.bottom > footer || box.right > innerWidth * 0.93);
      });
      if (overflow) throw new Error(`${page.name}: the text runs over the page`);
      const truth = await tab.evaluate(readTruth);
      let png = await tab.screenshot({ type: 'png' });
      await tab.close();
      if (page.scanOf) png = await degradeScan(png, page);
      const file = path.join(folder, `${page.name}.png`);
      await writeFile(file, png);
      await writeFile(path.join(folder, `${page.name}.txt`), truth);
      rendered.push({ name: page.name, kind: page.kind, lang: page.lang, file, truth });
    }
  } finally {
    await browser.close();
  }
  await writeFile(path.join(folder, 'pages.json'), JSON.stringify(rendered, null, 2));
  return rendered;
}

/** The pages in `folder`, rendered first when they are not there. */
export async function loadPages(folder) {
  try {
    return JSON.parse(await readFile(path.join(folder, 'pages.json'), 'utf8'));
  } catch {
    return renderPages(folder);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? fileURLToPath(new URL('../out/pages', import.meta.url));
  for (const page of await renderPages(folder)) console.log(page.name, page.truth.length, 'characters');
}
