"""Prints the MS-SSIM of TestMultiScaleSSIM: Wang, Simoncelli & Bovik 2003 written out with SciPy 1.17, the mean over two channels."""
import numpy as np
from scipy.signal import convolve2d

h, w = 176, 192
i = np.arange(h * w * 2)
wave = lambda phase: (np.sin(0.01 * i * (1 + i % 7) + phase) + 1) / 2
x, y = wave(0), np.clip(0.7 * wave(0) + 0.2 * wave(1) + 0.05, 0, 1)
x, y = (v.astype(np.float32).astype(float).reshape(h, w, 2) for v in (x, y))
g = np.exp(-np.arange(-5, 6) ** 2 / 4.5)
window = np.outer(g, g) / g.sum() ** 2
total = 0
for c in range(2):
    a, b, product = x[..., c], y[..., c], 1
    for s, weight in enumerate([0.0448, 0.2856, 0.3001, 0.2363, 0.1333]):
        f = lambda z: convolve2d(z, window, "valid")
        ma, mb = f(a), f(b)
        term = (2 * (f(a * b) - ma * mb) + 9e-4) / (f(a * a) - ma**2 + f(b * b) - mb**2 + 9e-4)
        if s == 4:
            product *= ((2 * ma * mb + 1e-4) / (ma**2 + mb**2 + 1e-4) * term).mean() ** weight
            break
        product *= term.mean() ** weight
        a, b = (v.reshape(v.shape[0] // 2, 2, -1, 2).mean((1, 3)) for v in (a, b))
    total += product / 2
print(f"{total:.8f}")
