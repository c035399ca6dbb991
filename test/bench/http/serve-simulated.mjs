// `quire serve` as it is, on simulated devices: node serve-simulated.mjs. Settings come from the environment.
import { loadConfig } from '../../../dist/config/index.js';
import { runServer } from '../../../dist/router/run-server.js';

const engineModule = new URL('./paced-engine.mjs', import.meta.url).href;
process.exitCode = await runServer(loadConfig({ env: process.env, flags: {} }), { engineModule });
