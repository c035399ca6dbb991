import { part } from './element.js';

const storageName = 'quire-split';
const bounds = { min: 25, max: 75 } as const;

/** The bar between page and text: dragged by pointer, moved by arrow keys, remembered. */
export function createSplitter(): void {
  const splitter = part('splitter');
  const panes = part('panes');
  const set = (share: number) => {
    const bounded = Math.round(Math.min(bounds.max, Math.max(bounds.min, share)));
    panes.style.setProperty('--split', `${bounded}%`);
    splitter.setAttribute('aria-valuenow', String(bounded));
    localStorage.setItem(storageName, String(bounded));
  };
  set(Number(localStorage.getItem(storageName) ?? 48) || 48);
  splitter.addEventListener('pointerdown', (event) => {
    splitter.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  splitter.addEventListener('pointermove', (event) => {
    if (!splitter.hasPointerCapture(event.pointerId)) return;
    const { left, width } = panes.getBoundingClientRect();
    set((100 * (event.clientX - left)) / width);
  });
  splitter.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -2, ArrowRight: 2 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    set(Number(splitter.getAttribute('aria-valuenow')) + step);
  });
}
