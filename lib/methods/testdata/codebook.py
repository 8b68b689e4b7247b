"""Writes codebook.json: three steps of a codebook by moving averages (van den Oord et al. 2017, appendix A.1), in NumPy.

    pip install numpy==2.* && python codebook.py > codebook.json

The averages begin at 0; a vector that was never used stays. The gradient is that of sum(weights * e**2), which goes straight through e to h.
"""
import json

import numpy as np

r = np.random.default_rng(3)
codes, size, rows, gamma = 5, 2, 7, 0.8
e = r.normal(size=(codes, size)).astype(np.float32).astype(float)
e[4] = 50  # out of reach
first, n, m = e.copy(), np.zeros(codes), np.zeros((codes, size))
steps = []
for _ in range(3):
    h = r.normal(size=(rows, size)).astype(np.float32).astype(float)
    weights = r.normal(size=(rows, size)).astype(np.float32).astype(float)
    index = np.argmin(((h[:, None] - e[None]) ** 2).sum(-1), 1)
    count = np.bincount(index, minlength=codes)
    step = dict(h=h.ravel(), weights=weights.ravel(), quantised=e[index].ravel(), gradient=(2 * weights * e[index]).ravel())
    p = count[count > 0] / rows
    step["perplexity"] = np.exp(-(p * np.log(p)).sum())
    n = gamma * n + (1 - gamma) * count
    for k in range(codes):
        m[k] = gamma * m[k] + (1 - gamma) * h[index == k].sum(0)
        if n[k] > 0:
            e[k] = m[k] / n[k]
    step |= dict(dead=(n < 0.1).sum(), vectors=e.ravel(), uses=n)
    steps.append({k: v.tolist() for k, v in step.items()})
print(json.dumps({"made by": f"codebook.py with numpy {np.__version__}", "codes": codes, "momentum": gamma, "start": first.ravel().tolist(), "steps": steps}))
