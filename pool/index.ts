export { ModelError, type ModelErrorCode, modelErrorCodes } from '#models';
export { type Failure, PoolError, type PoolErrorCode, poolErrorCodes } from './errors.js';
export type * from './pool.js';
export type { PoolStats } from './pool-stats.js';
