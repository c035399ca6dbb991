import { dirname, extname, join, resolve } from 'node:path';
import type { BatchInput } from './find-inputs.js';

/**
 * Where each result goes, in the order of the inputs: `page.png` becomes `page.md` beside it or below `outputDir`.
 * Inputs whose results would share a name keep their kind (`page.png.md`, `page.pdf.md`), then get a number.
 * Pure; standard input without `outputDir` goes to the working folder.
 */
export function outputPaths(inputs: readonly BatchInput[], format: 'md' | 'json', outputDir?: string): string[] {
  const stems = inputs.map((input) => {
    const place = outputDir === undefined ? (input.path ?? input.relativePath) : join(outputDir, input.relativePath);
    return resolve(place);
  });
  const short = stems.map((stem) => `${join(dirname(stem), nameWithoutKind(stem))}.${format}`);
  const uses = new Map<string, number>();
  for (const path of short) uses.set(fold(path), (uses.get(fold(path)) ?? 0) + 1);

  const taken = new Set<string>();
  return stems.map((stem, index) => {
    const isShared = (uses.get(fold(short[index])) ?? 0) > 1;
    let path = isShared ? `${stem}.${format}` : short[index];
    for (let number = 2; taken.has(fold(path)); number++) path = `${stem}-${number}.${format}`;
    taken.add(fold(path));
    return path;
  });
}

/** Some file systems do not tell capital letters apart. */
function fold(path: string): string {
  return path.toLowerCase();
}

function nameWithoutKind(path: string): string {
  const name = path.slice(dirname(path).length).replace(/^[\\/]/, '');
  return name.slice(0, name.length - extname(name).length);
}
