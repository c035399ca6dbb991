import { ModelError } from '../errors.js';

const maxLength = 2000;

/**
 * Pages named by 1-based numbers and ranges, such as `1-3,7` or `5-` (to the end), as 0-based indexes in the order
 * they were asked for, each once.
 * Throws PAGE_RANGE_INVALID for anything else, for backward ranges and for pages the document does not have.
 */
export function parsePageRange(range: string, pageCount: number): number[] {
  if (range.length > maxLength) throw invalid(`it is longer than ${maxLength} characters`);
  const indexes = new Set<number>();
  for (const part of range.split(',')) {
    const match = /^\s*(\d{1,9})\s*(-\s*(\d{1,9})?\s*)?$/.exec(part);
    if (!match) throw invalid(`"${part.trim()}" is neither a page nor a range such as 2-5`);
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[3] ?? pageCount);
    if (first < 1 || last > pageCount || first > pageCount) {
      throw invalid(`"${part.trim()}" lies outside the document's pages 1 to ${pageCount}`);
    }
    if (first > last) throw invalid(`"${part.trim()}" runs backward`);
    for (let page = first; page <= last; page++) indexes.add(page - 1);
  }
  return [...indexes];
}

function invalid(reason: string): ModelError {
  return new ModelError('PAGE_RANGE_INVALID', `The page range cannot be used: ${reason}.`);
}
