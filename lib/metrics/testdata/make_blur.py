"""Prints the blur effect of scikit-image 0.26.0 for pictures of make_vectors.py, for unreferenced_test.go.

    /tmp/ski/bin/python make_blur.py
"""
import numpy as np
from make_vectors import draw
from skimage.measure import blur_effect

for kind, h, w, c, seed in [("noise", 28, 37, 1, 3), ("disc", 33, 47, 1, 4), ("wave", 51, 40, 3, 5), ("noise", 9, 8, 3, 6)]:
    im = draw(kind, h, w, c, seed).astype(np.float64)
    print(kind, "%.9f" % blur_effect(im[..., 0] if c == 1 else im, channel_axis=None if c == 1 else 2))
