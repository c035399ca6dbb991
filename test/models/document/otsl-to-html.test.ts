import { describe, expect, it } from 'vitest';
import { cellsToHtml, otslSize, otslToHtml } from '../../../models/document/otsl-to-html.js';

describe('otslToHtml', () => {
  it('spans columns', () => {
    expect(otslToHtml('<fcel>A<lcel><fcel>B<nl><fcel>1<fcel>2<fcel>3<nl>')).toBe(
      '<table><tr><td colspan="2">A</td><td>B</td></tr><tr><td>1</td><td>2</td><td>3</td></tr></table>',
    );
  });

  it('spans rows and escapes text', () => {
    expect(otslToHtml('<fcel>x<fcel>y<nl><ucel><fcel>z & w<nl>')).toBe(
      '<table><tr><td rowspan="2">x</td><td>y</td></tr><tr><td>z &amp; w</td></tr></table>',
    );
  });

  it('cuts ragged rows to the width that costs least', () => {
    expect(otslToHtml('<fcel>a<ecel><nl><fcel>b<ecel><ecel><ecel><nl>')).toBe(
      '<table><tr><td>a</td><td></td></tr><tr><td>b</td><td></td></tr></table>',
    );
  });

  it('spans both ways', () => {
    expect(otslToHtml('<fcel>a<lcel><fcel>b<nl><ucel><xcel><fcel>c<nl>')).toBe(
      '<table><tr><td rowspan="2" colspan="2">a</td><td>b</td></tr><tr><td>c</td></tr></table>',
    );
  });

  it('takes a text without tags for no table', () => {
    expect(otslToHtml('just words')).toBe('');
    expect(otslToHtml('')).toBe('');
  });

  it('takes a single row without an end mark, and a text cell without text', () => {
    expect(otslToHtml('<fcel>a<fcel><fcel>b')).toBe('<table><tr><td>a</td><td></td><td>b</td></tr></table>');
  });

  it('lets no markup through', () => {
    expect(otslToHtml(`<fcel><script>"x"</script>'<nl>`)).toBe(
      '<table><tr><td>&lt;script&gt;&quot;x&quot;&lt;/script&gt;&#x27;</td></tr></table>',
    );
  });

  it('tells the size', () => {
    expect(otslSize('<fcel>a<fcel>b<nl><fcel>c<fcel>d<nl><fcel>e<fcel>f<nl>')).toEqual({ rowCount: 3, columnCount: 2 });
    expect(otslSize('words')).toEqual({ rowCount: 0, columnCount: 0 });
  });
});

describe('cellsToHtml', () => {
  it('keeps a row that starts no cell', () => {
    const cell = { row: 0, column: 0, rowSpan: 2, columnSpan: 1, text: ' a ' };
    expect(cellsToHtml([cell], 2)).toBe('<table><tr><td rowspan="2">a</td></tr><tr></tr></table>');
  });
});
