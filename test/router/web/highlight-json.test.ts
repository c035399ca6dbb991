import { describe, expect, it } from 'vitest';
import { formatJson } from '../../../router/web/highlight-json.js';

describe('formatJson', () => {
  it('writes boxes in one line and changes no value', () => {
    const value = { box: [1, -2.5, 30, 4], text: 'a [1,\n 2] b', list: ['x'], none: null };
    const text = formatJson(value);
    expect(text).toContain('"box": [1, -2.5, 30, 4]');
    expect(JSON.parse(text)).toEqual(value);
  });
});
