import { statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { ModelError } from './errors.js';
import { type DetectorConfig, readDetectorConfig } from './layout/detector-config.js';
import { type Manifest, manifestSchema } from './manifest.js';
import { readImageProcessor } from './read-image-processor.js';
import { readReaderConfig } from './read-reader-config.js';
import type { ImageProcessorConfig, ReaderConfig } from './reader-config.js';
import { checkSnapshotFile, readSnapshotJson, readSnapshotText, requireSnapshotJson } from './snapshot-files.js';
import { identifyWeights } from './weights-id.js';

/** The layout detector of a model: a snapshot of its own in the sub-folder `layout`. */
export interface LayoutFolder {
  readonly dir: string;
  /** `config.json` and `preprocessor_config.json`, checked. */
  readonly config: DetectorConfig;
  readonly weightsId: string;
}

/** A snapshot folder, read and checked; the weights stay on disk. Plain data: it may cross a thread. */
export interface ModelFolder {
  /** Absolute path. */
  readonly dir: string;
  readonly name: string;
  readonly manifest: Manifest;
  readonly reader: ReaderConfig;
  readonly imageProcessor: ImageProcessorConfig;
  /** Parsed `tokenizer.json` and `tokenizer_config.json`, and the text of the chat template. */
  readonly tokenizerJson: unknown;
  readonly tokenizerConfig: unknown;
  readonly chatTemplate: string;
  /** Changes when the weights change. */
  readonly weightsId: string;
  /** Tells weights apart, not copies of them: the same on every machine. */
  readonly contentId: string;
  readonly layout?: LayoutFolder;
}

const templateSchema = z.looseObject({ chat_template: z.string().min(1).optional() });

/**
 * Reads a model folder: a Hugging Face snapshot, an optional `quire.json` and an optional layout detector.
 * Throws MODEL_NOT_FOUND or MODEL_INVALID, naming the file and the field at fault.
 */
export async function openModel(folder: string): Promise<ModelFolder> {
  const dir = resolve(folder);
  if (!isFolder(dir)) throw new ModelError('MODEL_NOT_FOUND', `there is no model folder at ${dir}`);
  const manifestName = 'quire.json';
  const manifest = checkSnapshotFile(manifestSchema, readSnapshotJson(dir, manifestName) ?? {}, dir, manifestName);
  const reader = readReaderConfig(dir);
  const imageProcessor = readImageProcessor(dir);
  checkAgreement(dir, reader, imageProcessor);
  return {
    dir,
    name: manifest.name ?? basename(dir),
    manifest,
    reader,
    imageProcessor,
    tokenizerJson: requireSnapshotJson(dir, 'tokenizer.json'),
    tokenizerConfig: readSnapshotJson(dir, 'tokenizer_config.json') ?? {},
    chatTemplate: readChatTemplate(dir),
    ...identifyWeights(dir),
    layout: openLayout(dir),
  };
}

function openLayout(modelDir: string): LayoutFolder | undefined {
  const dir = join(modelDir, 'layout');
  if (!isFolder(dir)) return undefined;
  return {
    dir,
    config: readDetectorConfig(
      requireSnapshotJson(dir, 'config.json'),
      requireSnapshotJson(dir, 'preprocessor_config.json'),
    ),
    weightsId: identifyWeights(dir).weightsId,
  };
}

/** The template stands in a file of its own or, in older snapshots, in a JSON file. */
function readChatTemplate(dir: string): string {
  const text = readSnapshotText(dir, 'chat_template.jinja');
  if (text !== undefined) return text;
  for (const name of ['chat_template.json', 'tokenizer_config.json']) {
    const file = checkSnapshotFile(templateSchema, readSnapshotJson(dir, name) ?? {}, dir, name);
    if (file.chat_template !== undefined) return file.chat_template;
  }
  throw new ModelError('MODEL_NOT_FOUND', `${join(dir, 'chat_template.jinja')} is missing`);
}

function checkAgreement(dir: string, reader: ReaderConfig, processor: ImageProcessorConfig): void {
  if (processor.patchSize !== reader.vision.patchSize || processor.mergeSize !== reader.vision.mergeSize) {
    throw new ModelError(
      'MODEL_INVALID',
      `${join(dir, 'preprocessor_config.json')}: patch_size and merge_size differ from those in config.json`,
    );
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
