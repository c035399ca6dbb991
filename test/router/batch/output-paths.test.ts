import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outputPaths } from '../../../router/batch/output-paths.js';

const file = (path: string, relativePath = path.split('/').at(-1) ?? path) => ({ label: path, path, relativePath });

describe('outputPaths', () => {
  it('puts results beside the inputs', () => {
    expect(outputPaths([file('a/page.png'), file('b/page.png')], 'md')).toEqual([
      resolve('a/page.md'),
      resolve('b/page.md'),
    ]);
  });

  it('keeps the sub-folders of a folder below the output folder', () => {
    const inputs = [file('scans/1.png', '1.png'), file('scans/old/1.png', 'old/1.png')];
    expect(outputPaths(inputs, 'json', 'out')).toEqual([resolve('out/1.json'), resolve('out/old/1.json')]);
  });

  it('keeps the kind where two results would share a name', () => {
    expect(outputPaths([file('page.png'), file('page.pdf'), file('other.png')], 'md', 'out')).toEqual([
      resolve('out/page.png.md'),
      resolve('out/page.pdf.md'),
      resolve('out/other.md'),
    ]);
  });

  it('numbers inputs of the same name from different folders', () => {
    const paths = outputPaths([file('a/page.png'), file('b/page.png'), file('c/PAGE.png')], 'md', 'out');
    expect(paths).toEqual([resolve('out/page.png.md'), resolve('out/page.png-2.md'), resolve('out/PAGE.png-3.md')]);
  });

  it('never gives two inputs one path', () => {
    const names = ['x.png', 'x.pdf', 'x.png.md', 'x', 'X.PNG'];
    const paths = outputPaths(
      [...names, ...names].map((name, index) => file(`${index}/${name}`, name)),
      'md',
      'out',
    );
    expect(new Set(paths.map((path) => path.toLowerCase())).size).toBe(paths.length);
  });

  it('leaves names that begin with a dot or have no kind as they are', () => {
    expect(outputPaths([file('scan'), file('.page')], 'md', 'out')).toEqual([
      resolve('out/scan.md'),
      resolve('out/.page.md'),
    ]);
  });
});
