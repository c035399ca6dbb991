import { ConfigError, type DeviceSettings } from '#config';

/** Another Quire whose engine is a device of this one. */
export interface PlannedRemote {
  /** `remote:host:6006`. */
  readonly id: string;
  /** Without a slash at its end. */
  readonly url: string;
}

const prefix = /^remote:\s*/i;

export function isRemoteName(name: string): boolean {
  return prefix.test(name.trim());
}

/** The hosts among the devices of the settings. Throws ConfigError for an address that cannot be used. */
export function planRemotes({ use }: DeviceSettings): PlannedRemote[] {
  const remotes = use.filter(isRemoteName).map((name) => planRemote(name.trim().replace(prefix, '')));
  const ids = remotes.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice) throw refuse(`${twice} is named twice`);
  return remotes;
}

function planRemote(text: string): PlannedRemote {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refuse('the address of a remote device cannot be read; write it as remote:http://host:6006');
  }
  // Addresses are in logs and metrics, keys must not be.
  if (url.username || url.password) throw refuse(`remote:${url.host}: put the key into devices.remoteApiKey`);
  if (url.search || url.hash) throw refuse(`remote:${url.host}: a query does not belong into the address`);
  const path = url.pathname.replace(/\/+$/, '');
  return { id: `remote:${url.host}${path}`, url: `${url.origin}${path}` };
}

function refuse(reason: string): ConfigError {
  return new ConfigError([{ path: 'devices.use', reason }]);
}
