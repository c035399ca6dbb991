import type { CompiledModel } from '../../models/compile/compile-model.js';
import { createPrefillInputs } from '../../models/generation/prefill-inputs.js';
import { createVisionInputs } from '../../models/generation/vision-inputs.js';
import type { CropPatches } from '../../models/image/crop-patches.js';
import type { ModelFolder } from '../../models/open-model.js';
import type { NamedTensors, Session, Tensor } from '../../models/session.js';
import type { PromptTemplate } from '../../models/tokenizer/prompt.js';
import { openSession } from '../../pool/engine/session.js';

/** What the plainest possible engine makes of crops: a check of the graphs, and a clock for them. */
export interface GreedyReader {
  read(
    crops: readonly { patches: CropPatches; promptIds: readonly number[] }[],
    options?: ReadOptions,
  ): Promise<GreedyReading[]>;
  /** Milliseconds spent so far in each graph, and decoded steps. */
  readonly spent: { vision: number; prefill: number; decode: number; steps: number; patches: number };
  embed(patches: CropPatches): Promise<Tensor<'float32'>>;
  close(): Promise<void>;
}

export interface ReadOptions {
  readonly maxTokens?: number;
  /** Tokens of one run of the decode graph; rows of the cache move through JavaScript between runs. */
  readonly stepsPerRun?: number;
}

export interface GreedyReading {
  readonly tokenIds: number[];
  readonly logprobs: number[];
}

/** Opens the graphs of a compiled model; crops given together are read as one batch. */
export async function openGreedyReader(
  model: ModelFolder,
  compiled: CompiledModel,
  threadCount = 2,
): Promise<GreedyReader> {
  const open = (path: string) => openSession(path, { device: { kind: 'cpu' }, threadCount });
  const vision = await open(compiled.graphs.vision);
  const prefill = await open(compiled.graphs.prefill);
  const decode = await open(compiled.graphs.decode);
  const { reader, manifest } = model;
  const spent = { vision: 0, prefill: 0, decode: 0, steps: 0, patches: 0 };
  const timed = async (stage: 'vision' | 'prefill' | 'decode', session: Session, feeds: NamedTensors) => {
    const start = performance.now();
    const outputs = await session.run(feeds);
    spent[stage] += performance.now() - start;
    return outputs;
  };
  const embed = async (patches: CropPatches) => {
    spent.patches += patches.gridHeight * patches.gridWidth;
    const inputs = createVisionInputs([patches], reader.vision, manifest.visionPositionAlign);
    return (await timed('vision', vision, { ...inputs })).image_embeds as Tensor<'float32'>;
  };

  return {
    spent,
    embed,
    async read(crops, { maxTokens = 512, stepsPerRun = 512 } = {}) {
      const merge = reader.vision.mergeSize;
      const embeds: Tensor<'float32'>[] = [];
      for (const crop of crops) embeds.push(await embed(crop.patches));
      let start = 0;
      const prompts = crops.map(({ patches, promptIds }, index) => {
        const embedStart = start;
        start += embeds[index].dims[0];
        const grid = { height: patches.gridHeight / merge, width: patches.gridWidth / merge };
        return { ids: promptIds, grids: [grid], embedStarts: [embedStart] };
      });
      const width = reader.text.hiddenSize;
      const all = new Float32Array(start * width);
      prompts.forEach(({ embedStarts }, index) => {
        all.set(embeds[index].data, embedStarts[0] * width);
      });
      const { inputs, nextPositions } = createPrefillInputs(prompts, reader.imageTokenId);
      const first = await timed('prefill', prefill, {
        ...inputs,
        image_embeds: { type: 'float32', dims: [start, width], data: all },
      });
      const readings = crops.map((_, row) => ({
        tokenIds: [Number((first.token as Tensor<'int64'>).data[row])],
        logprobs: [(first.logprob as Tensor<'float32'>).data[row]],
      }));
      const isDone = (row: number) =>
        reader.eosTokenIds.includes(readings[row].tokenIds.at(-1) as number) ||
        readings[row].tokenIds.length >= maxTokens;
      let past: NamedTensors = Object.fromEntries(
        Object.entries(first).flatMap(([name, value]) =>
          name.startsWith('present.') ? [[name.replace('present', 'past'), value]] : [],
        ),
      );
      let pastLengths = prompts.map(({ ids }) => ids.length);
      while (readings.some((_, row) => !isDone(row))) {
        const longest = Math.max(...readings.map(({ tokenIds }) => tokenIds.length));
        const steps = Math.min(
          stepsPerRun,
          maxTokens - Math.min(...readings.map((r) => r.tokenIds.length)),
          maxTokens - longest + stepsPerRun,
        );
        const outputs = await timed('decode', decode, {
          steps: int64([steps], []),
          stop_ids: int64(reader.eosTokenIds),
          token: int64(readings.map(({ tokenIds }) => tokenIds.at(-1) as number)),
          past_length: int64(pastLengths),
          position: int64(nextPositions.map((position, row) => position + pastLengths[row] - prompts[row].ids.length)),
          done: {
            type: 'bool',
            dims: [crops.length],
            data: Uint8Array.from(readings, (_, row) => Number(isDone(row))),
          },
          ...past,
        });
        const tokens = outputs.tokens as Tensor<'int64'>;
        const logprobs = outputs.logprobs as Tensor<'float32'>;
        const [count] = tokens.dims;
        spent.steps += count;
        for (let step = 0; step < count; step++) {
          for (let row = 0; row < crops.length; row++) {
            if (isDone(row)) continue;
            readings[row].tokenIds.push(Number(tokens.data[step * crops.length + row]));
            readings[row].logprobs.push(logprobs.data[step * crops.length + row]);
          }
        }
        past = Object.fromEntries(
          Object.entries(past).map(([name, value]) => [
            name,
            appendRows(
              value as Tensor<'float32'>,
              outputs[name.replace('past', 'new')] as Tensor<'float32'>,
              pastLengths,
            ),
          ]),
        );
        pastLengths = pastLengths.map((length) => length + count);
      }
      return readings;
    },
    async close() {
      await vision.close();
      await prefill.close();
      await decode.close();
    },
  };
}

/** The ids of a prompt for one crop. */
export function promptFor(
  template: PromptTemplate,
  model: ModelFolder,
  patches: CropPatches,
  task: 'ocr' | 'table',
): readonly number[] {
  const cells = (patches.gridHeight * patches.gridWidth) / model.reader.vision.mergeSize ** 2;
  return template.forTask(task, cells).tokenIds;
}

function int64(values: readonly number[], dims: readonly number[] = [values.length]): Tensor<'int64'> {
  return { type: 'int64', dims, data: BigInt64Array.from(values, BigInt) };
}

/** Puts the new rows of each sequence behind its valid ones: [B, heads, P, d] and [B, heads, K, d]. */
function appendRows(past: Tensor<'float32'>, added: Tensor<'float32'>, lengths: readonly number[]): Tensor<'float32'> {
  const [batch, heads, size, width] = past.dims;
  const count = added.dims[2];
  const capacity = Math.max(...lengths) + count;
  const data = new Float32Array(batch * heads * capacity * width);
  for (let row = 0; row < batch; row++) {
    for (let head = 0; head < heads; head++) {
      const pair = row * heads + head;
      const from = pair * size * width;
      data.set(past.data.subarray(from, from + lengths[row] * width), pair * capacity * width);
      const to = (pair * capacity + lengths[row]) * width;
      data.set(added.data.subarray(pair * count * width, (pair + 1) * count * width), to);
    }
  }
  return { type: 'float32', dims: [batch, heads, capacity, width], data };
}
