export {
  type CompiledModel,
  type CompileProgress,
  compileModel,
  embeddedModelDir,
  ModelError,
  type ModelErrorCode,
  modelErrorCodes,
  openModel,
} from '#models';
export { type Failure, PoolError, type PoolErrorCode, poolErrorCodes } from './errors.js';
export type * from './pool.js';
export type { PoolStats } from './pool-stats.js';
