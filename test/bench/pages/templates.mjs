import { english as en, chinese as zh } from './prose.mjs';

// Every element with data-truth holds printed text; its order in the document is the reading order.
const p = (text) => `<p data-truth>${text}</p>`;
const h1 = (text) => `<h1 data-truth>${text}</h1>`;
const h2 = (text) => `<h2 data-truth>${text}</h2>`;
const caption = (text) => `<p class="caption" data-truth>${text}</p>`;
const header = (left, right) => `<header><span data-truth>${left}</span><span data-truth>${right}</span></header>`;
const footer = (text) => `<footer data-truth>${text}</footer>`;
const list = (items, tag = 'ul') => `<${tag} data-truth>${items.map((item) => `<li>${item}</li>`).join('')}</${tag}>`;
const table = (rows, className) =>
  `<table class="${className}" data-truth>${rows
    .map((row, y) => `<tr>${row.map((cell) => (y ? `<td>${cell}</td>` : `<th>${cell}</th>`)).join('')}</tr>`)
    .join('')}</table>`;

/** A photograph-like picture: soft shapes and grain, no text. */
const photo = (
  width,
  height,
  seed,
) => `<svg class="figure" width="${width}" height="${height}" viewBox="0 0 400 240" preserveAspectRatio="none">
<defs><linearGradient id="g${seed}" x2="0" y2="1"><stop offset="0" stop-color="#9db8cc"/><stop offset=".55" stop-color="#d8c9a4"/><stop offset="1" stop-color="#4c5a3a"/></linearGradient>
<filter id="n${seed}"><feTurbulence type="fractalNoise" baseFrequency=".08" numOctaves="4" seed="${seed}"/><feColorMatrix type="saturate" values=".4"/><feBlend in2="SourceGraphic" mode="multiply"/></filter></defs>
<g filter="url(#n${seed})"><rect width="400" height="240" fill="url(#g${seed})"/><path d="M0 150 Q80 60 150 140 T300 110 T400 150 V240 H0Z" fill="#5b6b52"/><circle cx="310" cy="55" r="26" fill="#f3e6b4"/><path d="M40 240 L90 170 L140 240Z" fill="#3c3a36"/></g></svg>`;

/** A bar chart without labels. */
const chart = (width, height) => {
  const bars = [62, 80, 45, 96, 120, 88, 134, 101].map(
    (value, index) =>
      `<rect x="${40 + index * 42}" y="${170 - value}" width="26" height="${value}" fill="${index % 2 ? '#7a93b8' : '#31548a'}"/>`,
  );
  return `<svg class="figure" width="${width}" height="${height}" viewBox="0 0 400 200"><path d="M30 20 V170 H385" fill="none" stroke="#222" stroke-width="2"/>${bars.join('')}</svg>`;
};

const base = (css, body, lang = 'en') => `<!doctype html><html lang="${lang}"><meta charset="utf-8"><style>
*{box-sizing:border-box} html,body{margin:0;background:#fff} body{width:1240px;height:1754px;padding:130px 120px;position:relative;font-size:23px;line-height:1.45;color:#111;overflow:hidden}
header{position:absolute;left:120px;right:120px;top:60px;display:flex;justify-content:space-between;font-size:18px;border-bottom:1px solid #444;padding-bottom:8px}
footer{position:absolute;left:0;right:0;bottom:60px;text-align:center;font-size:18px}
h1{font-size:42px;line-height:1.25;margin:0 0 26px} h2{font-size:28px;line-height:1.3;margin:26px 0 12px} p{margin:0 0 18px} ul,ol{margin:0 0 18px;padding-left:40px}
.figure{display:block;margin:14px auto} .caption{font-size:19px;text-align:center;margin:4px 0 22px}
table{border-collapse:collapse;margin:14px auto 24px;font-size:20px} th,td{padding:8px 18px;text-align:left;vertical-align:top}
.ruled th,.ruled td{border:2px solid #333} .open{border-top:3px solid #111;border-bottom:3px solid #111} .open tr:first-child th{border-bottom:2px solid #111}
.plain th{border-bottom:0} hr{border:0;border-top:2px solid #222;margin:22px 0}
.two{columns:2;column-gap:44px} .two p{text-align:justify} .two h2{margin-top:0}
${css}</style><body>${body}</body></html>`;

const serif = "body{font-family:'DejaVu Serif'}";
const sans = "body{font-family:'Liberation Sans'}";
const roman = "body{font-family:'Liberation Serif';font-size:24px}";
const dejavu = "body{font-family:'DejaVu Sans';font-size:21px}";
const notoSerif = "body{font-family:'Noto Serif CJK SC';line-height:1.7}";
const notoSans = "body{font-family:'Noto Sans CJK SC';line-height:1.65}";
const wenquan = "body{font-family:'WenQuanYi Micro Hei';line-height:1.65}";

/** The pages: name, kind (the row of the report), languages of Tesseract, HTML, and how a scan of it is degraded. */
export const pages = [
  {
    name: 'en-report',
    kind: 'en one column',
    lang: 'eng',
    html: base(
      serif,
      header('Harbour Quarterly', 'Spring issue') +
        h1('Notes on a Slow Crossing') +
        p(en[0]) +
        p(en[1]) +
        h2('1.1 What the index knows') +
        p(en[2]) +
        list([
          'a pencil that can be sharpened with a knife;',
          'two notebooks of the same size;',
          'a table large enough for both of them.',
        ]) +
        h2('1.2 Roofs and seams') +
        p(en[3]) +
        p(en[5]) +
        footer('14'),
    ),
  },
  {
    name: 'en-manual',
    kind: 'en one column',
    lang: 'eng',
    html: base(
      `${dejavu} pre{font-family:'DejaVu Sans Mono';font-size:19px;background:#f2f2f2;padding:14px 18px;margin:0 0 18px}`,
      header('Operator guide', 'Release 4.2') +
        h1('Finding leaks at night') +
        p(en[6]) +
        list(
          [
            'Close the main valve and wait ten minutes.',
            'Place both microphones and note the distance between them in metres.',
            'Record for at least ninety seconds.',
            'Repeat with the microphones exchanged.',
          ],
          'ol',
        ) +
        h2('Reading the result') +
        p(en[4]) +
        '<pre data-truth>listen --left 3 --right 4 --seconds 90\ndelay: 0.0184 s   quality: good\nposition: 41.7 m from valve 3</pre>' +
        h2('Before you leave') +
        p(en[11]) +
        p(en[7]) +
        footer('Page 27 of 96'),
    ),
  },
  {
    name: 'en-paper',
    kind: 'en two columns',
    lang: 'eng',
    html: base(
      `${roman} h1{text-align:center;font-size:38px} .author{text-align:center} .abstract{margin:0 90px 26px;font-size:21px;text-align:justify}`,
      h1('Echo Soundings of a Silted Reservoir') +
        '<p class="author" data-truth>M. Lindqvist and T. Okafor</p>' +
        `<p class="abstract" data-truth><b>Abstract.</b> ${en[1]}</p>` +
        `<div class="two">${h2('1 Introduction')}${p(en[8])}${p(en[10])}${h2('2 Method')}${p(en[12])}${p(en[3])}${h2('3 Discussion')}${p(en[9])}</div>` +
        footer('231'),
    ),
  },
  {
    name: 'en-dense',
    kind: 'en two columns',
    lang: 'eng',
    html: base(
      "body{font-family:'Liberation Serif';font-size:20px;line-height:1.28} .two{column-gap:36px;column-rule:1px solid #555} p{margin-bottom:10px}",
      header('THE EVENING LEDGER', 'No. 8,114') +
        h1('Walnuts, mules and a bell in the fog') +
        `<div class="two">${[13, 10, 8, 0, 7, 9, 12, 6, 2, 11].map((i) => p(en[i])).join('')}</div>` +
        footer('3'),
    ),
  },
  {
    name: 'en-figure',
    kind: 'en with figures',
    lang: 'eng',
    html: base(
      sans,
      header('Regional atlas', 'Chapter 6') +
        h1('Across the hills') +
        p(en[10]) +
        photo(860, 380, 7) +
        caption('Figure 12. The pass in late autumn, seen from the shelter.') +
        p(en[13]) +
        chart(640, 300) +
        caption('Figure 13. Mules counted at the pass in eight successive years.') +
        p(en[4]) +
        footer('88'),
    ),
  },
  {
    name: 'en-table-ruled',
    kind: 'en ruled table',
    lang: 'eng',
    html: base(
      sans,
      h1('Annual stock report') +
        p(en[5]) +
        caption('Table 3. Stock by warehouse at the end of the year.') +
        table(
          [
            ['Warehouse', 'Manager', 'Boxes', 'Value'],
            ['Northgate', 'Alma Reyes', '1,204', '$38,410'],
            ['Harbour East', 'Jonas Falk', '877', '$21,065'],
            ['Millbrook', 'Priya Nair', '2,310', '$64,990'],
            ['Old Station', 'Tom Becker', '459', '$9,730'],
            ['Westfield', 'Ines Duarte', '1,018', '$27,544'],
          ],
          'ruled',
        ) +
        p(en[9]) +
        hr() +
        p(en[4]) +
        footer('5'),
    ),
  },
  {
    name: 'en-table-cells',
    kind: 'en ruled table',
    lang: 'eng',
    html: base(
      `${serif} table{font-size:19px} td:nth-child(2){width:360px} td:nth-child(3){width:260px}`,
      h1('Service intervals') +
        p(en[11]) +
        table(
          [
            ['Part', 'What to do', 'Remarks'],
            ['Drive belt', 'Check the tension and replace the belt if it shows cracks', 'every 400 hours'],
            ['Oil filter', 'Unscrew, clean with petrol and let it dry', 'every 150 hours, more often in dust'],
            ['Spark plug', 'Replace', 'gap 0.7 mm'],
            ['Air filter', 'Tap out; wash in warm water', 'weekly'],
            ['Hoses', 'Look for wear along the whole length and at both clamps', 'before each season'],
          ],
          'ruled',
        ) +
        p(en[4]) +
        p(en[12]) +
        footer('41'),
    ),
  },
  {
    name: 'en-table-open',
    kind: 'en open table',
    lang: 'eng',
    html: base(
      roman,
      h2('Appendix B. Measured losses') +
        p(en[12]) +
        caption('Table B.1. Loss of weight in grams.') +
        table(
          [
            ['Sample', 'Start', '6 min', '12 min', '20 min'],
            ['Clay, red', '41.30', '38.52', '38.11', '38.09'],
            ['Clay, grey', '40.87', '38.40', '38.02', '37.98'],
            ['Chalk', '39.15', '33.76', '31.20', '30.84'],
            ['River sand', '52.66', '52.41', '52.40', '52.40'],
            ['Loam', '36.92', '33.08', '32.75', '32.71'],
          ],
          'open',
        ) +
        p(en[3]) +
        table(
          [
            ['Station', 'Opened', 'Depth (m)', 'State'],
            ['Holm pier', '1931', '6.4', 'in use'],
            ['Sand point', '1948', '11.0', 'closed'],
            ['Upper lock', '1962', '4.8', 'in use'],
          ],
          'plain',
        ) +
        p(en[7]) +
        footer('B-2'),
    ),
  },
  {
    name: 'en-invoice',
    kind: 'en open table',
    lang: 'eng',
    html: base(
      `${sans} .sides{display:flex;justify-content:space-between} .sides p{white-space:pre-line} table{width:100%} td:nth-child(n+2),th:nth-child(n+2){text-align:right}`,
      h1('INVOICE 2024-0871') +
        '<div class="sides"><p data-truth>Brightwater Joinery Ltd.\n18 Quay Street\nPort Ellery PE4 7TN</p><p data-truth>Date: 12 September 2024\nDue: 12 October 2024\nCustomer no. 55310</p></div>' +
        table(
          [
            ['Description', 'Quantity', 'Unit price', 'Amount'],
            ['Oak window frame, 90 x 120 cm', '4', '315.00', '1,260.00'],
            ['Brass hinge, pair', '16', '8.75', '140.00'],
            ['Linseed oil paint, white, 5 l', '2', '64.50', '129.00'],
            ['Delivery and fitting', '1', '480.00', '480.00'],
            ['Total', '', '', '2,009.00'],
          ],
          'open',
        ) +
        p(
          'Please pay within thirty days to the account printed below and quote the number of this invoice. Goods remain our property until they have been paid for in full.',
        ) +
        p(en[3]) +
        footer('Brightwater Joinery Ltd. · Registered in Port Ellery · VAT 604 118 227'),
    ),
  },
  {
    name: 'zh-report',
    kind: 'zh one column',
    lang: 'chi_sim+eng',
    html: base(
      notoSerif,
      header('水利与山林', '第三期') +
        h1('江边札记') +
        p(zh[0]) +
        p(zh[5]) +
        h2('一、调查方法') +
        p(zh[1]) +
        list(['每周记录一次水位；', '雨后加测两次；', '数据在月底统一核对。']) +
        h2('二、结果与讨论') +
        p(zh[9]) +
        p(zh[11]) +
        footer('— 26 —'),
      'zh-CN',
    ),
  },
  {
    name: 'zh-manual',
    kind: 'zh one column',
    lang: 'chi_sim+eng',
    html: base(
      wenquan,
      header('用户手册', '版本 2.5') +
        h1('安装与设置') +
        p(zh[2]) +
        list(['把底座放在平整的地面上。', '将两根支架插入底座并拧紧螺钉。', '连接电源，等待指示灯变成绿色。'], 'ol') +
        h2('1.2 日志与磁盘') +
        p(zh[4]) +
        p(
          '默认端口为 8080，配置文件保存在 /etc/quire.yaml 中。使用 HTTPS 时请把证书放在同一目录，并运行 restart 命令。',
        ) +
        hr() +
        p(zh[6]) +
        footer('12'),
    ),
  },
  {
    name: 'zh-columns',
    kind: 'zh two columns',
    lang: 'chi_sim+eng',
    html: base(
      `${notoSans} body{font-size:22px} h1{text-align:center}`,
      h1('手艺与时令') +
        `<div class="two">${p(zh[3])}${h2('茶')}${p(zh[8])}${photo(460, 260, 3)}${caption('图 1　谷雨前后的茶园')}${p(zh[10])}${h2('书')}${p(zh[6])}${p(zh[7])}${p(zh[0])}</div>` +
        footer('53'),
      'zh-CN',
    ),
  },
  {
    name: 'zh-table',
    kind: 'zh ruled table',
    lang: 'chi_sim+eng',
    html: base(
      notoSans,
      h1('季度经营情况') +
        p(zh[7]) +
        caption('表 2　各地区销售额（万元）') +
        table(
          [
            ['地区', '第一季度', '第二季度', '增长率'],
            ['华东', '1,280', '1,416', '10.6%'],
            ['华南', '934', '1,002', '7.3%'],
            ['西北', '315', '298', '-5.4%'],
            ['东南亚', '602', '884', '46.8%'],
          ],
          'ruled',
        ) +
        p(zh[1]) +
        caption('表 3　设备维护') +
        table(
          [
            ['设备', '维护内容', '周期'],
            ['水泵', '检查密封圈并更换润滑油', '每月'],
            ['滤网', '拆下清洗，晾干后装回', '每周'],
            ['电机', '测量绝缘电阻', '每季度'],
          ],
          'open',
        ) +
        p(zh[11]) +
        footer('第 8 页'),
      'zh-CN',
    ),
  },
  {
    name: 'en-news',
    kind: 'en three columns',
    lang: 'eng',
    html: base(
      "body{font-family:'Liberation Serif';font-size:19px;line-height:1.2} h1{font-size:64px;text-align:center;margin-bottom:10px} .three{columns:3;column-gap:26px;text-align:justify} .three p{margin:0;text-indent:24px} h2{font-size:25px;margin:10px 0 6px} .deck{text-align:center;font-style:italic;font-size:24px}",
      header('Saturday edition', 'Price 40p') +
        h1('Ferry to Holm will run all winter') +
        '<p class="deck" data-truth>Islanders welcome the longest timetable since the war</p>' +
        hr() +
        `<div class="three">${p(en[0])}${p(en[5])}${h2('Copper roofs')}${p(en[3])}${p(en[6])}${p(en[10])}${h2('At the museum')}${p(en[9])}${p(en[8])}${p(en[13])}${p(en[1])}</div>` +
        footer('7'),
    ),
  },
  {
    name: 'en-table-long',
    kind: 'en ruled table',
    lang: 'eng',
    html: base(
      `${sans} table{font-size:18px} th,td{padding:5px 12px}`,
      h2('Ferry log, second quarter') +
        p(en[8]) +
        table(
          [
            ['Date', 'Boat', 'Out', 'Back', 'People', 'Bikes', 'Freight'],
            ...Array.from({ length: 22 }, (_, i) => [
              `${1 + ((i * 4) % 29)} ${['April', 'May', 'June'][Math.floor(i / 8)]}`,
              ['Alma', 'Petrel', 'Alma', 'Heron'][i % 4],
              `07:0${i % 10}`,
              `13:${10 + ((i * 7) % 50)}`,
              `${31 + ((i * 37) % 140)}`,
              `${(i * 5) % 17}`,
              `${(0.4 + ((i * 13) % 47) / 10).toFixed(1)} t`,
            ]),
          ],
          'ruled',
        ) +
        p(en[7]) +
        footer('19'),
    ),
  },
  {
    name: 'en-table-wrapped',
    kind: 'en open table',
    lang: 'eng',
    html: base(
      `${roman} table{font-size:21px} td:nth-child(2){width:420px} td{padding:9px 20px}`,
      h2('Glossary of harbour terms') +
        p(en[0]) +
        table(
          [
            ['Term', 'Meaning', 'Since'],
            ['Bollard', 'A short post on a quay to which the ropes of a ship are made fast', '1791'],
            ['Fairlead', 'A ring that guides a rope', '1836'],
            ['Tide gauge', 'An instrument that records the height of the water through the day', '1858'],
            ['Slipway', 'A slope on which boats are drawn out of the water', '1802'],
          ],
          'open',
        ) +
        p(en[6]) +
        footer('xii'),
    ),
  },
  {
    name: 'en-contents',
    kind: 'en lists and notes',
    lang: 'eng',
    html: base(
      `${serif} .toc p{display:flex;margin:0 0 10px} .toc i{flex:1;border-bottom:2px dotted #333;margin:0 8px 6px} .note{font-size:17px;border-top:1px solid #333;padding-top:10px;margin-top:40px} u{text-decoration-thickness:2px}`,
      h1('Contents') +
        `<div class="toc">${[
          ['1 Harbour', '3'],
          ['2 Reservoir', '11'],
          ['2.1 Soundings', '14'],
          ['3 Roofs and copper', '22'],
          ['4 Walnuts', '35'],
          ['Index', '61'],
        ]
          .map(([a, b]) => `<p data-truth><span>${a}</span><i></i><span>${b}</span></p>`)
          .join('')}</div>` +
        h2('How to read this book') +
        `<p data-truth>${en[2].replace('the questions that a reader may bring', '<u>the questions that a reader may bring</u>')}</p>` +
        list([
          '<b>Bold words</b> are explained in the glossary.',
          '<i>Slanted words</i> are titles of other books, which are listed together with their years at the end of the last chapter.',
          'Numbers in brackets [12] point to notes.',
        ]) +
        p(en[11]) +
        '<p class="note" data-truth>1. The first edition, printed in 1911, had no index at all; its readers wrote their own on the last blank page.</p>' +
        footer('ii'),
    ),
  },
  {
    name: 'en-brochure',
    kind: 'en colour and white print',
    lang: 'eng',
    html: base(
      `${dejavu} .bar{background:#1d3f66;color:#fff;margin:-130px -120px 40px;padding:50px 120px} .bar h1{margin:0} .box{background:#f4e3b8;padding:20px 26px;margin:0 0 22px} .grey{color:#777}`,
      `<div class="bar">${h1('Walk the salt road')}<p data-truth style="margin:10px 0 0">Three days across the hills, with mules</p></div>` +
        p(en[10]) +
        `<div class="box">${p(en[13])}</div>` +
        `<p class="grey" data-truth>${en[7]}</p>` +
        photo(760, 300, 21) +
        '<p data-truth style="color:#a33">Book before the end of March and pay in two parts.</p>' +
        footer('salt-road.example · 0800 555 019'),
    ),
  },
  {
    name: 'en-screen',
    kind: 'en 96 dpi',
    lang: 'eng',
    width: 794,
    height: 1123,
    html: base(
      "body{width:794px;height:1123px;padding:70px 80px;font-family:'Liberation Sans';font-size:14.5px;line-height:1.4} header{left:80px;right:80px;top:30px;font-size:12px} footer{bottom:30px;font-size:12px} h1{font-size:26px;margin:0 0 14px} h2{font-size:18px;margin:14px 0 8px} p{margin:0 0 12px}",
      header('Weekly letter', '11 May') +
        h1('What the wall of loaves shows') +
        p(en[4]) +
        p(en[5]) +
        h2('Pipes') +
        p(en[6]) +
        p(en[12]) +
        h2('Lamps') +
        p(en[11]) +
        p(en[9]) +
        footer('1 / 4'),
    ),
  },
  {
    name: 'zh-news',
    kind: 'zh two columns',
    lang: 'chi_sim+eng',
    html: base(
      "body{font-family:'Noto Serif CJK SC';font-size:20px;line-height:1.35} .two{column-gap:34px} .two p{text-indent:2em;margin:0 0 4px} h1{text-align:center}",
      header('江城晚报', '2024年5月18日 星期六') +
        h1('渡口恢复全年通航') +
        `<div class="two">${[0, 1, 5, 7, 9, 11, 3, 8, 10, 6, 2, 4].map((i) => p(zh[i])).join('')}</div>` +
        footer('A3'),
      'zh-CN',
    ),
  },
  {
    name: 'zh-form',
    kind: 'zh ruled table',
    lang: 'chi_sim+eng',
    html: base(
      `${notoSans} body{font-size:20px} td:nth-child(2n){width:260px}`,
      h1('设备验收登记表') +
        p('编号：QY-2024-0317　　日期：2024年3月17日') +
        table(
          [
            ['设备名称', '离心水泵', '型号规格', 'ISW80-160'],
            ['生产厂家', '江城机械厂', '出厂日期', '2023年11月'],
            ['安装地点', '二号泵房东侧', '负责人', '周明远'],
            ['验收内容', '外观完好，运转平稳，噪声低于七十分贝', '结论', '合格，同意投入使用'],
          ],
          'ruled',
        ) +
        p(zh[2]) +
        p(zh[4]) +
        footer('共 2 页 第 1 页'),
      'zh-CN',
    ),
  },
  { name: 'scan-en-report', kind: 'scan en', lang: 'eng', scanOf: 'en-report', seed: 11, degrees: 1 },
  { name: 'scan-en-paper', kind: 'scan en', lang: 'eng', scanOf: 'en-paper', seed: 12, degrees: -1 },
  { name: 'scan-en-table', kind: 'scan en', lang: 'eng', scanOf: 'en-table-ruled', seed: 13, degrees: 1 },
  { name: 'scan-en-news', kind: 'scan en', lang: 'eng', scanOf: 'en-news', seed: 15, degrees: -0.7 },
  { name: 'scan-zh-news', kind: 'scan zh', lang: 'chi_sim+eng', scanOf: 'zh-news', seed: 16, degrees: 0.6 },
  { name: 'scan-zh-report', kind: 'scan zh', lang: 'chi_sim+eng', scanOf: 'zh-report', seed: 14, degrees: 1 },
];

function hr() {
  return '<hr>';
}
