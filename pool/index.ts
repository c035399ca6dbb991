export {
  type Block,
  type Box,
  blockMarkdown,
  type CompiledModel,
  type CompileProgress,
  classIdOf,
  compileModel,
  embeddedModelDir,
  type FinishReason,
  formatMarkdown,
  isPictureLabel,
  type LayoutLabel,
  layoutLabels,
  ModelError,
  type ModelErrorCode,
  modelErrorCodes,
  openModel,
  paddlexRecipe,
  picturePathOf,
  type RecipeOptions,
  type Region,
  readingPlaces,
  resolveRecipe,
  type Task,
} from '#models';
export { type Failure, PoolError, type PoolErrorCode, poolErrorCodes } from './errors.js';
export { type OpenPoolOptions, openPool } from './open-pool.js';
export type * from './pool.js';
export type { PoolStats } from './pool-stats.js';
