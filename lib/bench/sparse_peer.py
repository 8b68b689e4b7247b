"""Codes the patches of sparse_encode.py's problem in SPAMS and scikit-learn, one solver for each line of the standard input.

usage: sparse_peer.py SPARSE_ENCODE.PY IMAGE N FOLDER
Writes y.f64 [N, 64] and d.f64 [256, 64] to the folder and prints one line of JSON, {"peers": …}: those that the environment has, for each task. Then,
for each line "PEER TASK", one line {"seconds", "objective", "gap", "nonzeros"}: the objective of sparse_encode.py and the duality gap of half of it, means over
the patches in float64. The supports of omp and ormp go to support.i32 [N, 6], sorted, -1 where there are fewer.
"""
import importlib.util
import json
import sys
import time
import warnings

import numpy as np

warnings.simplefilter("ignore")
script, image, n, folder = sys.argv[1:5]
spec = importlib.util.spec_from_file_location("sparse_encode", script)
problem = importlib.util.module_from_spec(spec)
spec.loader.exec_module(problem)
d, y = problem.dictionary(), problem.patches(image, int(n))
y.tofile(folder + "/y.f64")
np.ascontiguousarray(d.T).tofile(folder + "/d.f64")
lam, most = problem.LAM / 2, problem.SPARSITY
peers = {"omp": {}, "ormp": {}, "lasso": {}}
try:
    import spams

    yf, df = np.asfortranarray(y.T), np.asfortranarray(d)
    y4, d4 = yf.astype(np.float32, order="F"), df.astype(np.float32, order="F")
    for name, a, b in (("spams", yf, df), ("spams-float32", y4, d4)):
        # what SPAMS calls omp is order recursive: it takes the atom that lowers the residual most
        peers["ormp"][name] = lambda a=a, b=b: spams.omp(a, D=b, L=most, eps=1e-12, numThreads=-1).T
        peers["lasso"][name] = lambda a=a, b=b: spams.lasso(a, D=b, lambda1=lam, mode=2, numThreads=-1).T
except ImportError:
    pass
try:
    from sklearn.decomposition import sparse_encode

    dt = np.ascontiguousarray(d.T)
    peers["omp"]["sklearn"] = lambda: sparse_encode(y, dt, algorithm="omp", n_nonzero_coefs=most)
    for algorithm in ("lars", "cd"):
        peers["lasso"]["sklearn-" + algorithm] = lambda algorithm=algorithm: sparse_encode(y, dt, algorithm="lasso_" + algorithm, alpha=lam, max_iter=2000)
except ImportError:
    pass


def certificate(a):
    """The objective ½|y − Da|² + λ|a|₁ and its duality gap, means over the patches."""
    r = y - a @ d.T
    c = r @ d
    s = np.minimum(1, lam / np.maximum(np.abs(c).max(1), 1e-300))
    half, penalty = (r * r).sum(1) / 2, lam * np.abs(a).sum(1)
    gap = (1 - s) ** 2 * half + penalty - s * (c * a).sum(1)
    return (half + penalty).mean(), gap.mean(), (half.mean() if half.size else 0)


print(json.dumps({"peers": {task: list(of) for task, of in peers.items()}}), flush=True)
for line in sys.stdin:
    name, task = line.split()
    start = time.perf_counter()
    a = peers[task][name]()
    seconds = time.perf_counter() - start
    a = np.asarray(a.toarray() if hasattr(a, "toarray") else a, dtype=np.float64)
    objective, gap, fit = certificate(a)
    if task != "lasso":
        support = np.full((len(a), most), -1, np.int32)
        order = np.argsort(a == 0, axis=1, kind="stable")[:, :most]
        used = np.take_along_axis(a, order, 1) != 0
        support[:, : order.shape[1]] = np.where(used, order, -1)
        support.tofile(folder + "/support.i32")
        objective, gap = fit, 0
    print(json.dumps({"seconds": seconds, "objective": 2 * objective, "gap": gap, "nonzeros": float((a != 0).sum(1).mean())}), flush=True)
