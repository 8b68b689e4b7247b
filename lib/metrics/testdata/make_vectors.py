"""Makes vectors.json: MSE, PSNR, NRMSE and SSIM of scikit-image 0.26.0 for pictures that a formula gives.

    python3 -m venv /tmp/ski && /tmp/ski/bin/pip install scikit-image==0.26.0
    /tmp/ski/bin/python make_vectors.py > vectors.json

vectors_test.go draws the same pictures: `draw` and `spoil` here and there must agree.
"""
import json
import math

import numpy as np
import skimage
from skimage.color import rgb2ycbcr
from skimage.metrics import mean_squared_error, normalized_root_mse, peak_signal_noise_ratio, structural_similarity


def noise(n, seed):
    """A linear congruential generator (Numerical Recipes), its upper 24 bits as float32 in [0, 1)."""
    out, s = np.empty(n, np.float32), seed
    for i in range(n):
        s = (s * 1664525 + 1013904223) % 2**32
        out[i] = (s >> 8) / 2**24
    return out


def draw(kind, h, w, c, seed):
    if kind == "noise":
        return noise(h * w * c, seed).reshape(h, w, c)
    im = np.empty((h, w, c), np.float32)
    for y in range(h):
        for x in range(w):
            for k in range(c):
                if kind == "disc":
                    inside = 9 * ((2 * y - h) ** 2 + (2 * x - w) ** 2) < 4 * min(h, w) ** 2
                    im[y, x, k] = 0.125 + 0.5 * inside + ((x + 2 * y + 5 * k) % 16) / 64
                else:  # wave
                    im[y, x, k] = 0.5 + 0.5 * math.sin(0.3 * x + 0.17 * y + k)
    return im


def spoil(how, im, seed):
    n = noise(im.size, seed + 1).reshape(im.shape)
    if how == "noisy":  # leaves [0, 1]: measures must not clip
        return (im + np.float32(0.5) * (n - np.float32(0.5))).astype(np.float32)
    if how == "faint":
        return (im + np.float32(0.03125) * (n - np.float32(0.5))).astype(np.float32)
    if how == "flat":
        return np.full_like(im, 0.5)
    if how == "negative":
        return np.float32(1) - im
    return n  # unrelated


def to8(im):
    """Rounds [0, 1] to 8 bits, halves up, as MATLAB's im2uint8 does."""
    return np.floor(np.clip(im, 0, 1) * 255 + 0.5).astype(np.uint8)


def main():
    rows = []
    for i, (kind, how, h, w, c) in enumerate([
        ("noise", "noisy", 11, 11, 1), ("noise", "unrelated", 28, 28, 1), ("disc", "noisy", 33, 47, 1),
        ("disc", "faint", 64, 51, 1), ("wave", "flat", 29, 40, 1), ("wave", "negative", 37, 31, 1),
        ("noise", "noisy", 23, 17, 3), ("disc", "faint", 40, 35, 3), ("wave", "noisy", 51, 64, 3),
        ("wave", "negative", 19, 45, 3), ("noise", "unrelated", 31, 31, 3),
    ]):
        a32 = draw(kind, h, w, c, 100 + i)
        b32 = spoil(how, a32, 100 + i)
        a, b = a32.astype(np.float64), b32.astype(np.float64)  # else scikit-image computes in float32
        row = dict(kind=kind, how=how, height=h, width=w, channels=c, seed=100 + i)
        row["mse"] = mean_squared_error(a, b)
        row["psnr"] = peak_signal_noise_ratio(a, b, data_range=1)
        row["psnr_border4"] = peak_signal_noise_ratio(a[4:-4, 4:-4], b[4:-4, 4:-4], data_range=1)
        row["ssim"] = structural_similarity(a, b, data_range=1, gaussian_weights=True, sigma=1.5,
                                            use_sample_covariance=False, channel_axis=2)
        row["ssim_uniform"] = structural_similarity(a, b, data_range=1, channel_axis=2)
        row["nrmse"] = normalized_root_mse(a, b)
        ra, rb = to8(a), to8(b)
        row["psnr_rounded"] = peak_signal_noise_ratio(ra, rb)
        if c == 3:
            ya, yb = rgb2ycbcr(a)[..., 0] / 255, rgb2ycbcr(b)[..., 0] / 255
            row["psnr_luma"] = peak_signal_noise_ratio(ya, yb, data_range=1)
            ra, rb = to8(rgb2ycbcr(ra)[..., 0] / 255), to8(rgb2ycbcr(rb)[..., 0] / 255)
        row["psnr_paper"] = peak_signal_noise_ratio(ra[3:-3, 3:-3], rb[3:-3, 3:-3])  # super-resolution's: luma, rounded, border
        rows.append(row)
    print(json.dumps(dict(made_with="scikit-image " + skimage.__version__, vectors=rows), indent=1))


if __name__ == "__main__":
    main()
