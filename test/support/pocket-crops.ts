import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A crop the embedded bundle came with, and what the reference read of it. */
export interface PocketCrop {
  readonly file: string;
  readonly path: string;
  readonly dataUrl: string;
  readonly task: string;
  readonly text: string;
  readonly promptTokenCount: number;
  readonly outputTokenCount: number;
}

const folder = fileURLToPath(new URL('../../models/pocket/samples/', import.meta.url));

interface Recorded {
  readonly file: string;
  readonly task: string;
  readonly greedy_text: string;
  readonly greedy_ids: readonly number[];
  readonly prompt_ids_length: number;
}

/** The twelve samples of the bundle as a chat client sends them. */
export function pocketSamples(): PocketCrop[] {
  const recorded = JSON.parse(readFileSync(`${folder}samples.json`, 'utf8')) as readonly Recorded[];
  return recorded.map(({ file, task, greedy_text, greedy_ids, prompt_ids_length }) => ({
    file,
    path: folder + file,
    dataUrl: `data:image/png;base64,${readFileSync(folder + file).toString('base64')}`,
    task,
    text: greedy_text,
    promptTokenCount: prompt_ids_length,
    outputTokenCount: greedy_ids.length,
  }));
}
