import { html, raw } from 'hono/html';

/** Drawings of the page, 16 by 16, one stroke; used by `<use href="#icon-…">`. */
const drawings: Readonly<Record<string, string>> = {
  quire:
    '<path d="M8 3.2C6.2 2 4 1.8 1.8 2.2v10.2c2.2-.4 4.4-.2 6.2 1 1.8-1.2 4-1.4 6.2-1V2.2C12 1.8 9.8 2 8 3.2Zm0 0v10.2M4 5.2l2 .4M4 7.7l2 .4M10 5.6l2-.4M10 8.1l2-.4"/>',
  open: '<path d="M1.8 12.5V3.5h4l1.5 1.8h6.9v7.2z"/>',
  drop: '<path d="M8 2v8M4.8 7 8 10.2 11.2 7M2 11v2.5h12V11"/>',
  sheet: '<path d="M3.5 1.8h6l3 3v9.4h-9zM9.5 1.8v3h3M5.5 7.5h5M5.5 9.7h5M5.5 11.9h3"/>',
  close: '<path d="m4 4 8 8M12 4l-8 8"/>',
  left: '<path d="M10 3 5 8l5 5"/>',
  right: '<path d="m6 3 5 5-5 5"/>',
  plus: '<path d="M8 3v10M3 8h10"/>',
  minus: '<path d="M3 8h10"/>',
  copy: '<path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"/>',
  download: '<path d="M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11"/>',
  alert: '<path d="M8 2 1.5 13.5h13zM8 6.5v3.3M8 11.6v.2"/>',
  key: '<circle cx="5" cy="11" r="3"/><path d="m7.2 8.8 6-6M11 5l2 2"/>',
  theme: '<circle cx="8" cy="8" r="5.8"/><path d="M8 2.2v11.6A5.8 5.8 0 0 0 8 2.2Z" fill="currentColor"/>',
  help: '<circle cx="8" cy="8" r="6"/><path d="M6.2 6.3c.2-2.4 3.7-2.3 3.7-.1 0 1.5-1.9 1.6-1.9 3M8 11.3v.2"/>',
  menu: '<path d="M2 4h12M2 8h12M2 12h12"/>',
};

export const iconSprite = html`<svg class="off-screen" aria-hidden="true">${Object.entries(drawings).map(
  ([name, drawing]) => html`<symbol id="icon-${name}" viewBox="0 0 16 16">${raw(drawing)}</symbol>`,
)}</svg>`;
