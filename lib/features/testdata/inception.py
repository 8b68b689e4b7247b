"""Writes inception.json: torch-fidelity's Inception-V3 with weights made by a formula, on one made picture, and its resizing.

pip install torch torchvision torch-fidelity; python inception.py > inception.json
Measured with torch-fidelity 0.4.0. No trained weights are needed: those of the formula are in inception_test.go, too.
"""
import json, sys, tempfile
import numpy, torch, torch_fidelity
from torch_fidelity import feature_extractor_inceptionv3 as fidelity
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x as resize


def made(name, shape):  # numbers of [−½, ½) that look random
    h = 0
    for b in name.encode():
        h = (31 * h + b) % 2**32
    x = (numpy.arange(numpy.prod(shape), dtype="uint64") * 2654435761 + h) % 2**32
    x = (x ^ (x >> 15)) * 2246822519 % 2**32
    u = (x ^ (x >> 13)) / 2.0**32 - 0.5
    part = name.split(".", 1)[1]
    if part.endswith("conv.weight"):
        u = u * (24 / numpy.prod(shape[1:])) ** 0.5
    elif part.endswith("running_var"):
        u = 1 + u
    elif part.endswith("bn.weight"):
        u = 1 + 0.5 * u
    elif part == "weight":  # fc
        u = u * (12 / 2048) ** 0.5
    else:
        u = 0.2 * u
    return torch.tensor(u.astype("float32").reshape(shape))


def picture(height, width):  # squeezenet.py's, in 8 bits
    y, x, c = numpy.meshgrid(numpy.arange(height), numpy.arange(width), numpy.arange(3), indexing="ij")
    return numpy.round(255 * (0.5 + 0.5 * numpy.sin(0.05 * (x + 1) * (c + 1) + 0.11 * y)).astype("float32")).astype("uint8")


plain = fidelity.FeatureExtractorInceptionV3.load_state_dict
shapes = {}


def load(self, _):  # in place of the file: the formula
    state = self.state_dict()
    for name, v in state.items():
        if not name.endswith("num_batches_tracked"):
            shapes[name] = list(v.shape)
            state[name] = made(name, list(v.shape))
    return plain(self, state)


fidelity.FeatureExtractorInceptionV3.load_state_dict = load
with tempfile.NamedTemporaryFile() as f:
    torch.save({}, f.name)
    net = fidelity.FeatureExtractorInceptionV3("made", ["2048", "logits_unbiased"], f.name)
height, width = 64, 48
features, logits = net(torch.tensor(picture(height, width)).permute(2, 0, 1)[None])
ramps = []
for n in (32, 299, 640):
    v = numpy.sin(0.3 * numpy.arange(n) ** 1.5)
    out = resize(torch.tensor(v).reshape(1, 1, 1, n), (1, 299), align_corners=False)[0, 0, 0]
    ramps.append({"from": n, "at": list(range(0, 299, 27)) + [298], "values": out[list(range(0, 299, 27)) + [298]].tolist()})
json.dump({
    "torch": torch.__version__, "torch-fidelity": torch_fidelity.__version__, "height": height, "width": width, "shapes": shapes,
    "features": features[0, :12].tolist(), "mean": features.mean().item(), "norm": features.square().mean().sqrt().item(),
    "logits": logits[0, :12].tolist(), "resized": ramps,
}, sys.stdout, separators=(",", ":"))
