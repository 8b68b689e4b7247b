"""BM3D (Dabov et al. 2007; the `bm3d` package of its authors' group) on the noisy pixels that the methods of denoise-naturals saw.

usage: bm3d_peer.py MEASURED RUN...      (needs numpy, pillow, bm3d)
MEASURED is a folder of `darkroom degrade --npy` with NAME.npy, grey, as it was made; RUN are folders of finished runs, whose metrics and
pictures/NAME-truth.png are read. Prints the PSNR of BM3D's result, clipped to [0, 1], for each picture, that of each run, and the mean of BM3D's minus
the run's with a 95 % interval: Student's t over pictures. The noise is told to BM3D: 25/255.

    mkdir truth; for f in RUN/pictures/*-truth.png; do n=$(basename $f -truth.png); cp $f truth/$n.png; done
    darkroom degrade truth --task denoise25 --npy --out measured
    python experiments/testdata/bm3d_peer.py measured RUN...
"""
import glob
import json
import os
import sys
import time

import bm3d
import numpy as np
from PIL import Image

SIGMA, T5 = 25 / 255, 2.5706  # t's 97.5 % point with 5 degrees of freedom


def psnr(x, truth):
    return -10 * np.log10(np.mean((np.clip(x, 0, 1) - truth) ** 2))


def values(run):
    """The PSNRs of a finished run by picture."""
    with open(glob.glob(run + "/metrics-*.json")[0]) as f:
        m = json.load(f)["metrics"]["psnr"]
    return dict(zip(m["names"], m["values"]))


measured, runs = sys.argv[1], sys.argv[2:]
out = {}
for name in values(runs[0]):
    noisy = np.load(f"{measured}/{name}.npy")[..., 0].astype(float)
    truth = np.asarray(Image.open(f"{runs[0]}/pictures/{name}-truth.png"), float) / 255
    begin = time.time()
    out[name] = psnr(bm3d.bm3d(noisy, SIGMA), truth)
    print(f"{name}: noisy {psnr(noisy, truth):.3f}, bm3d {out[name]:.3f} dB, {time.time() - begin:.1f} s", flush=True)
print(f"bm3d: mean {np.mean(list(out.values())):.3f} dB")
for run in runs:
    v = values(run)
    d = np.array([out[n] - v[n] for n in out])
    assert len(d) == 6, "the interval is for six pictures"
    half = T5 * d.std(ddof=1) / len(d) ** 0.5
    print(f"{os.path.basename(run)}: mean {np.mean(list(v.values())):.3f} dB; bm3d minus it {d.mean():+.3f} ± {half:.3f} dB; "
          + ", ".join(f"{n} {v[n]:.2f}" for n in out))
