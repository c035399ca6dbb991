/** Numbers as a dense view shows them; a missing one is a dash. */
export function formatFigure(value: number | null, unit: '' | '/s' | 's' | 'B' | '%' | 'W' = ''): string {
  if (value === null || !Number.isFinite(value)) return '–';
  switch (unit) {
    case 's':
      return value < 0.9995 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(value < 10 ? 2 : 0)} s`;
    case 'B':
      return value < 1024 ** 3 ? `${Math.round(value / 1024 ** 2)} MB` : `${(value / 1024 ** 3).toFixed(1)} GB`;
    case '%':
      return `${Math.round(value * 100)} %`;
    case 'W':
      return `${Math.round(value)} W`;
    case '/s':
      return `${value < 10 ? value.toFixed(2) : value.toFixed(0)}/s`;
    default:
      return value >= 10_000 ? `${(value / 1000).toFixed(value < 100_000 ? 1 : 0)} k` : String(Math.round(value));
  }
}
