import type { ChatRequest } from './chat-request.js';

/** Values under which a parameter asks for nothing that greedy decoding does not do. */
const neutral: Partial<Record<keyof ChatRequest, readonly unknown[]>> = {
  temperature: [0],
  // With temperature 0 or the nucleus empty only the likeliest token is left, as the fastdeploy client asks.
  top_p: [0, 1],
  top_k: [-1, 0, 1],
  min_p: [0],
  repetition_penalty: [1],
  presence_penalty: [0],
  frequency_penalty: [0],
  logit_bias: [],
};

/** Parameters of a request that would have changed a sampled answer, for the header that says they did not. */
export function ignoredParameters(request: ChatRequest): string[] {
  return Object.entries(neutral).flatMap(([name, values]) => {
    const value = request[name as keyof ChatRequest];
    const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
    return value == null || isEmpty || values.includes(value) ? [] : [name];
  });
}
