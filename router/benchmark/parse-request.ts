import type { BenchRequest } from './bench-client.js';
import { type AnswerReader, throwFailure } from './send-request.js';

/** A file to `/v1/parse`, answered block by block. */
export function parseRequest(bytes: Uint8Array): BenchRequest {
  return {
    path: '/v1/parse',
    headers: { 'content-type': 'application/octet-stream', accept: 'application/x-ndjson' },
    body: bytes,
  };
}

interface ParseEvent {
  readonly type: string;
  readonly error?: unknown;
  readonly failedBlockCount?: number;
}

/** Follows the lines of an answer: pages are counted as they are done, and a block that failed fails the request. */
export function readParse(): AnswerReader {
  let isWhole = false;
  let hasText = false;
  let imageCount = 0;
  return {
    read(line) {
      const event = JSON.parse(line) as ParseEvent;
      if (event.type === 'error') throwFailure(event.error);
      if (event.type === 'block') hasText = true;
      if (event.type === 'page-done') imageCount++;
      if (event.type !== 'done') return;
      isWhole = true;
      if (event.failedBlockCount) throw new Error('blocks failed');
    },
    get isWhole() {
      return isWhole;
    },
    get hasText() {
      return hasText;
    },
    promptTokens: null,
    outputTokens: null,
    get imageCount() {
      return imageCount;
    },
  };
}
