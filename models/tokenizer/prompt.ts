import { Template } from '@huggingface/jinja';
import { ModelError } from '../errors.js';
import { type Task, taskPrompts } from '../generation/task.js';
import type { Tokenizer } from './tokenizer.js';

/** A chat turn with its pictures already counted in tokens. */
export interface PromptMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: readonly PromptPart[];
}

export type PromptPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly tokenCount: number };

/** Rendered templates that are remembered, and the longest of them: most prompts are one of a handful. */
const mostRendered = 100;
const longestRendered = 2000;

/** What the decoder is fed first. */
export interface Prompt {
  readonly tokenIds: readonly number[];
  /** Index in `tokenIds` of the first image token of each picture, in the order of the pictures. */
  readonly imageStarts: readonly number[];
}

export interface PromptTemplate {
  /** Throws MODEL_INVALID where the template does not write one placeholder for each picture. */
  render(messages: readonly PromptMessage[]): Prompt;
  /** The prompt of one crop: a picture and the words of its task. */
  forTask(task: Task, imageTokenCount: number): Prompt;
}

export interface PromptTemplateParts {
  /** Jinja source of the chat template. */
  readonly template: string;
  /** Token names a template may use: `bos_token`, `cls_token`, … */
  readonly tokens: Readonly<Record<string, string>>;
  readonly tokenizer: Tokenizer;
  readonly imageTokenId: number;
}

/**
 * Renders the chat template and repeats each picture's placeholder to its token count. The template writes the
 * begin-of-sentence token itself, hence nothing is added in encoding; special tokens in users' texts are taken out.
 */
export function createPromptTemplate({
  template,
  tokens,
  tokenizer,
  imageTokenId,
}: PromptTemplateParts): PromptTemplate {
  const parsed = parseTemplate(template);
  const rendered = new Map<string, readonly number[]>();

  /** Ids of the template with one placeholder for each picture. */
  function encode(messages: readonly PromptMessage[]): readonly number[] {
    const cleaned = messages.map(({ role, content }) => ({
      role,
      content: content.map((part) =>
        part.type === 'image' ? { type: 'image' } : { type: 'text', text: tokenizer.withoutSpecialTokens(part.text) },
      ),
    }));
    return tokenizer.encode(renderTemplate(parsed, { ...tokens, messages: cleaned, add_generation_prompt: true }));
  }

  function encodeOnce(messages: readonly PromptMessage[]): readonly number[] {
    const key = JSON.stringify(
      messages.map(({ role, content }) => [role, content.map((part) => (part.type === 'text' ? part.text : null))]),
    );
    const known = rendered.get(key);
    if (known) return known;
    const ids = encode(messages);
    if (key.length > longestRendered) return ids;
    const [oldest] = rendered.keys();
    if (rendered.size >= mostRendered) rendered.delete(oldest);
    rendered.set(key, ids);
    return ids;
  }

  function render(messages: readonly PromptMessage[]): Prompt {
    const counts = messages.flatMap(({ content }) =>
      content.flatMap((part) => (part.type === 'image' ? [part.tokenCount] : [])),
    );
    const tokenIds: number[] = [];
    const imageStarts: number[] = [];
    for (const id of encodeOnce(messages)) {
      if (id !== imageTokenId) {
        tokenIds.push(id);
        continue;
      }
      const count = counts[imageStarts.length] ?? 0;
      imageStarts.push(tokenIds.length);
      for (let i = 0; i < count; i++) tokenIds.push(imageTokenId);
    }
    if (imageStarts.length !== counts.length) {
      throw new ModelError(
        'MODEL_INVALID',
        `The chat template wrote ${imageStarts.length} image placeholders for ${counts.length} pictures.`,
      );
    }
    return { tokenIds, imageStarts };
  }

  return {
    render,
    forTask: (task, tokenCount) =>
      render([
        {
          role: 'user',
          content: [
            { type: 'image', tokenCount },
            { type: 'text', text: taskPrompts[task] },
          ],
        },
      ]),
  };
}

function parseTemplate(source: string): Template {
  try {
    return new Template(source);
  } catch (cause) {
    throw new ModelError('MODEL_INVALID', `The chat template cannot be parsed: ${(cause as Error).message}`, { cause });
  }
}

function renderTemplate(template: Template, values: Record<string, unknown>): string {
  try {
    return template.render(values);
  } catch (cause) {
    throw new ModelError('MODEL_INVALID', `The chat template cannot be rendered: ${(cause as Error).message}`, {
      cause,
    });
  }
}
