"""Synthetic document pages with layout labels (25 PP-DocLayoutV3 classes) and reading order. Pillow + numpy only.

PageGen(assets, seed, hold).page() -> (PIL RGB image, list of (class id, x0, y0, x1, y1) in reading order, doc type)
PageGen.sample(S)                  -> uint8 [S,S,3], float32 [n, 14]: cls, cx, cy, w, h (0..1), 4 corners (0..1), order
"""
import os, io, json, math, random, string
import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageFilter

LABELS = ['abstract', 'algorithm', 'aside_text', 'chart', 'content', 'display_formula', 'doc_title', 'figure_title', 'footer', 'footer_image',
          'footnote', 'formula_number', 'header', 'header_image', 'image', 'inline_formula', 'number', 'paragraph_title', 'reference',
          'reference_content', 'seal', 'table', 'text', 'vertical_text', 'vision_footnote']
L = {n: i for i, n in enumerate(LABELS)}
MAXB = 80
BASIC = ImageFont.Layout.BASIC
NOSTART = set('，。、；：！？）》」』】’”…,.;:!?)]}%')
CLR = [(20, 60, 120), (150, 20, 30), (0, 95, 90), (90, 40, 130), (190, 90, 10), (30, 110, 50), (40, 40, 60), (0, 120, 190), (120, 70, 30)]

class Face:
    """One font at one size: advance table and glyph coverage."""
    __slots__ = ('ft', 'adv', 'chars', 'size', 'cjk', 'avg')
    def __init__(self, path, size, chars, cjk):
        self.ft = ImageFont.truetype(path, size, layout_engine=BASIC); self.chars = chars; self.size = size; self.adv = {}; self.cjk = cjk; self.avg = size * (1. if cjk else .48)
    def w(self, s):
        a = self.adv; t = 0.
        for c in s:
            v = a.get(c)
            if v is None: v = a[c] = self.ft.getlength(c)
            t += v
        return t
    def clean(self, s):
        ch = self.chars
        return s if all(c in ch for c in s) else ''.join(c for c in s if c in ch)

class Corpus:
    def __init__(self, d, hold):
        sfx = '.hold.txt' if hold else '.txt'
        rd = lambda n: [s.strip() for s in open(f'{d}/{n}', encoding='utf8').read().split('\n')]
        self.en = [s.lstrip('*- ') for s in rd('en' + sfx) if len(s) > 25 and '</' not in s and 'href' not in s]; self.zh = [s for s in rd('zh' + sfx) if len(s) > 8]; self.eu = [s for s in rd('eu' + sfx) if len(s) > 25]
        self.words = [w for w in rd('words.txt') if w.isalpha() and w.isascii()]; self.zhw = [w for w in rd('zhwords.txt') if len(w) > 1]

class Fonts:
    """Families with regular / bold / italic faces, and a bounded cache of sized faces."""
    def __init__(self, d, hold):
        idx = json.load(open(d + '/index.json')); self.d = d; self.cache = {}
        self.chars = {}; fam = {}
        for n, v in idx.items():
            if v['family'].startswith('HOLD_') != hold or v['style'] == 'hand' and random.random() < 0: continue
            s = v['src'].lower(); it = any(k in s for k in ('italic', 'oblique', '_ri', 'cmunti', 'cmunsl', 'gentium-i', 'pts56', 'ptf56')); bo = any(k in s for k in ('bold', '_rb', 'cmunbx', 'cmunsx', 'black', 'medium', 'pts75', 'ptf75', 'demi.')) 
            self.chars[n] = set(v['chars'])
            e = fam.setdefault((v['kind'], v['family']), dict(style=v['style'], r=[], b=[], i=[]))
            e['b' if bo and not it else 'i' if it and not bo else 'r' if not it else 'i'].append(n)
        self.lat = {}; self.cjk = []
        for (k, f), e in fam.items():
            if not e['r']: continue
            e['cjk'] = k == 'cjk'
            if k == 'cjk': self.cjk.append(e)
            else: self.lat.setdefault(e['style'], []).append(e)
        # faces with the mathematical symbols, for formulas
        self.math = [n for n in self.chars if {'∑', '∫', '√', '∞', 'α', '≤'} <= self.chars[n] and n.split('-')[0] not in ('dejavumono', 'hack', 'libmono', 'firacode', 'jetbrains') and idx[n]['kind'] == 'lat'] or list(self.chars)
        self.ital = [n for f in self.lat.get('serif', []) for n in f['i']] or [n for f in sum(self.lat.values(), []) for n in f['r']]
    def get(self, name, size):
        size = max(5, int(round(size))); k = (name, size); f = self.cache.get(k)
        if f is None:
            if len(self.cache) > 700:
                for q in list(self.cache)[:200]: del self.cache[q]
            ch = self.chars[name]; f = self.cache[k] = Face(f'{self.d}/{name}', size, ch, '的' in ch)
        return f

def resize_noaa(im, S):
    """Bicubic resize without antialias (a = -0.75) as the image processor does it: horizontally, to uint8, then vertically. PIL RGB -> uint8 [S,S,3]. Uses cv2 when it is there."""
    a = np.asarray(im)
    try:
        import cv2
        return cv2.resize(cv2.resize(a, (S, a.shape[0]), interpolation=cv2.INTER_CUBIC), (S, S), interpolation=cv2.INTER_CUBIC)
    except ImportError: pass
    def taps(n):
        x = (np.arange(S) + .5) * n / S - .5; f = np.floor(x); t = x - f; A = -.75
        k = lambda d: np.where(d <= 1, ((A + 2) * d - (A + 3)) * d * d + 1, ((A * d - 5 * A) * d + 8 * A) * d - 4 * A)
        i = np.clip(f[None].astype(int) + np.arange(-1, 3)[:, None], 0, n - 1); w = np.stack([k(1 + t), k(t), k(1 - t), k(2 - t)])
        return i, w.astype(np.float32)
    q = lambda v: np.clip(v + .5, 0, 255).astype(np.uint8)
    i, w = taps(a.shape[1]); r = q(sum(a[:, i[k]] * w[k][None, :, None] for k in range(4)))
    i, w = taps(a.shape[0]); return q(sum(r[i[k]] * w[k][:, None, None] for k in range(4)))

class PageGen:
    def __init__(self, assets, seed=0, hold=False, clean=False):
        self.F = Fonts(assets + '/fonts', hold); self.C = Corpus(assets + '/corpus', hold)
        self.r = random.Random(seed); self.np = np.random.default_rng(seed); self.clean = clean
        self.photos = []; self.noise = self.np.standard_normal((1200, 1200)).astype(np.float32)
    # ------------------------------------------------------------ text sources
    def zh(self): return self.T['zh']
    def text(self, n):
        """about n characters of running text in the page's language"""
        r, C = self.r, self.C; out = ''; src = C.zh if self.T['zh'] else C.eu if self.T['eu'] else C.en; sep = '' if self.T['zh'] else ' '
        while len(out) < n: out += (sep if out else '') + src[int(r.random() * len(src))]
        if r.random() < .5 and len(out) > n + 20: i = int(r.random() * min(200, len(out) - n)); i = out.find(' ', i) + 1 if not self.T['zh'] else i; out = out[i:]
        return out[:n + 20].lstrip('，。、；： ')
    def words(self, n):
        r = self.r
        if self.T['zh']: return ''.join(r.choice(self.C.zhw)[:5] for _ in range(max(1, n)))
        return ' '.join(r.choice(self.C.words) for _ in range(n))
    def title_text(self, n):
        s = self.words(max(2, n)) if self.r.random() < .6 else self.text(n * (3 if self.T['zh'] else 7)).strip('.,;:。，；：')
        if not self.T['zh']:
            k = self.r.random(); s = s[:1].upper() + s[1:]
            if k < .3: s = s.title()
            elif k < .42: s = s.upper()
        return s
    def num(self):
        r = self.r; k = r.random()
        return f'{r.uniform(0, 100):.{r.randint(0, 2)}f}' if k < .4 else f'{r.randint(0, 99999):,}' if k < .7 else f'{r.uniform(0, 100):.1f}%' if k < .85 else f'{r.uniform(-5, 5):+.2f}'
    def name(self): r = self.r; return self.words(1)[:3] if self.T['zh'] else f'{r.choice(string.ascii_uppercase)}. {r.choice(self.C.words).capitalize()}'
    # ------------------------------------------------------------ primitives
    def newpage(self, W, H, bg=(255, 255, 255)):
        self.W, self.H, self.bg = W, H, bg; self.im = Image.new('RGB', (W, H), bg); self.d = ImageDraw.Draw(self.im); self.labs = []
        if self.r.random() < self.T['bilevel']: self.mode = '1'
        else: self.mode = 'L'
    def ink(self, c): return self.d._getink(c)[0]
    def put(self, x, y, s, f, ink):
        """draw s with its baseline at y; returns the ink box"""
        m, o = f.ft.getmask2(s, self.mode, anchor='ls'); w, h = m.size
        X, Y = int(x) + o[0], int(y) + o[1]
        if w and h: self.d.draw.draw_bitmap((X, Y), m, ink)
        return X, Y, X + w, Y + h
    NOPAD = {'table', 'chart', 'image', 'seal', 'header_image', 'footer_image', 'reference', 'algorithm', 'inline_formula'}
    def lab(self, cls, b):
        x0, y0, x1, y1 = b
        if cls not in self.NOPAD: px, py = self.em * .2, self.em * .13; x0 -= px; x1 += px; y0 -= py; y1 += py      # text boxes get a small margin: crops must not cut letters
        x0, y0, x1, y1 = max(0, x0), max(0, y0), min(self.W, x1), min(self.H, y1)
        if x1 - x0 >= 3 and y1 - y0 >= 3: self.labs.append((L[cls], float(x0), float(y0), float(x1), float(y1)))
    @staticmethod
    def union(bs):
        bs = [b for b in bs if b]
        return min(b[0] for b in bs), min(b[1] for b in bs), max(b[2] for b in bs), max(b[3] for b in bs)
    def wrap(self, s, f, w, first=0.):
        """list of lines; CJK breaks anywhere (no closing punctuation at a line start), Latin at spaces"""
        s = f.clean(s); out = []; room = w - first
        if f.cjk:
            cur = []; t = 0.; a = f.adv
            for c in s:
                v = a.get(c)
                if v is None: v = a[c] = f.ft.getlength(c)
                if t + v > room and cur and c not in NOSTART: out.append(''.join(cur)); cur = []; t = 0.; room = w
                cur.append(c); t += v
            if cur: out.append(''.join(cur))
            return out
        sp = f.w(' '); cur = []; t = 0.
        for wd in s.split():
            v = f.w(wd)
            if v > w: wd = wd[:max(1, int(len(wd) * w / v * .85))]; v = f.w(wd)
            if t + v > room and cur: out.append(' '.join(cur)); cur = []; t = 0.; room = w
            cur.append(wd); t += v + sp
        if cur: out.append(' '.join(cur))
        return out
    def lines(self, x, y, w, ls, f, lead, color, align='l', first=0., hang=0., last=True):
        """draw lines with their first line top at y; returns (ink box, y below)"""
        ink = self.ink(color); lh = f.size * lead; bx = []; yb = y + lh * .5 + f.size * .36; n = len(ls)
        for i, s in enumerate(ls):
            xo = first if i == 0 else hang; xx = x + xo
            if align == 'j' and not f.cjk and (i < n - 1 or not last) and ' ' in s:
                ws = s.split(' '); gap = (w - xo - sum(f.w(q) for q in ws)) / (len(ws) - 1)
                if gap < f.size * 1.2:
                    b = None
                    for q in ws:
                        c = self.put(xx + .5, yb, q, f, ink); b = c if b is None else (b[0], min(b[1], c[1]), c[2], max(b[3], c[3])); xx += f.w(q) + gap
                    bx.append(b); yb += lh; continue
            if align in 'cr': ww = f.w(s); xx = x + (w - ww) / (2 if align == 'c' else 1)
            bx.append(self.put(xx, yb, s, f, ink)); yb += lh
        return (self.union(bx) if bx else (x, y, x, y)), y + lh * n
    # ------------------------------------------------------------ theme
    def theme(self, kind):
        r, F = self.r, self.F; T = {}
        T['zh'] = r.random() < .42; T['eu'] = r.random() < .1; T['bilevel'] = .1
        sty = r.choices(['serif', 'sans', 'cond', 'mono', 'hand'], [.5, .42, .04, .02, .02])[0] if kind not in ('slide', 'screen') else r.choices(['sans', 'serif', 'cond'], [.85, .1, .05])[0]
        fam = r.choice(F.cjk) if T['zh'] else r.choice(F.lat.get(sty) or F.lat['sans']); T['fam'] = fam
        h = r.choice(F.cjk) if T['zh'] else fam if r.random() < .55 else r.choice(F.lat['sans']); T['hfam'] = h
        T['body'] = r.choice(fam['r']); T['bold'] = r.choice(fam['b'] or fam['r']); T['head'] = r.choice(h['b'] or h['r'] or fam['r']); T['it'] = r.choice(fam['i'] or fam['r'])
        T['mono'] = r.choice([n for e in F.lat.get('mono', F.lat['sans']) for n in e['r']]); T['math'] = r.choice(F.math); T['ital'] = r.choice(F.ital)
        T['fg'] = (r.randint(0, 40),) * 3 if r.random() < .9 else tuple(r.randint(0, 70) for _ in range(3))
        T['acc'] = r.choice(CLR) if r.random() < .45 else T['fg']
        T['align'] = r.choices('jl', [.62, .38])[0] if not T['zh'] else 'l'
        T['lead'] = r.uniform(1.12, 1.5) if not T['zh'] else r.uniform(1.3, 1.8); T['indent'] = r.random() < (.8 if T['zh'] else .45); T['capalign'] = r.choice('cclj')
        T['numbered'] = r.random() < .5; T['tstyle'] = r.choice(['grid', 'grid', 'book', 'book', 'zebra', 'plain', 'head', 'hline']); T['sec'] = r.randint(1, 5); T['fig'] = r.randint(1, 9); T['eq'] = r.randint(1, 30)
        T['headalign'] = 'c' if r.random() < .15 else 'l'; T['caps'] = r.random() < .12
        return T
    def f(self, key, mul=1.): return self.F.get(self.T[key], self.em * mul)
    # ------------------------------------------------------------ blocks: each draws at (x, y, w), room h, returns height used (0 = no room)
    def b_text(self, x, y, w, h, nmax=None, cls='text', mul=1., color=None, key='body', nmin=1, lead=None, hangfix=None):
        r = self.r; f = self.f(key, mul); lead = lead or self.T['lead']; lh = f.size * lead; cap = int(h / lh)
        if cap < nmin: return 0
        n = nmax or r.choice([1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 10, 12, 14]); n = min(n, cap)
        ind = f.size * (2 if f.cjk else 1.4) if self.T['indent'] and cls == 'text' and hangfix is None else 0.; hang = hangfix or 0.
        ls = self.wrap(self.text(int(n * w / f.avg * 1.15) + 10), f, w - hang, ind - hang)[:n]
        if not ls: return 0
        if r.random() < .8 and len(ls[-1]) > 6: ls[-1] = ls[-1][:max(4, int(len(ls[-1]) * r.uniform(.1, 1)))].rstrip()
        b, _ = self.lines(x, y, w, ls, f, lead, color or self.T['fg'], self.T['align'] if cls in ('text', 'abstract', 'footnote', 'reference_content') else 'l', ind, hang)
        if b[2] - b[0] > 2: self.lab(cls, b)
        self.last = b
        if r.random() < .035 and cls == 'text' and n > 1: self.inline_formula(b, f, lead, len(ls), y, color)
        return lh * len(ls)
    def inline_formula(self, b, f, lead, n, y, color):
        """paint a short formula over a stretch of one line of the paragraph and label it"""
        r = self.r; i = r.randrange(n); lh = f.size * lead; yb = y + i * lh + lh * .5 + f.size * .36; x = r.uniform(b[0], max(b[0] + 1, b[2] - f.size * 7)); fm = self.F.get(self.T['ital'], f.size)
        s = fm.clean(f'{r.choice("xyzfgnkαβλ")}{r.choice(["(t)", "(x)", "", "i", "2"])} {r.choice("=<>=")} {r.choice(["0", "1", "n", "k + 1", "2x", "ab", "N(0, 1)"])}'); w = fm.w(s)
        if x + w > b[2] or i == n - 1: return
        self.d.rectangle((x - 3, yb - f.size * .82, x + w + 3, yb + f.size * .28), fill=self.paper); self.lab('inline_formula', self.put(x, yb, s, fm, self.ink(color or self.T['fg'])))
    def b_title(self, x, y, w, h, level=1):
        r = self.r; T = self.T; f = self.f('head', {0: 1.5, 1: 1.28, 2: 1.1}[level] * r.choice([1, 1, 1.1]) * T['hmul']); lh = f.size * 1.25
        s = self.title_text(r.randint(1, 7)); s = s[:28] if T['zh'] else s[:70]
        if T['numbered']: s = (f'{T["sec"]}. ' if level == 1 else f'{T["sec"]}.{r.randint(1, 9)} ') + s if not (T['zh'] and r.random() < .5) else r.choice('一二三四五六七八') + '、' + s; T['sec'] += level == 1
        if T['caps'] and not T['zh']: s = s.upper()
        ls = self.wrap(s, f, w)[:2]
        if not ls or h < lh * (len(ls) + 2.5): return 0
        b, _ = self.lines(x, y, w, ls, f, 1.25, T['acc'], T['headalign']); self.lab('paragraph_title', b)
        if T['hrule'] : self.d.line((x, y + lh * len(ls) + 1, x + w, y + lh * len(ls) + 1), fill=T['acc'], width=max(1, int(self.em / 10)))
        return lh * len(ls) + (3 if T['hrule'] else 0)
    def b_list(self, x, y, w, h):
        r = self.r; f = self.f('body'); n = r.randint(2, 6); bul = r.choice(['• ', '- ', '– ', '▪ ', '1', '(a', '①']); tight = r.random() < .6; hang = max(f.size * r.uniform(1.1, 2), f.w('(m)' if bul[0] == '(' else '10.') + f.size * .3 if bul[0] in '1(①' else 0); y0 = y; bs = []; ind = r.choice([0, f.size, f.size * 1.5])
        for i in range(n):
            m = r.choice([1, 1, 1, 2, 2, 3]); lh = f.size * self.T['lead']
            if y + lh * m > y0 + h: break
            b_ = f'{i + 1}.' if bul == '1' else f'({chr(97 + i)})' if bul == '(a' else chr(0x2460 + i) if bul == '①' else bul
            ls = self.wrap(self.text(int(m * (w - hang) / f.avg)), f, w - hang - ind)[:m]
            if not ls: continue
            mk = self.put(x + ind, y + lh * .5 + f.size * .36, f.clean(b_) or '-', f, self.ink(self.T['fg']))
            b, y = self.lines(x + ind + hang, y, w - hang - ind, ls, f, self.T['lead'], self.T['fg'], 'l')
            b = self.union([b, mk]); bs.append(b)
            if not tight: self.lab('text', b); y += f.size * .5
        if bs and tight: self.lab('text', self.union(bs))
        return y - y0
    def caption(self, x, y, w, h, kind):
        r = self.r; T = self.T; f = self.f('it' if r.random() < .15 else 'body', r.choice([.85, .9, .9, 1.])); n = r.choice([1, 1, 1, 2, 2, 3]); lh = f.size * T['lead'] * .95
        if h < lh: return 0
        n = min(n, int(h / lh)); k = {'fig': ['Figure', 'Fig.', 'Figure'], 'tab': ['Table', 'TABLE', 'Tab.']}[kind] if not T['zh'] else {'fig': ['图', '图表'], 'tab': ['表', '表']}[kind]
        s = f'{r.choice(k)} {T["fig"]}{r.choice([": ", ". ", "  ", " - "])}' + self.text(int(n * w / f.avg * r.uniform(.4, 1.1))); T['fig'] += 1
        if r.random() < .12: s = self.text(int(w / f.avg * r.uniform(.3, 1)))
        ls = self.wrap(s, f, w)[:n]
        if not ls: return 0
        b, _ = self.lines(x, y, w, ls, f, T['lead'] * .95, T['fg'] if r.random() < .8 else T['acc'], 'c' if len(ls) == 1 and T['capalign'] != 'l' else T['capalign']); self.lab('figure_title', b)
        return lh * len(ls)
    def note(self, x, y, w, h):
        f = self.f('body', .78); lh = f.size * 1.25
        if h < lh: return 0
        r = self.r; s = r.choice(['资料来源：', '注：', '数据来源：'] if self.T['zh'] else ['Source: ', 'Note: ', '* ', 'Notes: ', 'Source: ']) + self.text(int(w / f.avg * r.uniform(.3, 1.4)))
        ls = self.wrap(s, f, w)[:min(2, int(h / lh))]
        if not ls: return 0
        b, _ = self.lines(x, y, w, ls, f, 1.25, self.T['fg'], 'l'); self.lab('vision_footnote', b); return lh * len(ls)
    # ---- figures
    def photo(self, w, h):
        r = self.r; w, h = max(8, int(w)), max(8, int(h))
        if len(self.photos) < 48 or r.random() < .03: self.photos.append(self.mkphoto()); self.photos = self.photos[-64:]
        p = r.choice(self.photos); k = min(1, r.uniform(.5, 1)); a = w / h; cw, ch = (int(256 * k), int(256 * k / a)) if a > 1 else (int(256 * k * a), int(256 * k)); cw, ch = max(8, min(256, cw)), max(8, min(256, ch))
        x, y = r.randint(0, 256 - cw), r.randint(0, 256 - ch); q = p.resize((w, h), Image.BILINEAR, (x, y, x + cw, y + ch))
        if r.random() < .3: q = q.convert('L').convert('RGB')
        return q
    def mkphoto(self):
        r = self.r; g = self.np
        base = np.zeros((256, 256, 3), np.float32); c0, c1 = g.uniform(30, 255, 3), g.uniform(0, 230, 3); t = np.linspace(0, 1, 256)[:, None]
        base += (c0 * (1 - t) + c1 * t)[:, None, :]
        for o in (4, 9, 24, 70):
            n = g.standard_normal((o, o, 3 if r.random() < .5 else 1)).astype(np.float32) * r.uniform(6, 36); n = np.repeat(n, 3, 2) if n.shape[2] == 1 else n
            base += np.stack([np.asarray(Image.fromarray(n[..., k]).resize((256, 256), Image.BICUBIC)) for k in range(3)], -1)
        im = Image.fromarray(np.clip(base, 0, 255).astype(np.uint8)); d = ImageDraw.Draw(im)
        for _ in range(r.randint(2, 18)):
            x, y, s = r.randint(-40, 256), r.randint(-20, 256), r.randint(10, 120); c = tuple(r.randint(0, 255) for _ in range(3)); k = r.random()
            if k < .4: d.ellipse((x, y, x + s, y + s * r.uniform(.4, 1.6)), fill=c)
            elif k < .65: d.rectangle((x, y, x + s, y + s * r.uniform(.3, 2)), fill=c)
            elif k < .9: d.polygon([(x + r.randint(-s, s), y + r.randint(-s, s)) for _ in range(r.randint(3, 7))], fill=c)
            else: d.line([(x + r.randint(-s, s), y + r.randint(-s, s)) for _ in range(5)], fill=c, width=r.randint(1, 7))
        im = im.filter(ImageFilter.GaussianBlur(r.uniform(.3, 2.5))); a = np.asarray(im).astype(np.float32) + g.normal(0, r.uniform(2, 14), (256, 256, 1))
        k = r.choice([0, .3, .55, .75]); a = a * (1 - k) + a.mean(2, keepdims=True) * k
        return Image.fromarray(np.clip(a, 0, 255).astype(np.uint8))
    def chart(self, x, y, w, h):
        """returns the ink box"""
        r, d = self.r, self.d; x, y, w, h = int(x), int(y), int(w), int(h); f = self.f('body', r.choice([.65, .75, .8])); fg = self.T['fg']; ink = self.ink(fg); k = r.random(); cols = [tuple(r.randint(20, 230) for _ in range(3)) for _ in range(6)]; bs = []
        if r.random() < .5: cols = [tuple(int(v) for v in np.array(self.T['acc']) * (1 - i / 7) + 235 * i / 7) for i in range(6)]
        if r.random() < .15: d.rectangle((x, y, x + w, y + h), fill=tuple(r.randint(232, 252) for _ in range(3))); bs.append((x, y, x + w, y + h))
        if r.random() < .15: d.rectangle((x, y, x + w, y + h), outline=(150,) * 3); bs.append((x, y, x + w, y + h))
        top = y + 3
        if r.random() < .35: s = f.clean(self.title_text(4))[:int(w / f.avg * .8)]; bs.append(self.put(x + (w - f.w(s)) / 2, y + f.size, s, f, ink)); top += f.size * 1.5
        if k < .13:   # pie
            q = min(w * .5, y + h - top - 2); cx = x + w * .1; a0 = r.randint(0, 360); n = r.randint(3, 6)
            for i in range(n): a1 = a0 + 360 / n * r.uniform(.7, 1.3) if i < n - 1 else a0 + 50; d.pieslice((cx, top, cx + q, top + q), a0, a1, fill=cols[i], outline=(255, 255, 255)); a0 = a1
            bs.append((cx, top, cx + q, top + q))
            for i in range(n):
                yy = top + (i + 1) * f.size * 1.5
                if yy < y + h - 2: d.rectangle((cx + q + 12, yy - f.size * .7, cx + q + 12 + f.size * .8, yy), fill=cols[i]); bs.append(self.put(cx + q + 16 + f.size, yy, f.clean(self.words(1))[:10] or '-', f, ink)); bs.append((cx + q + 12, yy - 6, cx + q + 14, yy))
            return self.union(bs)
        lx, by = x + f.size * r.uniform(2.2, 3.4), y + h - f.size * r.choice([1.5, 2.8]); rx = x + w - 4
        if r.random() < .5:
            for i in range(1, 5): yy = top + (by - top) * i / 5; d.line((lx, yy, rx, yy), fill=(215,) * 3)
        if r.random() < .3: d.rectangle((lx, top, rx, by), outline=fg)
        else: d.line((lx, top, lx, by), fill=fg); 
        d.line((lx, by, rx, by), fill=fg); bs.append((lx, top, rx, by))
        mx = r.choice([1, 5, 10, 50, 100, 1000])
        for i in range(0, 6, r.choice([1, 2])): s = f'{mx * i / 5:g}'; bs.append(self.put(lx - f.w(s) - 4, by - (by - top) * i / 5 + f.size * .3, s, f, ink))
        n = r.randint(4, 12)
        if k < .5:    # bars
            m = r.choice([1, 1, 2, 3]); bw = (rx - lx) / n
            for i in range(n):
                for j in range(m):
                    v = r.uniform(.05, .97) * (by - top); x0 = lx + i * bw + bw * .15 + j * bw * .7 / m; d.rectangle((x0, by - v, x0 + bw * .7 / m - 1, by), fill=cols[j])
        elif k < .9:  # lines
            for j in range(r.randint(1, 4)):
                v = r.uniform(.2, .8); pts = []
                for i in range(n): v = min(.98, max(.02, v + r.uniform(-.18, .2))); pts.append((lx + (rx - lx) * i / (n - 1), by - v * (by - top)))
                d.line(pts, fill=cols[j], width=r.choice([1, 1, 2, 3]))
                if r.random() < .4:
                    for p in pts: d.ellipse((p[0] - 2, p[1] - 2, p[0] + 2, p[1] + 2), fill=cols[j])
        else:         # scatter
            for _ in range(r.randint(20, 120)): px, py = r.uniform(lx, rx), by - min(1, abs(r.gauss(.5, .2))) * (by - top); d.ellipse((px - 2, py - 2, px + 2, py + 2), fill=r.choice(cols[:2]))
        step = max(1, math.ceil(n * f.w('20000') / max(1, rx - lx)))
        for i in range(0, n, step): s = str(2000 + i) if mx > 5 else chr(65 + i); bs.append(self.put(lx + (rx - lx) * (i + .5) / n - f.w(s) / 2, by + f.size * 1.1, s, f, ink))
        if by < y + h - f.size * 2: s = f.clean(self.words(2))[:20]; bs.append(self.put((lx + rx - f.w(s)) / 2, y + h - 3, s, f, ink))
        if r.random() < .4:
            for j in range(r.randint(1, 3)): yy = top + 6 + f.size * 1.3 * (j + 1); lx2 = rx - f.size * 7; d.line((lx2, yy - 3, lx2 + f.size, yy - 3), fill=cols[j], width=2); self.put(lx2 + f.size * 1.4, yy, f.clean(self.words(1))[:9] or 'a', f, ink)
        return self.union(bs)
    def diagram(self, x, y, w, h):
        r, d = self.r, self.d; f = self.f('body', r.choice([.7, .8])); fg = self.T['fg']; nx, ny = max(1, min(4, int(w / (f.size * 7)))), max(1, min(4, int(h / (f.size * 4)))); cw, ch = w / nx, h / ny; bs = []; cs = []
        for j in range(ny):
            for i in range(nx):
                if nx * ny > 2 and r.random() < .2: continue
                bw, bh = cw * r.uniform(.55, .75), ch * r.uniform(.4, .65); cx, cy = x + (i + .5) * cw, y + (j + .5) * ch; b = (cx - bw / 2, cy - bh / 2, cx + bw / 2, cy + bh / 2); cs.append((cx, cy, b))
        for a, b in zip(cs, cs[1:]): d.line((a[0], a[1], b[0], b[1]), fill=fg, width=r.choice([1, 1, 2]))
        k = r.random(); fill = tuple(r.randint(200, 255) for _ in range(3)) if r.random() < .7 else self.paper
        for cx, cy, b in cs:
            if k < .5: d.rectangle(b, fill=fill, outline=fg)
            elif k < .75: d.rounded_rectangle(b, 6, fill=fill, outline=fg)
            else: d.ellipse(b, fill=fill, outline=fg)
            s = f.clean(self.words(r.randint(1, 2)))[:max(2, int((b[2] - b[0]) / f.avg * .9))]; self.put(cx - f.w(s) / 2, cy + f.size * .3, s, f, self.ink(fg)); bs.append(b)
        return self.union(bs) if bs else (x, y, x + w, y + h)
    def b_figure(self, x, y, w, h, cap=True):
        r = self.r; k = r.random(); kind = 'chart' if k < .42 else 'image'; fw = w * (r.uniform(.55, 1) if r.random() < .5 else 1); fh = min(fw * r.uniform(.35, .85), h * .8, self.H * .42)
        if fh < self.em * 4.5: return 0
        fx = x + (w - fw) / 2; y0 = y
        capf = cap and r.random() < .85; top = capf and r.random() < .12
        if top: y += self.caption(x, y, w, h * .15, 'fig') + self.em * .4
        if kind == 'chart':
            m = 2 if r.random() < .18 and fw > self.em * 24 else 1
            for i in range(m): self.lab('chart', self.chart(fx + i * fw / m, y, fw / m - (8 if m > 1 else 0), fh))
        elif k < .55: self.lab('image', self.diagram(fx, y, fw, fh))
        else:
            m = r.choice([1, 1, 1, 1, 2, 3]) if fw > self.em * 14 else 1; gap = 0 if m == 1 else r.choice([4, 8, 14])
            for i in range(m):
                pw = int((fw - gap * (m - 1)) / m); px = int(fx + i * (pw + gap)); self.im.paste(self.photo(pw, fh), (px, int(y)))
                if r.random() < .2: self.d.rectangle((px, int(y), px + pw, int(y) + int(fh)), outline=self.T['fg'])
                self.lab('image', (px, int(y), px + pw, int(y) + int(fh)))
                if m > 1 and capf and r.random() < .4: f = self.f('body', .8); s = f'({chr(97 + i)})'; self.lab('figure_title', self.put(px + pw / 2 - f.size, y + fh + f.size * 1.1, s, f, self.ink(self.T['fg'])))
            if m > 1: y += self.em * 1.2
        y += fh + self.em * r.uniform(.3, .9)
        if capf and not top: y += self.caption(x, y, w, y0 + h - y, 'fig')
        if r.random() < .15: y += self.em * .2 + self.note(x, y + self.em * .2, w, y0 + h - y - self.em * .2)
        return y - y0
    def b_table(self, x, y, w, h, cap=True, rows=None, style=None):
        r, d, T = self.r, self.d, self.T; f = self.f('body', r.choice([.75, .82, .9, .95])); fb = self.f('bold', f.size / self.em); y0 = y; lh = f.size * r.uniform(1.3, 2.1); st = style or (T['tstyle'] if r.random() < .7 else r.choice(['grid', 'book', 'zebra', 'plain', 'head', 'hline']))
        nc = max(2, min(r.randint(2, 9), int(w / (f.size * 3.6)))); nr = rows or r.choice([3, 4, 4, 5, 6, 7, 8, 10, 12, 15, 20]); under = r.random() < .12
        if cap and not under and r.random() < .8: c = self.caption(x, y, w, h * .25, 'tab'); y += c + (self.em * .35 if c else 0)
        nr = min(nr, int((y0 + h - y - self.em * 2) / lh))
        if nr < 2:
            if y > y0: self.labs.pop()
            return 0
        tw = w * (1 if r.random() < .65 else r.uniform(.55, .95)); tx = x + (w - tw) * r.choice([0, .5, .5]); ws = [r.uniform(.7, 1.4) for _ in range(nc)]; ws[0] *= r.uniform(1, 1.8); t = sum(ws); X = [tx]
        for q in ws: X.append(X[-1] + tw * q / t)
        hs = [1] * nr
        if r.random() < .2:
            for i in range(1, nr):
                if r.random() < .3: hs[i] = 2
        while sum(hs) * lh > y0 + h - y - self.em * 2 and len(hs) > 2: hs.pop()
        nr = len(hs); Y = [y]
        for q in hs: Y.append(Y[-1] + q * lh)
        if Y[-1] > y0 + h: return 0
        lc = (r.randint(0, 150),) * 3 if r.random() < .8 else T['acc']; lw = r.choice([1, 1, 1, 2]); fill = tuple(int(v + (255 - v) * r.uniform(.75, .93)) for v in T['acc']) if r.random() < .6 else (r.randint(215, 243),) * 3; hdark = st in ('head', 'zebra') and r.random() < .4
        if st == 'zebra':
            for i in range(1, nr, 2): d.rectangle((X[0], Y[i], X[-1], Y[i + 1]), fill=fill)
        if st in ('head', 'zebra') or st == 'grid' and r.random() < .35: d.rectangle((X[0], Y[0], X[-1], Y[1]), fill=T['acc'] if hdark else fill)
        ink, hink = self.ink(T['fg']), self.ink((255, 255, 255) if hdark else T['fg']); bs = []; al = [r.choice('llc') if j == 0 else r.choice('lcccr') for j in range(nc)]; kinds = ['t' if j == 0 else r.choice('nnnt') for j in range(nc)]; pad = f.size * .35
        for i in range(nr):
            for j in range(nc):
                cw = X[j + 1] - X[j] - 2 * pad; ff = fb if i == 0 or j == 0 and r.random() < .1 else f
                if i and r.random() < .05: continue
                for q in range(hs[i]):
                    s = self.words(r.randint(1, 3)) if i == 0 or kinds[j] == 't' else self.num()
                    s = ff.clean(s); 
                    while s and ff.w(s) > cw: s = s[:-1] if len(s) < 8 else s[:int(len(s) * .8)]
                    if not s: continue
                    ww = ff.w(s); xx = X[j] + pad if al[j] == 'l' else X[j + 1] - pad - ww if al[j] == 'r' else (X[j] + X[j + 1] - ww) / 2
                    bs.append(self.put(xx, Y[i] + lh * (q + .5) + ff.size * .36, s, ff, hink if i == 0 and hdark else ink))
        if st == 'grid':
            for v in Y: d.line((X[0], v, X[-1], v), fill=lc, width=lw)
            for v in X: d.line((v, Y[0], v, Y[-1]), fill=lc, width=lw)
        elif st == 'book':
            d.line((X[0], Y[0], X[-1], Y[0]), fill=lc, width=2); d.line((X[0], Y[1], X[-1], Y[1]), fill=lc, width=1); d.line((X[0], Y[-1], X[-1], Y[-1]), fill=lc, width=2)
            if r.random() < .2 and nr > 4: m = r.randint(2, nr - 1); d.line((X[0], Y[m], X[-1], Y[m]), fill=lc, width=1)
        elif st == 'hline':
            for v in Y: d.line((X[0], v, X[-1], v), fill=lc, width=1)
        if st != 'plain': bs.append((X[0], Y[0], X[-1] + 1, Y[-1] + 1))
        if not bs: return Y[-1] - y0
        self.lab('table', self.union(bs)); y = Y[-1]
        if under: y += self.em * .4; y += self.caption(x, y, w, y0 + h - y, 'tab')
        if r.random() < .22: y += self.em * .25 + self.note(tx, y + self.em * .25, tw, y0 + h - y - self.em * .3)
        return y - y0
    # ---- formulas: boxes are (items, width, ascent, descent), items = (dx, dy, kind, payload)
    def m_txt(self, s, size, it=True):
        f = self.F.get(self.T['ital' if it else 'math'], size)
        if not all(c in f.chars for c in s): f = self.F.get(self.T['math'], size); s = f.clean(s) or 'x'
        return [(0, 0, 't', (s, f))], f.w(s) + size * .06, size * .72, size * .24
    def m_row(self, bs):
        it = []; x = 0; a = d = 0.
        for b in bs:
            it += [(x + i[0], i[1], i[2], i[3]) for i in b[0]]; x += b[1]; a = max(a, b[2]); d = max(d, b[3])
        return it, x, a, d
    def m_at(self, b, dx, dy): return [(i[0] + dx, i[1] + dy, i[2], i[3]) for i in b[0]]
    def m_atom(self, size, depth):
        r = self.r; k = r.random(); V = lambda z: self.m_txt(r.choice(list('xyzabcfghkmnpqrstuvwABCEFGHKLMNPQRSTXαβγδεθλμπρστφψω')), z)
        if k < .3: return V(size)
        if k < .42: return self.m_txt(str(r.randint(0, 99)), size, False)
        if k < .66:
            b = V(size); s = self.m_txt(r.choice(['i', 'j', 'n', 'k', '2', 't', 'ij', 'n+1', 'max']), size * .68); q = r.random(); it = list(b[0]); a, d = b[2], b[3]
            if q < .7: it += self.m_at(s, b[1], size * .25); d = size * .4
            if q > .5: s2 = self.m_txt(r.choice(['2', '*', 'T', 'n', '(k)', '-1']), size * .68); it += self.m_at(s2, b[1], -size * .42); a = size * 1.05
            return it, b[1] + s[1], a, d
        if k < .78 and depth < 2:
            n, m = self.m_expr(size * .9, r.randint(1, 3), depth + 1), self.m_expr(size * .9, r.randint(1, 3), depth + 1); w = max(n[1], m[1]) + size * .3; ax = size * .28
            return self.m_at(n, (w - n[1]) / 2, -ax - n[3] - 2) + self.m_at(m, (w - m[1]) / 2, -ax + m[2] + 3) + [(size * .06, -ax, 'l', w - size * .12)], w, ax + n[2] + n[3] + 2, m[2] + m[3] + 3 - ax
        if k < .88 and depth < 2:
            o = self.m_txt(r.choice(['∑', '∫', '∏', '∑', '∫']), size * 1.6, False); lo = self.m_txt(r.choice(['i=1', 'k=0', '0', 'x∈X', 'j≠i']), size * .62); hi = self.m_txt(r.choice(['n', '∞', 'N', 'T', '1']), size * .62); w = max(o[1], lo[1], hi[1])
            return self.m_at(o, (w - o[1]) / 2, size * .25) + self.m_at(lo, (w - lo[1]) / 2, size * 1.15) + self.m_at(hi, (w - hi[1]) / 2, -size * 1.2), w + size * .1, size * 1.65, size * 1.3
        e = self.m_expr(size, r.randint(1, 2), depth + 1) if depth < 2 else V(size); l, q = r.choice(['()', '[]', '()', '||'])
        k = max(1., (e[2] + e[3]) / size * .8); bl, br = self.m_txt(l, size * k, False), self.m_txt(q, size * k, False); dy = (e[3] - e[2]) / 2 + size * k * .28
        return self.m_row([(self.m_at(bl, 0, dy), bl[1], bl[2], bl[3]), e, (self.m_at(br, 0, dy), br[1], br[2], br[3])])
    def m_expr(self, size, n, depth=0):
        r = self.r; bs = []
        for i in range(n):
            if i: bs.append(self.m_txt(' ' + r.choice('+-=+-=+×·≤') + ' ', size, False))
            bs.append(self.m_atom(size, depth))
        return self.m_row(bs)
    def m_draw(self, b, x, y, color):
        ink = self.ink(color); bs = []
        for dx, dy, k, p in b[0]:
            if k == 't': bs.append(self.put(x + dx, y + dy, p[0], p[1], ink))
            else: self.d.line((x + dx, y + dy, x + dx + p, y + dy), fill=color, width=max(1, int(self.em / 14))); bs.append((x + dx, y + dy, x + dx + p, y + dy + 1))
        return self.union(bs)
    def b_formula(self, x, y, w, h):
        r = self.r; y0 = y; size = self.em * r.uniform(1., 1.15); nl = r.choice([1, 1, 1, 1, 2, 3]); bs = []
        for i in range(nl):
            for _ in range(4):
                e = self.m_expr(size, r.randint(2, 4)); e = self.m_row([self.m_txt(r.choice(['y', 'L', 'f(x)', 'E', 'p(x)', 'J', 'H']) if r.random() < .8 else '', size), self.m_txt(' = ', size, False), e])
                if e[1] < w * .8: break
            else: continue
            if y + e[2] + e[3] > y0 + h - 4: break
            bx = x + (w - e[1]) / 2 if nl == 1 else x + w * .2
            bs.append(self.m_draw(e, bx, y + e[2] + 2, self.T['fg'])); y += e[2] + e[3] + 6
        if not bs: return 0
        b = self.union(bs); self.lab('display_formula', b)
        if r.random() < .6:
            f = self.f('body'); s = f'({self.T["eq"]})' if r.random() < .6 else f'({r.randint(1, 9)}.{self.T["eq"]})'; self.T['eq'] += 1; xx = x + w - f.w(s)
            if xx > b[2] + 4: self.lab('formula_number', self.put(xx, (b[1] + b[3]) / 2 + f.size * .35, s, f, self.ink(self.T['fg'])))
        return y - y0
    def b_code(self, x, y, w, h):
        r, d = self.r, self.d; f = self.F.get(self.T['mono'], self.em * r.choice([.8, .88, .95])); lh = f.size * r.uniform(1.15, 1.4); n = min(r.randint(4, 22), int(h / lh) - 1); k = r.random()
        if n < 3: return 0
        dark = k < .12; fg = (220, 220, 210) if dark else self.T['fg']; box = (x, y, x + w, y + lh * (n + .8)); bs = []
        if k < .5: d.rectangle(box, fill=(35, 38, 45) if dark else (r.randint(236, 248),) * 3); bs.append(box)
        if .3 < k < .7: d.rectangle(box, outline=(160,) * 3); bs.append(box)
        algo = not dark and r.random() < .35; yy = y + lh * .4
        if algo:
            fb = self.f('bold', .95); d.line((x, y, x + w, y), fill=self.T['fg'], width=2); d.line((x, y + lh * 1.5, x + w, y + lh * 1.5), fill=self.T['fg']); s = fb.clean(f'Algorithm {r.randint(1, 5)} ' + self.words(3))[:50]; self.put(x + 3, y + lh * 1.1, s, fb, self.ink(fg)); bs.append((x, y, x + w, y + lh)); yy = y + lh * 1.6; d.line((x, y + lh * (n + .8), x + w, y + lh * (n + .8)), fill=self.T['fg'], width=2); bs.append((x, y, x + w, y + lh * (n + .8)))
        ind = 0; num = r.random() < .35; W = self.C.words
        while yy + lh < y + lh * (n + .8):
            s = r.choice(['{} = {}({}, {})', 'if {} > {}:', 'for {} in {}({}):', 'return {}', '{}.{}({})', '# {} {} {} {}', 'def {}({}, {}):', 'print("{} {}")', '', 'int {} = {} + 1;', '}}', 'while ({} < {}) {{', '$ {} --{} {}']); s = s.format(*[r.choice(W)[:9].lower() for _ in range(5)]); s = f.clean(s)
            xx = x + f.size * .6 + (f.size * 1.8 if num else 0) + ind * f.size * 1.2; s = s[:max(1, int((x + w - xx) / f.w('m')) - 1)]
            if num: self.put(x + 3, yy + lh * .75, str(int((yy - y) / lh) + 1), f, self.ink((140,) * 3)); bs.append((x + 3, yy, x + 5, yy + lh * .9))
            if s: bs.append(self.put(xx, yy + lh * .75, s, f, self.ink(fg if r.random() < .8 else self.T['acc'] if not dark else (240, 180, 110))))
            ind = max(0, min(4, ind + (1 if s.endswith((':', '{')) else r.choice([0, 0, -1])))); yy += lh
        self.lab('algorithm', self.union(bs)); return lh * (n + .8)
    def b_refs(self, x, y, w, h, title=True):
        r = self.r; y0 = y; f = self.f('body', r.choice([.8, .88])); lh = f.size * self.T['lead']
        if h < lh * 8: return 0
        if title:
            self.T['numbered'], k = False, self.T['numbered']; ft = self.f('head', 1.25); s = '参考文献' if self.T['zh'] else r.choice(['References', 'REFERENCES', 'Bibliography']); b, y = self.lines(x, y, w, [s], ft, 1.4, self.T['acc'], 'l'); self.lab('paragraph_title', b); self.T['numbered'] = k
        i0 = len(self.labs); self.labs.append(None); st = r.random(); hang = f.size * (1.9 if st < .6 else 1.5); n = r.randint(3, 24); gap = r.choice([0, .15, .4]) * f.size
        for i in range(n):
            m = r.choice([1, 2, 2, 2, 3])
            if y + lh * m > y0 + h or len(self.labs) > 75: break
            s = ', '.join(self.name() for _ in range(r.randint(1, 4))) + '. ' + self.text(60 if not self.T['zh'] else 24).strip('.') + f'. {r.randint(1975, 2026)}, {r.randint(1, 60)}({r.randint(1, 12)}): {r.randint(1, 500)}-{r.randint(501, 999)}.'
            ls = self.wrap(s, f, w - hang)[:m]; mk = None
            if st < .6: mk = self.put(x, y + lh * .5 + f.size * .36, f'[{i + 1}]' if st < .4 else f'{i + 1}.', f, self.ink(self.T['fg'])); b, y = self.lines(x + hang, y, w - hang, ls, f, self.T['lead'], self.T['fg'], self.T['align'])
            else: b, y = self.lines(x, y, w, ls, f, self.T['lead'], self.T['fg'], 'l', 0, hang)
            self.lab('reference_content', self.union([b, mk])); y += gap
        its = self.labs[i0 + 1:]
        if its: self.labs[i0] = (L['reference'],) + self.union([q[1:] for q in its])
        else: self.labs.pop(i0)
        return y - y0
    def b_toc(self, x, y, w, h):
        r = self.r; y0 = y; f = self.f('body', r.choice([1, 1.1])); lh = f.size * r.uniform(1.3, 2.1); n = min(int(h / lh), r.randint(6, 40)); bs = []; p = 1; dots = r.random() < .7; lev = r.random() < .6; ink = self.ink(self.T['fg'])
        if n < 5: return 0
        for i in range(n):
            l = r.choice([0, 1, 1, 2]) if lev and i else 0; ff = self.f('bold', f.size / self.em) if l == 0 and lev else f; s = ff.clean((f'{i // 3 + 1}.{i % 3} ' if r.random() < .6 else '') + self.title_text(r.randint(1, 6)))[:int(w * .7 / ff.avg)]; p += r.randint(0, 9); yb = y + i * lh + lh * .5 + f.size * .36; xx = x + l * f.size * 1.5; q = str(p)
            bs.append(self.put(xx, yb, s, ff, ink)); xe = x + w - ff.w(q); bs.append(self.put(xe, yb, q, ff, ink)); xs = xx + ff.w(s) + f.size * .5
            if dots and xe - xs > f.size * 2: self.put(xs, yb, ('.' if r.random() < .98 else ' .') * int((xe - xs - f.size * .5) / ff.w('.')), ff, ink)
        self.lab('content', self.union(bs)); return n * lh
    def b_aside(self, x, y, w, h, fill=True):
        r = self.r; p = self.em * .7; f = self.f('body', .9); n = r.randint(3, 10); lh = f.size * 1.35; n = min(n, int((h - 2 * p) / lh) - 2)
        if n < 2: return 0
        hh = (n + 1.6) * lh + 2 * p; bg = tuple(int(v + (255 - v) * r.uniform(.78, .92)) for v in self.T['acc']) if r.random() < .6 else (r.randint(225, 243),) * 3; box = (x, y, x + w, y + hh); old = self.paper
        if fill: self.d.rectangle(box, fill=bg, outline=self.T['acc'] if r.random() < .3 else None); self.paper = bg
        if r.random() < .3: self.d.rectangle((x, y, x + 3, y + hh), fill=self.T['acc'])
        fb = self.f('head', 1.05); ls = self.wrap(self.title_text(3), fb, w - 2 * p)[:1]; bs = []
        yy = y + p
        if ls: b, yy = self.lines(x + p, yy, w - 2 * p, ls, fb, 1.4, self.T['acc']); bs.append(b)
        ls = self.wrap(self.text(int(n * w / f.avg * 1.1)), f, w - 2 * p)[:n]; b, yy = self.lines(x + p, yy, w - 2 * p, ls, f, 1.35, self.T['fg'], 'l'); bs.append(b); self.paper = old
        self.lab('aside_text', box if fill else self.union(bs)); return hh
    def seal(self, cx, cy, s):
        r = self.r; s = int(s); m = Image.new('L', (s, s), 0); d = ImageDraw.Draw(m); w = max(2, s // 28); oval = r.random() < .2; y0 = s * .15 if oval else 1; d.ellipse((1, y0, s - 2, s - 1 - y0), outline=255, width=w)
        if r.random() < .2: d.ellipse((w * 2, y0 + w * 2, s - 2 - w * 2, s - 1 - y0 - w * 2), outline=255, width=1)
        if r.random() < .75:
            R = s * .15; d.polygon([(s / 2 + (R if i % 2 == 0 else R * .4) * math.sin(i * math.pi / 5), s / 2 - (R if i % 2 == 0 else R * .4) * math.cos(i * math.pi / 5)) for i in range(10)], fill=255)
        zh = r.random() < .8 and self.F.cjk; f = self.F.get(r.choice(r.choice(self.F.cjk)['r']) if zh else self.T['bold'], s * (.15 if zh else .11)); t = f.clean(''.join(r.choice(self.C.zhw) for _ in range(7))[:r.randint(7, 13)] if zh else self.C.words[r.randrange(9000)].upper() + ' ' + r.choice(self.C.words).upper())[:20]; a0, a1 = -130, 130
        for i, c in enumerate(t):
            if c == ' ': continue
            a = a0 + (a1 - a0) * (i + .5) / len(t); k = Image.new('L', (f.size * 2, f.size * 2), 0); ImageDraw.Draw(k).text((f.size, f.size), c, 255, font=f.ft, anchor='mm'); k = k.rotate(-a, Image.BILINEAR); R = s * .37; px, py = s / 2 + R * math.sin(math.radians(a)), s / 2 - R * (.7 if oval else 1) * math.cos(math.radians(a)); m.paste(255, (int(px - f.size), int(py - f.size)), k)
        if r.random() < .4: fb = self.F.get(f and (r.choice(self.F.cjk)['r'][0] if zh else self.T['bold']), s * .11); t = fb.clean('专用章' if zh else 'OFFICIAL'); d.text((s / 2, s * .76), t, 255, font=fb.ft, anchor='mm')
        m = m.rotate(r.uniform(-25, 25), Image.BILINEAR); c = (r.randint(180, 235), r.randint(10, 60), r.randint(10, 60)) if r.random() < .92 else (30, 50, 170); m = m.point(lambda v: int(v * .8)); x, y = int(cx - s / 2), int(cy - s / 2); self.im.paste(c, (x, y), m); b = m.getbbox()
        if b: self.lab('seal', (x + b[0], y + b[1], x + b[2], y + b[3]))
    def vtext(self, x, y, w, h, cls='vertical_text', mul=1., maxc=99):
        """CJK columns from right to left inside (x, y, w, h)"""
        f = self.F.get(self.T['body'] if self.T['zh'] else self.F.cjk[0]['r'][0], self.em * mul); cw = f.size * self.T['lead']; n = max(1, min(int(w / cw), maxc)); m = int(h / (f.size * 1.06)); ink = self.ink(self.T['fg']); bs = []
        if m < 2: return None
        src = self.C.zh; s = ''
        while len(s) < n * m: s += self.r.choice(src)
        s = f.clean(''.join(c for c in s if ord(c) > 0x2e80)); k = 0; N = int(n * m - self.r.random() * m * .8)
        for i in range(n):
            xx = x + w - (i + 1) * cw
            for j in range(m):
                if k >= min(len(s), N): break
                bs.append(self.put(xx, y + j * f.size * 1.06 + f.size * .88, s[k], f, ink)); k += 1
        if not bs: return None
        b = self.union(bs); self.lab(cls, b); return b
    def rot_text(self, s, f, x, y, color, ang=90):
        s = f.clean(s); m = Image.new('L', (int(f.w(s)) + 4, int(f.size * 1.4)), 0); ImageDraw.Draw(m).text((2, f.size), s, 255, font=f.ft, anchor='ls'); m = m.crop(m.getbbox() or (0, 0, 2, 2)).transpose(Image.ROTATE_90 if ang == 90 else Image.ROTATE_270); self.im.paste(color, (int(x), int(y)), m); return int(x), int(y), int(x) + m.width, int(y) + m.height
    def logo(self, x, y, h, cls):
        r = self.r; w = h * r.choice([1, 1, 1.6, 2.5, 3.5]); c = r.choice(CLR); k = r.random(); d = self.d
        if k < .3: d.ellipse((x, y, x + h, y + h), fill=c); w = max(w, h)
        elif k < .6: d.rectangle((x, y, x + h, y + h), fill=c)
        else: d.polygon([(x, y + h), (x + h / 2, y), (x + h, y + h)], fill=c)
        if w > h * 1.5: f = self.F.get(self.T['head'], h * .75); s = f.clean(self.words(1))[:8]; b = self.put(x + h * 1.15, y + h * .8, s, f, self.ink(c)); w = max(h, b[2] - x)
        self.lab(cls, (x, y, x + w + 1, y + h + 1)); return w
    # ------------------------------------------------------------ page furniture
    def furniture_top(self):
        r = self.r; k = r.random(); self.top = self.my; x, w = self.mx, self.W - 2 * self.mx; f = self.f('it' if r.random() < .2 else 'body', r.choice([.75, .85, .9])); yb = self.my * r.uniform(.5, .72); ink = self.ink(self.T['fg'] if r.random() < .7 else (120,) * 3); self.pn = r.random() < .75; self.pnpos = r.choice(['bc', 'bc', 'bo', 'to'])
        if r.random() < .13: h = self.my * r.uniform(.3, .55); self.logo(x if k < .55 or r.random() < .6 else self.W - x - h * 3.5, yb - h * .7, h, 'header_image')
        if k < .55:
            s1 = f.clean(self.title_text(r.randint(2, 7)))[:int(w * .6 / f.avg)]; a = r.choice('lcr'); xx = x if a == 'l' else x + (w - f.w(s1)) / (2 if a == 'c' else 1)
            if self.labs: xx = x + w - f.w(s1)
            self.lab('header', self.put(xx, yb, s1, f, ink))
            if a == 'l' and r.random() < .3 and not (len(self.labs) > 1): s2 = f.clean(self.words(2))[:14]; self.lab('header', self.put(x + w - f.w(s2), yb, s2, f, ink)); self.pnpos = 'bc'
            if r.random() < .4: self.d.line((x, yb + f.size * .5, x + w, yb + f.size * .5), fill=self.T['fg'], width=1)
            if self.pnpos == 'to' and a != 'r' and self.pn and not len(self.labs) > 1: s = str(r.randint(1, 500)); self.lab('number', self.put(x + w - f.w(s), yb, s, f, ink)); self.pn = False
        if self.pnpos == 'to': self.pnpos = 'bc'
    def furniture_bottom(self):
        r = self.r; x, w = self.mx, self.W - 2 * self.mx; f = self.f('body', r.choice([.75, .85, .9])); yb = self.H - self.my * r.uniform(.35, .6); ink = self.ink(self.T['fg'] if r.random() < .7 else (120,) * 3); k = r.random()
        if r.random() < .05: self.logo(x, yb - self.my * .35, self.my * .35, 'footer_image')
        ft = k < .32
        if ft:
            if r.random() < .3: self.d.line((x, yb - f.size * 1.3, x + w, yb - f.size * 1.3), fill=(120,) * 3, width=1)
            s = f.clean(self.title_text(r.randint(2, 8)))[:int(w * .55 / f.avg)]; self.lab('footer', self.put(x if self.pn or r.random() < .4 else x + (w - f.w(s)) / 2, yb, s, f, ink) if not (self.labs and self.labs[-1][0] == L['footer_image']) else self.put(x + w * .3, yb, s, f, ink))
        if self.pn:
            n = r.randint(1, 600); s = r.choice([str(n), str(n), str(n), f'- {n} -', f'{n} / {n + 30}', f'Page {n}' if not self.T['zh'] else f'第{n}页', f'{n}']); s = f.clean(s); a = 'r' if ft or self.pnpos == 'bo' else 'c'; self.lab('number', self.put(x + w - f.w(s) if a == 'r' else x + (w - f.w(s)) / 2, yb, s, f, ink))
    def footnotes(self, x, y1, w):
        """drawn upwards from y1; returns the new bottom and deferred labels"""
        r = self.r; f = self.f('body', .78); lh = f.size * 1.25; n = r.choice([1, 1, 2, 2, 3]); m = [r.choice([1, 1, 2, 3]) for _ in range(n)]; y = y1 - sum(m) * lh; k = len(self.labs)
        if r.random() < .8: self.d.line((x, y - f.size * .4, x + w * r.choice([.2, .35, 1]), y - f.size * .4), fill=self.T['fg'], width=1)
        for i in range(n):
            ls = self.wrap(r.choice([f'{i + 1} ', f'{i + 1}. ', '* ', f'[{i + 1}] ']) + self.text(int(m[i] * w / f.avg)), f, w)[:m[i]]
            if ls: b, y = self.lines(x, y, w, ls, f, 1.25, self.T['fg'], 'l'); self.lab('footnote', b)
        out = self.labs[k:]; self.labs = self.labs[:k]; return y1 - sum(m) * lh - f.size, out
    # ------------------------------------------------------------ flow
    def flow(self, cols, mix, fill=1.):
        """cols: [x, y0, y1, w]; mix: {kind: weight}"""
        r = self.r; kinds, ws = list(mix), list(mix.values()); last = ''; total = sum(c[2] - c[1] for c in cols); used = 0.; em = self.em; pg = em * self.T['pgap']
        for ci, (x, y, y1, w) in enumerate(cols):
            fail = 0; first = True
            while y < y1 - em * 1.2 and fail < 4 and len(self.labs) < 78 and used < fill * total:
                k = r.choices(kinds, ws)[0]
                if last == 'title': k = 'text'
                if k == last and k in ('table', 'figure', 'code', 'refs', 'toc', 'aside', 'formula'): k = 'text'
                h = y1 - y; n0 = len(self.labs)
                if k == 'text' and h < em * 9: u = self.b_text(x, y, w, h)
                else: u = {'text': self.b_text, 'title': lambda *a: self.b_title(*a, level=r.choice([1, 1, 2])), 'list': self.b_list, 'figure': self.b_figure, 'table': self.b_table, 'formula': self.b_formula, 'code': self.b_code, 'refs': self.b_refs, 'toc': self.b_toc, 'aside': self.b_aside}[k](x, y, w, h)
                if not u: fail += 1; continue
                fail = 0; last = k; big = k in ('figure', 'table', 'code', 'aside', 'formula'); g = em * r.uniform(.7, 1.5) if big else pg if k in ('text', 'list') else em * r.uniform(.25, .6)
                nxt = u + g; y += nxt; used += nxt
                if k in ('text', 'list') and r.random() < .12: y += em * .6
    MIX = dict(text=10, title=2.2, list=1., figure=1.3, table=1.1, formula=.7, code=.35, aside=.18)
    def columns(self, n, y0, y1, x=None, w=None, gap=None):
        x = self.mx if x is None else x; w = self.W - 2 * self.mx if w is None else w; g = gap or self.em * self.r.uniform(1.5, 3); cw = (w - g * (n - 1)) / n
        if n > 1 and self.r.random() < .12:
            for i in range(1, n): self.d.line((x + i * (cw + g) - g / 2, y0, x + i * (cw + g) - g / 2, y1), fill=(140,) * 3)
        return [[x + i * (cw + g), y0, y1, cw] for i in range(n)]
    def doc_title(self, y, size=2., align=None, n=None):
        r = self.r; f = self.f('head', size); a = align or r.choice('ccl'); w = self.W - 2 * self.mx; ls = self.wrap(self.title_text(n or r.randint(3, 10)), f, w * (.9 if a == 'c' else 1))[:3]
        if not ls: return y
        b, y = self.lines(self.mx, y, w, ls, f, 1.25, self.T['acc'], a); self.lab('doc_title', b); return y
    def setup(self, kind, W, H, em, mx, my):
        r = self.r; self.T = self.theme(kind); self.em = em; self.mx, self.my = mx, my; self.T['pgap'] = r.uniform(.05, .4) if self.T['indent'] else r.uniform(.5, 1.1); self.T['hmul'] = r.uniform(.9, 1.25); self.T['hrule'] = r.random() < .1
        k = r.random(); bg = (255, 255, 255) if k < .72 else (r.randint(240, 254),) * 3 if k < .8 else (r.randint(244, 255), r.randint(236, 250), r.randint(215, 240)) if k < .92 else tuple(r.randint(228, 255) for _ in range(3))
        self.paper = bg; self.newpage(W, H, bg)
    def size(self, aspect=None):
        r = self.r; H = int(r.triangular(760, 1500, 1000)); a = aspect or r.choice([1.4142, 1.4142, 1.4142, 1.294, 1.5, 1.33]); return int(H / a), H
    # ------------------------------------------------------------ document types
    def d_paper(self):
        r = self.r; W, H = self.size(); pt = H / 842; em = r.uniform(8.6, 11) * pt; nc = r.choices([1, 2, 3], [.35, .58, .07])[0]; self.setup('paper', W, H, em, W * r.uniform(.07, .13), H * r.uniform(.065, .1)); T = self.T
        self.furniture_top(); y = self.my; y1 = H - self.my; foot = []; x, w = self.mx, W - 2 * self.mx; mix = dict(self.MIX); mix['formula'] = r.choice([.2, 1.5]); mix['code'] = r.choice([.05, .8])
        if nc > 1: mix['aside'] = .05
        if r.random() < .45:   # first page
            y = self.doc_title(y + em, r.uniform(1.6, 2.2), 'c' if r.random() < .75 else 'l') + em * .8; f = self.f('body', r.choice([1, 1.15])); a = r.choice('ccl')
            for i in range(r.randint(1, 2)):
                ls = self.wrap((', ' if not T['zh'] else '  ').join(self.name() for _ in range(r.randint(1, 6))) if i == 0 else self.title_text(8), f if i == 0 else self.f('it', .9), w * .85)[:2]
                if ls: b, y = self.lines(x, y, w, ls, f if i == 0 else self.f('it', .9), 1.3, T['fg'], a); self.lab('text', b); y += em * .4
            y += em
            if r.random() < .75:
                inset = w * r.choice([0, .06, .1]) if nc == 1 or r.random() < .7 else 0; aw = w - 2 * inset; fb = self.f('head', r.choice([1, 1.15])); hd = '摘要' if T['zh'] else r.choice(['Abstract', 'ABSTRACT', 'Summary'])
                if r.random() < .7: b, y = self.lines(x + inset, y, aw, [hd], fb, 1.5, T['fg'], r.choice('cl')); self.lab('paragraph_title', b)
                y += self.b_text(x + inset, y, aw, y1 - y, r.randint(4, 12), 'abstract', r.choice([.9, 1])) + em * .5
                if r.random() < .5: f = self.f('body', .95); ls = self.wrap(('关键词：' if T['zh'] else 'Keywords: ') + self.title_text(6), f, aw)[:2]; b, y = self.lines(x + inset, y, aw, ls, f, 1.3, T['fg']); self.lab('text', b)
                y += em * 1.2
            if r.random() < .25 and x > em * 3: self.lab('aside_text', self.rot_text(f'{self.words(1)}:{r.randint(1000, 2600)}.{r.randint(10000, 99999)}v1  [{self.words(1)}]  {r.randint(1, 28)} {r.choice(["Jan", "Jun", "Oct"])} 20{r.randint(10, 26)}', self.f('body', 1.6), em * .8, H * .3, (120,) * 3))
        elif nc > 1 and r.random() < .3: y += (self.b_figure if r.random() < .6 else self.b_table)(x, y, w, (y1 - y) * .45) + em
        cols = self.columns(nc, y, y1)
        if r.random() < .3:
            c = r.randrange(nc); cols[c][2], foot = self.footnotes(cols[c][0], y1, cols[c][3])
        if r.random() < .18: mix['refs'] = 3
        if r.random() < .1:
            for k in list(mix): mix[k] = .3
            mix['refs'] = 30
        self.flow(cols, mix); self.labs += foot; self.furniture_bottom()
    def d_report(self):
        r = self.r; W, H = self.size(); em = r.uniform(9.5, 12.5) * H / 842; self.setup('report', W, H, em, W * r.uniform(.08, .14), H * r.uniform(.07, .11)); self.furniture_top(); y = self.my; y1 = H - self.my; k = r.random(); mix = dict(self.MIX); foot = []
        if k < .12:
            b = len(self.labs); y += self.b_text_title_toc(y, y1)
        else:
            if r.random() < .3: y = self.doc_title(y + em, r.uniform(1.5, 2.4)) + em * 1.5
            if r.random() < .35: mix['table'] = 4; mix['figure'] = 3
            n = 1 if r.random() < .75 else 2; cols = self.columns(n, y, y1)
            side = r.random()
            if side < .16 and n == 1: sw = (W - 2 * self.mx) * .27; cols[0][3] -= sw + em * 1.5; left = r.random() < .3
            else: side = 1
            if side < .16 and left: 
                cols[0][0] += sw + em * 1.5; yy = y
                for _ in range(r.randint(1, 2)): yy += self.b_aside(self.mx, yy, sw, y1 - yy, r.random() < .7) + em
            if r.random() < .2: cols[-1][2], foot = self.footnotes(cols[-1][0], y1, cols[-1][3])
            self.flow(cols, mix, 1. if r.random() < .8 else r.uniform(.3, .9))
            if side < .16 and not left:
                yy = y
                for _ in range(r.randint(1, 2)): yy += self.b_aside(cols[0][0] + cols[0][3] + em * 1.5, yy, sw, y1 - yy, r.random() < .7) + em
        self.labs += foot; self.furniture_bottom()
    def b_text_title_toc(self, y, y1):
        r = self.r; f = self.f('head', 1.7); s = r.choice(['目录', '目 录'] if self.T['zh'] else ['Contents', 'Table of Contents', 'CONTENTS']); b, y2 = self.lines(self.mx, y, self.W - 2 * self.mx, [s], f, 1.6, self.T['acc'], r.choice('cl')); self.lab('paragraph_title', b)
        return y2 - y + self.em + self.b_toc(self.mx, y2 + self.em, self.W - 2 * self.mx, y1 - y2 - self.em)
    def d_magazine(self):
        r = self.r; W, H = self.size(); em = r.uniform(8, 10) * H / 842; self.setup('magazine', W, H, em, W * r.uniform(.05, .09), H * r.uniform(.05, .08)); self.furniture_top(); y = self.my; y1 = H - self.my; x, w = self.mx, W - 2 * self.mx
        if r.random() < .6: y = self.doc_title(y + em * .5, r.uniform(2.2, 3.6), 'l' if r.random() < .6 else 'c') + em * .6
        if r.random() < .4: y += self.b_text(x, y, w * .85, H * .1, 2, 'text', 1.3) + em
        if r.random() < .45: fh = H * r.uniform(.15, .35); self.im.paste(self.photo(w, fh), (int(x), int(y))); self.lab('image', (int(x), int(y), int(x) + int(w), int(y) + int(fh))); y += fh + em * .4; y += self.caption(x, y, w, em * 4, 'fig') + em
        nc = r.choice([2, 3, 3, 4]) if W > 650 else r.choice([2, 3]); mix = dict(text=11, title=1.6, figure=1., table=.3, aside=.5, list=.3)
        self.T['align'] = 'j' if r.random() < .6 else 'l'
        if self.T['zh']: self.T['align'] = 'l'
        self.flow(self.columns(nc, y, y1, gap=em * r.uniform(1.2, 2.2)), mix); self.furniture_bottom()
    def d_news(self):
        r = self.r; W, H = self.size(r.choice([1.35, 1.5, 1.6])); em = r.uniform(7, 8.6) * H / 842; self.setup('news', W, H, em, W * .04, H * .045); self.pn = False; y = self.my; y1 = H - self.my; x, w = self.mx, W - 2 * self.mx; self.T['indent'] = True; self.T['pgap'] = .1
        if r.random() < .5: y = self.doc_title(y, r.uniform(3, 4.5), 'c', 2); self.d.line((x, y, x + w, y), fill=self.T['fg'], width=2); y += em; f = self.f('body', .85); s = f.clean(self.title_text(8))[:60]; self.lab('header', self.put(x + (w - f.w(s)) / 2, y + f.size, s, f, self.ink(self.T['fg']))); y += em * 1.8
        while y < y1 - em * 14:
            hh = min(y1 - y, H * r.uniform(.25, .5)); parts = r.choice([[1.], [.6, .4], [.5, .5], [.34, .66]]) if w > em * 30 else [1.]; xx = x
            if y1 - y - hh < em * 14: hh = y1 - y
            for p in parts:
                pw = w * p - (em if p < 1 else 0); f = self.f('head', r.uniform(1.8, 2.8)); ls = self.wrap(self.title_text(r.randint(4, 9)), f, pw)[:2]; b, yy = self.lines(xx, y, pw, ls, f, 1.15, self.T['fg']); self.lab('paragraph_title' if len(self.labs) > 1 else 'doc_title', b); yy += em * .5; nc = max(1, min(4, int(pw / (em * 13))))
                self.flow(self.columns(nc, yy, y + hh - em, xx, pw, em * 1.2), dict(text=12, figure=.9)); xx += w * p
                if len(self.labs) > 66: break
            y += hh
            if r.random() < .6: self.d.line((x, y - em * .4, x + w, y - em * .4), fill=self.T['fg'])
            if len(self.labs) > 60: break
    def d_slide(self):
        r = self.r; W = int(r.triangular(800, 1500, 1100)); H = int(W / r.choice([16 / 9, 16 / 9, 4 / 3, 1.6])); em = H * r.uniform(.03, .045); self.setup('slide', W, H, em, W * r.uniform(.04, .09), H * .09); self.T['indent'] = False; self.T['bilevel'] = 0; x, w = self.mx, W - 2 * self.mx
        if r.random() < .3:
            c = r.choice(CLR); bg = tuple(int(v * .5) for v in c); self.paper = bg; self.d.rectangle((0, 0, W, H), fill=bg); self.T['fg'] = (240, 240, 240); self.T['acc'] = (255, 255, 255) if r.random() < .6 else (250, 210, 90)
        elif r.random() < .4: self.d.rectangle((0, 0, W, H * .13), fill=self.T['acc']); 
        self.pn = r.random() < .6; self.pnpos = 'bo'; k = r.random()
        if k < .15:
            y = self.doc_title(H * r.uniform(.25, .4), r.uniform(2, 3)) + em; y += self.b_text(x, y, w, H * .2, 1, 'text', 1.1)
            if r.random() < .5: self.b_text(x, y + em, w * .6, H * .1, 1, 'text', .9)
        else:
            f = self.f('head', r.uniform(1.4, 1.9)); ls = self.wrap(self.title_text(r.randint(2, 6)), f, w)[:1]; hb = self.im.getpixel((2, int(H * .05))); col = (255, 255, 255) if sum(hb) < 330 else self.T['acc']; b, _ = self.lines(x, H * .03, w, ls, f, 1.3, col); self.lab('doc_title' if r.random() < .25 else 'paragraph_title', b); y, y1 = H * .17, H * .88; self.T['lead'] = 1.4
            if r.random() < .1: self.logo(W - self.mx * 1.2 - em * 2, H * .03, em * 1.2, 'header_image')
            n = r.choice([1, 1, 2, 2, 3]); cols = self.columns(n, y, y1)
            for c in cols: self.flow([c], dict(list=4, text=2, figure=2.2 if n > 1 else 1, table=1., title=.5, code=.3, formula=.3), r.uniform(.5, 1))
        self.furniture_bottom()
    def d_receipt(self):
        r = self.r; W = int(r.uniform(360, 560)); H = int(W * r.uniform(1.5, 2.8)); em = W * r.uniform(.034, .048); self.setup('receipt', W, H, em, W * .07, W * .08); self.T['body'] = self.T['mono'] if not self.T['zh'] and r.random() < .7 else self.T['body']; self.T['bold'] = self.T['body']; self.T['acc'] = self.T['fg']; self.T['lead'] = 1.3; y = self.my; x, w = self.mx, W - 2 * self.mx
        if r.random() < .3: self.logo(W / 2 - em * 2, y, em * 2.5, 'header_image'); y += em * 3.4
        y = self.doc_title(y, r.uniform(1.4, 2), 'c', 2) + em * .3; f = self.f('body'); ls = self.wrap(self.text(int(w / f.avg * r.uniform(1, 3))), f, w * .9)[:r.randint(1, 3)]; b, y = self.lines(x, y, w, ls, f, 1.3, self.T['fg'], 'c'); self.lab('text', b); y += em
        def kv(n, y):
            bs = []
            for _ in range(n):
                if y > H - em * 5: break
                s, t = f.clean(self.words(2))[:16], self.num(); yb = y + f.size; bs.append(self.put(x, yb, s, f, self.ink(self.T['fg']))); bs.append(self.put(x + w - f.w(t), yb, t, f, self.ink(self.T['fg']))); y += f.size * 1.35
            if bs: self.lab('text', self.union(bs))
            return y
        dash = lambda y: self.put(x, y + f.size * .6, '-' * int(w / f.w('-')), f, self.ink(self.T['fg']))
        y = kv(r.randint(1, 4), y); dash(y); y += em * 1.5; y += self.b_table(x, y, w, H - y - em * 10, False, r.randint(3, 18), 'plain') + em * .4; dash(y); y += em * 1.5
        if y < H - em * 8: y = kv(r.randint(1, 5), y) + em
        if y < H - em * 6 and r.random() < .5:
            bw = w * .7; xx = x + w * .15; h = em * 3
            while xx < x + w * .85: q = r.choice([1, 2, 3]); self.d.rectangle((xx, y, xx + q, y + h), fill=self.T['fg']); xx += q + r.choice([1, 2, 3])
            self.lab('image', (x + w * .15, y, xx, y + h)); y += h + em
        if y < H - em * 3: b, y = self.lines(x, y, w, [f.clean(self.title_text(3))[:int(w / f.avg)]], f, 1.3, self.T['fg'], 'c'); self.lab('text' if r.random() < .5 else 'footer', b)
    def d_screen(self):
        r = self.r; W = int(r.triangular(800, 1500, 1100)); H = int(W / r.choice([16 / 9, 1.6, 1.33, 1., .75, .55])); H = min(H, 1600); em = r.uniform(11, 15) * W / 1200; self.setup('screen', W, H, em, W * r.uniform(.03, .1), H * .07); T = self.T; T['indent'] = False; dark = r.random() < .2; self.pn = False; self.pnpos = 'bc'; T['bilevel'] = 0
        if dark: self.paper = (r.randint(18, 40),) * 3; self.d.rectangle((0, 0, W, H), fill=self.paper); T['fg'] = (215, 215, 220); T['acc'] = (120, 180, 250)
        nh = em * r.uniform(2.4, 4); x, w = self.mx, W - 2 * self.mx; f = self.f('body', .95)
        if r.random() < .8:
            c = r.choice([T['acc'], (245,) * 3, self.paper, (30, 32, 40)]); self.d.rectangle((0, 0, W, nh), fill=c); fg = (240,) * 3 if sum(c) < 400 else (50,) * 3; bs = []; xx = x
            if r.random() < .5: xx += self.logo(xx, nh * .25, nh * .5, 'header_image') + em * 2
            for _ in range(r.randint(2, 6)):
                s = f.clean(self.words(1))[:10]
                if xx + f.w(s) > W - x: break
                bs.append(self.put(xx, nh * .62, s, f, self.ink(fg))); xx += f.w(s) + em * 1.6
            if bs: self.lab('header', self.union(bs))
        y, y1 = nh + em * 1.5, H - em * 3; sw = 0; side = r.random() < .35; right = side and r.random() < .5
        def sidebar(sx):
            bs = []; yy = y + em
            if r.random() < .5: self.d.rectangle((sx - em * .5, y, sx + sw - em, y1), fill=tuple(max(0, v - 10) for v in self.paper) if not dark else (50,) * 3)
            for _ in range(r.randint(4, 16)):
                if yy > y1 - em: break
                s = f.clean(self.words(r.randint(1, 3)))[:int(sw / f.avg * .7)]
                if s: bs.append(self.put(sx, yy, s, f, self.ink(T['fg'])))
                yy += em * 1.7
            if bs: self.lab('aside_text', self.union(bs))
        if side: sw = w * r.uniform(.17, .27); w -= sw
        if side and not right: sidebar(x); x += sw
        if r.random() < .5: ff = self.f('head', r.uniform(1.7, 2.4)); ls = self.wrap(self.title_text(5), ff, w)[:2]; b, y = self.lines(x, y, w, ls, ff, 1.25, T['fg']); self.lab('doc_title', b); y += em * .8
        n = r.choice([1, 1, 1, 2, 3]); T['lead'] = 1.45; self.flow(self.columns(n, y, y1, x, w - em), dict(text=8, title=2, list=1.5, figure=1.5, table=1, code=1.2, aside=.3), r.uniform(.7, 1))
        if right: sidebar(x + w)
        if r.random() < .35: s = f.clean(self.title_text(7))[:50]; self.lab('footer', self.put(self.mx, H - em, s, f, self.ink((130,) * 3)))
    def d_letter(self):
        """letters, notices, forms, invoices, certificates; often with a seal"""
        r = self.r; W, H = self.size(); em = r.uniform(10, 13) * H / 842; self.setup('letter', W, H, em, W * r.uniform(.1, .15), H * r.uniform(.08, .11)); T = self.T; self.furniture_top(); y = self.my; y1 = H - self.my; x, w = self.mx, W - 2 * self.mx; T['lead'] = max(T['lead'], 1.35); f = self.f('body'); fg = T['fg']
        if r.random() < .7: y = self.doc_title(y, r.uniform(1.5, 2.3), 'c', r.randint(2, 5)) + em
        if r.random() < .4:
            ls = [f.clean(self.title_text(3))[:28] for _ in range(r.randint(2, 5))]; b, y = self.lines(x, y, w, [q for q in ls if q] or ['A'], f, 1.3, fg, r.choice('lr')); self.lab('text', b); y += em
        mix = dict(text=8, title=1.2, list=1, table=r.choice([.3, 4])); self.flow([[x, y, y1 - em * 9, w]], mix, r.uniform(.4, 1)); y = max([q[4] for q in self.labs] + [y]) + em * 2
        sx = x + w * .6; 
        if y < y1 - em * 4:
            ls = [q for q in (f.clean(self.title_text(2))[:16], f'{r.randint(1990, 2026)}年{r.randint(1, 12)}月{r.randint(1, 28)}日' if T['zh'] else f'{r.randint(1, 12)}/{r.randint(1, 28)}/{r.randint(1990, 2026)}') if q]; b, yy = self.lines(sx, y, w * .4, ls, f, 1.6, fg, 'c'); self.lab('text', b)
        if r.random() < .6: s = W * r.uniform(.13, .22); self.seal(min(W - s * .6, sx + w * .2 + r.uniform(-1, 1) * em * 2), min(H - s * .7, y + em * 1.5), s)
        self.furniture_bottom()
    def d_book(self):
        r = self.r; W, H = self.size(r.choice([1.4142, 1.5, 1.6])); em = r.uniform(11.5, 15) * H / 842; self.setup('book', W, H, em, W * r.uniform(.1, .16), H * r.uniform(.08, .12)); self.T['indent'] = True; self.T['pgap'] = r.choice([0, 0, .3]); self.furniture_top(); y = self.my; foot = []; y1 = H - self.my
        if r.random() < .25: y = self.doc_title(y + H * r.uniform(.03, .15), r.uniform(1.5, 2.2), 'c', 3) + em * 2.5
        if r.random() < .3: y1, foot = self.footnotes(self.mx, y1, W - 2 * self.mx)
        mix = dict(text=14, title=.9, figure=.25, table=.15, list=.4); mix['formula'] = r.choice([0, 0, 4]); self.flow(self.columns(1, y, y1), mix); self.labs += foot; self.furniture_bottom()
    def d_vertical(self):
        r = self.r; W, H = self.size(r.choice([1.4142, 1.3, .75])); em = r.uniform(11, 16) * H / 842; self.setup('book', W, H, em, W * .09, H * .09); self.T['zh'] = True; e = r.choice(self.F.cjk); self.T['body'] = r.choice(e['r']); self.T['head'] = r.choice(e['b'] or e['r']); self.T['lead'] = r.uniform(1.4, 1.9); x, w, y, h = self.mx, W - 2 * self.mx, self.my, H - 2 * self.my; self.pn = r.random() < .6; self.pnpos = 'bc'; right = x + w; nb = r.randint(2, 5); T = self.T
        if r.random() < .5:
            t = self.em * r.uniform(1.5, 2); k = self.em; b0 = len(self.labs); f = self.F.get(T['head'], t); s = f.clean(self.words(3))[:int(h * .6 / t)]; bs = [self.put(right - t, y + (j + 1) * t * 1.1, c, f, self.ink(T['acc'])) for j, c in enumerate(s)]
            if bs: self.lab('doc_title', self.union(bs)); right -= t * 2
        rows = r.choice([1, 1, 2]); hh = (h - (rows - 1) * em * 2) / rows
        for q in range(rows):
            xr = right
            while xr > x + em * 3:
                bw = min(xr - x, em * T['lead'] * r.randint(3, 9)); b = self.vtext(xr - bw, y + q * (hh + em * 2), bw, hh)
                if not b: break
                xr = b[0] - em * r.uniform(.8, 1.2)
                if r.random() < .12 and xr - x > em * 10: pw = min(xr - x, em * r.uniform(8, 14)); ph = hh * r.uniform(.4, .8); self.im.paste(self.photo(pw, ph), (int(xr - pw), int(y + q * (hh + em * 2)))); self.lab('image', (int(xr - pw), int(y + q * (hh + em * 2)), int(xr), int(y + q * (hh + em * 2)) + int(ph))); xr -= pw + em
        self.furniture_bottom()
    DOCS = dict(paper=.27, report=.2, magazine=.1, news=.03, slide=.1, receipt=.04, screen=.09, letter=.08, book=.07, vertical=.02)
    # ------------------------------------------------------------ one page
    def page(self, kind=None):
        r = self.r
        while True:
            k = kind or r.choices(list(self.DOCS), list(self.DOCS.values()))[0]
            try: getattr(self, 'd_' + k)()
            except (OSError, MemoryError): raise
            except Exception as e:
                if os.environ.get('PAGES_DEBUG'): raise
                continue
            if 1 <= len(self.labs) <= MAXB: return self.im, self.labs, k
    def degrade(self, im, q):
        """slight rotation (corner points follow), blur, shading, grain, JPEG; q [n,4,2] corner points in pixels"""
        r = self.r; W, H = im.size
        if r.random() < .25:
            a = r.uniform(-2, 2); bg = tuple(int(v) for v in np.asarray(im.resize((1, 1), Image.BOX, (0, 0, W, 6)))[0, 0]); im = im.rotate(a, Image.BILINEAR, fillcolor=bg); t = math.radians(a); c, s = math.cos(t), math.sin(t); p = q - [W / 2, H / 2]; q = np.stack([p[..., 0] * c + p[..., 1] * s, -p[..., 0] * s + p[..., 1] * c], -1) + [W / 2, H / 2]
        if r.random() < .12:     # photographed on a table / margins cut or added
            m = [int(r.uniform(0, .06) * W) for _ in range(4)]; n = Image.new('RGB', (W + m[0] + m[2], H + m[1] + m[3]), tuple(r.randint(0, 255) for _ in range(3))); n.paste(im, (m[0], m[1])); im = n; q = q + [m[0], m[1]]; W, H = im.size
        if r.random() < .12: im = im.filter(ImageFilter.GaussianBlur(r.uniform(.4, 1.2)))
        k = r.random()
        if k < .2:
            f = np.asarray(im).astype(np.int16); 
            if k < .14:
                t = self.np.uniform(-1, 1, (r.randint(2, 4), r.randint(2, 4))).astype(np.float32) * r.uniform(6, 45); s = np.asarray(Image.fromarray(t).resize((W, H), Image.BICUBIC)).astype(np.int16); f = f + s[..., None]
            if k > .06: y, x = r.randint(0, max(0, 1199 - min(H, 1199))), r.randint(0, max(0, 1199 - min(W, 1199))); n = self.noise[y:y + H, x:x + W] * r.uniform(2, 12); f[:n.shape[0], :n.shape[1]] += n.astype(np.int16)[..., None]
            im = Image.fromarray(np.clip(f, 0, 255).astype(np.uint8))
        if r.random() < .15: b = io.BytesIO(); im.save(b, 'JPEG', quality=r.randint(25, 85)); im = Image.open(b).convert('RGB')
        return im, q
    def natural(self, kind=None):
        """-> degraded PIL page, labels float32 [n,14] (normalised to the page)"""
        im, labs, k = self.page(kind)
        b = np.array(labs, np.float64).reshape(-1, 5); q = b[:, [1, 2, 3, 2, 3, 4, 1, 4]].reshape(-1, 4, 2)
        if not self.clean:
            im, q = self.degrade(im, q); r = self.r
            if r.random() < .08:     # a part of a page
                W, H = im.size; w, h = int(W * r.uniform(.5, .95)), int(H * r.uniform(.35, .9)); x, y = r.randint(0, W - w), r.randint(0, H - h); lo, hi = q.min(1), q.max(1); c = np.clip((np.minimum(hi, [x + w, y + h]) - np.maximum(lo, [x, y])), 0, None).prod(1) / (hi - lo).prod(1)
                if (c > .9).sum() >= 2: im = im.crop((x, y, x + w, y + h)); k_ = c > .3; b, q = b[k_], q[k_] - [x, y]
        W, H = im.size; q = np.clip(q / [W, H], 0, 1); lo, hi = q.min(1), q.max(1); out = np.zeros((len(b), 14), np.float32)
        out[:, 0] = b[:, 0]; out[:, 1:3] = (lo + hi) / 2; out[:, 3:5] = hi - lo; out[:, 5:13] = q.reshape(-1, 8); out[:, 13] = np.arange(len(b)); ok = (out[:, 3] > .002) & (out[:, 4] > .002)
        return im, out[ok], k
    def sample(self, S=640, kind=None):
        im, t, k = self.natural(kind); return resize_noaa(im, S), t, k

def draw(im, t, names=True):
    """overlay labels on a copy, for looking at"""
    im = im.convert('RGB').copy(); d = ImageDraw.Draw(im); W, H = im.size; pal = [tuple(int(c) for c in np.random.default_rng(i + 7).integers(40, 220, 3)) for i in range(25)]; f = ImageFont.load_default()
    for b in t:
        c = int(b[0]); d.polygon([(b[5 + 2 * i] * W, b[6 + 2 * i] * H) for i in range(4)], outline=pal[c], width=2)
        if names: d.text((b[5] * W + 2, max(0, b[6] * H - 9)), f'{int(b[13])} {LABELS[c]}', fill=pal[c], font=f)
    return im

if __name__ == '__main__':
    import sys, time
    from collections import Counter
    here = os.path.dirname(os.path.abspath(__file__)); ASSETS = os.environ['ASSETS']; seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1; g = PageGen(ASSETS, seed); n = 60; t = time.time(); cnt = Counter(); kt = {}
    for _ in range(10): g.sample()
    t = time.time()
    for i in range(n): t1 = time.time(); _, b, k = g.sample(); kt.setdefault(k, []).append(time.time() - t1); cnt.update(LABELS[int(c)] for c in b[:, 0])
    print(f'{n / (time.time() - t):.1f} pages/s on one core', {k: f'{1000 * sum(v) / len(v):.0f} ms x{len(v)}' for k, v in kt.items()}); print(cnt)
    cs = Image.new('RGB', (6 * 420, 4 * 560), (90, 90, 90))
    for i in range(24): im, b, k = g.natural(); q = draw(im, b); q.thumbnail((412, 552)); cs.paste(q, (i % 6 * 420 + 4, i // 6 * 560 + 4))
    cs.save(here + '/contact.png')
