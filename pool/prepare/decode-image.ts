import sharp, { type Metadata, type SharpOptions } from 'sharp';
import { ModelError, maxAspectRatio, type RgbImage } from '#models';
import { decodeBmp, readBmpSize } from './decode-bmp.js';
import type { PageSize, PrepareLimits } from './prepare-protocol.js';
import type { InputFormat } from './sniff-input.js';

export type ImageFormat = Exclude<InputFormat, 'pdf'>;

/** Animations count as one picture: their first frame. */
const formatsWithPages: readonly ImageFormat[] = ['tiff'];

/**
 * Upright sizes of the pictures in a file, told from headers alone, so that a bomb never unpacks: several for a TIFF
 * with several pages, one for everything else.
 * Throws IMAGE_UNREADABLE, IMAGE_TOO_LARGE, IMAGE_ASPECT_RATIO or TOO_MANY_PAGES.
 */
export async function readImageSizes(
  bytes: Uint8Array,
  format: ImageFormat,
  limits: PrepareLimits,
): Promise<readonly PageSize[]> {
  if (format === 'bmp') return [withinLimit(readBmpSize(bytes), limits)];
  const first = await readMetadata(bytes, 0);
  const pageCount = formatsWithPages.includes(format) ? (first.pages ?? 1) : 1;
  if (pageCount > limits.maxPages) {
    throw new ModelError('TOO_MANY_PAGES', `The file has ${pageCount} pages; ${limits.maxPages} are allowed.`);
  }
  const sizes = [withinLimit(uprightSize(first), limits)];
  for (let page = 1; page < pageCount; page++) {
    sizes.push(withinLimit(uprightSize(await readMetadata(bytes, page)), limits));
  }
  return sizes;
}

/**
 * Decodes one picture of a file: turned upright by its EXIF orientation, alpha laid on white, any depth, palette and
 * colour space made 8-bit sRGB (CMYK and other profiles through their ICC profile).
 * Strict: a file that is cut off or damaged is IMAGE_UNREADABLE, never half a page. Also throws IMAGE_TOO_LARGE.
 */
export async function decodeImage(
  bytes: Uint8Array,
  format: ImageFormat,
  pageIndex: number,
  limits: PrepareLimits,
): Promise<RgbImage> {
  if (format === 'bmp') {
    withinLimit(readBmpSize(bytes), limits);
    return decodeBmp(bytes);
  }
  const { data, info } = await unpack(bytes, pageIndex, limits).catch(async (cause: unknown) => {
    // What is too large is told better by its header, which is not worth reading first: hardly any picture is.
    withinLimit(uprightSize(await readMetadata(bytes, pageIndex)), limits);
    throw unreadable(cause);
  });
  return { ...withinLimit(info, limits), data: threeChannels(data, info.channels) };
}

/** Refuses before it decodes what has more pixels than the limit. */
function unpack(bytes: Uint8Array, pageIndex: number, { maxImagePixels }: PrepareLimits) {
  return openSharp(bytes, pageIndex, { failOn: 'error', limitInputPixels: maxImagePixels })
    .autoOrient()
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
}

function openSharp(bytes: Uint8Array, pageIndex: number, options: SharpOptions) {
  return sharp(bytes, { ...options, page: pageIndex, pages: 1, animated: false, sequentialRead: true });
}

/** The limit on pixels is ours to check, with a message that names the size. */
async function readMetadata(bytes: Uint8Array, pageIndex: number): Promise<Metadata> {
  try {
    return await openSharp(bytes, pageIndex, { failOn: 'error', limitInputPixels: false }).metadata();
  } catch (cause) {
    throw unreadable(cause);
  }
}

function uprightSize(metadata: Metadata): PageSize {
  return { width: metadata.autoOrient.width, height: metadata.autoOrient.height };
}

function withinLimit({ width, height }: PageSize, limits: PrepareLimits): PageSize {
  const size = { width, height };
  if (size.width * size.height > limits.maxImagePixels) {
    throw new ModelError(
      'IMAGE_TOO_LARGE',
      `The picture is ${size.width}x${size.height}; ${limits.maxImagePixels} pixels are allowed.`,
    );
  }
  // No page looks like that, and shrunk to what the detector takes its short side would vanish.
  if (Math.max(size.width, size.height) > maxAspectRatio * Math.min(size.width, size.height)) {
    throw new ModelError(
      'IMAGE_ASPECT_RATIO',
      `The picture is ${size.width}x${size.height}: one side may be ${maxAspectRatio} times the other at most.`,
    );
  }
  return size;
}

/** One or two channels are grey and perhaps alpha; of more, the first three are colour. */
function threeChannels(data: Uint8Array, channelCount: number): Uint8Array {
  if (channelCount === 3) return data;
  const pixelCount = data.length / channelCount;
  const [green, blue] = channelCount < 3 ? [0, 0] : [1, 2];
  const rgb = new Uint8Array(pixelCount * 3);
  for (let at = 0, out = 0; at < data.length; at += channelCount, out += 3) {
    rgb[out] = data[at];
    rgb[out + 1] = data[at + green];
    rgb[out + 2] = data[at + blue];
  }
  return rgb;
}

function unreadable(cause: unknown): ModelError {
  const reason = cause instanceof Error ? cause.message.split('\n')[0].trim() : String(cause);
  return new ModelError('IMAGE_UNREADABLE', `The picture cannot be decoded: ${reason}`, { cause });
}
