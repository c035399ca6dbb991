/** The caller's `logId`, also of a body that is wrong otherwise. */
export function logIdOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('logId' in body)) return undefined;
  const { logId } = body;
  return typeof logId === 'string' && logId !== '' && logId.length <= 1000 ? logId : undefined;
}
