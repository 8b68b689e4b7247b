"""Makes photos.json: small files of Pillow 12 with a colour profile, in base64, and what they hold.

    python3 -m venv /tmp/pil && /tmp/pil/bin/pip install pillow numpy
    /tmp/pil/bin/python make_photos.py > photos.json
"""
import base64
import io
import json
import sys

import numpy as np
import PIL
from PIL import Image, ImageCms

rgb = (np.arange(4 * 6 * 3).reshape(4, 6, 3) * 37 % 256).astype(np.uint8)
grey16 = (np.arange(4 * 6).reshape(4, 6) * 2731 % 65536).astype(np.uint16)
profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def file(im, kind, **options):
    b = io.BytesIO()
    im.save(b, kind, **options)
    return base64.b64encode(b.getvalue()).decode()


exif = Image.Exif()
exif[0x0112] = 6
im = Image.fromarray(rgb)
out = dict(
    made_with="Pillow " + PIL.__version__, profile=base64.b64encode(profile).decode(), rgb=rgb.flatten().tolist(),
    grey16=grey16.flatten().tolist(),
    png=file(im, "PNG", icc_profile=profile), tiff=file(im, "TIFF", icc_profile=profile),
    webp=file(im, "WEBP", icc_profile=profile, lossless=True), jpeg_orientation6=file(im, "JPEG", icc_profile=profile, exif=exif),
    deep=file(Image.fromarray(grey16), "PNG"), alpha=file(Image.fromarray(np.dstack([rgb, rgb[..., 0]])), "PNG"),
)
json.dump(out, sys.stdout, indent=1)
