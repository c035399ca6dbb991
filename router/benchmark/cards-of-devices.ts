import type { CudaFindings } from '#pool';

/** UUIDs of the cards that devices run on; where the devices are unknown (null), of every visible card. */
export function cardsOfDevices(
  devices: readonly { readonly id: string }[] | null,
  gpus: CudaFindings['gpus'],
): string[] {
  if (devices === null) return gpus.map(({ uuid }) => uuid);
  return gpus
    .filter(({ index, uuid }) => devices.some(({ id }) => id === `cuda:${index}` || id === `cuda:${uuid}`))
    .map(({ uuid }) => uuid);
}
