/** Memory of pixels in work, across documents. */
export interface HeldBytes {
  readonly used: number;
  /** Waits for room, first come first served; alone, anything fits. The function it gives frees the bytes, once. */
  acquire(bytes: number, signal: AbortSignal): Promise<() => void>;
}

export function createHeldBytes(limit: number): HeldBytes {
  let used = 0;
  const waiting: { readonly bytes: number; readonly start: () => void }[] = [];

  const fits = (bytes: number): boolean => used === 0 || used + bytes <= limit;
  const take = (bytes: number): (() => void) => {
    used += bytes;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      used -= bytes;
      while (waiting.length > 0 && fits(waiting[0].bytes)) waiting.shift()?.start();
    };
  };

  return {
    get used() {
      return used;
    },
    acquire(bytes, signal) {
      if (waiting.length === 0 && fits(bytes)) return Promise.resolve(take(bytes));
      return new Promise((resolve, reject) => {
        const entry = {
          bytes,
          start: () => {
            signal.removeEventListener('abort', leave);
            resolve(take(bytes));
          },
        };
        const leave = (): void => {
          waiting.splice(waiting.indexOf(entry), 1);
          reject(signal.reason);
          while (waiting.length > 0 && fits(waiting[0].bytes)) waiting.shift()?.start();
        };
        if (signal.aborted) {
          reject(signal.reason);
          return;
        }
        signal.addEventListener('abort', leave, { once: true });
        waiting.push(entry);
      });
    },
  };
}
