import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { findInputs } from '../batch/find-inputs.js';
import { BenchError } from './bench-error.js';
import { chatRequest, readChat } from './chat-request.js';
import { parseRequest, readParse } from './parse-request.js';
import type { PreparedWork, WorkOptions } from './prepared-work.js';
import { type SendOptions, sendRequest } from './send-request.js';
import { takeTurns } from './take-turns.js';

/** A file as it is sent. */
interface PageFile {
  readonly bytes: Uint8Array;
  /** Null for what a chat cannot take. */
  readonly mediaType: string | null;
}

const mostPageBytes = 512 * 1024 ** 2;
const pageTokens = 4096;
const mediaTypes: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
  '.bmp': 'image/bmp',
};

/**
 * Files: to `/v1/parse` of Quire, which lays them out, cuts and reads them; elsewhere each picture is one chat turn
 * with the prompt. Throws BenchError PAGES_INVALID.
 */
export async function preparePages(paths: readonly string[], options: WorkOptions): Promise<PreparedWork> {
  const { target, prompt, timeoutMs, note } = options;
  const files = await readPages(paths);
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

async function readPages(paths: readonly string[]): Promise<PageFile[]> {
  const { inputs, problems } = await findInputs(paths);
  if (problems.length > 0) {
    throw new BenchError('PAGES_INVALID', problems.map(({ label, reason }) => `${label}: ${reason}`).join('; '));
  }
  const files: PageFile[] = [];
  let byteCount = 0;
  for (const { path, label, relativePath } of inputs) {
    if (path === undefined)
      throw new BenchError('PAGES_INVALID', `${label} cannot be read again and again; name files`);
    const bytes = await readFile(path);
    byteCount += bytes.length;
    if (byteCount > mostPageBytes) {
      throw new BenchError(
        'PAGES_INVALID',
        `the files have more than ${mostPageBytes / 1024 ** 2} MB together; name fewer`,
      );
    }
    files.push({ bytes, mediaType: mediaTypes[extname(relativePath).toLowerCase()] ?? null });
  }
  return files;
}
