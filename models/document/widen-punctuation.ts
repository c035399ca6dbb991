const cjk = '\\u3400-\\u9fff\\uf900-\\ufaff';
const fullWidth: Readonly<Record<string, string>> = {
  ',': '，',
  ':': '：',
  ';': '；',
  '?': '？',
  '!': '！',
  '(': '（',
  ')': '）',
};
const markAfter = new RegExp(`(?<=[${cjk}）》」』”])\\s*([,:;?!])(?=\\s*(?:[${cjk}（《「『“]|$))\\s*`, 'gmu');
const openMark = new RegExp(
  `(?<=[${cjk}，。；：、])\\s*\\((?=[^()\\n]*[${cjk}])|(?<=[${cjk}])\\s*\\((?=[^()\\n]*\\))`,
  'gu',
);
const closeMark = /(（[^()（）\n]*?)\s*\)\s*/gu;

/**
 * Full-width punctuation between Chinese characters. Some faces draw these marks so narrow that a reader of printed
 * shapes takes them for their half-width look-alikes; Chinese print has no half-width ones there.
 */
export function widenPunctuation(text: string): string {
  return text
    .replace(markAfter, (_, mark: string) => fullWidth[mark])
    .replace(openMark, fullWidth['('])
    .replace(closeMark, (_, inside: string) => inside + fullWidth[')'])
    .replace(/（\s+/gu, '（');
}
