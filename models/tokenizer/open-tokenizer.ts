import type { ModelFolder } from '../open-model.js';
import { createPromptTemplate, type PromptTemplate } from './prompt.js';
import { createTokenizer, type Tokenizer } from './tokenizer.js';

export interface OpenedTokenizer {
  readonly tokenizer: Tokenizer;
  readonly promptTemplate: PromptTemplate;
}

/** Tokenizer and chat template of a model folder. Throws MODEL_INVALID where one cannot be used. */
export function openTokenizer(
  model: Pick<ModelFolder, 'tokenizerJson' | 'tokenizerConfig' | 'chatTemplate' | 'reader'>,
): OpenedTokenizer {
  const config = asObject(model.tokenizerConfig);
  const tokenizer = createTokenizer(asObject(model.tokenizerJson), config);
  return {
    tokenizer,
    promptTemplate: createPromptTemplate({
      template: model.chatTemplate,
      tokens: namedTokens(config),
      tokenizer,
      imageTokenId: model.reader.imageTokenId,
    }),
  };
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
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
