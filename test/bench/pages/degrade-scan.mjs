import sharp from 'sharp';

/** A generator of uniform numbers in 0..1 that gives the same row for the same seed (mulberry32). */
export function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * What a flat-bed scanner makes of a printed page: grey, turned by `degrees`, slightly blurred, uneven paper,
 * grain of about 9 levels and a few specks. Returns a PNG of the size of the input.
 */
export async function degradeScan(png, { degrees, seed }) {
  const random = createRandom(seed);
  const { width, height } = await sharp(png).metadata();
  const turned = sharp(png).rotate(degrees, { background: '#fff' }).greyscale().blur(0.9);
  const { data, info } = await turned.raw().toBuffer({ resolveWithObject: true });
  const left = (info.width - width) >> 1;
  const top = (info.height - height) >> 1;
  const out = Buffer.alloc(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const ink = data[(y + top) * info.width * info.channels + (x + left) * info.channels];
      const paper = 238 - 14 * (x / width) - 6 * Math.sin((3 * y) / height);
      const grain = (random() + random() + random() - 1.5) * 18;
      out[y * width + x] = Math.max(0, Math.min(255, Math.round(26 + ((paper - 26) * ink) / 255 + grain)));
    }
  }
  for (let speck = 0; speck < 160; speck++) {
    const x = 4 + Math.floor(random() * (width - 8));
    const y = 4 + Math.floor(random() * (height - 8));
    const size = 1 + Math.floor(random() * 3);
    for (let dy = 0; dy < size; dy++) out.fill(70, (y + dy) * width + x, (y + dy) * width + x + size);
  }
  return sharp(out, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer();
}
