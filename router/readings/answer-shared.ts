import type { Context } from 'hono';
import { answerDocument } from '../answer-document.js';
import type { AppEnv } from '../app-env.js';
import { RouterError } from '../errors.js';
import { jobPath, toJobBody } from './job-body.js';
import type { ReadingStore } from './reading-store.js';
import { fingerprintOf, ownerOf } from './request-identity.js';
import type { StartRun } from './shared-reading.js';

export interface SharedAnswerOptions {
  readonly key?: string;
  readonly isJob: boolean;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** What else makes requests differ. */
  readonly options: object;
  readonly startRun: StartRun;
}

/**
 * Answers a request that is known by a key or is to be asked for later: joins a reading under way, repeats a finished
 * one, or starts one. A job is answered when its document is open, so that a file which cannot be read fails at once.
 */
export async function answerShared(
  c: Context<AppEnv>,
  readings: ReadingStore,
  { key, isJob, mediaType, bytes, options, startRun }: SharedAnswerOptions,
): Promise<Response> {
  if (!isJob && mediaType !== 'application/json' && mediaType !== 'text/markdown') {
    throw new RouterError('REQUEST_INVALID', 'Idempotency-Key goes with JSON or Markdown; a stream is not repeated.');
  }
  const { reading, isRepeated } = readings.take({
    owner: ownerOf(c.req),
    key,
    isJob,
    fingerprint: fingerprintOf(bytes, options),
    startRun,
  });
  if (isRepeated) c.header('Idempotency-Replayed', 'true');
  if (!isJob) {
    const document = await reading.wait(c.get('deadline').signal);
    return answerDocument(c, document, mediaType as 'application/json' | 'text/markdown');
  }
  try {
    await reading.opened;
  } catch (error) {
    readings.drop(reading);
    throw error;
  }
  c.header('Location', jobPath(reading.id));
  c.header('Preference-Applied', 'respond-async');
  c.header('Retry-After', '1');
  return c.json(toJobBody(reading), 202);
}
