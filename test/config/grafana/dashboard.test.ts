import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderBusyMetrics } from '../../support/busy-metrics.js';
import { checkPromql } from '../../support/check-promql.js';
import { parseExposition } from '../../support/exposition.js';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const dashboard = JSON.parse(readFileSync('config/grafana/dashboard.json', 'utf8')) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
};
const panels = dashboard.panels.filter((panel) => panel.type !== 'row');

describe('the Grafana dashboard', () => {
  it('uses only series, labels and label values that the server has', async () => {
    const exposition = parseExposition(await renderBusyMetrics());
    const problems = panels.flatMap((panel) =>
      (panel.targets ?? []).flatMap(({ expr }) =>
        checkPromql(expr, exposition).map((problem) => `${panel.title}: ${problem} in ${expr}`),
      ),
    );
    expect(problems).toEqual([]);
  });

  it('shows every series that the server has, but for the few that only support others', async () => {
    const { types } = parseExposition(await renderBusyMetrics());
    const all = panels.flatMap((panel) => (panel.targets ?? []).map(({ expr }) => expr)).join('\n');
    const unused = [...types.keys()].filter((name) => !all.includes(name));
    expect(unused).toEqual([]);
  });

  it.each(['quire_pages_total', 'quire_stage_duration_seconds', 'quire_device_state', 'quire_gpu_power_watts'])(
    'would fail if %s were renamed',
    async (name) => {
      const exposition = parseExposition((await renderBusyMetrics()).replaceAll(name, `${name}_renamed`));
      const expressions = panels.flatMap((panel) => (panel.targets ?? []).map(({ expr }) => expr));
      expect(expressions.flatMap((expr) => checkPromql(expr, exposition))).not.toEqual([]);
    },
  );

  it('would fail if a label or one of its values were renamed', async () => {
    const text = await renderBusyMetrics();
    const expr = 'sum by (device) (quire_device_state{state="ready"})';
    expect(checkPromql(expr, parseExposition(text))).toEqual([]);
    expect(checkPromql(expr, parseExposition(text.replaceAll('state="ready"', 'state="up"')))).not.toEqual([]);
    expect(checkPromql(expr, parseExposition(text.replaceAll('device=', 'gpu=')))).not.toEqual([]);
    expect(checkPromql('sum by (device (quire_device_state)', parseExposition(text))).not.toEqual([]);
  });

  it('fills its variables from series that exist', async () => {
    const exposition = parseExposition(await renderBusyMetrics());
    const definitions = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);
    expect(definitions.length).toBeGreaterThan(0);
    for (const definition of definitions) {
      const [, selector, label] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? [];
      expect(checkPromql(`sum by (${label}) (${selector})`, exposition)).toEqual([]);
    }
  });

  it('has panels that do not overlap, with unique ids and a sentence each', () => {
    expect(new Set(dashboard.panels.map((panel) => panel.id)).size).toBe(dashboard.panels.length);
    for (const panel of panels) expect(panel.description, panel.title).toMatch(/\w.*\.$/);
    const taken = new Set<string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x},${y}`), `${title} overlaps another panel`).toBe(false);
          taken.add(`${x},${y}`);
        }
      }
    }
  });
});
