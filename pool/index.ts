export {
  type Block,
  type Box,
  blockMarkdown,
  type CompiledModel,
  type CompileProgress,
  classIdOf,
  compileModel,
  type DocumentPlace,
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
  type Restructured,
  type RestructureOptions,
  readingPlaces,
  resolveRecipe,
  restructurePages,
  type Task,
} from '#models';
export { type Failure, PoolError, type PoolErrorCode, poolErrorCodes } from './errors.js';
export { type OpenPoolOptions, openPool } from './open-pool.js';
export type * from './pool.js';
export type { PoolStats } from './pool-stats.js';
