// Memory of the server while it reads pages with the embedded model: after 1, 10, 30 and 50 pages.
//   npm run build && node test/bench/http/memory.mjs [--pages 50] [--isolation thread]
import { helloPage, parseRequest, samplePage, send } from './client.mjs';
import { mean, processTree, readMemory, readParameters, report, sleep } from './kit.mjs';
import { quiet } from './page-load.mjs';
import { startServer } from './servers.mjs';

const parameters = readParameters({ pages: 50, devices: 1, isolation: 'thread', atOnce: 1 });
const server = await startServer({
  engine: 'real',
  devices: parameters.devices,
  env: { ...quiet, QUIRE_DEVICES_ISOLATION: parameters.isolation },
});
const pages = [samplePage(), helloPage()];
const rows = [];
const times = [];
const curve = [];
function look(pageCount) {
  const all = processTree(server.pid).map((pid) => ({ pid, ...readMemory(pid) }));
  const sum = (name) => all.reduce((total, entry) => total + entry[name], 0);
  const { rssMb, peakMb } = all[0];
  return {
    pages: pageCount,
    'server MB': rssMb,
    'server peak MB': peakMb,
    'all processes MB': sum('rssMb'),
    'not from files MB': sum('ownMb'),
    processes: all.length,
  };
}
try {
  rows.push(look(0));
  let count = 0;
  while (count < parameters.pages) {
    const startedAt = performance.now();
    const some = Array.from(
      { length: Math.min(parameters.atOnce, parameters.pages - count) },
      (_, index) => pages[(count + index) % pages.length],
    );
    for (const answer of await Promise.all(some.map((page) => send(server.url, parseRequest(page))))) {
      if (answer.status !== 200) throw new Error(`${answer.status} ${answer.error} ${answer.body}`);
    }
    count += some.length;
    times.push((performance.now() - startedAt) / some.length);
    curve.push(look(count));
    if ([1, 10, 30, 50, parameters.pages].includes(count)) rows.push(look(count));
  }
  await sleep(2000);
  rows.push({ ...look(count), pages: `${count}, 2 s later` });
  const from = curve.slice(9, 19);
  const to = curve.slice(-10);
  const of = (entries) => Math.round(mean(entries.map((entry) => entry['all processes MB'])));
  report('memory', {
    parameters,
    tables: { 'Memory of the server': rows },
    notes: [
      `Mean of pages 10 to 19: ${of(from)} MB; of the last ten: ${of(to)} MB. Milliseconds a page: ${Math.round(mean(times))}.`,
    ],
    data: { curve, times },
  });
} finally {
  await server.close();
}
