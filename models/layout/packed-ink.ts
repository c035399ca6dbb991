import type { InkComponent } from './ink-components.js';
import type { PageInk } from './page-ink.js';

/** The ink of a page in a form that crosses between threads without being copied: a page has thousands of components. */
export interface PackedInk extends Omit<PageInk, 'components'> {
  /** For each component `x0, y0, x1, y1, area` and the end of its runs in `runs`. */
  readonly bounds: Int32Array<ArrayBuffer>;
  /** The runs of all components one after another. */
  readonly runs: Int32Array<ArrayBuffer>;
}

const boundCount = 6;

export function packInk({ components, ...ink }: PageInk): PackedInk {
  const bounds = new Int32Array(components.length * boundCount);
  const runs = new Int32Array(components.reduce((sum, component) => sum + component.runs.length, 0));
  let end = 0;
  components.forEach((component, index) => {
    runs.set(component.runs, end);
    end += component.runs.length;
    const { x0, y0, x1, y1, area } = component;
    bounds.set([x0, y0, x1, y1, area, end], index * boundCount);
  });
  return { ...ink, bounds, runs };
}

/** The components view the runs of the pack. */
export function unpackInk({ bounds, runs, ...ink }: PackedInk): PageInk {
  const components: InkComponent[] = [];
  let start = 0;
  for (let at = 0; at < bounds.length; at += boundCount) {
    const end = bounds[at + 5];
    components.push({
      x0: bounds[at],
      y0: bounds[at + 1],
      x1: bounds[at + 2],
      y1: bounds[at + 3],
      area: bounds[at + 4],
      runs: runs.subarray(start, end),
    });
    start = end;
  }
  return { ...ink, components };
}
