"""Extra checks on one GPU: normalised CER for Chinese, robustness variants, AutoProcessor / chat-template loading."""
import sys, os, json, time, unicodedata, re
MODEL, OUT, N, ASSETS = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
sys.argv = ['eval.py', '--model', MODEL, '--out', OUT, '--assets', ASSETS]
T0 = time.time()
import eval as E, torch
import data as D
torch.backends.cuda.matmul.allow_tf32 = False
R = E.Runner(MODEL, torch.device('cuda', 0)); print('loaded', round(time.time() - T0, 1), sum(p.numel() for p in R.m.parameters()), flush=True)
MAP = str.maketrans({'“': '"', '”': '"', '‘': "'", '’': "'", '—': '-', '–': '-', '―': '-'})
def norm(s): return re.sub(r'[ ]+', '', unicodedata.normalize('NFKC', s).translate(MAP))
rep = {}
def run(tag, S, mx=640, bs=300):
    t = time.time(); order = sorted(range(len(S)), key=lambda i: S[i][0].size); pred = [None] * len(S)
    for b in range(0, len(S), bs):
        ix = order[b:b + bs]
        for i, (ids, x) in zip(ix, R.greedy([S[i][0] for i in ix], [S[i][2] for i in ix], mx)): pred[i] = x
    n = sum(len(s[1]) for s in S); nn = sum(len(norm(s[1])) for s in S)
    ed = [E.lev(s[1], p) for s, p in zip(S, pred)]
    rep[tag] = dict(n=len(S), chars=n, cer=round(sum(ed) / n, 5), exact=round(sum(x == 0 for x in ed) / len(S), 4), cer_ignoring_spaces_and_punctuation_width=round(sum(E.lev(norm(s[1]), norm(p)) for s, p in zip(S, pred)) / nn, 5), failures_over_50pct=sum(x > .5 * len(s[1]) for x, s in zip(ed, S)))
    print(tag, rep[tag], round(time.time() - t, 1), flush=True)
G = lambda name, f, c, n=N: E.make(name, f, c, 1, n)
zl, zb, el, eb = G('zh_line_clean', ('zh', 1), 1), G('zh_block_clean', ('zh', None), 1), G('en_line_clean', ('en', 1), 1), G('en_block_clean', ('en', None), 1)
run('zh_line_clean', zl); run('zh_block_clean', zb); run('zh_line_aug', G('zh_line_aug', ('zh', 1), 0)); run('zh_block_aug', G('zh_block_aug', ('zh', None), 0))
h = N // 2
e = R.m.model.visual.vision_model.embeddings
e.interpolation_align_corners = False
run('align_corners_false/en_line_clean', el[:h]); run('align_corners_false/zh_line_clean', zl[:h]); run('align_corners_false/en_block_clean', eb[:h])
e.interpolation_align_corners = True
suf = R.suf; R.suf = lambda task: R.tk.encode(f'<|IMAGE_END|>{task}\nAssistant: ', add_special_tokens=False).ids
run('assistant_space_template/en_line_clean', el[:h]); R.suf = suf
ip = R.ip; from transformers.models.paddleocr_vl.image_processing_pil_paddleocr_vl import PaddleOCRVLImageProcessorPil as IP
R.ip = IP.from_pretrained(MODEL, size={'shortest_edge': 112896, 'longest_edge': 1003520})
run('upstream_pixel_limits_112896_1003520/en_line_clean', el[:h // 2], bs=75); run('upstream_pixel_limits_112896_1003520/zh_line_clean', zl[:h // 2], bs=75); R.ip = ip
import random, numpy as np
def big(kind, n, seed):
    rd = D.Renderer(D.Bank(E.CFG['atlas'], E.CFG['fonts'], True), D.Text(E.CFG['corpus'], True), random.Random(seed), np.random.default_rng(seed), True); o = []
    while len(o) < n:
        b = rd.block(kind, rd.r.randint(8, 14), None, 490)
        if b and b[1].count('\n') >= 6: o.append((255 - b[0], b[1], 'OCR:'))
    return o
run('en_paragraph_7_to_14_lines_clean', big('en', h // 2, 5), 1000, 75); run('zh_paragraph_7_to_14_lines_clean', big('zh', h // 2, 6), 1000, 75)
os.makedirs(OUT, exist_ok=True); json.dump(rep, open(OUT + '/eval2.json', 'w'), indent=1)
try:
    from transformers import AutoProcessor
    from PIL import Image
    p = AutoProcessor.from_pretrained(MODEL); im = Image.open(MODEL + '/samples/00_en_line.png').convert('RGB')
    d = p.apply_chat_template([{'role': 'user', 'content': [{'type': 'image', 'image': im}, {'type': 'text', 'text': 'OCR:'}]}], tokenize=True, add_generation_prompt=True, return_dict=True, return_tensors='pt')
    print(type(p), type(p.image_processor), {k: v.shape for k, v in d.items()}); mine = R.inputs([np.array(im)], ['OCR:'])
    print('ids equal', d['input_ids'].tolist() == mine['input_ids'].cpu().tolist(), 'pixel diff', float((d['pixel_values'] - mine['pixel_values'].cpu()).abs().max()))
    o = R.m.generate(**{k: v.cuda() for k, v in d.items()}, do_sample=False, max_new_tokens=100); print(repr(p.batch_decode(o[:, d['input_ids'].shape[1]:], skip_special_tokens=True, clean_up_tokenization_spaces=False)))
except Exception as ex:
    import traceback; traceback.print_exc()
print('total', round(time.time() - T0, 1))
