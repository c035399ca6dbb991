import { Writable } from 'node:stream';
import { loadConfig } from '../../config/index.js';
import { createApp } from '../../router/app.js';
import { openLog } from '../../router/log.js';
import { createMetricRegistry } from '../../router/metric-registry.js';
import { createScriptedPool, type Script, type ScriptedPool } from './scripted-pool.js';

export interface TestApp {
  readonly app: ReturnType<typeof createApp>;
  readonly pool: ScriptedPool;
  /** Log lines so far, parsed. */
  readonly lines: Record<string, unknown>[];
}

/** The HTTP side over a scripted pool, without a port; settings are given as environment variables. */
export function openTestApp(script: Script = {}, env: Record<string, string> = {}): TestApp {
  const pool = createScriptedPool(script);
  const config = loadConfig({ env });
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const log = openLog({ ...config.log, level: 'debug', format: 'json' }, sink);
  const app = createApp({ pool, config, log, metrics: createMetricRegistry(pool) });
  return { app, pool, lines };
}
