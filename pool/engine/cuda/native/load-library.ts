import koffi, { type LibraryHandle } from 'koffi';

/** Loads a native library, or finds it loaded; the error names it. */
export function loadLibrary(name: string): LibraryHandle {
  try {
    return koffi.load(name);
  } catch (cause) {
    throw new Error(`${name} cannot be loaded: ${(cause as Error).message}`, { cause });
  }
}
