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
