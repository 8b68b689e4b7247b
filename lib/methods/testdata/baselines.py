"""Makes baselines.json: the classical restorers by other programs and by their formulas, in float64.

    python3 -m venv /tmp/ref && /tmp/ref/bin/pip install scipy PyWavelets
    /tmp/ref/bin/python baselines.py > baselines.json

baselines_test.go draws the same picture.
"""
import json
import sys

import numpy as np
import pywt
import scipy
import scipy.ndimage
import scipy.signal

H, W, SIGMA = 24, 36, 25 / 255


def picture():
    """Stripes and a disc with the noise of a linear congruential generator, the sum of four uniform numbers."""
    s, n = 7, np.empty(4 * H * W)
    for i in range(n.size):
        s = (s * 1664525 + 1013904223) % 2**32
        n[i] = (s >> 8) / 2**24
    n = (n.reshape(-1, 4).sum(1) - 2) * np.sqrt(3) * SIGMA
    i, j = np.mgrid[:H, :W]
    x = 0.3 + 0.02 * (j % 8) + 0.4 * ((i - 11) ** 2 + (j - 20) ** 2 < 64)
    return (x + n.reshape(H, W)).astype(np.float32).astype(float)


y = picture()
out = dict(made_with=f"SciPy {scipy.__version__}, PyWavelets {pywt.__version__}, NumPy {np.__version__}",
           y=y)

out["median"] = scipy.ndimage.median_filter(y, size=5, mode="mirror")
out["wiener"] = scipy.signal.wiener(y, 5, noise=SIGMA**2)  # with zeros around: the test leaves 2 pixels out


def nlm(y, patch=3, search=7, h=0.6):
    """Buades, Coll & Morel 2011: plain loops over the window."""
    a, r = patch // 2, search // 2
    p = np.pad(y, a + r, mode="reflect")
    total, weights = np.zeros_like(y), np.zeros_like(y)
    for di in range(-r, r + 1):
        for dj in range(-r, r + 1):
            d = np.zeros_like(y)
            for k in range(-a, a + 1):
                for l in range(-a, a + 1):
                    o = a + r
                    d += (p[o + k : o + k + H, o + l : o + l + W] - p[o + di + k : o + di + k + H, o + dj + l : o + dj + l + W]) ** 2
            w = np.exp(-np.maximum(d / patch**2 - 2 * SIGMA**2, 0) / (h * SIGMA) ** 2)
            total += w * p[a + r + di : a + r + di + H, a + r + dj : a + r + dj + W]
            weights += w
    return total / weights


out["nlm"] = nlm(y)


def extended(y, grid):
    for axis in range(2):
        n = y.shape[axis]
        by = -n % grid
        by += grid if by + grid < n else 0
        y = np.pad(y, [(0, by) if a == axis else (0, 0) for a in range(2)], mode="reflect")
    return y


def shrink(band):
    t = SIGMA**2 / np.sqrt(max(np.mean(band**2) - SIGMA**2, 1e-12))
    return pywt.threshold(band, t, "soft")


def spun(y, levels, wavelet):
    x = extended(y, 2**levels)
    c = pywt.swt2(x, wavelet, levels)  # coarsest first
    return pywt.iswt2([(a, tuple(shrink(b) for b in d)) for a, d in c], wavelet)[:H, :W]


def orthogonal(y, levels, wavelet):
    c = pywt.wavedec2(extended(y, 2**levels), wavelet, "periodization", levels)
    return pywt.waverec2([c[0]] + [tuple(shrink(b) for b in d) for d in c[1:]], wavelet, "periodization")[:H, :W]


out["wavelet_sym8_spun"] = spun(y, 3, "sym8")
out["wavelet_db2_spun"] = spun(y, 2, "db2")
out["wavelet_haar"] = orthogonal(y, 3, "haar")


def gradient(x):
    p, q = np.zeros_like(x), np.zeros_like(x)
    p[:-1], q[:, :-1] = np.diff(x, axis=0), np.diff(x, axis=1)
    return p, q


def divergence(p, q):  # -gradient's adjoint
    d = np.zeros_like(p)
    d[:-1] += p[:-1]
    d[1:] -= p[:-1]
    d[:, :-1] += q[:, :-1]
    d[:, 1:] -= q[:, :-1]
    return d


def tv(y, lam, iterations=30000):
    """Accelerated projected gradient on the dual (Beck & Teboulle 2009, FGP), with its duality gap."""
    p = q = r = s = np.zeros_like(y)
    t = 1
    for _ in range(iterations):
        gp, gq = gradient(y + divergence(r, s))
        a, b = r + gp / 8, s + gq / 8
        scale = np.maximum(1, np.hypot(a, b) / lam)
        a, b = a / scale, b / scale
        t, was = (1 + np.sqrt(1 + 4 * t * t)) / 2, t
        r, s, p, q = a + (was - 1) / t * (a - p), b + (was - 1) / t * (b - q), a, b
    x = y + divergence(p, q)
    primal = 0.5 * ((x - y) ** 2).sum() + lam * np.hypot(*gradient(x)).sum()
    dual = 0.5 * (y**2).sum() - 0.5 * (x**2).sum()
    return x, primal, primal - dual


out["tv"], out["tv_objective"], out["tv_gap"] = tv(y, 0.9 * SIGMA)
assert -1e-12 < out["tv_gap"] < 1e-7, out["tv_gap"]

k = np.exp(-(np.arange(-6, 7) ** 2) / (2 * 1.6**2))
blur = np.zeros((H, W))
for i, a in enumerate(k):
    for j, b in enumerate(k):
        blur[(i - 6) % H, (j - 6) % W] += a * b / k.sum() ** 2
response = np.fft.fft2(blur)
f2 = np.fft.fftfreq(H)[:, None] ** 2 + np.fft.fftfreq(W) ** 2
shape = np.zeros_like(f2)
shape[f2 > 0] = 1 / f2[f2 > 0]
noise = (2 / 255) ** 2
spectrum = shape / shape.mean() * (y.var() - noise)  # of the signal; 0 frequency is kept
ratio = np.zeros_like(f2)
ratio[f2 > 0] = noise / spectrum[f2 > 0]
out["wiener_blur"] = np.fft.ifft2(np.conj(response) * np.fft.fft2(y) / (abs(response) ** 2 + ratio)).real

json.dump({k: [round(v, 7) for v in np.asarray(x).flatten().tolist()] if np.ndim(x) else x for k, x in out.items()}, sys.stdout, indent=None)
print()
