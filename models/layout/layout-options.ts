import type { ClassMap } from './class-map.js';

/** What happens to boxes that lie in one another: keep the outer, keep the inner, keep both. */
export type MergeMode = 'large' | 'small' | 'union';

/** Form of a region: its box, or a polygon from its mask. */
export type ShapeMode = 'rect' | 'quad' | 'poly' | 'auto';

/** Factors for width and height, about the centre. */
export type UnclipRatio = number | readonly [width: number, height: number];

/** How detections become regions; the names are those of PaddleX requests. */
export interface LayoutOptions {
  /** A detection stays when its score is above this; in a map a missing class means 0.5. */
  readonly layoutThreshold: number | ClassMap<number>;
  /** Whether boxes that cover one another are thinned out. */
  readonly layoutNms: boolean;
  /** How far boxes grow; in a map a missing class stays as it is. */
  readonly layoutUnclipRatio: UnclipRatio | ClassMap<UnclipRatio>;
  /** One mode for all, without regard to class, or modes per class; in a map a missing class means `union`. */
  readonly layoutMergeBboxesMode: MergeMode | ClassMap<MergeMode>;
  /** `rect` until masks are asked for; the other modes fall back to it where there is no mask. */
  readonly layoutShapeMode: ShapeMode;
}

/** The settings PaddleOCR-VL 1.5 and 1.6 ship with. */
export const defaultLayoutOptions: LayoutOptions = {
  layoutThreshold: 0.3,
  layoutNms: true,
  layoutUnclipRatio: [1, 1],
  layoutMergeBboxesMode: {
    chart: 'large',
    display_formula: 'large',
    doc_title: 'large',
    inline_formula: 'large',
    paragraph_title: 'large',
  },
  layoutShapeMode: 'rect',
};

/** The shipped settings with those of a request in place of them; absent and null fields keep the shipped ones. */
export function resolveLayoutOptions(
  request: { readonly [Name in keyof LayoutOptions]?: LayoutOptions[Name] | null },
  defaults: LayoutOptions = defaultLayoutOptions,
): LayoutOptions {
  const given = Object.entries(request).filter(([name, value]) => name in defaults && value != null);
  return { ...defaults, ...Object.fromEntries(given) };
}
