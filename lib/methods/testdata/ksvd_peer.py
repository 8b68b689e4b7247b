"""K-SVD denoising (Elad & Aharon 2006) written independently of ksvd.go, to compare with: exact singular vectors in float64, and SPAMS's OMP.

usage: ksvd_peer.py PICTURE.png...      (needs numpy, scikit-image, spams-bin)
Adds Gaussian noise of 25/255 (seed 1) to each grey picture, learns 256 atoms on all its overlapping 8x8 patches in 10 iterations from cosines, and prints the
PSNR of the restored one, clipped to [0, 1], and their mean. An atom that no patch uses becomes the patch that is represented worst.
"""
import sys

import numpy as np
import spams
from skimage import io

SIDE, ATOMS, SIGMA, GAIN, ITERATIONS, KEEP = 8, 16, 25 / 255, 1.15, 10, 30 / 255


def cosines():
    d = np.cos(np.outer(np.arange(SIDE), np.arange(ATOMS)) * np.pi / ATOMS)
    d[:, 1:] -= d[:, 1:].mean(0)
    d /= np.linalg.norm(d, axis=0)
    return np.kron(d, d)


def code(y, d):
    return spams.omp(y, D=np.asfortranarray(d), L=SIDE * SIDE, eps=y.shape[0] * (GAIN * SIGMA) ** 2, numThreads=-1).tocsr()


def update(y, d, a):
    r = y - (a.T @ d.T).T
    for k in range(d.shape[1]):
        begin, end = a.indptr[k], a.indptr[k + 1]
        users = a.indices[begin:end]
        if len(users) == 0:
            worst = np.argmax((r * r).sum(0))
            d[:, k] = y[:, worst] / max(np.linalg.norm(y[:, worst]), 1e-12)
            continue
        e = r[:, users] + np.outer(d[:, k], a.data[begin:end])
        d[:, k] = np.linalg.eigh(e @ e.T)[1][:, -1]
        a.data[begin:end] = d[:, k] @ e
        r[:, users] = e - np.outer(d[:, k], a.data[begin:end])
    return d


def restore(noisy):
    windows = np.lib.stride_tricks.sliding_window_view(noisy, (SIDE, SIDE))
    rows, columns = windows.shape[:2]
    y = windows.reshape(-1, SIDE * SIDE).T
    mean = y.mean(0)
    y, d = np.asfortranarray(y - mean), cosines()
    for _ in range(ITERATIONS):
        d = update(y, d, code(y, d))
    x = np.asarray((code(y, d).T @ d.T)).T + mean
    total, weight = KEEP / SIGMA * noisy, np.full(noisy.shape, KEEP / SIGMA)
    for i in range(SIDE):
        for j in range(SIDE):
            total[i : i + rows, j : j + columns] += x[i * SIDE + j].reshape(rows, columns)
            weight[i : i + rows, j : j + columns] += 1
    return total / weight


if __name__ == "__main__":
    values = []
    for path in sys.argv[1:]:
        truth = io.imread(path).astype(np.float64) / 255
        noisy = truth + SIGMA * np.random.default_rng(1).standard_normal(truth.shape)
        values.append(-10 * np.log10(np.mean((np.clip(restore(noisy), 0, 1) - truth) ** 2)))
        print(f"{path} {values[-1]:.2f} dB", flush=True)
    print(f"mean {np.mean(values):.3f} dB")
