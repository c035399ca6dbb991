import type { CropPatches, ModelFolder, OpenedTokenizer, Reading, Task } from '#models';
import type { CropAnswer, CropReading, CropSpec } from './crop-job.js';
import type { Dispatcher } from './dispatcher.js';
import type { Failure } from './errors.js';
import type { Priority } from './pool.js';

/** What a block asks to be read. */
export interface CropRequest {
  readonly flow: string;
  /** Page of the document. */
  readonly part: number;
  readonly priority: Priority;
  readonly task: Task;
  readonly patches: CropPatches;
  readonly maxTokens?: number;
}

/** A crop as text. */
export type CropText =
  | { readonly ok: true; readonly text: Reading; readonly reading: CropReading }
  | { readonly ok: false; readonly failure: Failure };

/** Turns crops of pages into prompts and tokens into text. */
export interface CropReader {
  read(request: CropRequest): Promise<CropText>;
}

export interface CropReaderParts {
  readonly dispatcher: Dispatcher;
  readonly model: Pick<ModelFolder, 'reader' | 'manifest'>;
  readonly tokenizer: OpenedTokenizer;
  /** Output tokens of a crop at most. */
  readonly maxTokens: number;
}

export function createCropReader({ dispatcher, model, tokenizer, maxTokens }: CropReaderParts): CropReader {
  const promptOf = createTaskPrompts(tokenizer, model.reader.imageTokenId);
  const cellPatches = model.reader.vision.mergeSize ** 2;

  return {
    async read({ flow, part, priority, task, patches, maxTokens: wanted }) {
      const imageTokenCount = (patches.gridHeight * patches.gridWidth) / cellPatches;
      const limit = model.manifest.maxTokens[task] ?? maxTokens;
      const spec: CropSpec = {
        flow,
        part,
        priority,
        kind: task,
        promptIds: promptOf(task, imageTokenCount),
        images: [patches],
        imageTokenCount,
        maxTokens: Math.max(1, Math.min(limit, wanted ?? limit)),
      };
      return toText(await dispatcher.submit(spec), tokenizer);
    },
  };
}

/** The prompt of a task differs between crops only in how often the image token stands in it. */
function createTaskPrompts({ promptTemplate }: OpenedTokenizer, imageTokenId: number) {
  const known = new Map<Task, { readonly before: readonly number[]; readonly after: readonly number[] }>();
  return (task: Task, imageTokenCount: number): readonly number[] => {
    let parts = known.get(task);
    if (!parts) {
      const { tokenIds, imageStarts } = promptTemplate.forTask(task, 1);
      parts = { before: tokenIds.slice(0, imageStarts[0]), after: tokenIds.slice(imageStarts[0] + 1) };
      known.set(task, parts);
    }
    return [...parts.before, ...new Array<number>(imageTokenCount).fill(imageTokenId), ...parts.after];
  };
}

function toText(answer: CropAnswer, { tokenizer }: OpenedTokenizer): CropText {
  if (!answer.ok) return answer;
  const { reading } = answer;
  const tokenIds = reading.tokenIds.slice(0, reading.keepCount);
  const text = {
    text: tokenizer.decode(tokenIds),
    tokenIds,
    logprobs: reading.logprobs.slice(0, reading.keepCount),
    finishReason: reading.finishReason,
  };
  return { ok: true, text, reading };
}
