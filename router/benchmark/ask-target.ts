import { z } from 'zod';
import { AnswerError } from '#pool';
import { deviceListSchema } from '../contract/devices.js';
import type { BenchClient } from './bench-client.js';
import { BenchError } from './bench-error.js';

const modelListSchema = z.object({
  data: z.array(z.object({ id: z.string(), owned_by: z.string().nullish() })).min(1),
});
const versionSchema = z.object({ version: z.string() });
const openApiSchema = z.object({ info: z.object({ version: z.string() }) });

export interface TargetFacts {
  readonly isQuire: boolean;
  readonly software: string;
  readonly model: string;
  readonly devices: readonly { readonly id: string; readonly isolation: string; readonly threads: number }[];
}

/**
 * Asks a server what it is. `modelName` goes before the names it tells.
 * Throws BenchError: TARGET_UNREACHABLE, TARGET_REFUSES, MODEL_UNNAMED.
 */
export async function askTarget(client: BenchClient, modelName?: string): Promise<TargetFacts> {
  const list = await listModels(client, modelName !== undefined);
  const model = modelName ?? list?.data[0]?.id;
  if (model === undefined) {
    throw new BenchError('MODEL_UNNAMED', `${client.url} does not tell its models; name one with --model-name`);
  }
  const owner = list?.data[0]?.owned_by ?? '';
  if (owner !== 'quire') {
    const version = await ask(client, '/version', versionSchema);
    return {
      isQuire: false,
      model,
      devices: [],
      software: [owner || 'unknown', version?.version ?? ''].join(' ').trim(),
    };
  }
  const [openApi, devices] = await Promise.all([
    ask(client, '/openapi.json', openApiSchema),
    ask(client, '/devices', deviceListSchema),
  ]);
  return {
    isQuire: true,
    model,
    software: `Quire ${openApi?.info.version ?? ''}`.trim(),
    devices: (devices?.devices ?? []).map(({ id, isolation, shardCount }) => ({ id, isolation, threads: shardCount })),
  };
}

/** The models of `/v1/models`; undefined where there is no such route and a name is given anyway. */
async function listModels(client: BenchClient, mayBeMissing: boolean) {
  try {
    return modelListSchema.parse(await client.getJson('/v1/models'));
  } catch (error) {
    if (error instanceof AnswerError && (error.status === 401 || error.status === 403)) {
      throw new BenchError('TARGET_REFUSES', `${client.url} wants a key: give it with --api-key`);
    }
    const isHere = error instanceof AnswerError || error instanceof z.ZodError || error instanceof SyntaxError;
    if (isHere && mayBeMissing) return undefined;
    if (error instanceof AnswerError) {
      throw new BenchError(
        'TARGET_REFUSES',
        `${client.url}/v1/models answers ${error.status}; is it an OpenAI address?`,
      );
    }
    if (isHere) throw new BenchError('TARGET_REFUSES', `${client.url}/v1/models does not answer as OpenAI's does`);
    const { code, message } = error as NodeJS.ErrnoException;
    throw new BenchError('TARGET_UNREACHABLE', `${client.url} does not answer (${code ?? message})`);
  }
}

/** Undefined where a server does not have it: what it tells of itself is welcome, not needed. */
async function ask<T>(client: BenchClient, path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    return schema.parse(await client.getJson(path));
  } catch {
    return undefined;
  }
}
