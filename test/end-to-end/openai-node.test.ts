import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import OpenAI, { APIError, NotFoundError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pocketSamples } from '../support/pocket-crops.js';
import { type RunningServer, startQuire } from '../support/quire-process.js';

let server: RunningServer;
let client: OpenAI;
beforeAll(async () => {
  server = await startQuire();
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'null', maxRetries: 0 });
});
afterAll(async () => {
  await server?.close();
});

function messagesFor({ dataUrl, task }: { dataUrl: string; task: string }): OpenAI.ChatCompletionMessageParam[] {
  return [
    {
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: dataUrl } },
        { type: 'text', text: task },
      ],
    },
  ];
}

/** Extras that the official client sends along; the package passes on what it does not know. */
const extras = {
  temperature: 0,
  max_completion_tokens: 4096,
  skip_special_tokens: true,
};

describe('the openai package for JavaScript', () => {
  it('lists the model, and takes its name as the official client does', async () => {
    const { data } = await client.models.list();
    expect(data[0]).toMatchObject({ id: 'pocket', object: 'model' });
    expect(await client.models.retrieve('PaddlePaddle/PaddleOCR-VL-1.6')).toMatchObject({ id: 'pocket' });
  });

  it.each(pocketSamples())('reads $file right, in one piece', async (sample) => {
    const body = { model: 'PaddleOCR-VL-1.6-0.9B', messages: messagesFor(sample), ...extras };
    const completion = await client.chat.completions.create(body);
    const { message, finish_reason } = completion.choices[0];
    expect(message.content).toBe(sample.text);
    expect(finish_reason).toBe('stop');
    expect(completion.usage).toEqual({
      prompt_tokens: sample.promptTokenCount,
      completion_tokens: sample.outputTokenCount,
      total_tokens: sample.promptTokenCount + sample.outputTokenCount,
    });
  });

  it('reads all samples right at once, streamed, with usage and probabilities', async () => {
    await Promise.all(
      pocketSamples().map(async (sample) => {
        const stream = await client.chat.completions.create({
          model: 'pocket',
          messages: messagesFor(sample),
          stream: true,
          stream_options: { include_usage: true },
          logprobs: true,
        });
        let text = '';
        let tokenCount = 0;
        let finish: string | null = null;
        let usage: OpenAI.CompletionUsage | null | undefined;
        for await (const chunk of stream) {
          text += chunk.choices[0]?.delta.content ?? '';
          for (const { logprob } of chunk.choices[0]?.logprobs?.content ?? []) {
            expect(logprob).toBeLessThanOrEqual(0);
            tokenCount++;
          }
          finish = chunk.choices[0]?.finish_reason ?? finish;
          usage = chunk.usage ?? usage;
        }
        expect(text, sample.file).toBe(sample.text);
        expect(finish).toBe('stop');
        expect(tokenCount).toBe(sample.outputTokenCount);
        expect(usage?.completion_tokens).toBe(sample.outputTokenCount);
      }),
    );
  });

  it('gathers a stream with its own helper', async () => {
    const [sample] = pocketSamples();
    const stream = client.chat.completions.stream({ model: 'pocket', messages: messagesFor(sample) });
    const completion = await stream.finalChatCompletion();
    expect(completion.choices[0].message.content).toBe(sample.text);
  });

  it('stops at a text, which is not part of the answer, and at a number of tokens', async () => {
    const [sample] = pocketSamples();
    const body = { model: 'pocket', messages: messagesFor(sample) };
    const word = sample.text.split(' ')[2];
    const stopped = await client.chat.completions.create({ ...body, stop: word });
    expect(stopped.choices[0]).toMatchObject({
      message: { content: sample.text.slice(0, sample.text.indexOf(word)) },
      finish_reason: 'stop',
    });
    const short = await client.chat.completions.create({ ...body, max_tokens: 3 });
    expect(short.choices[0].finish_reason).toBe('length');
    expect(short.usage?.completion_tokens).toBe(3);
    expect(sample.text.startsWith(short.choices[0].message.content ?? '?')).toBe(true);
  });

  it('leaves a stream in the middle; the server goes on with others', async () => {
    const samples = pocketSamples();
    const long = samples.reduce((a, b) => (b.outputTokenCount > a.outputTokenCount ? b : a));
    const stream = await client.chat.completions.create({
      model: 'pocket',
      messages: messagesFor(long),
      stream: true,
    });
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) break;
    }
    const after = await client.chat.completions.create({ model: 'pocket', messages: messagesFor(samples[0]) });
    expect(after.choices[0].message.content).toBe(samples[0].text);
  });

  it('turns failures into the errors of the package, with the request id', async () => {
    const picture = readFileSync(fileURLToPath(new URL('../fixtures/inputs/broken.pdf', import.meta.url)));
    const dataUrl = `data:image/png;base64,${picture.toString('base64')}`;
    const broken = await client.chat.completions
      .create({ model: 'pocket', messages: messagesFor({ dataUrl, task: 'OCR:' }) })
      .catch((error: unknown) => error);
    expect(broken).toBeInstanceOf(APIError);
    expect(broken).toMatchObject({ status: 415, code: 'INPUT_UNSUPPORTED', requestID: expect.any(String) });
    await expect(
      client.chat.completions.create({ model: 'gpt-4o', messages: messagesFor(pocketSamples()[0]) }),
    ).rejects.toBeInstanceOf(NotFoundError);
    const inward = messagesFor({ dataUrl: 'http://169.254.169.254/latest/meta-data', task: 'OCR:' });
    await expect(client.chat.completions.create({ model: 'pocket', messages: inward })).rejects.toMatchObject({
      status: 403,
      code: 'URL_FORBIDDEN',
    });
  });
});
