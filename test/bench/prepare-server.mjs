// `quire serve` as it is, on the engine that computes nothing. Settings come from the environment.
import { loadConfig } from '../../dist/config/index.js';
import { runServer } from '../../dist/router/run-server.js';

const engineModule = new URL('./prepare-engine.mjs', import.meta.url).href;
process.exitCode = await runServer(loadConfig({ env: process.env, flags: {} }), { engineModule });
