/** A way of numbering titles, and the level it stands for by itself. */
export interface TitleNumbering {
  readonly style: 'bracket' | 'roman' | 'chinese' | 'letter' | 'decimal';
  readonly level: number;
}

const decimal = /^\s*(\d{1,9}(?:\.\d{1,9})*)(?![\d）)])/;

/** Tried in this order: `(1)` and `1)`, `IV.`, `第三章` and `一、`, `A.`, `1.2`. Source: PaddleX's title levels. */
const styles: readonly (readonly [pattern: RegExp, style: TitleNumbering['style'], level: number])[] = [
  [/^\s*[(（]?\d{1,9}(?:\.\d{1,9})*[)）]/, 'bracket', 4],
  [/^\s*[IVX]+(?:[.．)\s]|$)/i, 'roman', 1],
  [/^\s*[第（(]?[一二三四五六七八九十]{1,2}(?:[章节篇卷部条题讲课回）)]|(?![a-zA-Z\u4e00-\u9fa5]))/, 'chinese', 1],
  [/^\s*[A-Z][.．)\s]/i, 'letter', 2],
];

/** How a title is numbered; undefined where it is not. */
export function titleNumbering(title: string): TitleNumbering | undefined {
  const text = title.trim();
  for (const [pattern, style, level] of styles) if (pattern.test(text)) return { style, level };
  const number = decimal.exec(text)?.[1];
  return number === undefined ? undefined : { style: 'decimal', level: number.split('.').length };
}
