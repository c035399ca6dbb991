import { PoolError } from '../errors.js';
import { type CropHead, cropHeadSchema } from './engine-contract.js';

/** A crop that came from another host: its head, and the patches of all its pictures one after another. */
export interface CropFrame {
  readonly head: CropHead;
  readonly pixels: Uint8Array;
}

/** Bytes of the head at most: prompts and prefixes of the longest sequences fit several times. */
const mostHeadBytes = 16 * 1024 * 1024;

/** The body of a crop: length of the head as four bytes, big-endian; the head as JSON; the patches. */
export function encodeCropFrame(head: CropHead, pictures: readonly Uint8Array[]): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json, ...pictures]);
}

/** Throws CROP_INVALID for a body that is none, or of another protocol. Whether it fits the model is not asked here. */
export function decodeCropFrame(body: Uint8Array): CropFrame {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length < 4) throw invalid('The body is shorter than its first four bytes.');
  const length = bytes.readUInt32BE(0);
  if (length > mostHeadBytes || 4 + length > bytes.length) {
    throw invalid(`The head should have ${length} bytes; the body has ${bytes.length} in all.`);
  }
  const checked = cropHeadSchema.safeParse(parseJson(bytes.subarray(4, 4 + length)));
  if (!checked.success) {
    const { path, message } = checked.error.issues[0];
    throw invalid(`The head is wrong at "${path.map(String).join('.')}": ${message}.`);
  }
  return { head: checked.data, pixels: new Uint8Array(bytes.subarray(4 + length)) };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw invalid('The head is not JSON.');
  }
}

function invalid(message: string): PoolError {
  return new PoolError('CROP_INVALID', message);
}
