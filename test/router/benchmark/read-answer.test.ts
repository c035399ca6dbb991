import { describe, expect, it } from 'vitest';
import { readFailure } from '../../../router/benchmark/bench-client.js';
import { chatRequest, readChat } from '../../../router/benchmark/chat-request.js';
import { readParse } from '../../../router/benchmark/parse-request.js';

const data = (body: unknown): string => `data: ${JSON.stringify(body)}`;
const delta = (content: string | null, finish_reason: string | null = null) =>
  data({ choices: [{ delta: { role: 'assistant', content }, finish_reason }] });

describe('a chat answer', () => {
  it('has text from the first content on, not from the role', () => {
    const reader = readChat();
    const texts = [': waiting', delta(''), delta(null), delta('a'), delta('b')].map((line) => {
      reader.read(line);
      return reader.hasText;
    });
    expect(texts).toEqual([false, false, false, true, true]);
    expect(reader.isWhole).toBe(false);
    reader.read(data({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 2 } }));
    reader.read('data: [DONE]');
    expect(reader).toMatchObject({ isWhole: true, promptTokens: 7, outputTokens: 2, imageCount: 1 });
  });

  it('is whole with a reason to finish, and tells no tokens where there is no usage', () => {
    const reader = readChat();
    reader.read(delta('a', 'length'));
    expect(reader).toMatchObject({ isWhole: true, promptTokens: null, outputTokens: null });
  });

  it('fails by the code of an error in the stream', () => {
    expect(() => readChat().read(data({ error: { code: 'NO_DEVICE', message: 'gone' } }))).toThrow('NO_DEVICE');
    expect(() => readChat().read(data({ error: { message: 'out of memory' } }))).toThrow('out of memory');
  });

  it('is asked for with a fixed length only where that is wanted', () => {
    const options = { model: 'm', prompt: 'OCR:', maxTokens: 5 };
    const body = (isFixedLength: boolean) =>
      JSON.parse(String(chatRequest(Uint8Array.of(1, 2), 'image/png', { ...options, isFixedLength }).body));
    expect(body(true)).toMatchObject({ model: 'm', max_tokens: 5, ignore_eos: true, stream: true });
    expect(body(true).messages[0].content[0].image_url.url).toBe('data:image/png;base64,AQI=');
    expect(body(false)).not.toHaveProperty('ignore_eos');
  });
});

describe('the answer of a parsed document', () => {
  it('has text with its first block, and counts pages', () => {
    const reader = readParse();
    reader.read('{"type":"document","pageCount":2}');
    reader.read('{"type":"page","page":1}');
    expect(reader.hasText).toBe(false);
    reader.read('{"type":"block"}');
    expect(reader.hasText).toBe(true);
    reader.read('{"type":"page-done"}');
    reader.read('{"type":"page-done"}');
    expect(reader.isWhole).toBe(false);
    reader.read('{"type":"done","failedBlockCount":0}');
    expect(reader).toMatchObject({ isWhole: true, imageCount: 2, outputTokens: null });
  });

  it('fails by the code of an error, and when blocks could not be read', () => {
    expect(() => readParse().read('{"type":"error","error":{"code":"PDF_BROKEN","message":"x"}}')).toThrow(
      'PDF_BROKEN',
    );
    expect(() => readParse().read('{"type":"done","failedBlockCount":1}')).toThrow('blocks failed');
  });
});

it('reads code and message of error bodies, whoever wrote them', () => {
  expect(readFailure('{"error":{"code":"OVERLOADED","message":"full","type":"rate_limit_error"}}')).toEqual({
    code: 'OVERLOADED',
    message: 'full',
  });
  expect(readFailure('{"object":"error","message":"bad","type":"BadRequestError","code":400}')).toEqual({
    code: 'BadRequestError',
    message: 'bad',
  });
  expect(readFailure('<html>502</html>')).toEqual({ code: '', message: '<html>502</html>' });
  expect(readFailure('null')).toEqual({ code: '', message: 'null' });
});
