import type { Box } from '../layout/region.js';
import { clusterHeights } from './cluster-heights.js';
import { type TitleNumbering, titleNumbering } from './title-numbering.js';

/** A section title, in the order of the document. */
export interface SectionTitle {
  readonly box: Box;
  readonly text: string;
}

/** Type sizes a document is expected to have at most. */
const mostSizes = 4;

/** Titles that are sections of their own in any paper. Source: PaddleX's title levels. */
const topTitles: ReadonlySet<string> = new Set(
  [
    'ABSTRACT SUMMARY RESUME CONTENTS REFERENCES REFERENCE APPENDIX APPENDICES ACKNOWLEDGMENTS INTRODUCTION',
    'BACKGROUNDANDRELATEDWORK BACKGROUND RELATEDWORK THEORETICALMODELS DATA METHOD METHODS METHODOLOGY TOPICANALYSIS',
    'RESULT RESULTS DISCUSSION CONCLUSIONS CONCLUSION LIMITATIONS',
    '绪论 引言 参考文献 附录 研究背景 相关工作 研究方法 实验结果 讨论 结论 致谢 目录',
  ].flatMap((line) => line.split(' ')),
);

/**
 * The level of each title, 1 the highest. A numbered title takes what two of these agree on: the level its number
 * stands for, the place at which its way of numbering first appears in the document, its type size; without agreement
 * the second. `References` and the like are of the first level, all others follow their type size.
 */
export function relevelTitles(titles: readonly SectionTitle[]): number[] {
  const heights = titles.map(lineHeight);
  const ranks = clusterHeights(heights, mostSizes);
  const numberings = titles.map(({ text }) => titleNumbering(text));
  const places = firstPlaces(numberings);
  const firstDecimal = numberings.find((numbering) => numbering?.style === 'decimal');
  return titles.map(({ text }, index) => {
    const size = ranks.get(heights[index]) ?? 1;
    const numbering = numberings[index];
    if (!numbering) return isTopTitle(text) ? 1 : size;
    const { style, level } = numbering;
    const deeper = style === 'decimal' && firstDecimal ? level - firstDecimal.level : 0;
    const place = (places.get(style) ?? 1) + deeper;
    if (level === place || level === size) return Math.max(1, level);
    return Math.max(1, place);
  });
}

/** The how-manieth way of numbering each one is, in the order in which they appear. */
function firstPlaces(numberings: readonly (TitleNumbering | undefined)[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const numbering of numberings) {
    if (numbering && !places.has(numbering.style)) places.set(numbering.style, places.size + 1);
  }
  return places;
}

/** Height of a printed line of the title, in whole pixels; its width where it is set vertically. */
function lineHeight({ box, text }: SectionTitle): number {
  const width = Math.ceil(box[2]) - Math.floor(box[0]);
  const height = Math.ceil(box[3]) - Math.floor(box[1]);
  const lineCount = text.trim().split('\n').length;
  return Math.trunc((width >= height ? height : width) / lineCount);
}

function isTopTitle(text: string): boolean {
  const bare = text.toUpperCase().trim().slice(0, 100).replaceAll(' ', '');
  return topTitles.has(bare.replace(/[：:]{1,10}$/, ''));
}
