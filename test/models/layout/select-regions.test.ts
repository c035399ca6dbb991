import { describe, expect, it } from 'vitest';
import { applyThreshold } from '../../../models/layout/apply-threshold.js';
import { classIdOf } from '../../../models/layout/class-map.js';
import { dropPageSizedImages } from '../../../models/layout/drop-page-sized-images.js';
import { layoutBoxes } from '../../../models/layout/layout-box.js';
import { defaultLayoutOptions, resolveLayoutOptions } from '../../../models/layout/layout-options.js';
import { mergeContained } from '../../../models/layout/merge-contained.js';
import { roundBoxes } from '../../../models/layout/round-boxes.js';
import { selectRegions } from '../../../models/layout/select-regions.js';
import { suppressOverlaps } from '../../../models/layout/suppress-overlaps.js';
import { unclipBoxes } from '../../../models/layout/unclip-boxes.js';
import { detection } from '../../support/detections.js';

const page = { width: 1000, height: 1400 };
const labelsOf = (rows: readonly { label: string }[]) => rows.map(({ label }) => label);

it('rounds halves to even', () => {
  expect(roundBoxes([detection('text', [0.5, 1.5, 2.5, 2.49])])[0].box).toEqual([0, 2, 2, 2]);
  expect(roundBoxes([detection('text', [-1.5, -0.6, 3.51, 4])])[0].box).toEqual([-2, -1, 4, 4]);
});

describe('threshold', () => {
  const rows = [
    detection('text', [0, 0, 9, 9], { score: 0.3 }),
    detection('table', [0, 0, 9, 9], { score: 0.31 }),
    detection('seal', [0, 0, 9, 9], { score: 0.6 }),
  ];

  it('is strict', () => {
    expect(labelsOf(applyThreshold(rows, 0.3))).toEqual(['table', 'seal']);
  });

  it('takes ids as digits and labels; a class without one needs more than 0.5', () => {
    expect(labelsOf(applyThreshold(rows, { '22': 0.2, table: 0.4 }))).toEqual(['text', 'seal']);
    expect(labelsOf(applyThreshold(rows, { 21: 0.1, nonsense: 0 }))).toEqual(['table', 'seal']);
    expect(labelsOf(applyThreshold(rows, { seal: 0.6 }))).toEqual([]);
  });

  it('knows which keys name a class', () => {
    expect(['0', '24', 'text', '25', '-1', '1.5', 'Text', ''].map(classIdOf)).toEqual([
      0,
      24,
      22,
      ...new Array(5).fill(undefined),
    ]);
  });
});

describe('suppression', () => {
  it('drops the weaker of two boxes of one class from an overlap of 0.6 on, edges counted as pixels', () => {
    const strong = detection('text', [0, 0, 99, 99], { score: 0.8 });
    // 100 x 60 of 100 x 100 pixels: exactly 0.6.
    const covered = detection('text', [0, 0, 99, 59], { score: 0.7 });
    const free = detection('text', [0, 0, 99, 58], { score: 0.6 });
    expect(suppressOverlaps([free, covered, strong])).toEqual([strong, free]);
  });

  it('lets two classes share a place until they cover it alike', () => {
    const text = detection('text', [0, 0, 99, 99], { score: 0.8 });
    expect(suppressOverlaps([text, detection('table', [0, 0, 99, 96], { score: 0.7 })])).toHaveLength(2);
    expect(suppressOverlaps([text, detection('table', [0, 0, 99, 98], { score: 0.7 })])).toEqual([text]);
  });

  it('compares with winners only', () => {
    const chain = [0, 30, 60].map((x, index) => detection('text', [x, 0, x + 99, 99], { score: 0.9 - index / 10 }));
    expect(suppressOverlaps(chain)).toHaveLength(3);
    const near = [0, 20, 40].map((x, index) => detection('text', [x, 0, x + 99, 99], { score: 0.9 - index / 10 }));
    expect(suppressOverlaps(near).map(({ box }) => box[0])).toEqual([0, 40]);
  });
});

describe('page-sized images', () => {
  const text = detection('text', [10, 10, 50, 50]);
  const image = (share: number, size = page) => detection('image', [-50, -50, size.width, size.height * share]);

  it('are dropped above 0.93 of an upright page and 0.82 of a wide one', () => {
    expect(labelsOf(dropPageSizedImages([image(0.94), text], page))).toEqual(['text']);
    expect(labelsOf(dropPageSizedImages([image(0.92), text], page))).toEqual(['image', 'text']);
    const wide = { width: 1400, height: 1000 };
    expect(labelsOf(dropPageSizedImages([image(0.83, wide), text], wide))).toEqual(['text']);
    expect(labelsOf(dropPageSizedImages([image(0.81, wide), text], wide))).toEqual(['image', 'text']);
  });

  it('stay where nothing else would be left', () => {
    expect(dropPageSizedImages([image(1)], page)).toHaveLength(1);
    expect(dropPageSizedImages([image(1), image(0.99)], page)).toHaveLength(2);
  });
});

describe('nested boxes', () => {
  const outer = detection('text', [0, 0, 100, 100]);
  const middle = detection('chart', [0, 0, 80, 80]);
  const inner = detection('inline_formula', [0, 0, 10, 10]);
  const rows = [outer, middle, inner];
  const keep = (mode: Parameters<typeof mergeContained>[1]) => labelsOf(mergeContained(rows, mode));

  it('are kept by union and without a mode for their class', () => {
    expect(keep('union')).toEqual(labelsOf(rows));
    expect(keep({ chart: 'union', table: 'large' })).toEqual(labelsOf(rows));
  });

  it('leave the outermost with large', () => {
    expect(keep('large')).toEqual(['text']);
    expect(keep({ text: 'large' })).toEqual(['text']);
    expect(keep({ '3': 'large' })).toEqual(['text', 'chart']);
  });

  it('leave all but the outermost with small', () => {
    expect(keep('small')).toEqual(['chart', 'inline_formula']);
    // Only the chart lies in another box as one of its class, so the box around it goes.
    expect(keep({ chart: 'small' })).toEqual(['chart', 'inline_formula']);
    expect(keep({ inline_formula: 'small' })).toEqual(['inline_formula']);
  });

  it('are judged on the same boxes for every class', () => {
    expect(keep({ text: 'large', chart: 'small' })).toEqual([]);
    expect(keep({ chart: 'small', text: 'large' })).toEqual([]);
  });

  it('are both dropped where each lies in the other, as PaddleX does', () => {
    const titles = [detection('doc_title', [0, 0, 100, 100]), detection('paragraph_title', [0, 0, 100, 95])];
    expect(mergeContained(titles, defaultLayoutOptions.layoutMergeBboxesMode)).toEqual([]);
  });

  it('count as nested from nine tenths on', () => {
    const sticking = (bottom: number) => [outer, detection('seal', [0, bottom - 50, 100, bottom])];
    expect(mergeContained(sticking(105), 'large')).toHaveLength(1);
    expect(mergeContained(sticking(106), 'large')).toHaveLength(2);
  });
});

it('grows boxes about their centres by one ratio, a pair, or ratios of classes', () => {
  const rows = [detection('text', [10, 20, 30, 60]), detection('table', [0, 0, 10, 10])];
  const boxes = (ratio: Parameters<typeof unclipBoxes>[1]) => unclipBoxes(rows, ratio).map(({ box }) => box);
  expect(boxes(2)).toEqual([
    [0, 0, 40, 80],
    [-5, -5, 15, 15],
  ]);
  expect(boxes([1, 0.5])).toEqual([
    [10, 30, 30, 50],
    [0, 2.5, 10, 7.5],
  ]);
  expect(boxes({ text: [2, 1], 99: 5 })).toEqual([
    [0, 20, 40, 60],
    [0, 0, 10, 10],
  ]);
});

it('clips, cuts to integers, drops what is empty and numbers only the text flow', () => {
  const boxes = layoutBoxes(
    [
      detection('header', [-3.7, 2.9, 50.9, 20]),
      detection('text', [5, 5, 5.5, 90]),
      detection('text', [1200, 5, 1300, 90]),
      detection('paragraph_title', [990.2, 1390, 1010, 1500]),
      detection('table', [0, 0, 10, 10]),
      detection('number', [0, 0, 10, 10]),
    ],
    page,
  );
  expect(boxes.map(({ label, box, order }) => [label, box, order])).toEqual([
    ['header', [0, 2, 50, 20], null],
    ['paragraph_title', [990, 1390, 1000, 1400], 1],
    ['table', [0, 0, 10, 10], null],
    ['number', [0, 0, 10, 10], 2],
  ]);
});

describe('selectRegions', () => {
  const rows = [
    detection('text', [100.4, 100.6, 500, 300], { rank: 7, score: 0.8 }),
    detection('text', [100, 103, 500, 301], { rank: 9, score: 0.5 }),
    detection('reference', [90, 390, 510, 710], { rank: 3, score: 0.7 }),
    detection('reference_content', [100, 400, 500, 700], { rank: 4, score: 0.7 }),
    detection('paragraph_title', [100, 40, 400, 80], { rank: 1, score: 0.29 }),
    detection('doc_title', [100, 40, 400, 80], { rank: 0, score: 0.6 }),
  ];

  it('gives all boxes in reading order, and regions without containers and duplicates', () => {
    const { boxes, regions } = selectRegions(rows, page);
    expect(boxes.map(({ label, order }) => [label, order])).toEqual([
      ['doc_title', 1],
      ['reference', 2],
      ['reference_content', 3],
      ['text', 4],
    ]);
    expect(boxes[3].box).toEqual([100, 101, 500, 300]);
    expect(regions.map(({ label, order }) => [label, order])).toEqual([
      ['doc_title', 0],
      ['reference_content', 2],
      ['text', 3],
    ]);
  });

  it('follows every option of a request', () => {
    const select = (request: Parameters<typeof resolveLayoutOptions>[0]) =>
      selectRegions(rows, page, resolveLayoutOptions(request));
    expect(select({ layoutThreshold: 0.65 }).boxes).toHaveLength(3);
    expect(select({ layoutThreshold: { doc_title: 0.9, 22: 0.4 }, layoutNms: false }).boxes).toHaveLength(4);
    expect(select({ layoutNms: false }).boxes).toHaveLength(5);
    expect(select({ layoutNms: false }).regions).toHaveLength(3);
    expect(labelsOf(select({ layoutMergeBboxesMode: 'large' }).boxes)).toEqual(['doc_title', 'reference', 'text']);
    expect(select({ layoutUnclipRatio: { text: [2, 1] } }).boxes[3].box).toEqual([0, 101, 700, 300]);
  });

  it('keeps shipped settings where a request says nothing', () => {
    expect(resolveLayoutOptions({ layoutThreshold: null, layoutNms: undefined })).toEqual(defaultLayoutOptions);
    expect(resolveLayoutOptions({ layoutNms: false }).layoutNms).toBe(false);
  });

  it('finds nothing on an empty page', () => {
    expect(selectRegions([], page)).toEqual({ boxes: [], regions: [] });
  });
});
