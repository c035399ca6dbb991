import { askForKey } from './api-key.js';
import { createDevicePoll, type DeviceBody, type DeviceReading } from './device-poll.js';
import { element, part } from './element.js';
import { formatFigure } from './format-figure.js';
import { meanOf, rateOf, type Scrape, sumOf } from './metric-samples.js';
import { titleOf } from './read-failure.js';
import { createSparkline } from './sparkline.js';

/** Looks that are remembered: three minutes of them. */
const capacity = 90;
/** Rates and means cover this many looks, so that they do not jump. */
const span = 15;

/** Columns that a host without GPUs does not show. */
const gpuOnly = new Set(['GPU', 'Memory', 'Power']);

const stages = ['queue', 'prepare', 'detect', 'vision', 'prefill', 'decode'] as const;

/** The devices of the server, live. */
export function createDevicesView(): { setVisible(isVisible: boolean): void } {
  const scrapes: Scrape[] = [];
  let hasAsked = false;

  async function show(reading: DeviceReading): Promise<void> {
    const notice = part('devices-notice');
    notice.hidden = !('failure' in reading);
    if ('failure' in reading) {
      notice.textContent = `${titleOf(reading.failure)}. ${reading.failure.message} (${reading.failure.code})`;
      if (reading.failure.code === 'UNAUTHORIZED' && !hasAsked) {
        hasAsked = true;
        await askForKey();
      }
      return;
    }
    scrapes.push(reading.scrape);
    if (scrapes.length > capacity) scrapes.shift();
    part('device-tiles').replaceChildren(...tilesOf(scrapes, reading.devices));
    part('device-stages').replaceChildren(...stagesOf(scrapes));
    part('device-table').classList.toggle('has-gpu', sumOf(reading.scrape, 'quire_gpu_memory_bytes') !== null);
    part('device-rows').replaceChildren(...reading.devices.map((device) => rowOf(device, scrapes)));
  }

  const poll = createDevicePoll((reading) => void show(reading));
  return { setVisible: (isVisible) => poll.setOn(isVisible) };
}

type Read = (before: Scrape, after: Scrape) => number | null;

/** A value at every look that is remembered, each over the looks before it. */
function curveOf(scrapes: readonly Scrape[], read: Read): (number | null)[] {
  return scrapes.map((after, place) => {
    const before = scrapes[Math.max(0, place - span)] ?? after;
    return read(before, after);
  });
}

function tilesOf(scrapes: readonly Scrape[], devices: readonly DeviceBody[]): HTMLElement[] {
  const readyCount = devices.filter((device) => device.state === 'ready').length;
  const gauge =
    (name: string): Read =>
    (_, after) =>
      sumOf(after, name);
  const rate =
    (name: string): Read =>
    (before, after) =>
      rateOf(before, after, name);
  const pageTime: Read = (before, after) => meanOf(before, after, 'quire_stage_duration_seconds', { stage: 'total' });
  return [
    element(
      'div',
      { class: `tile${readyCount === 0 ? ' is-bad' : ''}` },
      element('dt', {}, 'Devices ready'),
      element('dd', {}, `${readyCount} of ${devices.length}`),
    ),
    tileOf('Pages', scrapes, rate('quire_pages_total'), '/s'),
    tileOf('Crops', scrapes, rate('quire_crops_total'), '/s'),
    tileOf('Tokens', scrapes, rate('quire_output_tokens_total'), '/s'),
    tileOf('Time of a page', scrapes, pageTime, 's'),
    tileOf('Crops waiting', scrapes, gauge('quire_queue_crops'), ''),
    tileOf('Predicted wait', scrapes, gauge('quire_predicted_wait_seconds'), 's'),
    tileOf('Documents', scrapes, gauge('quire_documents_in_flight'), ''),
    tileOf('Memory', scrapes, gauge('quire_process_resident_memory_bytes'), 'B'),
  ];
}

function tileOf(
  name: string,
  scrapes: readonly Scrape[],
  read: Read,
  unit: Parameters<typeof formatFigure>[1],
): HTMLElement {
  const curve = curveOf(scrapes, read);
  return element(
    'div',
    { class: 'tile' },
    element('dt', {}, name),
    element('dd', {}, formatFigure(curve.at(-1) ?? null, unit)),
    createSparkline(curve, Math.max(20, curve.length)),
  );
}

/** Where the time goes: the mean of each stage over the remembered time, as bars of one scale. */
function stagesOf(scrapes: readonly Scrape[]): HTMLElement[] {
  const [before] = scrapes;
  const after = scrapes.at(-1);
  if (!before || !after) return [];
  const means = stages.map((stage) => ({
    stage,
    // Since the server's start when nothing was read while the page looked.
    mean:
      meanOf(before, after, 'quire_stage_duration_seconds', { stage }) ??
      meanOf({ at: 0, series: new Map() }, after, 'quire_stage_duration_seconds', { stage }),
  }));
  const longest = Math.max(1e-9, ...means.map(({ mean }) => mean ?? 0));
  return means.map(({ stage, mean }) => {
    const bar = element('span', { class: 'meter-bar' });
    bar.style.width = `${(100 * (mean ?? 0)) / longest}%`;
    return element(
      'li',
      {},
      element('span', { class: 'stage-name' }, stage),
      element('span', { class: 'meter' }, bar),
      element('span', { class: 'figure' }, formatFigure(mean, 's')),
    );
  });
}

function rowOf(device: DeviceBody, scrapes: readonly Scrape[]): HTMLElement {
  const own = { device: device.id };
  const crops = curveOf(scrapes, (before, after) => rateOf(before, after, 'quire_crops_total', own));
  const step = curveOf(scrapes, (before, after) => meanOf(before, after, 'quire_step_duration_seconds', own));
  const latest = scrapes.at(-1);
  const gpu = (name: string) => (latest ? sumOf(latest, name, own) : null);
  const canary = device.canaryOkAt ? (Date.now() - Date.parse(device.canaryOkAt)) / 1000 : null;
  const doubts = [
    device.restartCount > 0 ? `${device.restartCount} restarts` : '',
    device.canaryMismatchCount > 0 ? `${device.canaryMismatchCount} wrong canaries` : '',
    device.lastError ? `${device.lastError.code}: ${device.lastError.message}` : '',
  ].filter((doubt) => doubt !== '');
  const cells: [string, ...(Node | string)[]][] = [
    ['State', element('span', { class: `state is-${device.state}` }, device.state)],
    [
      'Running',
      `${device.runningCount}`,
      element('small', {}, ` on ${device.shardCount} ${device.shardCount === 1 ? 'shard' : 'shards'}`),
    ],
    ['Cost in work', formatFigure(device.outstandingCost)],
    [
      'Crops',
      element(
        'span',
        { class: 'curve-cell' },
        createSparkline(crops, Math.max(20, crops.length)),
        formatFigure(crops.at(-1) ?? null, '/s'),
      ),
    ],
    ['Step', formatFigure(step.at(-1) ?? null, 's')],
    ['KV cache', device.kvBlocksTotal === 0 ? '–' : meterOf(device.kvBlocksUsed / device.kvBlocksTotal)],
    ['GPU', gpu('quire_gpu_utilization_ratio') === null ? '–' : meterOf(gpu('quire_gpu_utilization_ratio') ?? 0)],
    ['Memory', formatFigure(gpu('quire_gpu_memory_used_bytes'), 'B')],
    ['Power', formatFigure(gpu('quire_gpu_power_watts'), 'W')],
    ['Canary', canary === null ? 'not yet' : `${formatFigure(canary, 's')} ago`],
    ['Trouble', doubts.length === 0 ? 'none' : doubts.join('; ')],
  ];
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, element('b', {}, device.id), element('small', {}, ` ${device.isolation}`)),
    ...cells.map(([name, ...content]) =>
      element('td', { 'data-name': name, class: gpuOnly.has(name) ? 'gpu-only' : null }, ...content),
    ),
  );
}

function meterOf(share: number): HTMLElement {
  const bar = element('span', { class: 'meter-bar' });
  bar.style.width = `${Math.round(100 * Math.min(1, share))}%`;
  return element('span', { class: 'meter-cell' }, element('span', { class: 'meter' }, bar), formatFigure(share, '%'));
}
