import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { Task } from '../../models/generation/task.js';
import type { CropPatches } from '../../models/image/crop-patches.js';
import { cropToPatches } from '../../models/image/crop-to-patches.js';
import type { RgbImage } from '../../models/image/rgb-image.js';
import type { ModelFolder } from '../../models/open-model.js';

export const pocketDir = fileURLToPath(new URL('../../models/pocket', import.meta.url));

/** A crop of the embedded bundle with what the reference reads on it. */
export interface PocketSample {
  readonly file: string;
  readonly task: Extract<Task, 'ocr' | 'table'>;
  readonly patches: CropPatches;
  readonly grid: readonly [number, number, number];
  readonly promptLength: number;
  readonly truth: string;
  readonly tokenIds: readonly number[];
  readonly text: string;
}

interface SampleRecord {
  file: string;
  task: string;
  grid_thw: [number, number, number];
  prompt_ids_length: number;
  truth: string;
  greedy_ids: number[];
  greedy_text: string;
}

export async function loadRgb(path: string): Promise<RgbImage> {
  const { data, info } = await sharp(path)
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}

/** The twelve goldens, cut into patches. */
export async function loadPocketSamples(model: ModelFolder): Promise<PocketSample[]> {
  const records = JSON.parse(readFileSync(`${pocketDir}/samples/samples.json`, 'utf8')) as SampleRecord[];
  return Promise.all(
    records.map(async (record) => {
      const task = record.task === 'Table Recognition:' ? 'table' : 'ocr';
      return {
        file: record.file,
        task,
        patches: cropToPatches(await loadRgb(`${pocketDir}/samples/${record.file}`), model.imageProcessor, task),
        grid: record.grid_thw,
        promptLength: record.prompt_ids_length,
        truth: record.truth,
        tokenIds: record.greedy_ids,
        text: record.greedy_text,
      };
    }),
  );
}
