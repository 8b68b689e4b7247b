"""Makes features.json: FID, KID, Inception score, precision, recall, density and coverage of other libraries, for features that a formula gives.

    python3 -m venv /tmp/fid && /tmp/fid/bin/pip install torch-fidelity==0.4.0 prdc==0.2 scipy==1.17.1
    /tmp/fid/bin/python make_features.py > features.json

features_test.go makes the same features: `features` here and `formula` there must agree.
"""
import contextlib
import io
import json
from importlib.metadata import version

import numpy as np
import scipy.linalg
import torch
from prdc import compute_prdc
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric


def noise(n, seed):
    """A linear congruential generator (Numerical Recipes), its upper 24 bits in [0, 1)."""
    out, s = np.empty(n), seed
    for i in range(n):
        s = (s * 1664525 + 1013904223) % 2**32
        out[i] = (s >> 8) / 2**24
    return out


def features(n, d, seed, scale, shift):
    """Correlated columns of unequal variance: (u[i,k] + u[i,k-1]/2) * scale * (1 + k/d) + shift, with u[i,-1] = u[i,d-1]."""
    u = noise(n * d, seed).reshape(n, d)
    return (u + np.roll(u, 1, axis=1) / 2) * scale * (1 + np.arange(d) / d) + shift


def scipy_fid(x, y):
    c1, c2 = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    diff = x.mean(0) - y.mean(0)
    return float(diff @ diff + np.trace(c1 + c2 - 2 * scipy.linalg.sqrtm(c1 @ c2).real))


def vector(n, m, d, scale, shift, k):
    x, y = features(n, d, 1, 1, 0), features(m, d, 2, scale, shift)
    tx, ty, size = torch.tensor(x), torch.tensor(y), min(n, m)
    fid = fid_statistics_to_metric(fid_features_to_statistics(tx), fid_features_to_statistics(ty), False)
    kid = kid_features_to_metric(tx[:size], ty[:size], kid_subsets=1, kid_subset_size=size, kid_kernel="poly",
                                 kid_kernel_poly_degree=3, kid_kernel_poly_gamma=None, kid_kernel_poly_coef0=1.0,
                                 rng_seed=1, verbose=False)
    isc = isc_features_to_metric(ty, splits=3, shuffle=False)
    with contextlib.redirect_stdout(io.StringIO()):
        manifold = compute_prdc(x, y, nearest_k=k)
    return {
        "n": n, "m": m, "d": d, "scale": scale, "shift": shift, "k": k,
        "fid": fid["frechet_inception_distance"], "fid_scipy": scipy_fid(x, y),
        "kid": kid["kernel_inception_distance_mean"],
        "isc": isc["inception_score_mean"], "isc_std": isc["inception_score_std"],
        **{name: float(v) for name, v in manifold.items()},
    }


print(json.dumps({
    "made_with": {p: version(p) for p in ("torch-fidelity", "prdc", "scipy", "numpy", "torch")},
    "vectors": [
        vector(200, 200, 8, 1.0, 0.0, 5),     # the same distribution
        vector(300, 250, 16, 0.8, 0.15, 3),   # near
        vector(150, 400, 4, 1.5, -0.25, 5),   # wider, and more of them
        vector(120, 120, 32, 0.5, 1.0, 3),    # far
    ],
}, indent=1))
