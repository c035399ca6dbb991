export {
  type Block,
  type Box,
  blockMarkdown,
  type CompiledModel,
  type CompileProgress,
  chooseTarget,
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
  parseSpotting,
  picturePathOf,
  type RecipeOptions,
  type Region,
  type Restructured,
  type RestructureOptions,
  readingPlaces,
  resolveRecipe,
  restructurePages,
  type SpottedText,
  type Task,
} from '#models';
export { adviseCuda, type CudaFindings, findCuda, type SelfTest, testDevice } from './diagnose.js';
export { type Failure, PoolError, type PoolErrorCode, poolErrorCodes } from './errors.js';
export { visibleGpus } from './machine-gpus.js';
export { type OpenPoolOptions, openPool } from './open-pool.js';
export type * from './pool.js';
export type { PoolStats } from './pool-stats.js';
export { AnswerError } from './remote/answer-error.js';
export { type CropFrame, decodeCropFrame } from './remote/crop-frame.js';
export { type EngineLine, type EngineStatus, engineLineSchema, engineStatusSchema } from './remote/engine-contract.js';
export { splitLines } from './remote/split-lines.js';
