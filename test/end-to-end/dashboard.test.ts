import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAnnounced, parseExposition } from '../support/exposition.js';
import { missingPrometheus, openPrometheus, type Prometheus } from '../support/prometheus.mjs';
import { type RunningServer, startQuire } from '../support/quire-process.js';

const missing = missingPrometheus();
if (missing) console.warn(`skipped: ${missing}, so no query of the dashboard is run`);

const dashboard = JSON.parse(readFileSync('config/grafana/dashboard.json', 'utf8')) as {
  panels: { title: string; targets?: { expr: string }[] }[];
};
const queries = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));

/** Queries without an answer on a machine without a GPU, or as long as nothing goes wrong. */
const mayBeEmpty =
  /quire_gpu_|quire_device_runtime_door|quire_refusals_total|finish_reason!="stop"|quire_loop_stops|quire_crop_retries|result="wrong"/;

describe('the dashboard over a running server', () => {
  let server: RunningServer;
  let prometheus: Prometheus | undefined;

  beforeAll(async () => {
    server = await startQuire();
    if (!missing) prometheus = await openPrometheus(server.url);
    const body = readFileSync('router/web/sample.png');
    for (let count = 0; count < 2; count++) {
      const response = await fetch(`${server.url}/v1/parse`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'image/png' },
      });
      expect(response.status).toBe(200);
    }
  });
  async function emptyPanels(): Promise<string[]> {
    const empty: string[] = [];
    for (const { title, expr } of queries) {
      const expression = expr
        .replaceAll('$__rate_interval', '1m')
        .replaceAll('"$instance"', '".*"')
        .replaceAll('"$device"', '".*"');
      const series = await prometheus?.query(expression);
      if (series?.length === 0 && !mayBeEmpty.test(expr)) empty.push(`${title}: ${expr}`);
    }
    return empty;
  }

  afterAll(async () => {
    await prometheus?.close();
    await server?.close();
  });

  it('asks only for series that /metrics announces', async () => {
    const exposition = parseExposition(await (await fetch(`${server.url}/metrics`)).text());
    const names = new Set(queries.flatMap(({ expr }) => expr.match(/\bquire_\w+/g) ?? []));
    expect(names.size).toBeGreaterThan(40);
    expect([...names].filter((name) => !isAnnounced(exposition, name))).toEqual([]);
  });

  it.skipIf(missing !== null)('is understood by Prometheus, and each of its panels has something to show', async () => {
    // Rates need two scrapes after the last page, and Prometheus takes its time to find its target.
    let empty = await emptyPanels();
    for (let seconds = 0; empty.length > 0 && seconds < 20; seconds++) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      empty = await emptyPanels();
    }
    expect(empty).toEqual([]);
  });
});
