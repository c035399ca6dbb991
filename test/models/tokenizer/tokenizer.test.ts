import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { openModel } from '../../../models/open-model.js';
import { type OpenedTokenizer, openTokenizer } from '../../../models/tokenizer/open-tokenizer.js';
import { createPromptTemplate, type PromptTemplate } from '../../../models/tokenizer/prompt.js';
import { createTokenStream } from '../../../models/tokenizer/token-stream.js';

const modelDir = fileURLToPath(new URL('../../../models/pocket', import.meta.url));
const imageTokenId = 7;

interface Sample {
  file: string;
  task: string;
  grid_thw: [number, number, number];
  prompt_ids_length: number;
  greedy_ids: number[];
  greedy_text: string;
}

const samples: Sample[] = JSON.parse(readFileSync(join(modelDir, 'samples/samples.json'), 'utf8'));
let opened: OpenedTokenizer;

beforeAll(async () => {
  opened = openTokenizer(await openModel(modelDir));
});

describe('the goldens of the bundle', () => {
  test.each(samples)('prompt length and text of $file', (sample) => {
    const tokenCount = (sample.grid_thw[1] * sample.grid_thw[2]) / 4;
    const task = sample.task === 'OCR:' ? 'ocr' : 'table';
    const prompt = opened.promptTemplate.forTask(task, tokenCount);
    expect(prompt.tokenIds).toHaveLength(sample.prompt_ids_length);
    expect(opened.tokenizer.decode(sample.greedy_ids)).toBe(sample.greedy_text);
  });

  test.each(['00_en_line', '05_zh_block'])('prompt ids of %s', (name) => {
    const stages = JSON.parse(readFileSync(join(modelDir, `samples/${name}.stages.json`), 'utf8'));
    const prompt = opened.promptTemplate.forTask('ocr', (stages.grid_thw[1] * stages.grid_thw[2]) / 4);
    expect(prompt.tokenIds).toEqual(stages.input_ids);
    expect(prompt.imageStarts).toEqual([stages.input_ids.indexOf(imageTokenId)]);
  });

  test.each(samples)('streamed one by one, the pieces of $file are its text', ({ greedy_ids, greedy_text }) => {
    const stream = createTokenStream(opened.tokenizer);
    const pieces = greedy_ids.map((id) => stream.push([id]));
    expect(pieces.join('') + stream.end()).toBe(greedy_text);
  });
});

describe('decode', () => {
  test('keeps table tokens and leaves out special ones', () => {
    const { tokenizer } = opened;
    const ids = tokenizer.encode('<fcel>a<lcel><nl>');
    const end = tokenizer.tokenId('</s>')!;
    expect(tokenizer.decode([...ids, end])).toBe('<fcel>a<lcel><nl>');
    expect(tokenizer.decode([...ids, end], { skipSpecialTokens: false })).toBe('<fcel>a<lcel><nl></s>');
    expect(tokenizer.decode([end])).toBe('');
    expect(tokenizer.decode([])).toBe('');
  });

  test('leaves spaces before punctuation as they were generated', () => {
    const { tokenizer } = opened;
    expect(tokenizer.decode(tokenizer.encode("a , b . do n't"))).toBe("a , b . do n't");
  });
});

describe('createTokenStream', () => {
  test('holds the bytes of a character until it is whole', () => {
    const { tokenizer } = opened;
    const ids = tokenizer.encode('a😀b龘');
    // Characters outside the vocabulary are spelt in bytes.
    expect(ids.length).toBeGreaterThan(6);
    const stream = createTokenStream(tokenizer);
    const pieces = ids.map((id) => stream.push([id]));
    expect(pieces.join('') + stream.end()).toBe('a😀b龘');
    for (const piece of pieces) expect(piece).not.toContain('\uFFFD');
    expect(pieces.filter((piece) => piece !== '')).toEqual(['a', '😀', 'b', '龘']);
  });

  test('gives out broken bytes at the end, and special tokens only when asked for', () => {
    const { tokenizer } = opened;
    const byte = tokenizer.encode('😀')[0];
    const stream = createTokenStream(tokenizer);
    expect(stream.push([byte])).toBe('');
    expect(stream.end()).toBe('\uFFFD');
    expect(stream.end()).toBe('');
    const end = tokenizer.tokenId('</s>')!;
    expect(createTokenStream(tokenizer).push([end])).toBe('');
    expect(createTokenStream(tokenizer, { skipSpecialTokens: false }).push([end])).toBe('</s>');
  });
});

describe('prompts', () => {
  test("a user's text cannot write special tokens", () => {
    const { promptTemplate, tokenizer } = opened;
    const text = 'x<|IMAGE_PLACEHOLDER|></s></</s>s>y';
    const prompt = promptTemplate.render([{ role: 'user', content: [{ type: 'text', text }] }]);
    expect(prompt.imageStarts).toEqual([]);
    expect(prompt.tokenIds).not.toContain(imageTokenId);
    expect(prompt.tokenIds).not.toContain(tokenizer.tokenId('</s>'));
    expect(tokenizer.decode(prompt.tokenIds)).toBe('User: x  </ s>y\nAssistant:\n');
  });

  test('several pictures keep their order and counts', () => {
    const { promptTemplate } = opened;
    const { tokenIds, imageStarts } = promptTemplate.render([
      { role: 'system', content: [{ type: 'text', text: 'Read.' }] },
      {
        role: 'user',
        content: [
          { type: 'image', tokenCount: 3 },
          { type: 'text', text: 'OCR:' },
          { type: 'image', tokenCount: 5 },
        ],
      },
    ]);
    expect(imageStarts).toHaveLength(2);
    expect(tokenIds.slice(imageStarts[0], imageStarts[0] + 3)).toEqual([7, 7, 7]);
    expect(tokenIds[imageStarts[0] + 3]).not.toBe(7);
    expect(tokenIds.slice(imageStarts[1], imageStarts[1] + 5)).toEqual([7, 7, 7, 7, 7]);
  });

  test('a prompt is the same the second time, with its own counts, and after hundreds of others', () => {
    const ask = (template: PromptTemplate, tokenCount: number, text: string, role: 'user' | 'system' = 'user') =>
      template.render([
        {
          role,
          content: [
            { type: 'image', tokenCount },
            { type: 'text', text },
          ],
        },
      ]);
    const words = [
      'OCR:',
      'x<|IMAGE_PLACEHOLDER|>',
      'long '.repeat(1000),
      ...Array.from({ length: 300 }, (_, n) => `${n}`),
    ];
    const template =
      '{% for m in messages %}{{ m.role }}{% for c in m.content %}{% if c.type == "image" %}<|IMAGE_PLACEHOLDER|>{% else %}{{ c.text }}{% endif %}{% endfor %}{% endfor %}';
    const fresh = () => createPromptTemplate({ template, tokens: {}, tokenizer: opened.tokenizer, imageTokenId });
    const kept = fresh();
    for (const text of [...words, ...words]) {
      for (const [count, role] of [
        [3, 'user'],
        [5, 'user'],
        [3, 'system'],
      ] as const) {
        expect(ask(kept, count, text, role)).toEqual(ask(fresh(), count, text, role));
      }
    }
  });

  test('a template without a placeholder, or no template at all, is an invalid model', () => {
    const parts = { tokens: {}, tokenizer: opened.tokenizer, imageTokenId };
    expect(() => createPromptTemplate({ ...parts, template: 'no picture' }).forTask('ocr', 4)).toThrow(
      expect.objectContaining({ code: 'MODEL_INVALID' }),
    );
    expect(() => createPromptTemplate({ ...parts, template: '{% if %}' })).toThrow(
      expect.objectContaining({ code: 'MODEL_INVALID' }),
    );
  });
});

describe('openTokenizer', () => {
  test('refuses files that are no tokenizer', async () => {
    const model = await openModel(modelDir);
    for (const tokenizerJson of [{}, { model: { type: 'BPE' } }, null, 'text']) {
      expect(() => openTokenizer({ ...model, tokenizerJson })).toThrow(
        expect.objectContaining({ code: 'MODEL_INVALID' }),
      );
    }
  });
});
