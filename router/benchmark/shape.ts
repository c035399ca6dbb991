/** A picture of one size and how many tokens are to be generated for it. */
export interface Shape {
  readonly width: number;
  readonly height: number;
  readonly outputTokens: number;
}

const namedSizes: Readonly<Record<string, readonly [width: number, height: number]>> = {
  '1080p': [1920, 1080],
  '720p': [1280, 720],
  '360p': [640, 360],
};

const sides = { least: 16, most: 16_384 };
const mostPixels = 50_000_000;
const mostOutputTokens = 131_072;

/** Those of the published figures: a large picture with little text on it, and a small one with much. */
export const defaultShapes: readonly Shape[] = [parseShape('1080p:128'), parseShape('360p:512')];

/** Reads `1316x728:128` or `1080p:128`. Throws a RangeError that says what is wrong. */
export function parseShape(text: string): Shape {
  const [, name, x, y, tokens] = /^(?:(\d+p)|(\d+)x(\d+)):(\d+)$/i.exec(text.trim()) ?? [];
  if (tokens === undefined) {
    throw new RangeError('Write a shape as WIDTHxHEIGHT:TOKENS, such as 1316x728:128, or as 1080p:128.');
  }
  const named = name === undefined ? [Number(x), Number(y)] : namedSizes[name.toLowerCase()];
  if (!named) throw new RangeError(`Sizes with a name are ${Object.keys(namedSizes).join(', ')}.`);
  const [width, height] = named;
  if (Math.min(width, height) < sides.least || Math.max(width, height) > sides.most || width * height > mostPixels) {
    throw new RangeError(`Sides are ${sides.least} to ${sides.most} pixels, ${mostPixels / 1e6} megapixels at most.`);
  }
  const outputTokens = Number(tokens);
  if (outputTokens < 1 || outputTokens > mostOutputTokens) {
    throw new RangeError(`Output tokens are 1 to ${mostOutputTokens}.`);
  }
  return { width, height, outputTokens };
}
