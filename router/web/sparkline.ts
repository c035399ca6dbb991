import { svgElement } from './element.js';

/** A series as a small curve with its area; gaps are left where a value is missing. Purely visual: the number stands beside it. */
export function createSparkline(values: readonly (number | null)[], capacity: number): SVGSVGElement {
  const width = 120;
  const height = 28;
  const top = Math.max(1e-9, ...values.map((value) => value ?? 0));
  const points = values
    .map((value, place) => ({ value, x: width - ((values.length - 1 - place) * width) / Math.max(1, capacity - 1) }))
    .filter((point): point is { value: number; x: number } => point.value !== null)
    .map(({ value, x }) => ({ x, y: height - 1 - (value / top) * (height - 4) }));
  const line = points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
  const [first] = points;
  const last = points.at(-1);
  const area = first && last ? `${first.x.toFixed(1)},${height} ${line} ${last.x.toFixed(1)},${height}` : '';
  return svgElement(
    'svg',
    { class: 'sparkline', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svgElement('polygon', { points: area }),
    svgElement('polyline', { points: line, 'vector-effect': 'non-scaling-stroke' }),
  );
}
