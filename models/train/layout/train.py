"""Time-boxed training of the tiny layout detector. One process per GPU; render workers are forked before torch is imported."""
import argparse, os, sys, time, json, math, mmap, random, socket, signal, multiprocessing as mp
import numpy as np
import pages
from pages import LABELS, MAXB
HERE = os.path.dirname(os.path.abspath(__file__))

def args_():
    a = argparse.ArgumentParser(); A = a.add_argument
    A('--seconds', type=float, default=60); A('--total', type=float, default=0, help='seconds the schedule is planned for (default: --seconds)'); A('--t0', type=float, default=0, help='seconds already trained (with --resume)')
    A('--state', default='state.pt'); A('--resume', action='store_true'); A('--gpus', type=int, default=-1); A('--workers', type=int, default=0, help='render processes per GPU'); A('--assets', required=True, help='folder with fonts/ and corpus/'); A('--out', default=os.environ.get('OUT', 'out'))
    A('--size', type=int, default=640); A('--bs', type=int, default=64); A('--lr', type=float, default=1e-3); A('--wd', type=float, default=1e-2); A('--warm', type=float, default=.03); A('--ring', type=int, default=24000); A('--minpages', type=int, default=1500); A('--p_mask', type=float, default=.5)
    A('--mask', default='auto', choices=['auto', 'true', 'false'], help='mask_enhanced in the saved config'); A('--evaln', type=int, default=500); A('--midn', type=int, default=100); A('--evalevery', type=float, default=110); A('--steps', type=int, default=0); A('--log', type=float, default=5); A('--threads', type=int, default=0); A('--seed', type=int, default=1); A('--maxreuse', type=float, default=12, help='wait for the renderer above this re-use of a page'); A('--nosamples', action='store_true')
    return a.parse_args()

# ------------------------------------------------------------------ render workers (no torch in here)
class Ring:
    """Shared transfer buffer: every worker owns a run of slots; flag 0 = free, 1 = full."""
    def __init__(self, workers, per, S):
        self.n = workers * per; self.per = per; self.S = S; mk = lambda sh, dt: np.frombuffer(mmap.mmap(-1, int(np.prod(sh)) * np.dtype(dt).itemsize), dtype=dt).reshape(sh)
        self.img = mk((self.n, S, S, 3), np.uint8); self.lab = mk((self.n, MAXB, 14), np.float32); self.cnt = mk((self.n,), np.int32); self.flag = mk((self.n,), np.int32); self.stop = mk((1,), np.int32)

def worker(ring, w, assets, seed, hold, limit=0):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try: os.nice(5)
    except OSError: pass
    try: import cv2; cv2.setNumThreads(0)
    except ImportError: pass
    g = pages.PageGen(assets, seed, hold); k = 0; pp = os.getppid()
    while not ring.stop[0]:
        s = w * ring.per + k % ring.per
        if ring.flag[s]:
            time.sleep(.004)
            if os.getppid() != pp: return
            continue
        im, t, _ = g.sample(ring.S); t = t[:MAXB]; ring.img[s] = im; ring.lab[s, :len(t)] = t; ring.cnt[s] = len(t); ring.flag[s] = 1; k += 1
        if limit and k >= limit: return

# ------------------------------------------------------------------ average precision and order accuracy (numpy)
def np_iou(a, b):
    wh = np.clip(np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2]), 0, None); i = wh.prod(-1); return i / np.maximum((a[:, 2:] - a[:, :2]).prod(-1)[:, None] + (b[:, 2:] - b[:, :2]).prod(-1)[None] - i, 1e-12)
def evaluate(preds, gts, op=.5):
    """preds: (score, label, box xyxy, rank) per image; gts: [n,5] class + box, in reading order. COCO-style AP (101 points)."""
    T = np.arange(.5, .96, .05); rec = {}; npos = np.zeros(25, int); pairs = good = 0; opn = np.zeros((25, 3), int)
    for (sc, lb, bx, rk), g in zip(preds, gts):
        gl, gb = g[:, 0].astype(int), g[:, 1:5]
        for c in set(lb.tolist()) | set(gl.tolist()):
            p = np.where(lb == c)[0]; p = p[np.argsort(-sc[p], kind='stable')]; q = np.where(gl == c)[0]; npos[c] += len(q); M = np_iou(bx[p], gb[q]) if len(p) and len(q) else np.zeros((len(p), len(q))); tp = np.zeros((len(T), len(p)), bool)
            for ti, t in enumerate(T):
                used = np.zeros(len(q), bool)
                for i in range(len(p)):
                    v = np.where(used, -1, M[i]) if len(q) else []
                    if len(q) and v.max() >= t: used[v.argmax()] = True; tp[ti, i] = True
            rec.setdefault(c, []).append((sc[p], tp)); k = sc[p] >= op; opn[c] += [tp[0, k].sum(), k.sum(), len(q)]
        k = np.where(sc >= op)[0]
        if len(k) and len(g):   # order: objects matched at IoU .5 regardless of the class, best score first
            M = np_iou(bx[k], gb); m = {}
            for i in np.argsort(-sc[k], kind='stable'):
                j = M[i].argmax()
                if M[i, j] >= .5 and j not in m: m[j] = rk[k[i]]
            js = sorted(m); r = np.array([m[j] for j in js]); d = r[None] > r[:, None]; u = np.triu_indices(len(js), 1); pairs += len(u[0]); good += d[u].sum()
    ap = np.full((25, len(T)), np.nan)
    for c in range(25):
        if not npos[c]: continue
        if c not in rec: ap[c] = 0; continue
        s = np.concatenate([a for a, _ in rec[c]]); tp = np.concatenate([b for _, b in rec[c]], 1)[:, np.argsort(-s, kind='stable')]; ctp = tp.cumsum(1); r = ctp / npos[c]; pr = ctp / np.arange(1, tp.shape[1] + 1)
        for ti in range(len(T)):
            if not tp.shape[1]: ap[c, ti] = 0; continue
            m = np.maximum.accumulate(pr[ti][::-1])[::-1]; i = np.searchsorted(r[ti], np.linspace(0, 1, 101)); ap[c, ti] = np.where(i < len(m), m[np.minimum(i, len(m) - 1)], 0).mean()
    f = lambda v: None if np.isnan(v) else round(float(v), 4); s = opn.sum(0)
    return dict(pages=len(gts), objects=int(npos.sum()), mAP50=f(np.nanmean(ap[:, 0])), mAP75=f(np.nanmean(ap[:, 5])), mAP=f(np.nanmean(ap)), order_pair_accuracy=round(good / max(1, pairs), 4), order_pairs=int(pairs), at_score=op, precision=round(s[0] / max(1, s[1]), 4), recall=round(s[0] / max(1, s[2]), 4),
                classes={LABELS[c]: dict(n=int(npos[c]), AP50=f(ap[c, 0]), AP=f(ap[c].mean()), precision=round(opn[c, 0] / max(1, opn[c, 1]), 3), recall=round(opn[c, 0] / max(1, opn[c, 2]), 3)) for c in range(25)})

# ------------------------------------------------------------------ trainer process
def trainer(rank, world, a, ring, hring, port, t_start):
    import torch, torch.nn.functional as F, torch.distributed as dist
    import model as MD, losses as LS
    cuda = torch.cuda.is_available() and a.gpus != 0; dev = torch.device('cuda', rank) if cuda else torch.device('cpu'); say = lambda *x: print(*x, flush=True) if rank == 0 else None
    if cuda: torch.cuda.set_device(dev); torch.backends.cudnn.benchmark = True; torch.backends.cuda.matmul.allow_tf32 = True; torch.backends.cudnn.allow_tf32 = True
    torch.set_num_threads(a.threads or (2 if cuda else max(1, 2 // world)))
    if world > 1: os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port)); dist.init_process_group('nccl' if cuda else 'gloo', rank=rank, world_size=world, **(dict(device_id=dev) if cuda else {}))
    S = a.size; torch.manual_seed(a.seed); net = MD.build(True, False, a.seed).to(dev).train(); M = net.model; torch.manual_seed(a.seed * 100 + rank); rs = np.random.default_rng(rank + 7)
    if cuda: M.backbone.to(memory_format=torch.channels_last); M.encoder.to(memory_format=torch.channels_last)
    P = [(n, p) for n, p in net.named_parameters() if p.requires_grad]; grp = lambda n, p: ('off' if 'sampling_offsets' in n else 'bb' if 'backbone' in n else 'x', p.ndim > 1 and 'embed' not in n); gs = {}
    for n, p in P: gs.setdefault(grp(n, p), []).append(p)
    opt = torch.optim.AdamW([dict(params=v, mul={'off': .3, 'bb': 1., 'x': 1.}[k[0]], weight_decay=a.wd if k[1] else 0.) for k, v in gs.items()], lr=a.lr, betas=(.9, .99), foreach=True)
    ps = [p for _, p in P]; bufs = [b for b in net.buffers() if b.is_floating_point()]; ema = [p.detach().clone() for p in ps]; emab = [b.clone() for b in bufs]; step = 0
    if a.resume and os.path.exists(a.state):
        st = torch.load(a.state, map_location=dev); net.load_state_dict(st['net']); opt.load_state_dict(st['opt']); ema = [e.to(dev) for e in st['ema']]; emab = [e.to(dev) for e in st['emab']]; step = st['step']; a.t0 = a.t0 or st['t0']; say('resumed at step', step, 'after', a.t0, 's')
    total = a.total or a.t0 + a.seconds; amp = torch.bfloat16 if cuda else None
    # ---- ring of rendered pages in device memory
    per = S * S * 3; N = a.ring
    if cuda: N = int(min(N, torch.cuda.mem_get_info()[0] * .45 / per))
    gimg = torch.empty(N, S, S, 3, dtype=torch.uint8, device=dev); glab = torch.zeros(N, MAXB, 14, device=dev); gcnt = np.zeros(N, np.int64); seen = filled = 0; pin = lambda t: t.pin_memory() if cuda else t; stages = [(pin(torch.empty(64, S, S, 3, dtype=torch.uint8)), pin(torch.zeros(64, MAXB, 14)), torch.cuda.Event() if cuda else None) for _ in range(2)]; scan = turn = 0
    def drain(mx=64):
        nonlocal filled, scan, turn
        r = np.flatnonzero(ring.flag.copy())
        if not len(r): return 0
        r = np.roll(r, -int(np.searchsorted(r, scan)))[:mx]; scan = int(r[-1]) + 1 if len(r) else 0; k = len(r)
        turn ^= 1; stage, slab, ev = stages[turn]
        if cuda: ev.synchronize()      # two staging buffers: a copy may still be in flight
        for i, s in enumerate(r): stage[i].numpy()[:] = ring.img[s]; slab[i].numpy()[:] = ring.lab[s]
        pos = (filled + np.arange(k)) % N; gcnt[pos] = ring.cnt[r]; ring.flag[r] = 0; ix = torch.from_numpy(pos).to(dev); gimg[ix] = stage[:k].to(dev, non_blocking=True); glab[ix] = slab[:k].to(dev, non_blocking=True); filled += k
        if cuda: ev.record()
        return k
    R = lambda *s: torch.rand(*s, device=dev)
    def augment(u8, lab, cnt):
        """colour, noise, scale and shift on the device; returns image, class, box, quad, valid, counts (objects stay in reading order)"""
        B = len(u8); x = u8.permute(0, 3, 1, 2).float() / 255; n = int(cnt.max()); lab = lab[:, :n].clone(); ok = torch.arange(n, device=dev)[None] < torch.from_numpy(cnt).to(dev)[:, None]
        m = (R(B) < .55).float(); sx = 1 + m * (R(B) - .55) * .5; sy = sx * (1 + m * (R(B) - .5) * .25); tx = m * (R(B) - .5) * (.04 + (1 - sx).abs() * .9); ty = m * (R(B) - .5) * (.04 + (1 - sy).abs() * .9)     # out = (in - .5) * s + .5 + t
        th = torch.zeros(B, 2, 3, device=dev); th[:, 0, 0] = 1 / sx; th[:, 1, 1] = 1 / sy; th[:, 0, 2] = -2 * tx / sx; th[:, 1, 2] = -2 * ty / sy; j = torch.nonzero(m)[:, 0]
        if len(j): x[j] = F.grid_sample(x[j], F.affine_grid(th[j], (len(j), 3, S, S), align_corners=False), mode='bilinear', padding_mode='border', align_corners=False)
        q = lab[..., 5:13].view(B, n, 4, 2); q = (q - .5) * torch.stack([sx, sy], 1)[:, None, None] + .5 + torch.stack([tx, ty], 1)[:, None, None]; lo, hi = q.amin(2), q.amax(2); a0 = (hi - lo).prod(-1); lo, hi = lo.clamp(0, 1), hi.clamp(0, 1); ok = ok & ((hi - lo).prod(-1) > .35 * a0) & ((hi - lo).amin(-1) > .003)
        box = torch.cat([(lo + hi) / 2, hi - lo], -1); k = R(B)
        g = x.mean(1, keepdim=True); x = torch.where((R(B) < .15)[:, None, None, None], g.expand_as(x), x); c = torch.where(R(B) < .5, .55 + .6 * R(B), torch.ones(B, device=dev))[:, None, None, None]; b = torch.where(R(B) < .5, (R(B) - .6) * .35, torch.zeros(B, device=dev))[:, None, None, None]
        x = (x - .6) * c + .6 + b; t = torch.where((R(B) < .2)[:, None], .85 + .3 * R(B, 3), torch.ones(B, 3, device=dev)); x = x * t[..., None, None]; s = F.interpolate(R(B, 1, 3, 3) - .5, (S, S), mode='bicubic', align_corners=True) * (R(B) * .5 * (k < .12))[:, None, None, None]; x = x + s
        x = torch.where((R(B) < .05)[:, None, None, None], 1 - x, x); j = torch.nonzero(R(B) < .12)[:, 0]
        if len(j): h = F.interpolate(x[j], scale_factor=float(.5 + .4 * rs.random()), mode='bilinear', antialias=True); x[j] = F.interpolate(h, (S, S), mode='bilinear')
        x = x + torch.randn(B, 1 if rs.random() < .7 else 3, S, S, device=dev) * (R(B).pow(2) * .09 * (R(B) < .35))[:, None, None, None]
        o = (~ok).long().argsort(dim=1, stable=True); gx = lambda v: v.gather(1, o.view(B, n, *[1] * (v.ndim - 2)).expand_as(v)); cn = ok.sum(1); cl = cn.tolist(); G = max(8, -(-max(cl) // 8) * 8) if max(cl) else 8; cut = lambda v: F.pad(v, [0, 0] * (v.ndim - 2) + [0, max(0, G - n)])[:, :G]
        return x.clamp(0, 1), cut(gx(lab[..., 0])).long(), cut(gx(box)), cut(gx(q.reshape(B, n, 8))).view(B, G, 4, 2), torch.arange(G, device=dev)[None] < cn[:, None], cl
    # ---- evaluation pages (held-out fonts and texts), rendered by the same kind of worker
    hold = []
    def need_hold(n, wait=True):
        while len(hold) < n:
            r = [s for s in range(hring.n) if hring.flag[s]]
            for s in r: hold.append((hring.img[s].copy(), hring.lab[s, :hring.cnt[s]].copy())); hring.flag[s] = 0
            if not r:
                if not wait: return
                time.sleep(.05)
    def swap_ema():
        for p, e in zip(ps, ema): t = p.data.clone(); p.data.copy_(e); e.copy_(t)
        for p, e in zip(bufs, emab): t = p.clone(); p.copy_(e); e.copy_(t)
    def predict(nt, n, mask_enh, bs=16):
        nt.eval(); nt.model.mask_enhanced = mask_enh; out = []
        with torch.no_grad():
            for i in range(0, n, bs):
                x = torch.from_numpy(np.stack([h[0] for h in hold[i:min(n, i + bs)]])).to(dev).permute(0, 3, 1, 2).float() / 255; o = nt(x); od = torch.sigmoid(o.order_logits); vt = od.triu(1).sum(1) + (1 - od.transpose(1, 2)).tril(-1).sum(1); rk = vt.argsort(1).argsort(1); Q = o.logits.shape[1]; sc, ix = o.logits.sigmoid().flatten(1).topk(Q); lb, q = ix % 25, ix // 25; bx = LS.xyxy(o.pred_boxes).gather(1, q[..., None].expand(-1, -1, 4)); rk = rk.gather(1, q)
                for k in range(len(x)): kp = sc[k] > .02; out.append((sc[k][kp].float().cpu().numpy(), lb[k][kp].cpu().numpy(), bx[k][kp].float().cpu().numpy(), rk[k][kp].cpu().numpy()))
        nt.train(); nt.model.mask_enhanced = True; return out
    gts = lambda n: [np.concatenate([t[:, :1], t[:, 1:3] - t[:, 3:5] / 2, t[:, 1:3] + t[:, 3:5] / 2], 1) for _, t in hold[:n]]
    def save(mask_enh, d):
        """weights (EMA must be swapped in), config and preprocessor in the Hugging Face layout: matrices fp16, vectors fp32"""
        from safetensors.torch import save_file; from transformers import PPDocLayoutV3ForObjectDetection, PPDocLayoutV3ImageProcessor
        os.makedirs(d, exist_ok=True); cfg = MD.make_config(mask_enh, True); cfg.architectures = ['PPDocLayoutV3ForObjectDetection']; cfg.dtype = 'float32'; fin = PPDocLayoutV3ForObjectDetection(cfg); sd = net.state_dict(); miss = fin.load_state_dict({k: v.cpu() for k, v in sd.items() if not ('backbone' in k and 'num_batches' in k)}, strict=False); assert not miss.unexpected_keys and not miss.missing_keys, miss
        ren = {k: v for k, v in fin.state_dict().items() if not k.endswith('num_batches_tracked')}; tied = [k for k in ren if k.startswith('model.decoder.class_embed.') or k.startswith('model.decoder.bbox_embed.')]
        for k in tied: del ren[k]
        save_file({k: (v.half() if v.ndim > 1 else v.float()).contiguous() for k, v in ren.items()}, d + '/model.safetensors', metadata={'format': 'pt'}); os.chmod(d + '/model.safetensors', 0o644); cfg.save_pretrained(d)
        try: PPDocLayoutV3ImageProcessor(size={'height': S, 'width': S}).save_pretrained(d)
        except Exception as e: say('image processor not available:', repr(e)[:120]); json.dump(dict(do_normalize=True, do_rescale=True, do_resize=True, image_mean=[0, 0, 0], image_std=[1, 1, 1], resample=3, rescale_factor=1 / 255, size=dict(height=S, width=S), image_processor_type='PPDocLayoutV3ImageProcessor'), open(d + '/preprocessor_config.json', 'w'), indent=2)
    # ---- wait for pages, then train
    t = time.time()
    while filled < min(a.minpages, N):
        if not drain(): time.sleep(.01)
        if time.time() - t > 120 and not filled: raise SystemExit('no pages from the workers')
    say(f'{sum(p.numel() for p in ps) / 1e6:.3f} M parameters; {world} process(es), {ring.n // ring.per} render workers each; {filled} pages after {time.time() - t_start:.1f} s ({filled / (time.time() - t):.0f} pages/s); ring {N}')
    T0 = time.time(); tl = T0; acc = {}; na = 0; fl = filled; cons = 0; prog = a.t0 / total; next_eval = T0 + a.evalevery; gmax = 0.; bad = 0; wait = 0.; stopv = False
    while True:
        el = time.time() - T0 + a.t0
        if world == 1: prog = min(1., el / total); done = el - a.t0 >= a.seconds or a.steps and step >= a.steps
        else: done = stopv
        if step and done and na: break
        while drain(48 if cuda else 8) and filled < N * .02: pass
        while cons / max(1, filled) > a.maxreuse: w_ = time.time(); drain() or time.sleep(.01); wait += time.time() - w_
        hi = min(filled, N); ids = rs.integers(0, hi, a.bs); ix = torch.from_numpy(ids).to(dev); cons += a.bs
        with torch.no_grad(): x, cls, box, quad, valid, n = augment(gimg[ix], glab[ix], gcnt[ids])
        lr = a.lr * (min(1., prog / a.warm) if prog < a.warm and not a.resume else .01 + .99 * .5 * (1 + math.cos(math.pi * max(0., (prog - a.warm) / (1 - a.warm)))))
        for g in opt.param_groups: g['lr'] = lr * g['mul']
        if cuda: x = x.contiguous(memory_format=torch.channels_last)
        o = LS.forward_train(M, x, cls, box, valid, a.p_mask if prog > .05 else 0., amp); L = LS.losses(M, o, cls, box, quad, valid, n, max(1., float(sum(n))), 3 if prog < .4 else 1); loss = sum(L.values()); opt.zero_grad(set_to_none=True); loss.backward(); gr = [p.grad if p.grad is not None else torch.zeros_like(p) for p in ps]
        if world > 1:
            fin = time.time() - T0 >= a.seconds or (a.steps and step + 1 >= a.steps); v = torch.cat([g.reshape(-1).float() for g in gr] + [torch.tensor([min(1., el / total), float(fin)], device=dev)]); dist.all_reduce(v); v /= world; i = 0
            for p, g in zip(ps, gr): p.grad = torch.empty_like(p).copy_(v[i:i + p.numel()].view(p.shape)); i += p.numel()
            prog, fin = v[-2:].tolist(); stopv = fin > 0; gr = [p.grad for p in ps]
        gn = torch.nn.utils.get_total_norm(gr) if hasattr(torch.nn.utils, 'get_total_norm') else torch.stack([g.norm() for g in gr]).norm(); gv = float(gn)
        if math.isfinite(gv):
            k = min(1., 5. / (gv + 1e-6))
            for p, g in zip(ps, gr): p.grad = g.mul_(k) if k < 1 else g
            opt.step(); d = min(.9995, 1 - 1 / (10 + .08 * step)); torch._foreach_lerp_(ema, [p.data for p in ps], 1 - d); torch._foreach_lerp_(emab, bufs, 1 - d)
        else: bad += 1
        step += 1; na += 1; gmax = max(gmax, gv)
        for k_, v_ in L.items(): acc[k_] = acc.get(k_, 0) + v_.detach()
        if time.time() - tl > a.log:
            dt = time.time() - tl; say(f'{time.time() - T0 + a.t0:.0f}s step={step} loss={float(sum(acc.values())) / na:.3f} ' + ' '.join(f'{k_}={float(v_) / na:.3f}' for k_, v_ in acc.items()) + f' gn={gmax:.1f} lr={lr:.1e} {na / dt:.2f} steps/s {na * a.bs * world / dt:.0f} img/s render {(filled - fl) * world / dt:.0f} pages/s total {filled * world} reuse {cons / max(1, filled):.1f} wait {wait:.1f}s' + (f' bad={bad}' if bad else '')); acc = {}; na = 0; tl = time.time(); fl = filled; gmax = 0.; need_hold(a.evaln, False) if rank == 0 else None
        if rank == 0 and time.time() > next_eval and a.midn and time.time() - T0 < a.seconds - 20:
            te = time.time(); need_hold(a.midn); swap_ema(); r = evaluate(predict(net, a.midn, True), gts(a.midn)); r2 = evaluate(predict(net, a.midn, False), gts(a.midn)); save(True, a.out + '/model'); swap_ema(); say(f'EVAL {time.time() - T0 + a.t0:.0f}s step={step} mAP50 {r["mAP50"]} mAP {r["mAP"]} order {r["order_pair_accuracy"]} P {r["precision"]} R {r["recall"]} | box references: mAP50 {r2["mAP50"]} mAP {r2["mAP"]} order {r2["order_pair_accuracy"]} ({time.time() - te:.1f} s)'); next_eval = time.time() + a.evalevery; tl = time.time(); acc = {}; na = 0; fl = filled
        na = max(na, 1) if a.steps and step >= a.steps else na
    ring.stop[0] = 1; trained = time.time() - T0 + a.t0; say(f'trained {trained:.1f} s in all, {step} steps, {filled * world} pages rendered, {cons * world} seen')
    if rank == 0:
        torch.save(dict(net=net.state_dict(), opt=opt.state_dict(), ema=ema, emab=emab, step=step, t0=trained), a.state); te = time.time(); need_hold(a.evaln); hring.stop[0] = 1; swap_ema(); res = {}
        pt = predict(net, a.evaln, True); pf = predict(net, a.evaln, False); G = gts(a.evaln); rt, rf = evaluate(pt, G), evaluate(pf, G); enh = a.mask == 'true' or a.mask == 'auto' and (rt['mAP'] or 0) >= (rf['mAP'] or 0) - .01; res = dict(data='synthetic pages with fonts and texts held out of training', size=S, trained_seconds=round(trained, 1), steps=step, batch=a.bs * world, pages_rendered=int(filled * world), mask_enhanced=enh, result=rt if enh else rf, with_mask_references={k: v for k, v in rt.items() if k != 'classes'}, with_box_references={k: v for k, v in rf.items() if k != 'classes'}, at_score_03={k: v for k, v in evaluate(pt if enh else pf, G, .3).items() if k in ('precision', 'recall', 'order_pair_accuracy', 'order_pairs')})
        r = res['result']; say(f'FINAL mask_enhanced={enh} mAP50 {r["mAP50"]} mAP75 {r["mAP75"]} mAP {r["mAP"]} order {r["order_pair_accuracy"]} of {r["order_pairs"]} P {r["precision"]} R {r["recall"]} | mask refs mAP {rt["mAP"]} box refs mAP {rf["mAP"]} ({time.time() - te:.1f} s)'); say(' '.join(f'{k}:{v["AP50"]}/{v["AP"]}({v["n"]})' for k, v in r['classes'].items()))
        save(enh, a.out + '/model'); json.dump(res, open(a.out + '/model/eval.json', 'w'), indent=1)
        if not a.nosamples: import samples; samples.make(a.out, a.assets, hold, say)
        say('files', {os.path.relpath(os.path.join(d, f), a.out): os.path.getsize(os.path.join(d, f)) for d, _, fs in os.walk(a.out) for f in fs}); say(f'done after {time.time() - t_start:.1f} s')
    if world > 1: dist.barrier(); dist.destroy_process_group()

def main():
    a = args_(); t = time.time(); os.makedirs(a.out, exist_ok=True); n = a.gpus
    if n < 0:
        import subprocess
        try: n = len([l for l in subprocess.run(['nvidia-smi', '-L'], capture_output=True, text=True).stdout.split('\n') if l.startswith('GPU')])
        except OSError: n = 0
        a.gpus = n
    world = max(1, n) if n else int(os.environ.get('CPU_PROCS', 1)); nw = a.workers or max(1, (os.cpu_count() - 1 - world) // world); ctx = mp.get_context('fork')
    base = a.seed * 1000003 + (time.time_ns() // 1000 % 10 ** 9 if a.resume else 0); rings = [Ring(nw, 12, a.size) for _ in range(world)]; hr = Ring(1, max(8, min(128, a.evaln)), a.size); kids = []
    for r in range(world):
        for w in range(nw): kids.append(ctx.Process(target=worker, args=(rings[r], w, a.assets, base + r * 1009 + w, False), daemon=True))
    kids.append(ctx.Process(target=worker, args=(hr, 0, a.assets, 4242, True, max(a.evaln, a.midn)), daemon=True))
    for k in kids: k.start()
    with socket.socket() as s: s.bind(('127.0.0.1', 0)); port = s.getsockname()[1]
    tr = [ctx.Process(target=trainer, args=(r, world, a, rings[r], hr, port, t)) for r in range(1, world)]
    for p in tr: p.start()
    try: trainer(0, world, a, rings[0], hr, port, t)
    finally:
        for r in rings + [hr]: r.stop[0] = 1
        for p in tr: p.join(30)
        for k in kids: k.join(.2); k.terminate() if k.is_alive() else None
        for p in tr: p.terminate() if p.is_alive() else None

if __name__ == '__main__': main()
