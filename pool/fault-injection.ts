import { ConfigError } from '#config';
import type { EngineCrop } from './engine/engine.js';

/**
 * What can be made to go wrong in a shard. All of them are acted but `cuda-fault`: there the GPU itself is sent outside
 * its memory, and the process that did it can compute on no GPU any more. It strikes CUDA devices only.
 */
export const faultKinds = [
  'crash-thread',
  'kill-process',
  'abort-process',
  'throw',
  'hang',
  'wrong-canary',
  'cuda-fault',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** A fault and when it strikes; absent conditions always hold. */
export interface Fault {
  readonly kind: FaultKind;
  /** Id of the device. */
  readonly device?: string;
  readonly shard?: number;
  /** Strikes at this step of the shard, counted from 1. */
  readonly step?: number;
  /** Strikes not at a step but at this run of the shard's layout detector, counted from 1; 0 is that of its start. */
  readonly detection?: number;
  /** Strikes this long after the start of the shard. */
  readonly afterMs?: number;
  /** Strikes with this probability at each step. */
  readonly chance?: number;
  /** Strikes while a crop with this many patches is on the shard: a crop that kills. */
  readonly patches?: number;
  /** Only in the first so many lives of the shard. */
  readonly lives?: number;
  /** How long a hung step lasts. */
  readonly forMs?: number;
}

const numbers = ['shard', 'step', 'detection', 'afterMs', 'chance', 'patches', 'lives', 'forMs'] as const;

/**
 * Reads `QUIRE_FAULTS`: faults parted by `;`, each a kind with conditions, as in
 * `kill-process:device=cpu:0,step=20;throw:patches=120`. Throws ConfigError for anything it does not
 * understand, and for anything at all in production.
 */
export function readFaults(text: string | undefined, nodeEnv: string | undefined): readonly Fault[] {
  if (!text?.trim()) return [];
  if (nodeEnv === 'production') {
    throw refuse('faults are for tests; NODE_ENV is production');
  }
  return text
    .split(';')
    .filter((part) => part.trim() !== '')
    .map(readFault);
}

/** Throws ConfigError for a `cuda-fault` that none of the devices can have. */
export function refuseUnreachable(
  faults: readonly Fault[],
  devices: readonly { readonly id: string; readonly kind: string }[],
): void {
  for (const { kind, device } of faults) {
    if (kind !== 'cuda-fault') continue;
    if (devices.some(({ id, kind: of }) => of === 'cuda' && (device ?? id) === id)) continue;
    const used = devices.map(({ id }) => id).join(', ') || 'none';
    throw refuse(`cuda-fault strikes CUDA devices; ${device ?? 'any'} is asked for, those in use are ${used}`);
  }
}

function readFault(text: string): Fault {
  const [, kind, conditions = ''] = /^\s*([\w-]+)(?::(.*))?$/.exec(text) ?? [];
  if (!(faultKinds as readonly string[]).includes(kind)) {
    throw refuse(`"${text.trim()}" is none of ${faultKinds.join(', ')}`);
  }
  const fault: Record<string, string | number> = { kind };
  for (const condition of conditions.split(',').filter((part) => part.trim() !== '')) {
    const [name, value = ''] = condition.split(/=(.*)/).map((part) => part.trim());
    if (name === 'device') fault.device = value;
    else if ((numbers as readonly string[]).includes(name) && Number.isFinite(Number(value || 'x')))
      fault[name] = Number(value);
    else throw refuse(`"${condition.trim()}" is no condition of a fault`);
  }
  return fault as unknown as Fault;
}

function refuse(reason: string): ConfigError {
  return new ConfigError([{ path: 'QUIRE_FAULTS', reason }]);
}

/** Where a shard stands when it asks whether a fault strikes. */
export interface FaultMoment {
  readonly deviceId: string;
  readonly shard: number;
  /** Which life of the shard this is, counted from 1. */
  readonly life: number;
  readonly step: number;
  /** Absent at a step. */
  readonly detection?: number;
  readonly ageMs: number;
  readonly crops: readonly Pick<EngineCrop, 'images'>[];
}

/** Whether a fault strikes now. */
export function strikes(fault: Fault, moment: FaultMoment, random: () => number = Math.random): boolean {
  const { device, shard, step, detection, afterMs, chance, patches, lives } = fault;
  if (device !== undefined && device !== moment.deviceId) return false;
  if (shard !== undefined && shard !== moment.shard) return false;
  if (lives !== undefined && moment.life > lives) return false;
  if (detection !== moment.detection) return false;
  if (step !== undefined && step !== moment.step) return false;
  if (afterMs !== undefined && moment.ageMs < afterMs) return false;
  if (patches !== undefined && !moment.crops.some((crop) => patchCount(crop) === patches)) return false;
  return chance === undefined || random() < chance;
}

function patchCount({ images }: Pick<EngineCrop, 'images'>): number {
  return images.reduce((sum, { gridHeight, gridWidth }) => sum + gridHeight * gridWidth, 0);
}
