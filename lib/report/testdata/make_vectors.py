"""Makes vectors.json: scipy's exact and random sign-flip tests, and its percentile bootstrap, on data that a formula gives.

    python3 -m venv /tmp/sp && /tmp/sp/bin/pip install scipy==1.17.1
    /tmp/sp/bin/python make_vectors.py > vectors.json

bootstrap_test.go makes the same numbers with `noise`.
"""
import json

import numpy as np
import scipy
from scipy.stats import bootstrap, norm, permutation_test
from scipy.stats import t as student


def noise(n, seed):
    """A linear congruential generator (Numerical Recipes), its upper 24 bits in [0, 1)."""
    out, s = [], seed
    for _ in range(n):
        s = (s * 1664525 + 1013904223) % 2**32
        out.append((s >> 8) / 2**24)
    return np.array(out)


rows = []
for n, shift, seed in [(2, 0.2, 1), (5, 0.1, 2), (8, 0.15, 3), (12, 0.2, 4), (15, 0.0, 5), (60, 0.06, 6), (200, 0.03, 7)]:
    d = noise(n, seed) - 0.5 + shift
    row = dict(n=n, shift=shift, seed=seed)
    test = permutation_test((d,), np.mean, permutation_type="samples", vectorized=True,
                            n_resamples=np.inf if n <= 15 else 400_000, rng=np.random.default_rng(0))
    row["p"] = test.pvalue
    # Hesterberg's expanded percentile interval is the percentile interval at another level.
    tail = norm.cdf(-student.ppf(0.975, n - 1) * np.sqrt(n / (n - 1)))
    ci = bootstrap((d,), np.mean, method="percentile", confidence_level=1 - 2 * tail, n_resamples=400_000,
                   batch=10_000, rng=np.random.default_rng(0)).confidence_interval
    row["low"], row["high"] = ci.low, ci.high
    rows.append(row)
print(json.dumps(dict(made_with="scipy " + scipy.__version__, vectors=rows), indent=1))
