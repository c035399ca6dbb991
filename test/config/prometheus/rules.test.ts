import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderBusyMetrics } from '../../support/busy-metrics.js';
import { checkPromql } from '../../support/check-promql.js';
import { parseExposition } from '../../support/exposition.js';

const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;
if (!hasPromtool) console.warn('skipped: promtool is not installed, so rules are checked by our own means only');

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
}

const rules = (
  parse(readFileSync('config/prometheus/rules.yml', 'utf8')) as { groups: readonly { rules: readonly Rule[] }[] }
).groups.flatMap((group) => group.rules);
const names = rules.flatMap((rule) => rule.alert ?? []);

const promtool = (...args: string[]) => spawnSync('promtool', args, { cwd: 'config/prometheus', encoding: 'utf8' });

describe('the Prometheus rules', () => {
  it('use only series, labels and label values that the server has', async () => {
    const exposition = parseExposition(await renderBusyMetrics());
    const problems = rules.flatMap(({ alert, record, expr }) =>
      checkPromql(expr, exposition).map((problem) => `${alert ?? record}: ${problem}`),
    );
    expect(problems).toEqual([]);
  });

  it('use only recording rules that are there', () => {
    const recorded = new Set(rules.flatMap((rule) => rule.record ?? []));
    for (const { expr } of rules) for (const [name] of expr.matchAll(/quire:[\w:]+/g)) expect(recorded).toContain(name);
  });

  it('have a unit test for each alert', () => {
    const tested = readFileSync('config/prometheus/rules.test.yml', 'utf8');
    for (const name of names) expect(tested).toContain(`alertname: ${name}\n`);
  });

  it.skipIf(!hasPromtool)('pass promtool, and so does the scrape configuration', () => {
    for (const args of [
      ['check', 'config', 'prometheus.yml'],
      ['check', 'rules', 'rules.yml'],
    ]) {
      const { status, stdout, stderr } = promtool(...args);
      expect(status, stdout + stderr).toBe(0);
    }
  });

  it.skipIf(!hasPromtool)('fire when they should and are silent when they should be', () => {
    const { status, stdout, stderr } = promtool('test', 'rules', 'rules.test.yml');
    expect(status, stdout + stderr).toBe(0);
  });
});
