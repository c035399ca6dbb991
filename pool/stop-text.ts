/** Holds text back while it could be the beginning of a stop text. */
export interface StopText {
  /** Text that is certain to come before any stop text, and whether one was met. */
  push(text: string): { readonly piece: string; readonly isStopped: boolean };
  /** What was held back and turned out to be none. */
  end(): string;
}

/** Watches for the earliest of some texts; empty ones are ignored. */
export function createStopText(stops: readonly string[]): StopText {
  const wanted = stops.filter((stop) => stop !== '');
  let held = '';
  return {
    push(text) {
      held += text;
      const found = wanted.map((stop) => held.indexOf(stop)).filter((place) => place >= 0);
      if (found.length > 0) {
        const piece = held.slice(0, Math.min(...found));
        held = '';
        return { piece, isStopped: true };
      }
      const keep = Math.max(0, ...wanted.map((stop) => overlap(held, stop)));
      const piece = held.slice(0, held.length - keep);
      held = held.slice(held.length - keep);
      return { piece, isStopped: false };
    },
    end() {
      const rest = held;
      held = '';
      return rest;
    },
  };
}

/** Length of the longest end of `text` that begins `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}
