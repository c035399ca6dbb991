import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pocketSamples } from '../support/pocket-crops.js';
import { pythonEnvironment, runPython } from '../support/python-environment.js';
import { type RunningServer, startQuire } from '../support/quire-process.js';

const environment = pythonEnvironment('openai', ['openai==3.54.0']);
const missing = 'missing' in environment ? environment.missing : undefined;
if (missing) console.warn(`skipped: ${missing}, so the openai package for Python judges nothing`);

const samplesDir = fileURLToPath(new URL('../../models/pocket/samples/', import.meta.url));

describe.skipIf(missing)('the openai package for Python', () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startQuire();
  });
  afterAll(async () => {
    await server?.close();
  });

  it('lists the model and reads all samples right, in one piece and streamed', () => {
    const { python } = environment as { python: string };
    const answer = runPython<{
      model: string;
      refused: string | null;
      readings: Record<string, { whole: string; streamed: string; usage: boolean; finish: string }>;
    }>(python, 'read_samples.py', [`${server.url}/v1`, samplesDir]);
    expect(answer.model).toBe('pocket');
    expect(answer.refused).toBe('MODEL_UNKNOWN');
    const wanted = pocketSamples().map(({ file, text }) => [
      file,
      { whole: text, streamed: text, usage: true, finish: 'stop' },
    ]);
    expect(answer.readings).toEqual(Object.fromEntries(wanted));
  });
});
