"""Greedy-decoding evaluation with the plain HF class (fp32), plus goldens.

  python eval.py --model DIR --out OUT --n 240 [--goldens]
Held-out fonts and held-out text; `clean` = no augmentation, `aug` = the training augmentation.
"""
import os, sys, json, argparse, random, time
import numpy as np
ap = argparse.ArgumentParser(); A = ap.add_argument
A('--model'); A('--out'); A('--n', type=int, default=240); A('--goldens', action='store_true'); A('--assets', required=True); A('--bs', type=int, default=240); A('--only', default='')
A('--gpu', type=int, default=0); A('--part', default='0/1')
a = ap.parse_args()
HERE = os.path.dirname(os.path.abspath(__file__)); sys.path.insert(0, HERE)
os.environ['TOKENIZERS_PARALLELISM'] = 'false'
import data as D, cv2, torch
CFG = dict(atlas=a.assets + '/atlas', fonts=a.assets + '/fonts', corpus=a.assets + '/corpus')

def lev(r, h):
    if not r: return len(h)
    h = np.array(list(h)); p = np.arange(len(h) + 1); ar = np.arange(len(h) + 1)
    for i, c in enumerate(r, 1):
        q = np.minimum(p + 1, np.concatenate([[i], p[:-1] + (h != c)])); q[0] = i
        p = np.minimum.accumulate(q - ar) + ar
    return int(p[-1])

def grid(s):
    rows = []
    for l in s.split('<nl>'):
        if not l: continue
        cells = []
        for t in l.replace('<ecel>', '\0E').replace('<fcel>', '\0F').replace('<lcel>', '\0L').replace('<ucel>', '\0U').replace('<xcel>', '\0X').split('\0')[1:]: cells.append((t[0], t[1:].strip()))
        rows.append(cells)
    return rows

SETS = [  # name, force, clean, held-out fonts
    ('en_line_clean', ('en', 1), 1, 1), ('en_line_aug', ('en', 1), 0, 1), ('en_block_clean', ('en', None), 1, 1), ('en_block_aug', ('en', None), 0, 1),
    ('zh_line_clean', ('zh', 1), 1, 1), ('zh_line_aug', ('zh', 1), 0, 1), ('zh_block_clean', ('zh', None), 1, 1), ('zh_block_aug', ('zh', None), 0, 1),
    ('zh_randomchars_line_clean', ('zhrare', 1), 1, 1), ('mixed_line_clean', ('mixed', 1), 1, 1), ('struct_line_clean', ('struct', 1), 1, 1), ('struct_line_aug', ('struct', 1), 0, 1), ('random_ascii_line_clean', ('rand', 1), 1, 1), ('european_line_clean', ('eu', 1), 1, 1),
    ('table_clean', 'table', 1, 1), ('table_aug', 'table', 0, 1),
    ('en_block_clean_trainfonts', ('en', None), 1, 0), ('zh_block_clean_trainfonts', ('zh', None), 1, 0)]

def make(name, force, clean, hold, n):
    import zlib
    r = random.Random(zlib.crc32(name.encode())); g = np.random.default_rng(zlib.crc32(name.encode()))
    rd = D.Renderer(D.Bank(CFG['atlas'], CFG['fonts'], bool(hold)), D.Text(CFG['corpus'], True), r, g, bool(clean)); out = []
    while len(out) < n:
        f = force if force == 'table' else (force[0], force[1] or r.randint(2, 6))
        im, txt, task = rd.sample(1., f)
        if f != 'table' and len(txt.strip()) < 2: continue
        out.append((im, txt, task))
    return out

def load(dir, dev):
    from transformers import PaddleOCRVLForConditionalGeneration
    m = PaddleOCRVLForConditionalGeneration.from_pretrained(dir, dtype=torch.float32).to(dev).eval()
    return m

class Runner:
    def __init__(self, dir, dev):
        from tokenizers import Tokenizer
        from transformers.models.paddleocr_vl.image_processing_pil_paddleocr_vl import PaddleOCRVLImageProcessorPil
        self.ip = PaddleOCRVLImageProcessorPil.from_pretrained(dir); self.tk = Tokenizer.from_file(dir + '/tokenizer.json'); self.m = load(dir, dev); self.dev = dev
        v = self.tk.get_vocab(); self.img, self.pad, self.eos = v['<|IMAGE_PLACEHOLDER|>'], v['<pad>'], v['</s>']
        self.pre = self.tk.encode('<|begin_of_sentence|>User: <|IMAGE_START|>', add_special_tokens=False).ids
        self.suf = lambda task: self.tk.encode(f'<|IMAGE_END|>{task}\nAssistant:\n', add_special_tokens=False).ids
    def inputs(self, ims, tasks):
        from PIL import Image
        f = self.ip(images=[Image.fromarray(i).convert('RGB') if i.ndim == 2 else Image.fromarray(i) for i in ims], return_tensors='pt')
        thw = f['image_grid_thw']; ids = [self.pre + [self.img] * (int(t.prod()) // 4) + self.suf(k) for t, k in zip(thw, tasks)]
        L = max(map(len, ids)); I = torch.full((len(ids), L), self.pad); M = torch.zeros((len(ids), L), dtype=torch.long)
        for i, x in enumerate(ids): I[i, L - len(x):] = torch.tensor(x); M[i, L - len(x):] = 1
        d = dict(input_ids=I, attention_mask=M, mm_token_type_ids=(I == self.img).int(), pixel_values=f['pixel_values'], image_grid_thw=thw)
        return {k: v.to(self.dev) for k, v in d.items()}
    @torch.no_grad()
    def greedy(self, ims, tasks, mx=640):
        d = self.inputs(ims, tasks); L = d['input_ids'].shape[1]
        o = self.m.generate(**d, do_sample=False, max_new_tokens=mx, eos_token_id=self.eos, pad_token_id=self.pad, use_cache=True)
        res = []
        for x in o[:, L:].tolist():
            if self.eos in x: x = x[:x.index(self.eos) + 1]
            res.append((x, self.tk.decode([t for t in x if t != self.eos], skip_special_tokens=True)))
        return res

def main():
    torch.manual_seed(0); torch.backends.cuda.matmul.allow_tf32 = False
    dev = torch.device('cuda', a.gpu); R = Runner(a.model, dev); T0 = time.time()
    k, m = map(int, a.part.split('/')); sets = [s for i, s in enumerate(SETS) if i % m == k and (not a.only or a.only in s[0])]
    rep, show = {}, {}
    for name, force, clean, hold in sets:
        S = make(name, force, clean, hold, a.n); order = sorted(range(len(S)), key=lambda i: S[i][0].size); pred = [None] * len(S)
        for b in range(0, len(S), a.bs):
            ix = order[b:b + a.bs]
            for i, (ids, t) in zip(ix, R.greedy([S[i][0] for i in ix], [S[i][2] for i in ix])): pred[i] = t
        ed = [lev(s[1], p) for s, p in zip(S, pred)]; n = sum(len(s[1]) for s in S)
        e = dict(n=len(S), chars=n, cer=round(sum(ed) / n, 5), exact=round(sum(x == 0 for x in ed) / len(S), 4), cer_no_outliers=round(sum(x for x, s in zip(ed, S) if x <= .5 * len(s[1])) / n, 5), failures_over_50pct=sum(x > .5 * len(s[1]) for x, s in zip(ed, S)))
        if force == 'table':
            ok = tot = st = 0
            for s, p in zip(S, pred):
                g, h = grid(s[1]), grid(p); st += [len(x) for x in g] == [len(x) for x in h]
                for i, row in enumerate(g):
                    for j, c in enumerate(row): tot += 1; ok += i < len(h) and j < len(h[i]) and h[i][j] == c
            e.update(cells=tot, cell_accuracy=round(ok / tot, 5), structure_exact=round(st / len(S), 4))
        rep[name] = e; show[name] = [(S[i][1][:300], pred[i][:300]) for i in sorted(range(len(S)), key=lambda i: -ed[i] / max(1, len(S[i][1])))[:4]]
        print(name, e, round(time.time() - T0, 1), flush=True)
    os.makedirs(a.out, exist_ok=True)
    json.dump(dict(sets=rep, worst=show), open(f'{a.out}/eval_{k}.json', 'w'), ensure_ascii=False, indent=1)
    if a.goldens and k == 0: goldens(R)

@torch.no_grad()
def goldens(R):
    from PIL import Image
    o = a.out + '/samples'; os.makedirs(o, exist_ok=True)
    want = [('en_line', ('en', 1), 1), ('en_line_noisy', ('en', 1), 0), ('en_block', ('en', 4), 1), ('en_block_noisy', ('en', 5), 0), ('zh_line', ('zh', 1), 1), ('zh_block', ('zh', 4), 1), ('zh_block_noisy', ('zh', 3), 0), ('mixed_line', ('mixed', 1), 1), ('struct', ('struct', 3), 1), ('european', ('eu', 2), 1), ('table_en', 'table', 1), ('table_b', 'table', 0)]
    meta = []
    for i, (nm, f, clean) in enumerate(want):
        r = random.Random(9000 + i); g = np.random.default_rng(9000 + i)
        rd = D.Renderer(D.Bank(CFG['atlas'], CFG['fonts'], True), D.Text(CFG['corpus'], True), r, g, bool(clean))
        while True:
            im, txt, task = rd.sample(1., f)
            if len(txt) >= 20 and (f == 'table' or txt.count('\n') == f[1] - 1): break
        im = np.stack([im] * 3, -1)
        if i in (3, 9): im = np.clip(im.astype(np.float32) * np.float32([.95, .9, .8]) + np.float32([10, 20, 30]), 0, 255).astype(np.uint8)
        Image.fromarray(im).save(f'{o}/{i:02d}_{nm}.png', optimize=True)
        ids, t = R.greedy([im], [task])[0]; d = R.inputs([im], [task])
        e = dict(file=f'{i:02d}_{nm}.png', task=task, width=im.shape[1], height=im.shape[0], grid_thw=d['image_grid_thw'][0].tolist(), prompt_ids_length=int(d['input_ids'].shape[1]), truth=txt, greedy_ids=ids, greedy_text=t, cer=round(lev(txt, t) / len(txt), 4))
        meta.append(e)
        if i in (0, 5):
            out = R.m(**d); fe = R.m.model.get_image_features(d['pixel_values'], d['image_grid_thw'], return_dict=True).pooler_output[0]
            lg = out.logits[0, -1].float(); top = torch.topk(lg, 20)
            ve = R.m.model.visual.vision_model.embeddings(d['pixel_values'][None], grid_thw=d['image_grid_thw'])[:5]
            pos, delta = R.m.model.get_rope_index(d['input_ids'], d['mm_token_type_ids'], d['image_grid_thw'])
            json.dump(dict(file=e['file'], task=task, input_ids=d['input_ids'][0].tolist(), position_ids=pos[:, 0].tolist(), rope_delta=int(delta), grid_thw=e['grid_thw'], note='float32 on an H200 (CUDA), TF32 off, transformers image processor of the PIL backend',
                           pixel_values_rows=d['pixel_values'][:5].reshape(5, -1).tolist(), patch_embeddings_rows=ve.tolist(), image_embeddings_rows=fe[:5].tolist(), first_step_logits_top20=dict(ids=top.indices.tolist(), values=top.values.tolist())), open(f'{o}/{i:02d}_{nm}.stages.json', 'w'))
        print(e['file'], e['cer'], repr(txt[:80]), '->', repr(t[:80]), flush=True)
    json.dump(meta, open(o + '/samples.json', 'w'), ensure_ascii=False, indent=1)

if __name__ == '__main__': main()
