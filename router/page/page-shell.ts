import { html } from 'hono/html';
import { iconSprite } from './icon-sprite.js';

/** What the server writes into the page before it leaves. */
export interface ShellValues {
  readonly modelName: string;
  readonly quireVersion: string;
  readonly needsKey: boolean;
  readonly maxBodyBytes: number;
  /** Folder of the assets, without a slash at the end. */
  readonly assetBase: string;
  /** Scripts to be fetched at once, so that imports do not wait for each other. */
  readonly scripts: readonly string[];
  /** Address under which the browser reached us, for the example of the command line. */
  readonly origin: string;
}

/** The page before any document is open: all of its structure, none of its content. */
export function pageShell(values: ShellValues) {
  const { assetBase, modelName } = values;
  const megabytes = Math.floor(values.maxBodyBytes / 1024 ** 2);
  const command = `curl -F file=@page.png -H 'Accept: text/markdown' ${values.origin}/v1/parse`;
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <meta name="description" content="Reads pages and PDFs with ${modelName} on this server.">
  <title>Quire</title>
  <link rel="icon" type="image/svg+xml" href="${assetBase}/icon.svg">
  <link rel="stylesheet" href="${assetBase}/page.css">
  <script type="module" async blocking="render" src="${assetBase}/theme.js"></script>
  ${values.scripts.map((name) => html`<link rel="modulepreload" href="${assetBase}/${name}">`)}
  <script type="module" src="${assetBase}/main.js"></script>
</head>
<body>
${iconSprite}
<a class="skip-link" href="#text-pane">Skip to the text</a>
<header class="topbar">
  <button type="button" id="toggle-library" class="tool narrow-only" aria-label="Documents">${use('menu')}</button>
  <h1 class="brand">${use('quire')}<span>Quire</span></h1>
  <nav class="sections" aria-label="Sections">
    <a href="#read" data-section="read" aria-current="page">Read</a>
    <a href="#devices" data-section="devices">Devices</a>
  </nav>
  <p class="model" title="Model that reads here">${modelName}<small>Quire ${values.quireVersion}</small></p>
  <a class="tool wide-only" href="/docs">API</a>
  <button type="button" class="tool" id="enter-key" aria-label="API key"${values.needsKey ? '' : html` hidden`}>${use('key')}</button>
  <button type="button" class="tool" id="theme" aria-label="Theme">${use('theme')}</button>
  <button type="button" class="tool wide-only" id="show-help" aria-label="Keys">${use('help')}</button>
</header>

<main>
  <section id="section-read" class="read" aria-label="Read">
    <div class="library" role="complementary" aria-label="Documents">
      <div class="intake">
        <button type="button" class="primary" data-action="open">${use('open')}Open files</button>
        <button type="button" data-action="sample">Try the sample</button>
        <input type="file" id="file-input" multiple hidden accept="image/*,application/pdf,.pdf,.tif,.tiff,.bmp">
      </div>
      <section id="page-section" aria-labelledby="pages-title" hidden>
        <h2 id="pages-title">Pages</h2>
        <ol id="page-list" class="page-list"></ol>
      </section>
      <section class="documents" aria-labelledby="documents-title">
        <h2 id="documents-title">Documents<button type="button" id="clear-history" class="quiet" hidden>Clear</button></h2>
        <ol id="document-list" class="document-list"></ol>
        <p id="history-empty" class="hint">What you read is listed here and kept in this browser only.</p>
      </section>
    </div>

    <div class="stage">
      <section id="welcome" class="welcome" aria-labelledby="welcome-title">
        <div class="welcome-inner">
          <h2 id="welcome-title">Pages in, text out</h2>
          <p class="lead">Drop scans, photos or PDFs anywhere. Quire finds the blocks of each page, reads them on every
            device of this server and hands you Markdown.</p>
          <div class="welcome-cards">
            <button type="button" class="card drop-card" data-action="open">
              ${use('drop')}
              <b>Drop, paste or choose files</b>
              <span>PNG, JPEG, WebP, TIFF or PDF, up to ${megabytes} MB each</span>
            </button>
            <button type="button" class="card sample-card" data-action="sample">
              ${use('sheet')}
              <b>Try the built-in sample</b>
              <span>One page: headings, paragraphs, a table; English and Chinese</span>
            </button>
          </div>
          <figure class="command">
            <figcaption>Or from a terminal</figcaption>
            <pre tabindex="0" aria-label="Command"><code>${command}</code></pre>
          </figure>
          <p class="hint">Files go to this server and nowhere else. Results stay in this browser.</p>
        </div>
      </section>

      <div id="reader" class="reader" hidden>
        <div id="failure" class="failure" role="alert" hidden>
          ${use('alert')}
          <div>
            <h2 id="failure-title"></h2>
            <p id="failure-message"></p>
            <p><code id="failure-code"></code></p>
            <button type="button" id="retry">Try again</button>
          </div>
        </div>
        <div id="panes" class="panes" data-side="text">
          <section class="pane page-pane" id="page-pane" aria-label="Page">
            <div class="toolbar">
              <div class="group" id="pager" hidden>
                <button type="button" class="tool" id="page-before" aria-label="Page before">${use('left')}</button>
                <span class="figure" id="page-place"></span>
                <button type="button" class="tool" id="page-after" aria-label="Page after">${use('right')}</button>
              </div>
              <div class="group">
                <button type="button" class="tool" id="toggle-boxes" aria-pressed="true">Boxes</button>
                <button type="button" class="tool" id="toggle-order" aria-pressed="false">Order</button>
              </div>
              <div class="group end">
                <button type="button" class="tool" id="zoom-out" aria-label="Smaller">${use('minus')}</button>
                <button type="button" class="tool figure" id="zoom-fit" title="Fit the width"><span id="zoom-level">100 %</span></button>
                <button type="button" class="tool" id="zoom-in" aria-label="Larger">${use('plus')}</button>
              </div>
            </div>
            <div class="page-scroll" id="page-scroll">
              <div id="sheet" class="sheet shows-boxes"></div>
            </div>
            <ul class="legend" id="legend" aria-label="Kinds of blocks on this page"></ul>
          </section>
          <div id="splitter" class="splitter" role="separator" aria-orientation="vertical" aria-label="Width of the page"
            aria-controls="page-pane" aria-valuemin="25" aria-valuemax="75" aria-valuenow="48" tabindex="0"></div>
          <section class="pane text-pane" id="text-pane" aria-labelledby="text-title">
            <h2 class="off-screen" id="text-title">Text</h2>
            <div class="toolbar">
              <div class="tabs" role="tablist" aria-label="Form of the text">
                <button type="button" role="tab" id="tab-markdown" data-tab="markdown" aria-controls="panel-markdown" aria-selected="true">Markdown</button>
                <button type="button" role="tab" id="tab-source" data-tab="source" aria-controls="panel-source" aria-selected="false" tabindex="-1">Source</button>
                <button type="button" role="tab" id="tab-json" data-tab="json" aria-controls="panel-json" aria-selected="false" tabindex="-1">JSON</button>
              </div>
              <div class="group end">
                <button type="button" class="tool doubt" id="next-uncertain" title="Go to the next uncertain block" hidden>${use('alert')}<span id="uncertain-count"></span><span class="wide-label"> uncertain</span></button>
                <button type="button" class="tool" id="scope" title="What copies and downloads hold" hidden></button>
                <button type="button" class="tool" id="copy">${use('copy')}<span class="label">Copy</span></button>
                <button type="button" class="tool" id="download">${use('download')}<span class="label">Download</span></button>
              </div>
            </div>
            <div class="panel" id="panel-markdown" role="tabpanel" aria-labelledby="tab-markdown"></div>
            <div class="panel" id="panel-source" role="tabpanel" aria-labelledby="tab-source" hidden></div>
            <div class="panel" id="panel-json" role="tabpanel" aria-labelledby="tab-json" hidden></div>
          </section>
        </div>
        <div class="status">
          <div class="sides" role="group" aria-label="Side in view">
            <button type="button" id="side-page" aria-pressed="false">Page</button>
            <button type="button" id="side-text" aria-pressed="true">Text</button>
          </div>
          <progress id="status-bar" max="1" aria-label="Progress of the reading" hidden></progress>
          <span id="status-text"></span>
          <button type="button" class="quiet" id="stop-reading" hidden>Stop</button>
        </div>
      </div>
    </div>
  </section>

  <section id="section-devices" class="devices" aria-labelledby="devices-title" hidden>
    <h2 id="devices-title">Devices</h2>
    <p class="hint">Looked at every two seconds while this tab is in sight.</p>
    <p class="notice" id="devices-notice" role="status" hidden></p>
    <dl class="tiles" id="device-tiles"></dl>
    <div class="device-grid">
      <section aria-labelledby="stages-title">
        <h3 id="stages-title">Where the time goes</h3>
        <p class="hint">Mean time of a stage, per crop or per page.</p>
        <ol class="stages" id="device-stages"></ol>
      </section>
      <section aria-labelledby="table-title" class="device-table">
        <h3 id="table-title">Each device</h3>
        <div class="table-scroll" tabindex="0" role="group" aria-label="Table of devices">
          <table id="device-table">
            <thead><tr><th scope="col">Device</th><th scope="col">State</th><th scope="col">Running</th><th scope="col">Cost in work</th>
              <th scope="col">Crops</th><th scope="col">Step</th><th scope="col">KV cache</th><th scope="col" class="gpu-only">GPU</th><th scope="col" class="gpu-only">Memory</th>
              <th scope="col" class="gpu-only">Power</th><th scope="col">Canary</th><th scope="col">Trouble</th></tr></thead>
            <tbody id="device-rows"></tbody>
          </table>
        </div>
      </section>
    </div>
  </section>
</main>

<div id="drop-veil" class="drop-veil" hidden><p>${use('drop')}Drop to read</p></div>
<div id="announcer" class="off-screen" aria-live="polite"></div>

<dialog id="key-dialog" aria-labelledby="key-title">
  <form method="dialog">
    <h2 id="key-title">API key</h2>
    <p>This server reads only for those who have a key. It stays in this tab and is forgotten when the tab closes.</p>
    <label for="key-input">Key</label>
    <input id="key-input" type="password" autocomplete="off" spellcheck="false">
    <div class="dialog-buttons">
      <button type="submit" value="save" class="primary">Use this key</button>
      <button type="submit" value="cancel" formnovalidate>Cancel</button>
    </div>
  </form>
</dialog>

<dialog id="help-dialog" aria-labelledby="help-title">
  <form method="dialog">
    <h2 id="help-title">Keys</h2>
    <dl class="keys">
      ${keys.map(([key, meaning]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${meaning}</dd></div>`)}
    </dl>
    <div class="dialog-buttons"><button type="submit" class="primary">Close</button></div>
  </form>
</dialog>
<noscript><p class="noscript">This page needs JavaScript. The API does not: ${command}</p></noscript>
</body>
</html>`;
}

const keys = [
  ['o', 'open files'],
  ['j  k', 'next and previous block'],
  ['n', 'next uncertain block'],
  ['[  ]', 'previous and next page'],
  ['1  2  3', 'Markdown, source, JSON'],
  ['c', 'copy'],
  ['b', 'boxes on and off'],
  ['?', 'this list'],
] as const;

function use(name: string) {
  return html`<svg class="icon" aria-hidden="true"><use href="#icon-${name}"></use></svg>`;
}
