export { defaultCacheDir } from './cache-dir.js';
export { ConfigError, type ConfigProblem } from './errors.js';
export { exampleFile } from './example-file.js';
export { type ConfigSources, loadConfig } from './load.js';
export { nearestName } from './nearest-name.js';
export { redactConfig } from './redact-config.js';
export {
  type Config,
  configSchema,
  type DeviceSettings,
  type EngineSettings,
  type LogSettings,
  type ModelSettings,
  type PoolSettings,
  type PrepareSettings,
  type ServerSettings,
  type UrlSettings,
} from './schema.js';
export { type Setting, settings } from './setting.js';
