import { describeWork } from './describe-work.js';
import type { BenchPoint, BenchReport, BenchRun, BenchTarget, Distribution } from './report.js';

/** The report as text: what was measured where, a table a run (valid Markdown), failures and notes. */
export function formatReport(report: BenchReport): string {
  const [first] = report.runs;
  const runs = report.runs.flatMap((run) => formatRun(run, run === first ? undefined : first));
  const ends = [
    ...report.runs.flatMap(({ target, points }) => points.flatMap((point) => describeFailures(target, point))),
    ...report.runs.flatMap(({ points }) => points.flatMap(describeShortAnswers)),
    ...report.runs.flatMap(({ points }) => points.flatMap(describeBusyClient)),
    ...report.notes,
    ...(report.isPartial ? ['Called off before its end: only what was answered until then is counted.'] : []),
  ];
  const legend = 'Times are p50 / p90 / p99; tokens are those of a request, prompt and picture + generated.';
  return [...describeMachine(report), legend, ...runs, ...(ends.length > 0 ? ['', ...ends] : []), ''].join('\n');
}

function describeMachine({ quire, startedAt, machine }: BenchReport): string[] {
  const { cpu, coreCount, memoryBytes, platform, node, driver, gpus, loadAverage } = machine;
  const cards = [...new Set(gpus.map(({ name }) => name))].map(
    (name) => `${gpus.filter((gpu) => gpu.name === name).length} x ${name}`,
  );
  return [
    `${startedAt.slice(0, 10)}, quire bench ${quire} on ${coreCount} cores of ${cpu}, ${gibibytes(memoryBytes)} GiB, ${platform}, Node ${node}, load ${loadAverage.toFixed(1)} at the start`,
    cards.length > 0 ? `GPUs: ${cards.join(', ')}, driver ${driver ?? 'unknown'}` : 'no GPU on this machine',
  ];
}

/** The first of several runs is what the others are compared with. */
function formatRun({ target, points }: BenchRun, first: BenchRun | undefined): string[] {
  if (points.length === 0) return ['', describeTarget(target), 'nothing was measured'];
  const columns = Object.entries(columnsOf(points, first));
  const rows = points.map((point) => columns.map(([, cell]) => cell(point)));
  return [
    '',
    describeTarget(target),
    '',
    ...alignTable(
      columns.map(([name]) => name),
      rows,
    ),
  ];
}

function describeTarget({ software, model, precision, devices, url, kind, readySeconds }: BenchTarget): string {
  const places = devices.map(({ id, threads, isolation }) => `${id} (${count(threads, 'thread')}, ${isolation})`);
  return [
    `${software}, ${model}${precision === null ? '' : ` in ${precision}`}`,
    ...(places.length > 0 ? [`on ${places.join(', ')}`] : []),
    kind === 'started' ? 'started for this run, through HTTP' : `at ${url}`,
    ...(readySeconds === null ? [] : [`ready after ${readySeconds.toFixed(1)} s`]),
  ].join(', ');
}

type Columns = Readonly<Record<string, (point: BenchPoint) => string>>;

/** Columns of which no row knows anything are left out. */
function columnsOf(points: readonly BenchPoint[], first: BenchRun | undefined): Columns {
  const knows = (value: (point: BenchPoint) => number | object | null): boolean =>
    points.some((point) => value(point) !== null);
  return {
    input: ({ work }) => describeWork(work),
    'in flight': ({ concurrency }) => String(concurrency),
    requests: ({ answeredCount }) => String(answeredCount),
    'images/s': ({ imagesPerSecond }) => figure(imagesPerSecond),
    ...(first && { 'times the first': (point) => gain(point, first) }),
    ...(knows(({ outputTokens }) => outputTokens) && {
      'tokens/s': ({ outputTokensPerSecond }) => figure(outputTokensPerSecond),
      'tokens in + out': tokensOf,
    }),
    [points.some(({ work }) => work.kind === 'pages') ? 'first text, ms' : 'first token, ms']: ({ firstTokenMs }) =>
      percentiles(firstTokenMs),
    ...(knows(({ tokenMs }) => tokenMs) && { 'ms a token': ({ tokenMs }) => percentiles(tokenMs) }),
    'in all, ms': ({ totalMs }) => percentiles(totalMs),
    ...(knows(({ gpu }) => gpu) && {
      'GPU memory, GiB': ({ gpu }) => (gpu?.memoryPeakBytes == null ? '-' : gibibytes(gpu.memoryPeakBytes)),
      'GPU use': ({ gpu }) => (gpu?.utilization == null ? '-' : `${Math.round(gpu.utilization * 100)} %`),
      'power, W': ({ gpu }) => figure(gpu?.powerWatts ?? null, 0),
      'images/s a watt': ({ gpu }) => figure(gpu?.imagesPerSecondPerWatt ?? null),
    }),
  };
}

/** Prompt and picture, then generated. */
function tokensOf({ promptTokens, outputTokens }: BenchPoint): string {
  return outputTokens === null ? '-' : `${figure(promptTokens, 0)} + ${figure(outputTokens, 0)}`;
}

/** Images a second beside those of the same work in another run. */
function gain(point: BenchPoint, first: BenchRun): string {
  const same = first.points.find(
    ({ work, concurrency }) => concurrency === point.concurrency && describeWork(work) === describeWork(point.work),
  );
  return same && same.imagesPerSecond > 0 ? `x${(point.imagesPerSecond / same.imagesPerSecond).toFixed(2)}` : '-';
}

function describeFailures(
  target: BenchTarget,
  { work, concurrency, failedCount, answeredCount, failures }: BenchPoint,
) {
  if (failedCount === 0) return [];
  const kinds = Object.entries(failures).map(([failure, times]) => `${times} x ${failure}`);
  const where = `${describeWork(work)}, ${concurrency} in flight, ${target.software}`;
  return [`${failedCount} of ${failedCount + answeredCount} requests failed (${where}): ${kinds.join(', ')}`];
}

function describeShortAnswers({ work, concurrency, shortCount, answeredCount }: BenchPoint): string[] {
  if (shortCount === 0) return [];
  const where = `${describeWork(work)}, ${concurrency} in flight`;
  return [`${shortCount} of ${answeredCount} answers are shorter than asked for (${where}).`];
}

/** Beyond this share of its time what sends the requests may be slower than what answers them. */
const busyShare = 0.7;

function describeBusyClient({ work, concurrency, clientBusy }: BenchPoint): string[] {
  if (clientBusy < busyShare) return [];
  const where = `${describeWork(work)}, ${concurrency} in flight`;
  return [
    `quire bench itself was busy ${Math.round(clientBusy * 100)} % of the time and may be what was measured (${where}).`,
  ];
}

function percentiles(distribution: Distribution | null): string {
  if (!distribution) return '-';
  return [distribution.p50, distribution.p90, distribution.p99].map((value) => figure(value)).join(' / ');
}

/** Three digits that count, or as many as are before the point. */
function figure(value: number | null, digits?: number): string {
  if (value === null) return '-';
  if (digits !== undefined) return value.toFixed(digits);
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : value >= 0.1 || value === 0 ? 2 : 4);
}

function gibibytes(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function alignTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((name, column) =>
    Math.max(...[name, ...rows.map((row) => row[column])].map(({ length }) => length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}
