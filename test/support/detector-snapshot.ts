import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { ExternalDataFile } from '../../models/compile/external-data.js';
import { buildLayoutDetector, type LayoutDetectorOptions } from '../../models/compile/layout/build-layout-detector.js';
import { writeModel } from '../../models/compile/onnx-writer.js';
import { openWeights } from '../../models/compile/weights-files.js';
import type { RgbImage } from '../../models/image/rgb-image.js';
import { type DetectorConfig, readDetectorConfig } from '../../models/layout/detector-config.js';
import type { Session } from '../../models/session.js';
import { openSession } from '../../pool/engine/session.js';

/** The configuration of a detector snapshot. */
export function snapshotConfig(folder: string): DetectorConfig {
  const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  return readDetectorConfig(read('config.json'), read('preprocessor_config.json'));
}

/** Compiles a detector snapshot to `target` (a path without extension) and opens it. */
export async function openSnapshot(folder: string, target: string, options?: LayoutDetectorOptions): Promise<Session> {
  const weights = openWeights(folder);
  const data = new ExternalDataFile(`${target}.data`);
  writeModel(`${target}.onnx`, buildLayoutDetector(weights, snapshotConfig(folder), options), data);
  data.close(true);
  weights.close();
  return openSession(`${target}.onnx`, { device: { kind: 'cpu' }, threadCount: 2 });
}

/** A tensor of unsigned bytes, which the reader of weights does not give. */
export function readBytesTensor(path: string, name: string): Uint8Array {
  const file = readFileSync(path);
  const headerEnd = 8 + Number(file.readBigUInt64LE(0));
  const [start, end] = JSON.parse(file.subarray(8, headerEnd).toString())[name].data_offsets;
  return new Uint8Array(file.subarray(headerEnd + start, headerEnd + end));
}

/** A picture without transparency as pixels. */
export async function readPicture(path: string): Promise<RgbImage> {
  const { data, info } = await sharp(path)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}
