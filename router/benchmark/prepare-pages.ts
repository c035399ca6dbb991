import { BenchError } from './bench-error.js';
import { chatRequest, readChat } from './chat-request.js';
import { parseRequest, readParse } from './parse-request.js';
import type { PreparedWork, WorkOptions } from './prepared-work.js';
import type { PageFile } from './read-pages.js';
import { type SendOptions, sendRequest } from './send-request.js';
import { takeTurns } from './take-turns.js';

const pageTokens = 4096;

/**
 * Files: to `/v1/parse` of Quire, which lays them out, cuts and reads them; elsewhere each picture is one chat turn
 * with the prompt. Throws BenchError PAGES_INVALID where none can be.
 */
export function preparePages(files: readonly PageFile[], options: WorkOptions): PreparedWork {
  const { target, prompt, timeoutMs, note } = options;
  const sending = (signal: AbortSignal): SendOptions => ({ client: target.client, timeoutMs, signal });
  if (target.isQuire) {
    const nextFile = takeTurns(files);
    return {
      about: { kind: 'pages', fileCount: files.length, route: '/v1/parse' },
      send: (stop) => sendRequest(parseRequest(nextFile().bytes), readParse(), sending(stop)),
    };
  }
  const pictures = files.filter((file): file is PageFile & { mediaType: string } => file.mediaType !== null);
  if (pictures.length === 0) {
    throw new BenchError(
      'PAGES_INVALID',
      'none of the files is a picture that a chat can take (PNG, JPEG, WebP, GIF, BMP)',
    );
  }
  const leftOut = files.length - pictures.length;
  note(
    `${target.about.software} has no /v1/parse: each picture is one chat turn, without page layout${leftOut > 0 ? `; files that are no pictures are left out: ${leftOut}` : ''}.`,
  );
  const nextPicture = takeTurns(pictures);
  const chat = { model: target.about.model, prompt, maxTokens: pageTokens, isFixedLength: false };
  return {
    about: { kind: 'pages', fileCount: pictures.length, route: '/v1/chat/completions' },
    send(stop) {
      const { bytes, mediaType } = nextPicture();
      return sendRequest(chatRequest(bytes, mediaType, chat), readChat(), sending(stop));
    },
  };
}
