import { z } from 'zod';
import { tasks } from '#models';

/** Raised when frames, events or the status change in a way that the other side would misread. */
export const engineProtocol = 2;

const count = z.int().min(0);
const tokenIds = z.array(count).max(131_072);
const tokens = { tokenIds, logprobs: z.array(z.number()).max(131_072) };
const failure = z.object({ code: z.string(), message: z.string() });

/** What the engine of a host holds at the moment, for whoever wants to send it more. */
export const engineLoadSchema = z.object({
  queuedCount: count.describe('Crops that wait, those of its own documents included.'),
  runningCount: count.describe('Crops on its devices.'),
  outstandingCost: z.number().describe('Predicted milliseconds of one shard for all of them.'),
  kvBlocksUsed: count,
});

/** The engine of a host as another host sees it: what it reads with, how much at once, and how busy it is. */
export const engineStatusSchema = z.object({
  protocol: z.int(),
  instance: z.string().describe('Of the running process; a host does not use itself.'),
  model: z.object({
    name: z.string(),
    weightsId: z.string().describe('The same on every host with these weights, whatever its devices.'),
  }),
  isReady: z.boolean().describe('A device of its own takes crops.'),
  maxSequenceLength: count,
  capacity: z.object({
    maxBatch: count.describe('Crops its own devices decode together.'),
    kvBlocksTotal: count,
  }),
  load: engineLoadSchema,
});

const imageSchema = z.object({
  gridHeight: z.int().min(1).max(65_536),
  gridWidth: z.int().min(1).max(65_536),
  isGrey: z.boolean().optional().describe('Its patches have one channel that stands for all three.'),
});

/** The JSON head of a crop on its way to another host; the patches of its pictures follow as bytes, in order. */
export const cropHeadSchema = z.object({
  protocol: z.literal(engineProtocol),
  weightsId: z.string().max(200),
  from: z.string().min(1).max(100).describe('Instance of the host that asks; its crops share the queue as one.'),
  priority: z.enum(['interactive', 'batch']),
  task: z.enum(tasks),
  promptIds: tokenIds.min(1),
  images: z.array(imageSchema).max(256),
  maxTokens: z.int().min(1).max(131_072),
  ignoresStop: z.boolean().optional(),
  isStreamed: z.boolean(),
  prefix: z.object(tokens).optional().describe('What an earlier attempt generated.'),
});

const readingSchema = z.object({
  ...tokens,
  finishReason: z.enum(['stop', 'length', 'repetition']),
  keepCount: count,
  timings: z.object({
    waitMs: z.number(),
    visionMs: z.number(),
    prefillMs: z.number(),
    decodeMs: z.number(),
    firstTokenMs: z.number(),
  }),
});

/** One line of the answer to a crop. `finished`, `refused` and `error` are the last. */
export const engineLineSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('accepted'), load: engineLoadSchema }),
  z.object({ type: z.literal('waiting'), load: engineLoadSchema }),
  z.object({ type: z.literal('tokens'), ...tokens }),
  z.object({ type: z.literal('finished'), reading: readingSchema, load: engineLoadSchema }),
  z.object({ type: z.literal('refused'), failure }),
  z.object({ type: z.literal('error'), error: failure }),
]);

export type EngineLoad = z.infer<typeof engineLoadSchema>;
export type EngineStatus = z.infer<typeof engineStatusSchema>;
export type CropHead = z.infer<typeof cropHeadSchema>;
export type EngineLine = z.infer<typeof engineLineSchema>;
