/** Numbering of a heading: `1.2.3`, `(1)`, `一、`, `I.` and the like, then the title. */
const numbering =
  /^\s*((?:[1-9]\d*(?:\.[1-9]\d*)*[.、]?|[(（](?:[1-9]\d*|[一二三四五六七八九十百]+)[)）]|[一二三四五六七八九十百]+[、.]?|[IVX]+\.|[a-zA-Z]\.)(?:\s+|(?<=[、.)）])))(.*)$/s;

/**
 * A section title as Markdown: `#` once more than its numbering has levels (`##` without), number and title one space
 * apart, trailing dots off the number, on one line. With a `level` of its document the title stays as it is. Source: PaddleX's Markdown writer.
 */
export function titleMarkdown(text: string, level?: number): string {
  const flat = text.replaceAll('-\n', '').replaceAll('\n', ' ').trim();
  if (level !== undefined) return `${'#'.repeat(level + 1)} ${flat}`;
  const match = numbering.exec(flat);
  if (!match) return `## ${flat}`;
  const number = match[1].trim();
  const bare = number.replace(/\.+$/, '');
  const own = /^[\d.]+$/.test(bare) ? (bare.match(/\./g)?.length ?? 0) + 1 : 1;
  const title = match[2].replace(/^\.+/, '').trim();
  return `${'#'.repeat(own + 1)} ${bare} ${title}`.trimEnd();
}
