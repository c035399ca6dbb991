// The settings every benchmark here gives the server.
import { startServer } from '../http/servers.mjs';

/** Settings that all scripts share, as `readParameters` takes them. */
export const serverDefaults = {
  model: '',
  devices: 'cuda:0,cuda:1',
  /** Threads of a device; 0 leaves the choice to the server. */
  threads: 0,
  maxBatch: 64,
  cache: '',
  precision: 'auto',
  /** How CUDA devices reach the runtime: auto, c-api or addon. */
  door: 'auto',
};

/**
 * Starts the built server on these devices. Loop guard off, as random weights repeat themselves; limits that no load here
 * reaches.
 */
export function serve({ model, threads, maxBatch, cache, precision, door }, devices, env = {}) {
  return startServer({
    engine: 'real',
    devices,
    env: {
      QUIRE_LOG_LEVEL: 'warn',
      QUIRE_MODEL_PRECISION: precision,
      QUIRE_DEVICES_CUDA_DOOR: door,
      QUIRE_ENGINE_LOOP_GUARD: 'false',
      QUIRE_ENGINE_MAX_BATCH: String(maxBatch),
      QUIRE_DEVICES_THREADS_PER_DEVICE: String(threads),
      QUIRE_POOL_MAX_DOCUMENTS: '4096',
      QUIRE_POOL_MAX_PREDICTED_WAIT_MS: '3600000',
      QUIRE_POOL_MAX_HELD_BYTES: String(16 * 1024 ** 3),
      ...(model && { QUIRE_MODEL_DIR: model }),
      ...(cache && { QUIRE_CACHE_DIR: cache }),
      ...env,
    },
  });
}
