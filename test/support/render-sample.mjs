// Renders the sample of the web page: node test/support/render-sample.mjs [file]. Needs Chromium (CHROMIUM_PATH or /usr/bin/chromium).
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';

const page = `<!doctype html><html lang="en"><meta charset="utf-8"><style>
*{box-sizing:border-box} body{margin:0;width:1000px;height:1414px;padding:96px 104px;background:#fff;color:#111;font:21px/1.5 'DejaVu Serif';position:relative}
header{position:absolute;left:104px;right:104px;top:44px;display:flex;justify-content:space-between;font-size:16px;border-bottom:1px solid #444;padding-bottom:8px}
footer{position:absolute;left:0;right:0;bottom:44px;text-align:center;font-size:16px}
h1{font-size:40px;line-height:1.2;margin:26px 0 20px} h2{font-size:27px;line-height:1.3;margin:30px 0 10px} p{margin:0 0 16px}
.zh{font-family:'Noto Serif CJK SC';line-height:1.75} .caption{font-size:18px;text-align:center;margin:0 0 24px}
table{border-collapse:collapse;margin:16px auto 12px;font:19px/1.4 'Liberation Sans'} th,td{border:2px solid #333;padding:7px 20px;text-align:left}
</style><body>
<header><span>The Paper Trade</span><span>Issue 4</span></header>
<h1>What a quire is</h1>
<p>A quire is a small pile of sheets that are folded together and sewn through the fold. A printer sent the sheets to many hands at once, and the binder put them in order again by the letter at the foot of each.</p>
<p>Four sheets make eight leaves and sixteen pages. Twenty quires of twenty-four sheets make a ream of 480.</p>
<h2>Sheets by the quire</h2>
<table><tr><th>Name</th><th>Sheets</th><th>Leaves</th><th>Pages</th></tr>
<tr><td>Binion</td><td>2</td><td>4</td><td>8</td></tr>
<tr><td>Ternion</td><td>3</td><td>6</td><td>12</td></tr>
<tr><td>Quaternion</td><td>4</td><td>8</td><td>16</td></tr>
<tr><td>Quinion</td><td>5</td><td>10</td><td>20</td></tr></table>
<p class="caption">Table 1. Names of quires by their number of sheets.</p>
<h2>Letters at the foot</h2>
<p>Each quire carries a letter, and each leaf a number: A1, A2, A3. A missing leaf shows at once, and so does one that was bound twice. No page is lost on the way from many hands to one book.</p>
<h2 class="zh">纸与书</h2>
<p class="zh">古人先把纸张对折，再按顺序叠在一起，用线缝好，就成了一册书。每一叠纸都有记号，装订的时候不会弄错前后的次序。</p>
<p class="zh">今天的机器同时阅读许多页面，最后仍然要按原来的次序合在一起。</p>
<footer>Page 12</footer>`;

/** Draws the page in 16 greys, which keeps letters smooth and the file small. */
export async function renderSample(file) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--font-render-hinting=none', '--disable-lcd-text'],
  });
  try {
    const tab = await browser.newPage({ viewport: { width: 1000, height: 1414 } });
    await tab.setContent(page, { waitUntil: 'load' });
    const png = await tab.screenshot({ type: 'png' });
    await writeFile(
      file,
      await sharp(png).greyscale().png({ palette: true, colours: 16, effort: 10, compressionLevel: 9 }).toBuffer(),
    );
  } finally {
    await browser.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await renderSample(process.argv[2] ?? fileURLToPath(new URL('../../router/web/sample.png', import.meta.url)));
}
