"""Writes gmm.json: what scikit-learn's GaussianMixture makes of a small data set.

    pip install numpy==2.* scikit-learn==1.* && python gmm.py > gmm.json

1. density: the log-density of images of 2×2 under the mixture of full Gaussians in pixel space that is equal to a fixed mixture in the
   space of two principal components, scaled, with isotropic noise in the two other directions.
2. em: the mean log-likelihood before each iteration of expectation maximisation on vectors of 2, from given means, unit covariances and equal
   weights, reg_covar 1e-6, and the parameters after them.
"""
import json
import warnings

import numpy as np
import sklearn
from sklearn.mixture import GaussianMixture

warnings.simplefilter("ignore")  # it says that few iterations do not converge
r = np.random.default_rng(7)

# 1
d, q, k = 4, 2, 3
axes = np.linalg.qr(r.normal(size=(d, d)))[0].T
mean, variances, noise = r.uniform(size=d), np.array([0.3, 0.1]), 0.02
weights = np.array([0.5, 0.2, 0.3])
means = r.normal(size=(k, q))
factors = np.tril(r.normal(size=(k, q, q)) * 0.3) + 0.6 * np.eye(q)
scale = np.diag(np.sqrt(variances))
inside, outside = axes[:q].T @ scale, axes[q:].T
g = GaussianMixture(k, covariance_type="full")
g.weights_ = weights
g.means_ = mean + means @ inside.T
covariances = [inside @ l @ l.T @ inside.T + noise * outside @ outside.T for l in factors]
g.precisions_cholesky_ = np.array([np.linalg.inv(np.linalg.cholesky(c)).T for c in covariances])
x = r.uniform(size=(6, d))
density = dict(
    mean=mean, axes=axes[:q], variances=variances, noise=noise, weights=weights, means=means, factors=factors,
    inverses=np.linalg.inv(factors), x=x, log_density=g.score_samples(x))

# 2
data = np.concatenate([r.normal(size=(40, 2)) * [1, 0.3] + [2, 1], r.normal(size=(60, 2)) * 0.5 - 1, r.normal(size=(50, 2)) * [0.2, 1] + [0, 3]])
data = data.astype(np.float32).astype(float)
start = data[[3, 50, 120]]
history = []
for n in range(1, 9):
    g = GaussianMixture(3, covariance_type="full", reg_covar=1e-6, tol=0, max_iter=n, means_init=start, weights_init=np.ones(3) / 3,
                        precisions_init=np.array([np.eye(2)] * 3)).fit(data)
    history.append(g.lower_bound_)
em = dict(data=data, start=start, history=history, weights=g.weights_, means=g.means_, covariances=g.covariances_)

plain = lambda v: v.tolist() if isinstance(v, np.ndarray) else [float(u) for u in v] if isinstance(v, list) else v
out = {"made by": f"gmm.py with scikit-learn {sklearn.__version__}, numpy {np.__version__}"}
out |= {name: {key: plain(v) for key, v in part.items()} for name, part in dict(density=density, em=em).items()}
print(json.dumps(out))
