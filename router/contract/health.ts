import { z } from '@hono/zod-openapi';
import { deviceSchema } from './devices.js';

export const liveSchema = z.object({ live: z.literal(true) }).openapi('Live');

export const readySchema = z
  .object({
    ready: z.boolean().openapi({ description: 'At least one device has read the known page right and takes work.' }),
    devices: z.array(deviceSchema.pick({ id: true, state: true, canaryOkAt: true, lastError: true })),
  })
  .openapi('Ready');
