import { html, raw } from 'hono/html';
import { pageFrame } from './page-frame.js';

export interface HomePageOptions {
  readonly modelName: string;
  /** Whether the page asks for an API key. */
  readonly needsKey: boolean;
}

/** Sends the chosen file to `/v1/parse` and shows the Markdown, or the code and message of a failure. */
const script = `
const form = document.querySelector('form');
const output = document.querySelector('pre');
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const file = form.elements.file.files[0];
  if (!file) return;
  const key = form.elements.key?.value;
  const button = form.querySelector('button');
  button.disabled = true;
  output.textContent = 'Reading ' + file.name + ' ...';
  try {
    const headers = { Accept: 'text/markdown', 'Content-Type': 'application/octet-stream' };
    if (key) headers.Authorization = 'Bearer ' + key;
    const response = await fetch('v1/parse', { method: 'POST', headers, body: file });
    const text = await response.text();
    output.textContent = response.ok ? text : JSON.parse(text).error.code + ': ' + JSON.parse(text).error.message;
  } catch (error) {
    output.textContent = 'The server did not answer: ' + error.message;
  } finally {
    button.disabled = false;
  }
});
`;

/** A page with one form: choose a file, see its Markdown. */
export function homePage({ modelName, needsKey }: HomePageOptions): ReturnType<typeof html> {
  return pageFrame(
    'Quire',
    html`<p>Model: <code>${modelName}</code>. <a href="docs">Reference</a>, <a href="metrics">metrics</a>.</p>
      <form>
        <p>
          <label>Image or PDF <input type="file" name="file" accept="image/*,.pdf,.tif,.tiff" required /></label>
        </p>
        ${needsKey ? html`<p><label>API key <input type="password" name="key" autocomplete="off" /></label></p>` : ''}
        <p><button>Read</button></p>
      </form>
      <pre aria-live="polite"></pre>
      <script type="module">${raw(script)}</script>`,
  );
}
