import { part } from './element.js';

/** Keys that work wherever no text is being typed. */
export function listenForKeys(actions: Readonly<Record<string, () => void>>): void {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement;
    if (target.closest('input, textarea, select, dialog[open]')) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  part('show-help').addEventListener('click', () => part<HTMLDialogElement>('help-dialog').showModal());
}
