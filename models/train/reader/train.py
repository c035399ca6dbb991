"""Time-boxed training of the pocket model: one process per GPU, render workers per process, flat-buffer optimiser.

  python train.py --gpus 4 --workers 15 --seconds 500 --total 1060 --t0 0 --assets $ASSETS --out $OUT/model --state $OUT/state.pt
The learning rate follows elapsed/total, so a run can be split over several commands (--resume --t0 ELAPSED).
"""
import os, sys, time, json, argparse, math, random
ap = argparse.ArgumentParser()
A = ap.add_argument
A('--gpus', type=int, default=1); A('--gpu0', type=int, default=0); A('--workers', type=int, default=14); A('--seconds', type=float, default=100); A('--total', type=float, default=100); A('--t0', type=float, default=0)
A('--lr', type=float, default=1.5e-3); A('--opt', default='adamw'); A('--wd', type=float, default=.05); A('--warm', type=float, default=8.); A('--curr', type=float, default=60.); A('--beta2', type=float, default=.98)
A('--out', default='out'); A('--state', default='state.pt'); A('--resume', action='store_true'); A('--init', default=''); A('--assets', required=True); A('--tag', default='run'); A('--Tv', type=int, default=65536); A('--port', type=int, default=29511); A('--reuse', type=int, default=1)
A('--save', type=int, default=1); A('--evalevery', type=float, default=45); A('--repeats', type=float, default=0., help='share of blocks/tables with repeated lines/cells (untested; 0 in the shipped run)'); A('--log', type=float, default=10); A('--saveat', type=float, default=1e9, help='seconds into this command at which a safety checkpoint is written'); A('--w0', type=float, default=-1.); A('--decay0', type=float, default=.0, help='fraction of the run after which the lr falls linearly to 0')
a = ap.parse_args()
HERE = os.path.dirname(os.path.abspath(__file__)); sys.path.insert(0, HERE)
os.environ['TOKENIZERS_PARALLELISM'] = 'false'; os.environ.setdefault('OMP_NUM_THREADS', '1'); os.environ.setdefault('MKL_NUM_THREADS', '1')
import torch.multiprocessing as mp
S = 1024
CFG = dict(atlas=a.assets + '/atlas', fonts=a.assets + '/fonts', corpus=a.assets + '/corpus', tok=a.assets + '/model/tokenizer.json', Tv=a.Tv, Tt=a.Tv * 5 // 8, Ta=a.Tv * 5 // 16, S=S, repeats=a.repeats)

def layout():
    """one batch = one flat byte buffer; -> [(name, numpy dtype, shape, offset)], bytes"""
    import numpy as np
    Tv, Tt, Ta = CFG['Tv'], CFG['Tt'], CFG['Ta']; o = 0; L = []
    for n, d, sh in (('px', 'uint8', (Tv, 196)), ('vpos', 'uint8', (Tv, 4)), ('vs', 'int16', (Tv,)), ('col', 'float32', (S, 2, 3)), ('ids', 'int32', (Tt,)), ('pos', 'int32', (3, Tt)), ('gi', 'int32', (Tt,)), ('gm', 'bool', (Tt,)),
                     ('lp', 'int32', (Ta,)), ('lb', 'int32', (Ta,)), ('cv', 'int32', (S + 1,)), ('ct', 'int32', (S + 1,)), ('stat', 'int32', (4,))):
        nb = int(np.prod(sh)) * np.dtype(d).itemsize; L.append((n, d, sh, o, nb)); o += (nb + 255) // 256 * 256
    return L, o

def worker(seed, mem, free, ready, prog):
    import numpy as np, data
    L, nb = layout(); buf = np.frombuffer(mem, np.uint8)
    st = data.Stream(CFG, seed, stage=lambda: min(1., prog.value / a.curr) if a.curr > 0 else 1.)
    for b in st.packs():
        s = free.get()
        for n, d, sh, o, k in L: buf[s * nb + o:s * nb + o + k] = np.ascontiguousarray(b[n]).view(np.uint8).reshape(-1)
        ready.put(s)

def rank_main(rank, prog, stop, seed0):
    import torch, queue, threading
    import mmap, numpy as np
    LAY, NB = layout(); NS = a.workers + 6; mem = mmap.mmap(-1, NB * NS)      # shared by fork
    fk = mp.get_context('fork'); free, ready = fk.Queue(), fk.Queue()
    for i in range(NS): free.put(i)
    ws = []
    for i in range(a.workers):
        w = fk.Process(target=worker, args=(seed0 + rank * 1000 + i, mem, free, ready, prog), daemon=True); w.start(); ws.append(w)
    import torch.distributed as dist, model as M
    from transformers import PaddleOCRVLForConditionalGeneration
    dev = torch.device('cuda', a.gpu0 + rank); torch.cuda.set_device(dev)
    torch.set_float32_matmul_precision('high')
    world = a.gpus
    if world > 1: dist.init_process_group('nccl', init_method=f'tcp://127.0.0.1:{a.port}', rank=rank, world_size=world, device_id=dev)
    cfg = M.make_config(CFG['tok'])
    cfg._attn_implementation = 'sdpa'
    if a.init: hf = PaddleOCRVLForConditionalGeneration.from_pretrained(a.init, dtype=torch.float32).to(dev); print('weights from', a.init)
    else: hf = PaddleOCRVLForConditionalGeneration(cfg); M.init_weights(hf); hf.to(dev)
    hf.tie_weights()
    # ---- flat buffers: [muon matrices grouped by shape][adam: decayed][adam: not decayed]
    named = [(n, p) for n, p in hf.named_parameters()]
    is_mu = lambda n, p: a.opt == 'muon' and p.ndim == 2 and 'embed' not in n
    mu = {}
    for n, p in named:
        if is_mu(n, p): mu.setdefault(tuple(p.shape), []).append(p)
    order = [p for sh in sorted(mu) for p in mu[sh]]; rest = [(n, p) for n, p in named if not is_mu(n, p)]
    dec = [p for n, p in rest if p.ndim >= 2]; nod = [p for n, p in rest if p.ndim < 2]
    order += dec + nod; N = sum(p.numel() for p in order)
    P = torch.zeros(N, device=dev); G = torch.zeros(N, device=dev); o = 0
    for p in order:
        P[o:o + p.numel()] = p.data.reshape(-1); p.data = P[o:o + p.numel()].view(p.shape); p.grad = G[o:o + p.numel()].view(p.shape); o += p.numel()
    n_mu = sum(p.numel() for sh in mu for p in mu[sh]); n_dec = sum(p.numel() for p in dec)
    M1 = torch.zeros_like(P); M2 = torch.zeros(N - n_mu, device=dev)
    hf.model.language_model.embed_tokens.padding_idx = None
    if rank == 0: print('params', N, 'muon', n_mu, flush=True)
    step = 0; el0 = a.t0
    if a.resume:
        s = torch.load(a.state, map_location=dev); P.copy_(s['P']); M1.copy_(s['M1']); M2.copy_(s['M2']); step = s['step']
    def ns5(X):
        X = X.bfloat16(); tr = X.shape[-2] > X.shape[-1]
        if tr: X = X.mT
        X = X / (X.norm(dim=(-2, -1), keepdim=True) + 1e-7)
        for _ in range(5):
            B = X @ X.mT; X = 3.4445 * X + (-4.7750 * B + 2.0315 * B @ B) @ X
        return X.mT if tr else X
    slots = []; o = 0
    for sh in sorted(mu):
        k = len(mu[sh]); slots.append((o, k, sh)); o += k * sh[0] * sh[1]
    def opt_step(lr, st):
        gn = G.norm(); sc = torch.clamp(1. / (gn + 1e-6), max=1.)
        G.mul_(sc)
        g, m1, p = G[n_mu:], M1[n_mu:], P[n_mu:]
        b1, b2 = .9, a.beta2
        m1.lerp_(g, 1 - b1); M2.lerp_(g * g, 1 - b2)
        c1 = 1 - b1 ** st; c2 = 1 - b2 ** st
        P[n_mu:n_mu + n_dec].mul_(1 - lr * a.wd)
        p.sub_(lr * (m1 / c1) / ((M2 / c2).sqrt() + 1e-8))
        if n_mu:
            g, m = G[:n_mu], M1[:n_mu]
            m.lerp_(g, 1 - .95); u = g.lerp(m, .95)
            P[:n_mu].mul_(1 - lr * a.wd)
            for o, k, (x, y) in slots:
                U = ns5(u[o:o + k * x * y].view(k, x, y)); P[o:o + k * x * y].sub_((lr * .2 * math.sqrt(max(x, y))) * U.float().reshape(-1))
        return gn
    opt_c = torch.compile(opt_step, dynamic=False)
    fast = M.Packed(hf)
    # ---- batches: page-locked shared memory -> one static device buffer
    from collections import deque
    hostmem = torch.frombuffer(mem, dtype=torch.uint8)
    rc = torch.cuda.cudart().cudaHostRegister(hostmem.data_ptr(), hostmem.numel(), 0)
    TD = dict(uint8=torch.uint8, int16=torch.int16, int32=torch.int32, float32=torch.float32, bool=torch.bool)
    sflat = torch.zeros(NB, dtype=torch.uint8, device=dev)
    sd = {n: sflat[o:o + k].view(TD[d]).view(sh) for n, d, sh, o, k in LAY}
    so = [x for x in LAY if x[0] == 'stat'][0][3]; pend = deque()
    def load():
        t = time.time(); s = ready.get(); h = hostmem[s * NB:(s + 1) * NB]; st = h[so:so + 16].view(torch.int32).tolist()
        sflat.copy_(h, non_blocking=True); e = torch.cuda.Event(); e.record(); pend.append((e, s))
        while pend and (len(pend) > 3 or pend[0][0].query()):
            e, s = pend.popleft(); e.synchronize(); free.put(s)
        return st, time.time() - t
    # ---- held-out packs
    ev = {}
    if rank == 0:
        import data
        for nm, kw in (('heldfont_clean', dict(hold_fonts=True, hold_text=True, clean=True)), ('heldfont_aug', dict(hold_fonts=True, hold_text=True)), ('train_dist', {})):
            b = next(data.Stream(CFG, 777, **kw).packs()); h = torch.zeros(NB, dtype=torch.uint8)
            for n, d, sh, o, k in LAY: h[o:o + k] = torch.from_numpy(np.ascontiguousarray(b[n]).view(np.uint8).reshape(-1))
            ev[nm] = h.to(dev)
        if not a.resume:
            sflat.copy_(ev['heldfont_aug']); print('hostregister', rc, 'parity', M.parity(hf, M.Packed(hf, compile=False), sd), flush=True)
    # ---- warm-up (compile) and CUDA-graph capture of forward+backward and of the optimiser step
    load(); torch.cuda.synchronize()
    info = torch.zeros(2, device=dev); lr_t = torch.zeros((), device=dev); st_t = torch.ones((), device=dev); mac = torch.zeros(4, device=dev)
    def fb():
        loss, acc = fast(sd); loss.backward(); return torch.stack([loss.detach(), acc.detach()])
    def ob(o2):
        gn = opt_c(lr_t, st_t); mac[:2].add_(o2); mac[2].add_(gn); mac[3].add_(1.); G.zero_()
    snap = [x.clone() for x in (P, M1, M2)]
    ss = torch.cuda.Stream(); ss.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(ss):
        for _ in range(2): o2 = fb(); ob(o2)
    torch.cuda.current_stream().wait_stream(ss); torch.cuda.synchronize()
    g1, g2 = torch.cuda.CUDAGraph(), torch.cuda.CUDAGraph()
    with torch.cuda.graph(g1, capture_error_mode='thread_local'): o2 = fb()
    with torch.cuda.graph(g2, capture_error_mode='thread_local'): ob(o2)
    torch.cuda.synchronize()
    def evaluate():
        r = {}
        for k, v in ev.items(): sflat.copy_(v); g1.replay(); r[k] = [round(float(z), 4) for z in o2]
        G.zero_(); return r
    def save(el, e=None):
        torch.save(dict(P=P, M1=M1, M2=M2, step=step, el=el), a.state + '.tmp'); os.replace(a.state + '.tmp', a.state); open(a.state + '.el', 'w').write(f'{el:.1f}')
        sdict = {k: v.detach().half().cpu().contiguous() for k, v in hf.state_dict().items() if k != 'lm_head.weight'}
        hf2 = PaddleOCRVLForConditionalGeneration(cfg).half(); hf2.load_state_dict(sdict, strict=False); hf2.tie_weights()
        os.makedirs(a.out, exist_ok=True); hf2.save_pretrained(a.out)
        json.dump(dict(elapsed=el, step=step, samples=seen * world, eval=e, hist=hist, args=vars(a)), open(a.out + f'/train_{a.tag}.json', 'w'))
    torch.cuda.synchronize(); t = time.time()
    for _ in range(10): g1.replay()
    torch.cuda.synchronize(); t1 = (time.time() - t) / 10; t = time.time()
    for _ in range(10): g2.replay()
    torch.cuda.synchronize(); t2 = (time.time() - t) / 10
    for u, v in zip((P, M1, M2), snap): u.copy_(v)
    G.zero_(); mac.zero_(); del snap
    if rank == 0: print(f'ready {time.time() - T0:.1f}s since start; fwd+bwd {t1 * 1e3:.1f} ms, optimiser {t2 * 1e3:.1f} ms', flush=True)
    if world > 1: dist.barrier()
    t_start = time.time(); tl = t_start; te = t_start; seen = 0; hist = []; waits = 0.; x = 0.; ls = step
    while True:
        if rank == 0 and step % 5 == 0:
            now = time.time() - t_start; prog.value = el0 + now
            if now > a.seconds and stop.value < 0: stop.value = step + 25
        if stop.value >= 0 and step >= stop.value: break
        st, w = load(); waits += w
        for rep in range(a.reuse):
            g1.replay()
            if world > 1: dist.all_reduce(G, op=dist.ReduceOp.AVG)
            if step % 10 == 0:
                if rank == 0: info.fill_(el0 + time.time() - t_start)
                if world > 1: dist.broadcast(info, 0)
                tt = float(info[0]); x = min(1., tt / a.total)
                lr = a.lr * min(1., (tt - a.w0) / a.warm) * min(1., (1 - x) / (1 - a.decay0)) if x < 1 else 0.
                lr_t.fill_(max(lr, 1e-7))
            step += 1; st_t.fill_(float(step))
            g2.replay()
        seen += int(st[0])
        if rank == 0 and time.time() - tl > a.log:
            c = mac.tolist(); mac.zero_(); L = [v / max(1, c[3]) for v in c]; dt = time.time() - t_start
            print(f'{a.tag} t={el0 + dt:.0f} step={step} loss={L[0]:.4f} acc={L[1]:.4f} gn={L[2]:.2f} lr={float(lr_t):.2e} samples/s/gpu={seen / dt:.0f} fill={int(st[1]) / a.Tv:.2f},{int(st[2]) / CFG["Tt"]:.2f},{int(st[3]) / CFG["Ta"]:.2f} n={int(st[0])} wait={waits / dt:.2f} steps/s={(step - ls) / (time.time() - tl):.1f}', flush=True)
            hist.append((el0 + dt, step, L[0], L[1])); tl = time.time(); ls = step
            if a.save and dt > a.saveat: a.saveat = 1e9; save(el0 + dt); print('safety checkpoint', flush=True)
            if time.time() - te > a.evalevery: te = time.time(); print(a.tag, 'EVAL', evaluate(), flush=True)
    torch.cuda.synchronize()
    if rank == 0:
        el = el0 + time.time() - t_start
        e = evaluate()
        print(a.tag, 'FINAL', e, 'elapsed', round(el, 1), 'step', step, 'samples(all gpus)', seen * world, flush=True)
        if a.save: save(el, e)
    if world > 1: dist.barrier()
    for w in ws: w.terminate()
    os._exit(0)

if __name__ == '__main__':
    T0 = time.time()
    if not os.path.exists(CFG['atlas'] + '.pkl'):
        import data
        data.build_atlas(CFG['fonts'], CFG['atlas'], 32); print('atlas', round(time.time() - T0, 1), flush=True)
    prog = mp.get_context('fork').Value('d', a.t0); stop = mp.get_context('fork').Value('l', -1)
    seed0 = int(a.t0 * 7) * 100003 + 12345
    ps = [mp.get_context('fork').Process(target=rank_main, args=(r, prog, stop, seed0)) for r in range(a.gpus)]
    for p in ps: p.start()
    for p in ps: p.join()
