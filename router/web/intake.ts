import { part } from './element.js';

/** Files come by drop anywhere, by paste, by the button, or as the built-in sample. */
export function listenForFiles(take: (files: readonly File[]) => void): void {
  const input = part<HTMLInputElement>('file-input');
  const veil = part('drop-veil');
  let depth = 0;

  for (const button of document.querySelectorAll('[data-action="open"]')) {
    button.addEventListener('click', () => input.click());
  }
  input.addEventListener('change', () => {
    take([...(input.files ?? [])]);
    input.value = '';
  });

  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  addEventListener('dragenter', (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    veil.hidden = false;
  });
  addEventListener('dragleave', () => {
    depth = Math.max(0, depth - 1);
    veil.hidden = depth === 0;
  });
  addEventListener('dragover', (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  addEventListener('drop', (event) => {
    depth = 0;
    veil.hidden = true;
    if (!hasFiles(event)) return;
    event.preventDefault();
    take([...(event.dataTransfer?.files ?? [])]);
  });

  addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) take(files);
  });

  for (const button of document.querySelectorAll('[data-action="sample"]')) {
    button.addEventListener('click', async () => {
      const response = await fetch('/sample.png');
      const bytes = await response.blob();
      take([new File([bytes], 'sample.png', { type: 'image/png' })]);
    });
  }
}
