import { describe, expect, it } from 'vitest';
import { chooseMediaType } from '../../router/accept.js';

const offers = ['application/json', 'text/markdown', 'text/event-stream'] as const;

describe('chooseMediaType', () => {
  it.each([
    [undefined, 'application/json'],
    ['', 'application/json'],
    ['*/*', 'application/json'],
    ['text/markdown', 'text/markdown'],
    ['TEXT/Markdown; charset=utf-8', 'text/markdown'],
    ['text/*', 'text/markdown'],
    ['application/json;q=0.5, text/markdown', 'text/markdown'],
    ['*/*;q=0.1, text/event-stream', 'text/event-stream'],
    ['application/json;q=0, */*', 'text/markdown'],
  ])('answers %s with %s', (header, expected) => {
    expect(chooseMediaType(header, offers)).toBe(expected);
  });

  it.each(['image/png', 'application/json;q=0'])('refuses %s', (header) => {
    expect(() => chooseMediaType(header, offers)).toThrow(expect.objectContaining({ code: 'NOT_ACCEPTABLE' }));
  });
});
