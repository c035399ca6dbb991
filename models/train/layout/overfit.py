"""Sanity check on CPU: learn 4 fixed pages by heart, then score them with the plain HF forward (both reference modes)."""
import os, sys, time, numpy as np, torch, pages, model as MD, losses as LS
from train import evaluate
S, B, STEPS = int(sys.argv[1]), 4, int(sys.argv[2]); torch.set_num_threads(1); torch.set_flush_denormal(True); g = pages.PageGen(os.environ['ASSETS'], 5); g.clean = True; d = [g.sample(S, k) for k in ['slide', 'letter', 'report', 'receipt']]
x = torch.from_numpy(np.stack([a[0] for a in d])).permute(0, 3, 1, 2).float() / 255; n = [len(a[1]) for a in d]; G = max(n); lab = torch.zeros(B, G, 14)
for i, a in enumerate(d): lab[i, :n[i]] = torch.from_numpy(a[1])
cls, box, quad = lab[..., 0].long(), lab[..., 1:5], lab[..., 5:13].view(B, G, 4, 2); valid = torch.arange(G)[None] < torch.tensor(n)[:, None]; print('objects', n)
net = MD.build(); M = net.model; M.config.num_denoising = int(sys.argv[3]) if len(sys.argv) > 3 else 50; off = [p for k, p in net.named_parameters() if 'sampling_offsets' in k]; o = torch.optim.AdamW([dict(params=[p for k, p in net.named_parameters() if 'sampling_offsets' not in k], mul=1.), dict(params=off, mul=.3)], lr=1e-3, betas=(.9, .99), weight_decay=1e-4); t = time.time(); net.train()
for s in range(STEPS):
    lr = 1e-3 * min(1, (s + 1) / 20) * (1 if s < STEPS * .6 else max(.02, (STEPS - s) / (STEPS * .4)))
    for q in o.param_groups: q['lr'] = lr * q['mul']
    r = LS.forward_train(M, x, cls, box, valid, .5 if s > STEPS * .1 else 0); L = LS.losses(M, r, cls, box, quad, valid, n, float(sum(n)), 3 if s < STEPS * .4 else 1); l = sum(L.values()); o.zero_grad(); l.backward(); gn = torch.nn.utils.clip_grad_norm_(net.parameters(), 5.); o.step()
    if s % 20 == 19: print(f'{time.time() - t:.0f}s step {s + 1} loss {l.item():.2f} gn {float(gn):.0f} ' + ' '.join(f'{k} {float(v):.3f}' for k, v in L.items()), flush=True)
    if s % 80 == 79 or s == STEPS - 1:
        for p in net.modules():
            if isinstance(p, torch.nn.BatchNorm2d): p.momentum = .3
        for enh in (True, False):
            net.eval(); M.mask_enhanced = enh; out = []
            with torch.no_grad(): h = net(x)
            p = torch.sigmoid(h.order_logits); rk = (p.triu(1).sum(1) + (1 - p.transpose(1, 2)).tril(-1).sum(1)).argsort(1).argsort(1); sc, ix = h.logits.sigmoid().flatten(1).topk(net.config.num_queries); q = ix // 25; bx = LS.xyxy(h.pred_boxes).gather(1, q[..., None].expand(-1, -1, 4))
            e = evaluate([(sc[k].numpy(), (ix[k] % 25).numpy(), bx[k].numpy(), rk[k].gather(0, q[k]).numpy()) for k in range(B)], [np.concatenate([a[1][:, :1], a[1][:, 1:3] - a[1][:, 3:5] / 2, a[1][:, 1:3] + a[1][:, 3:5] / 2], 1) for a in d], .3); print('   EVAL mask_enhanced', enh, {k: e[k] for k in ('mAP50', 'mAP75', 'mAP', 'order_pair_accuracy', 'order_pairs', 'precision', 'recall')}, flush=True); net.train(); M.mask_enhanced = True
