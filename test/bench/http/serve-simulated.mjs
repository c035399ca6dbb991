// `quire serve` as it is, on simulated devices: node serve-simulated.mjs. Settings come from the environment.
import { loadConfig } from '../../../dist/config/index.js';
import { runServer } from '../../../dist/router/run-server.js';

const engineModule = new URL('./paced-engine.mjs', import.meta.url).href;
// The speed of the devices is no setting of Quire's.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('QUIRE_SIM_')));
process.exitCode = await runServer(loadConfig({ env, flags: {} }), { engineModule });
