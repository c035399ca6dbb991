import { z } from '@hono/zod-openapi';

export const deviceSchema = z
  .object({
    id: z.string().openapi({ example: 'cpu:0' }),
    kind: z.enum(['cpu', 'cuda', 'remote']),
    isolation: z.enum(['thread', 'process', 'host']),
    state: z.enum(['starting', 'ready', 'draining', 'drained', 'down', 'broken']),
    shardCount: z.int(),
    runningCount: z.int().openapi({ description: 'Crops in its batches.' }),
    outstandingCost: z.number().openapi({ description: 'Cost units given to it and not finished.' }),
    kvBlocksUsed: z.int(),
    kvBlocksTotal: z.int(),
    restartCount: z.int(),
    lastError: z.object({ code: z.string(), message: z.string() }).optional(),
    canaryOkAt: z.iso.datetime().optional().openapi({ description: 'When it last read the known page right.' }),
    canaryMismatchCount: z.int(),
    pid: z.int().optional().openapi({ description: 'Its process, where it has one of its own.' }),
    runtimeDoor: z
      .enum(['addon', 'c-api'])
      .optional()
      .openapi({ description: 'CUDA: how it reaches ONNX Runtime, through the Node addon or the C API.' }),
    runtimeDoorReason: z.string().optional().openapi({ description: 'Why it does not take the C API.' }),
    detectsPages: z.boolean().optional().openapi({ description: 'CUDA: whether it detects the layout of pages.' }),
    detectorReason: z
      .string()
      .optional()
      .openapi({ description: 'Why it does not; pages are then detected on the CPU.' }),
  })
  .openapi('Device');

export const deviceListSchema = z.object({ devices: z.array(deviceSchema) }).openapi('DeviceList');

export const deviceActionParamsSchema = z.strictObject({
  id: z.string().min(1).max(200).openapi({ example: 'cpu:0' }),
  action: z.enum(['drain', 'resume', 'restart']),
});

export type DeviceBody = z.infer<typeof deviceSchema>;
