// Makes the pictures of the README: node test/support/make-pictures.mjs [folder] [seconds of load]
// The page (light, dark, phone) and the devices are screenshots of the built server. Grafana does not run here: the
// dashboard is drawn by draw-dashboard.mjs from its own JSON, with the answers of a real Prometheus to its own queries.
import { spawn } from 'node:child_process';
import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { drawDashboard } from './draw-dashboard.mjs';
import { missingPrometheus, openPrometheus } from './prometheus.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = path.resolve(process.argv[2] ?? path.join(root, 'test-results/pictures'));
const loadSeconds = Number(process.argv[3] ?? 60);

async function startServer() {
  const child = spawn(process.execPath, [path.join(root, 'dist/router/main.js'), 'serve', '--port', '0'], {
    env: { ...process.env, QUIRE_CACHE_DIR: path.join(root, 'test-results/cache') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout) {
    output += chunk;
    if (output.includes('is ready')) break;
  }
  const [, url] = /listens on (\S+)/.exec(output) ?? [];
  if (!url) throw new Error(`the server did not start:\n${output}`);
  return { url, stop: () => child.kill('SIGTERM') };
}

/** Writes a screenshot in few colours: flat surfaces and letters stay sharp, and the file small. */
async function save(name, png) {
  const file = path.join(folder, `${name}.png`);
  await sharp(png).png({ palette: true, colours: 128, effort: 10, compressionLevel: 9 }).toFile(file);
  console.log(file, Math.round((await stat(file)).size / 1024), 'KB');
}

async function takePage(browser, url, name, options, act = async () => {}) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 820 }, ...options });
  const page = await context.newPage();
  await page.goto(url);
  await page.locator('.sample-card').click();
  await page.waitForFunction(() => document.querySelector('#status-text').textContent.startsWith('Read '));
  await act(page);
  await page.waitForTimeout(600);
  await save(name, await page.screenshot());
  await context.close();
}

/** A few readers at once, for a while. */
async function makeLoad(url, seconds) {
  const body = await readFile(path.join(root, 'router/web/sample.png'));
  const end = Date.now() + seconds * 1000;
  const read = async () => {
    while (Date.now() < end) {
      const answer = await fetch(`${url}/v1/parse`, { method: 'POST', body, headers: { 'content-type': 'image/png' } });
      await answer.arrayBuffer();
    }
  };
  await Promise.all([read(), read(), read()]);
}

await mkdir(folder, { recursive: true });
const server = await startServer();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const pick = (order) => async (page) => {
    await page.click('#toggle-order');
    await page.locator(`.overlay .box[data-order="${order}"]`).click();
  };
  await takePage(browser, server.url, 'page-light', { colorScheme: 'light' }, pick(7));
  await takePage(browser, server.url, 'page-dark', { colorScheme: 'dark' }, pick(4));
  await takePage(browser, server.url, 'page-phone', {
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
  });
  if (loadSeconds > 0 && missingPrometheus()) console.log(`no dashboard: ${missingPrometheus()}`);
  else if (loadSeconds > 0) {
    const prometheus = await openPrometheus(server.url);
    try {
      const startedAt = Date.now() / 1000;
      const page = await browser.newPage({ viewport: { width: 1360, height: 560 } });
      await page.goto(`${server.url}/#devices`);
      await makeLoad(server.url, loadSeconds);
      await save('devices', await page.screenshot());
      const dashboard = JSON.parse(await readFile(path.join(root, 'config/grafana/dashboard.json'), 'utf8'));
      await page.setViewportSize({ width: 1360, height: 900 });
      await page.goto('about:blank');
      await page.setContent(await drawDashboard(dashboard, prometheus, startedAt, Date.now() / 1000));
      await save('dashboard', await page.screenshot({ fullPage: true }));
    } finally {
      await prometheus.close();
    }
  }
} finally {
  await browser.close();
  server.stop();
}
