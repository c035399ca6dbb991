import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exampleFile, loadConfig } from '../../config/index.js';

const path = new URL('../../config/quire.example.yaml', import.meta.url);

describe('quire.example.yaml', () => {
  it('is what the schema says (npm run example-config writes it anew)', () => {
    expect(readFileSync(path, 'utf8')).toBe(exampleFile());
  });

  it('is a valid settings file with every default', () => {
    expect(loadConfig({ file: path.pathname })).toEqual(loadConfig());
  });
});
