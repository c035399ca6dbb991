const palette = ['#3d71d9', '#56a64b', '#e0752d', '#b877d9', '#c4162a', '#0a9cb3', '#8f6d00', '#705da0'];
const escapeText = (text) => String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** A Grafana dashboard as HTML: each panel in its place, with what Prometheus answers to its queries (seconds). */
export async function drawDashboard(dashboard, prometheus, start, end) {
  const step = Math.max(1, (end - start) / 120);
  const panels = [];
  for (const panel of dashboard.panels) {
    const { x, y, w, h } = panel.gridPos;
    const place = `grid-area:${y + 1}/${x + 1}/span ${h}/span ${w}`;
    if (panel.type === 'row') {
      panels.push(`<h2 style="${place}">${escapeText(panel.title)}</h2>`);
      continue;
    }
    const answers = [];
    for (const { expr, legendFormat } of panel.targets) {
      const query = expr.replaceAll('$__rate_interval', '15s').replaceAll(/"\$(instance|device)"/g, '".*"');
      for (const series of await prometheus.queryRange(query, start, end, step)) {
        const name = legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label) => series.metric[label] ?? '');
        answers.push({ name, points: series.values.map(([at, value]) => [at, Number(value)]) });
      }
    }
    const body = draw(panel, answers, start, end);
    panels.push(`<section style="${place}"><h3>${escapeText(panel.title)}</h3>${body}</section>`);
  }
  return `<!doctype html><meta charset="utf-8"><style>
    body{margin:0;padding:12px;background:#f4f5f5;color:#24292e;font:12px/1.4 system-ui,"DejaVu Sans",sans-serif}
    main{display:grid;grid-template-columns:repeat(24,minmax(0,1fr));grid-auto-rows:24px;gap:6px}
    h2{margin:0;font-size:14px;align-self:end} h3{margin:0;font-size:12px;font-weight:600}
    section{display:flex;flex-direction:column;padding:6px 8px;background:#fff;border:1px solid #e4e5e6;border-radius:2px;min-width:0;overflow:hidden}
    svg{flex:1;min-height:0;width:100%} b{margin:auto;font-size:26px} .none{margin:auto;color:#8e9296}
    footer{display:flex;flex-wrap:wrap;gap:0 10px;font-size:10.5px;max-height:30px;overflow:hidden} i{display:inline-block;width:9px;height:3px;margin-right:4px;vertical-align:middle}
    </style><main>${panels.join('')}</main>`;
}

function draw(panel, answers, start, end) {
  if (panel.type === 'stat') return drawStat(panel, answers);
  return panel.type === 'heatmap' ? drawHeatmap(answers, start, end) : drawLines(panel, answers, start, end);
}

/** Cumulative buckets as cells: a row for each bound, darker where more fell between it and the one below. */
function drawHeatmap(answers, start, end) {
  const bounds = answers
    .map(({ name, points }) => ({ bound: Number(name.replace('+Inf', 'Infinity')), counts: new Map(points) }))
    .sort((left, right) => left.bound - right.bound);
  const cells = bounds.flatMap(({ counts }, row) =>
    [...counts].map(([at, count]) => ({ at, row, count: count - (bounds[row - 1]?.counts.get(at) ?? 0) })),
  );
  const most = Math.max(1e-9, ...cells.map(({ count }) => count));
  const times = [...new Set(cells.map(({ at }) => at))].sort((left, right) => left - right);
  const width = (400 * (times[1] - times[0])) / (end - start) || 4;
  const height = 100 / bounds.length;
  const rects = cells
    .filter(({ count }) => count > 0)
    .map(
      ({ at, row, count }) =>
        `<rect x="${(400 * (at - start)) / (end - start)}" y="${100 - (row + 1) * height}" width="${width}" height="${height}" fill="#3d71d9" fill-opacity="${0.1 + (0.9 * count) / most}"/>`,
    );
  return `<svg viewBox="0 0 400 100" preserveAspectRatio="none">${rects.join('')}</svg><footer>up to 1 ms at the foot, over 120 s at the top</footer>`;
}

function drawStat(panel, answers) {
  const [series] = answers;
  if (!series) return '<span class="none">no data</span>';
  if (panel.options.textMode === 'name') return `<b>${escapeText(series.name)}</b>`;
  const value = series.points.at(-1)?.[1];
  const mapped = panel.fieldConfig.defaults.mappings?.[0]?.options?.[String(value)]?.text;
  return `<b>${escapeText(mapped ?? format(value, panel.fieldConfig.defaults.unit))}</b>`;
}

function drawLines(panel, answers, start, end) {
  const finite = answers
    .map((series) => ({ ...series, points: series.points.filter(([, value]) => Number.isFinite(value)) }))
    .filter((series) => series.points.length > 0);
  if (finite.length === 0) return '<span class="none">no data</span>';
  const top = Math.max(1e-9, ...finite.flatMap((series) => series.points.map(([, value]) => value)));
  const { unit } = panel.fieldConfig.defaults;
  const lines = finite.map(({ points }, place) => {
    const path = points
      .map(
        ([at, value]) => `${((400 * (at - start)) / (end - start)).toFixed(1)},${(98 - (94 * value) / top).toFixed(1)}`,
      )
      .join(' ');
    return `<polyline points="${path}" fill="none" stroke="${palette[place % palette.length]}" stroke-width="1.3" vector-effect="non-scaling-stroke"/>`;
  });
  const names = finite.map(
    ({ name, points }, place) =>
      `<span><i style="background:${palette[place % palette.length]}"></i>${escapeText(name || panel.title)} ${format(points.at(-1)[1], unit)}</span>`,
  );
  return `<svg viewBox="0 0 400 100" preserveAspectRatio="none"><path d="M0 98H400M0 51H400M0 4H400" stroke="#eceded" vector-effect="non-scaling-stroke"/>${lines.join('')}</svg><footer>${names.join('')}</footer>`;
}

function format(value, unit) {
  if (!Number.isFinite(value)) return '–';
  if (unit === 's') return value < 1 ? `${(value * 1000).toFixed(value < 0.01 ? 1 : 0)} ms` : `${value.toFixed(1)} s`;
  if (unit === 'percentunit') return `${(100 * value).toFixed(1)} %`;
  if (unit === 'bytes') return `${(value / 1024 ** 2).toFixed(0)} MiB`;
  return value >= 100 ? value.toFixed(0) : String(Math.round(value * 100) / 100);
}
