import { keyHeaders } from './api-key.js';
import { parseScrape, type Scrape } from './metric-samples.js';
import { failureOf, type ReadFailure } from './read-failure.js';

/** A device as `/devices` shows it; the figures of its GPU where the server has them. */
export interface DeviceBody {
  readonly id: string;
  readonly kind: string;
  readonly isolation: string;
  readonly state: string;
  readonly shardCount: number;
  readonly runningCount: number;
  readonly outstandingCost: number;
  readonly kvBlocksUsed: number;
  readonly kvBlocksTotal: number;
  readonly restartCount: number;
  readonly lastError?: { readonly code: string; readonly message: string };
  readonly canaryOkAt?: string;
  readonly canaryMismatchCount: number;
}

/** What one look at the server gave. */
export type DeviceReading =
  | { readonly devices: readonly DeviceBody[]; readonly scrape: Scrape }
  | { readonly failure: ReadFailure };

// A little more than two seconds, so that no two looks arrive within two.
const intervalMs = 2100;

/** Looks at `/devices` and `/metrics` every two seconds while it is switched on and the tab is in sight; never twice at once. */
export function createDevicePoll(tell: (reading: DeviceReading) => void): { setOn(isOn: boolean): void } {
  let isOn = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isLooking = false;

  async function look(): Promise<void> {
    clearTimeout(timer);
    if (!isOn || document.hidden || isLooking) return;
    isLooking = true;
    tell(await readOnce());
    isLooking = false;
    if (isOn) timer = setTimeout(look, intervalMs);
  }
  document.addEventListener('visibilitychange', () => void look());

  return {
    setOn: (value) => {
      isOn = value;
      if (isOn) void look();
      else clearTimeout(timer);
    },
  };
}

async function readOnce(): Promise<DeviceReading> {
  try {
    const options = { headers: keyHeaders(), signal: AbortSignal.timeout(10_000) };
    const [list, metrics] = await Promise.all([fetch('/devices', options), fetch('/metrics', options)]);
    if (!list.ok) return { failure: await failureOf(list) };
    if (!metrics.ok) return { failure: await failureOf(metrics) };
    const { devices } = (await list.json()) as { devices: readonly DeviceBody[] };
    return { devices, scrape: parseScrape(await metrics.text(), performance.now()) };
  } catch (cause) {
    return { failure: { code: 'UNREACHABLE', message: `The server did not answer (${cause}); asking again.` } };
  }
}
