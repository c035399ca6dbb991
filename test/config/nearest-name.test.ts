import { describe, expect, it } from 'vitest';
import { nearestName } from '../../config/index.js';

describe('nearestName', () => {
  it.each([
    ['prot', 'port'],
    ['max_body_bytes', 'maxBodyBytes'],
    ['MAXBODYBYTE', 'maxBodyBytes'],
  ])('reads %s as %s', (written, meant) => {
    expect(nearestName(written, ['host', 'port', 'maxBodyBytes'])).toBe(meant);
  });

  it('guesses nothing when nothing is near', () => {
    expect(nearestName('banana', ['host', 'port'])).toBeUndefined();
  });
});
