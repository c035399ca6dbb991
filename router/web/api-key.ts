import { part } from './element.js';

const storageName = 'quire-api-key';

/** The key of this tab, forgotten when it closes; null where the server asks for none. */
export function apiKey(): string | null {
  return sessionStorage.getItem(storageName);
}

/** Asks for a key; resolves to whether one was given. */
export function askForKey(): Promise<boolean> {
  const dialog = part<HTMLDialogElement>('key-dialog');
  const input = part<HTMLInputElement>('key-input');
  input.value = apiKey() ?? '';
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      'close',
      () => {
        const isGiven = dialog.returnValue === 'save' && input.value.trim() !== '';
        if (isGiven) sessionStorage.setItem(storageName, input.value.trim());
        input.value = '';
        resolve(isGiven);
      },
      { once: true },
    );
  });
}

/** Header of requests that need the key. */
export function keyHeaders(): Record<string, string> {
  const key = apiKey();
  return key ? { Authorization: `Bearer ${key}` } : {};
}
