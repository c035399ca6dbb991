// What every benchmark over HTTP needs: arguments, seeded numbers, percentiles, process figures, the report.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** `--name value` arguments over defaults; numbers stay numbers. Unknown names are refused. */
export function readParameters(defaults) {
  const parameters = { ...defaults };
  const args = process.argv.slice(2);
  for (let index = 0; index < args.length; index += 2) {
    const name = args[index].replace(/^--/, '');
    if (!(name in defaults)) throw new RangeError(`--${name} is none of ${Object.keys(defaults).join(', ')}`);
    parameters[name] = typeof defaults[name] === 'number' ? Number(args[index + 1]) : args[index + 1];
  }
  return parameters;
}

/** Numbers from 0 up to 1 that are the same for the same seed (mulberry32). */
export function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const drawExponential = (random, mean) => -mean * Math.log(1 - random());
export const drawNormal = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** The value below which a share of the values lies (nearest rank). */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? Number.NaN : sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}

export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

export function countBy(values) {
  const counts = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** The process and all below it. */
export function processTree(pid) {
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // It ended meanwhile.
    }
  }
  const tree = [pid];
  for (const member of tree) tree.push(...(children.get(member) ?? []));
  return tree;
}

/** Megabytes resident now and at the peak, for each process. */
export function readMemory(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const megabytes = (name) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
    return { rssMb: megabytes('VmRSS'), ownMb: megabytes('RssAnon'), peakMb: megabytes('VmHWM') };
  } catch {
    return { rssMb: 0, ownMb: 0, peakMb: 0 };
  }
}

export const treeMemoryMb = (pid) => processTree(pid).reduce((sum, member) => sum + readMemory(member).rssMb, 0);

/** Processor seconds spent so far by a process and all below it. */
export function cpuSeconds(pid) {
  let ticks = 0;
  for (const member of processTree(pid)) {
    try {
      const fields = readFileSync(`/proc/${member}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It ended meanwhile.
    }
  }
  return ticks / 100;
}

/** Share of all cores of the machine that anything used, since the last call. */
export function createMachineMeter() {
  const read = () => {
    const [, ...fields] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].split(/\s+/);
    const times = fields.map(Number);
    return { all: times.reduce((sum, time) => sum + time, 0), idle: times[3] + times[4] };
  };
  let before = read();
  return () => {
    const now = read();
    const share = 1 - (now.idle - before.idle) / Math.max(1, now.all - before.all);
    before = now;
    return share;
  };
}

function readCommit() {
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '-uno') ? ' with changes' : '');
  } catch {
    return 'no repository';
  }
}

const startedAt = new Date();
const loadBefore = loadavg()[0];

/** Prints machine, parameters and tables as Markdown, and writes everything as JSON under test/bench/out. */
export function report(name, { parameters, tables, notes = [], data = {} }) {
  const commit = readCommit();
  const machine = `${cpus().length} x ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB`;
  const load = `${loadBefore.toFixed(1)} before, ${loadavg()[0].toFixed(1)} after`;
  const head = { date: startedAt.toISOString(), machine, node: process.version, commit, load, parameters };
  console.log(`\n## ${name}\n`);
  for (const [key, value] of Object.entries(head)) {
    console.log(`- ${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  }
  for (const [title, rows] of Object.entries(tables)) {
    console.log(`\n${title}\n\n${toMarkdown(rows)}`);
  }
  for (const note of notes) console.log(`\n${note}`);
  const folder = new URL('../out/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const file = fileURLToPath(new URL(`http-${name}.json`, folder));
  writeFileSync(file, `${JSON.stringify({ name, ...head, tables, notes, data }, null, 1)}\n`);
  console.log(`\nwritten: ${file.slice(root.length)}`);
}

function toMarkdown(rows) {
  if (rows.length === 0) return '(nothing)';
  const columns = Object.keys(rows[0]);
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map((column) => format(row[column])))),
  ].join('\n');
}

function format(value) {
  if (typeof value !== 'number') return String(value ?? '');
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) < 10 ? value.toFixed(2) : value.toFixed(Math.abs(value) < 100 ? 1 : 0);
}
