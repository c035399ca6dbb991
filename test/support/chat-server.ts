import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a server of the OpenAI dialect that is not Quire behaves; by default much like vLLM. */
export interface ChatBehaviour {
  /** Refuses keys it does not know, as some do. */
  readonly isStrict?: boolean;
  /** Tokens of each answer, whatever is asked for. */
  readonly tokenCount?: number;
  readonly hasUsage?: boolean;
  /** Bearer key it wants. */
  readonly apiKey?: string;
  /** Request from which on it answers otherwise, counted from 1. */
  readonly fails?: (request: number, response: ServerResponse) => boolean;
}

export interface ChatServer {
  readonly url: string;
  /** Bodies of the chat requests. */
  readonly requests: readonly ChatBody[];
  /** Most requests that were open at once. */
  readonly mostInFlight: () => number;
  close(): Promise<void>;
}

export interface ChatBody {
  readonly model: string;
  readonly max_tokens: number;
  readonly ignore_eos?: boolean;
  readonly messages: readonly { readonly content: readonly [{ readonly image_url: { readonly url: string } }] }[];
}

/** vLLM and SGLang need a GPU; this speaks their side of the dialect, so that the client's side can be tested. */
export async function openChatServer(behaviour: ChatBehaviour = {}): Promise<ChatServer> {
  const { isStrict = false, tokenCount, hasUsage = true, apiKey, fails } = behaviour;
  const requests: ChatBody[] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  const server = createServer(async (request, response) => {
    const json = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (apiKey && request.headers.authorization !== `Bearer ${apiKey}`) return json(401, { error: 'Unauthorized' });
    if (request.url === '/v1/models') return json(200, { object: 'list', data: [{ id: 'reader', owned_by: 'vllm' }] });
    if (request.url === '/version') return json(200, { version: '0.25.0' });
    if (request.url !== '/v1/chat/completions') return json(404, { detail: 'Not Found' });
    mostInFlight = Math.max(mostInFlight, ++inFlight);
    response.once('close', () => inFlight--);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as ChatBody;
    requests.push(body);
    if (fails?.(requests.length, response)) return;
    if (isStrict && 'ignore_eos' in body) {
      return json(400, { error: { message: 'unknown key ignore_eos', type: 'invalid_request_error', code: null } });
    }
    const count = tokenCount ?? body.max_tokens;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const event = (data: unknown): void => void response.write(`data: ${JSON.stringify(data)}\n\n`);
    event({ choices: [{ delta: { role: 'assistant', content: '' } }] });
    for (let token = 1; token <= count; token++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      event({ choices: [{ delta: { content: `t${token} ` }, finish_reason: token === count ? 'length' : null }] });
    }
    if (hasUsage) event({ choices: [], usage: { prompt_tokens: 30, completion_tokens: count } });
    response.end('data: [DONE]\n\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    mostInFlight: () => mostInFlight,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
