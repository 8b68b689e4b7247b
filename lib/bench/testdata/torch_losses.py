#!/usr/bin/env python3
"""The first 20 losses of dcgan28 and dncnn40 (NETS.md) in PyTorch, from the weights and data of fixed_test.go, for TestTorch.

    python3 lib/bench/testdata/torch_losses.py >lib/bench/testdata/torch_losses.json
    python3 lib/bench/testdata/torch_losses.py double    # the same in float64, to tell rounding from error

needs torch and numpy. Batch norm has epsilon 1e-3, TensorFlow's default, not PyTorch's 1e-5, as the jax form of NETS.md has.
"""
import json
import platform
import sys
import zlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

STEPS = 20
DTYPE = torch.float64 if sys.argv[1:] == ["double"] else torch.float32
bce = F.binary_cross_entropy_with_logits


def noise(name, n):
    """n values in [-1, 1), as noise in fixed_test.go: MurmurHash3's finalizer over a counter."""
    h = (np.uint64(zlib.crc32(name.encode())) + np.arange(n, dtype=np.uint64) * np.uint64(0x9E3779B1)).astype(np.uint32)
    for m in (0x85EBCA6B, 0xC2B2AE35):
        h = (h ^ h >> np.uint32(15)) * np.uint32(m)
    return ((h ^ h >> np.uint32(16)) >> np.uint32(8)).astype(np.float64) / (1 << 23) - 1


def weight(path, *dims):
    """A variable in darkroom's own layout, as weight in fixed_test.go."""
    u = noise(path, int(np.prod(dims))).reshape(dims)
    kind = path.rsplit("/", 1)[1]
    if kind == "scale":
        u = 1 + u / 8
    elif kind in ("bias", "shift"):
        u = u / 8
    else:
        u = u * np.sqrt(6 / (int(np.prod(dims[:-2])) * (dims[-2] + dims[-1])))
        if path in ("/G/dense/weights", "/G/up1/kernel", "/D/down2/kernel"):
            u = 8 * u
        if path.startswith("/net/conv"):
            u = 64 * u
    return torch.from_numpy(u.astype(np.float32)).to(DTYPE)


class Philox:
    """XLA's RNG_PHILOX: Philox-4x32-10 (Salmon et al. 2011) with state [key, counter, counter], and GoMLX's normals made of it."""

    def __init__(self, state):
        self.key, self.counter = state[0], state[1] | state[2] << 64

    def bits(self, n):
        blocks = (n + 3) // 4
        word = lambda shift: np.array([(self.counter + i) >> shift & 0xFFFFFFFF for i in range(blocks)], dtype=np.uint64)
        x, k0, k1 = [word(32 * i) for i in range(4)], self.key & 0xFFFFFFFF, self.key >> 32
        low, high = np.uint64(0xFFFFFFFF), np.uint64(32)
        for _ in range(10):
            a, b = x[0] * np.uint64(0xD2511F53), x[2] * np.uint64(0xCD9E8D57)
            x = [b >> high ^ x[1] ^ np.uint64(k0), b & low, a >> high ^ x[3] ^ np.uint64(k1), a & low]
            k0, k1 = k0 + 0x9E3779B9 & 0xFFFFFFFF, k1 + 0xBB67AE85 & 0xFFFFFFFF
        self.counter += blocks
        return np.stack(x, 1).reshape(-1)[:n].astype(np.uint32)

    def uniform(self, n):
        return np.minimum(self.bits(n).astype(np.float32) * np.float32(2 ** -32), np.nextafter(np.float32(1), np.float32(0)))

    def normal(self, *dims):
        u1, u2 = self.uniform(int(np.prod(dims))), self.uniform(int(np.prod(dims)))
        z = np.sqrt(np.log(u1) * np.float32(-2)) * np.cos(u2 * np.float32(2 * np.pi))
        return torch.from_numpy(z.reshape(dims)).to(DTYPE)


def layer(module, **values):
    for name, value in values.items():
        with torch.no_grad():
            getattr(module, name).copy_(value)
    return module.to(DTYPE)


def conv(name, i, o, k, s):
    return layer(nn.Conv2d(i, o, k, s, (k - 1) // 2).to(DTYPE),
                 weight=weight(name + "/kernel", k, k, i, o).permute(3, 2, 0, 1), bias=weight(name + "/bias", o))


def convt(name, i, o, k, s):
    return layer(nn.ConvTranspose2d(i, o, k, s, (k - s) // 2).to(DTYPE),
                 weight=weight(name + "/kernel", k, k, o, i).permute(3, 2, 0, 1), bias=weight(name + "/bias", o))


def dense(name, i, o):
    return layer(nn.Linear(i, o).to(DTYPE), weight=weight(name + "/weights", i, o).T, bias=weight(name + "/bias", o))


def norm(name, n, kind=nn.BatchNorm2d):
    return layer(kind(n, eps=1e-3).to(DTYPE), weight=weight(name + "/scale", n), bias=weight(name + "/shift", n))


class Last(nn.Module):
    """Channels last, as darkroom's reshape to and from images has them."""

    def __init__(self, *shape):
        super().__init__()
        self.shape = shape

    def forward(self, x):
        if self.shape:
            return x.reshape(-1, *self.shape).permute(0, 3, 1, 2)
        return x.permute(0, 2, 3, 1).flatten(1)


def adam(*modules):
    return torch.optim.Adam([p for m in modules for p in m.parameters()], 2e-4, (0.5, 0.999), 1e-7)


def image(values, *dims):
    return torch.from_numpy(values.astype(np.float32).reshape(dims)).permute(0, 3, 1, 2).to(DTYPE)


def dcgan28():
    x = image(noise("x", 64 * 28 * 28), 64, 28, 28, 1)
    G = nn.Sequential(dense("/G/dense", 100, 6272), norm("/G/norm1", 6272, nn.BatchNorm1d), nn.ReLU(), Last(7, 7, 128),
                      convt("/G/up1", 128, 64, 4, 2), norm("/G/norm2", 64), nn.ReLU(), convt("/G/up2", 64, 1, 4, 2), nn.Tanh())
    D = nn.Sequential(conv("/D/down1", 1, 64, 4, 2), nn.LeakyReLU(.2), conv("/D/down2", 64, 128, 4, 2), norm("/D/norm", 128),
                      nn.LeakyReLU(.2), Last(), dense("/D/dense", 6272, 1))
    og, od, random = adam(G), adam(D), Philox([1, 2, 3])
    one, zero = torch.ones(64, 1, dtype=DTYPE), torch.zeros(64, 1, dtype=DTYPE)

    def step():
        od.zero_grad()
        with torch.no_grad():
            fake = G(random.normal(64, 100))
        ld = bce(D(x), one) + bce(D(fake), zero)
        ld.backward()
        od.step()
        og.zero_grad()
        lg = bce(D(G(random.normal(64, 100))), one)
        lg.backward()
        og.step()
        return (ld + lg).item()
    return step


def dncnn40():
    n = 32 * 40 * 40
    t = (noise("t", n) + 1) / 2
    x, t = image(t + noise("x", n) / 8, 32, 40, 40, 1), image(t, 32, 40, 40, 1)
    body = [conv("/net/first", 1, 32, 3, 1), nn.ReLU()]
    for c in "abcdef":
        body += [conv("/net/conv" + c, 32, 32, 3, 1), norm("/net/norm" + c, 32), nn.ReLU()]
    N = nn.Sequential(*body, conv("/net/last", 32, 1, 3, 1))
    o = adam(N)

    def step():
        o.zero_grad()
        loss = F.mse_loss(x - N(x), t)
        loss.backward()
        o.step()
        return loss.item()
    return step


torch.set_num_threads(2)
out = {"made by": f"testdata/torch_losses.py with torch {torch.__version__}, numpy {np.__version__}, Python {platform.python_version()}, "
                  f"{DTYPE}, on {platform.machine()}, {torch.backends.cpu.get_cpu_capability()}"}
for make in (dcgan28, dncnn40):
    step = make()
    out[make.__name__] = [step() for _ in range(STEPS)]
print(json.dumps(out, indent=0))
