import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '../errors.js';
import { createPromptTemplate, type PromptTemplate } from './prompt.js';
import { createTokenizer, type Tokenizer } from './tokenizer.js';

export interface OpenedTokenizer {
  readonly tokenizer: Tokenizer;
  readonly promptTemplate: PromptTemplate;
}

/**
 * Reads `tokenizer.json`, `tokenizer_config.json` and the chat template (`chat_template.jinja`, else the template
 * inside `tokenizer_config.json` or `chat_template.json`) of a model folder. Throws MODEL_INVALID, naming the file.
 */
export async function openTokenizer(modelDir: string, imageTokenId: number): Promise<OpenedTokenizer> {
  const tokenizerJson = await readJson(join(modelDir, 'tokenizer.json'));
  const config = await readJson(join(modelDir, 'tokenizer_config.json'));
  const tokenizer = createTokenizer(tokenizerJson, config);
  const template = await readTemplate(modelDir, config);
  return {
    tokenizer,
    promptTemplate: createPromptTemplate({ template, tokens: namedTokens(config), tokenizer, imageTokenId }),
  };
}

async function readTemplate(modelDir: string, config: Record<string, unknown>): Promise<string> {
  const source = await readFile(join(modelDir, 'chat_template.jinja'), 'utf8').catch(() => undefined);
  if (source !== undefined) return source;
  if (typeof config.chat_template === 'string') return config.chat_template;
  const legacy = await readJson(join(modelDir, 'chat_template.json')).catch(() => ({ chat_template: undefined }));
  if (typeof legacy.chat_template === 'string') return legacy.chat_template;
  throw new ModelError('MODEL_INVALID', `${modelDir} has no chat template (chat_template.jinja).`);
}

/** `bos_token`, `cls_token`, … as texts; each may be a string or an added-token record. */
function namedTokens(config: Record<string, unknown>): Record<string, string> {
  const tokens: Record<string, string> = {};
  for (const [name, value] of Object.entries(config)) {
    if (!name.endsWith('_token')) continue;
    const content = typeof value === 'object' && value !== null ? (value as { content?: unknown }).content : value;
    if (typeof content === 'string') tokens[name] = content;
  }
  return tokens;
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (cause) {
    throw new ModelError('MODEL_INVALID', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  throw new ModelError('MODEL_INVALID', `${path} does not hold an object.`);
}
