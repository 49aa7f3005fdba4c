"""Preprocessing by torchvision with Pillow: testdata/golden/photos/torchvision.json.

The presets of torchvision (bilinear) and of timm (bicubic), on the PNG photos of lite0_tf.py: the SHA-256
of the input's float32 bytes and a few of its numbers.

And chroma.json: the chroma planes of libjpeg, by Pillow, of JPEGs of flat tiles, which every decoder
decodes alike but for how it magnifies chroma.
"""

import glob
import hashlib
import json
import os

import numpy as np
import PIL
import torchvision
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Normalize, Resize, ToTensor

OUT = "testdata/golden/photos"
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
HALF = ([0.5] * 3, [0.5] * 3)
PRESETS = [
    (256, 224, "bilinear", IMAGENET),
    (342, 299, "bilinear", HALF),
    (235, 224, "bicubic", HALF),
    (333, 299, "bicubic", HALF),
    (32, 32, "bilinear", IMAGENET),
]


def chroma():
    """tiles-*.jpg of odd size, and the SHA-256 of their Cb and Cr planes after libjpeg's upsampling."""
    tiles = np.random.default_rng(420).integers(0, 256, (4, 5, 3), np.uint8)
    photo = Image.fromarray(tiles.repeat(16, 0).repeat(16, 1)[:53, :75])
    cases = []
    for name, subsampling in {"420": 2, "422": 1}.items():
        path = f"{OUT}/tiles-{name}.jpg"
        photo.save(path, quality=95, subsampling=subsampling)
        im = Image.open(path)
        im.draft("YCbCr", im.size)
        planes = np.asarray(im)
        assert im.mode == "YCbCr" and planes.shape == (53, 75, 3)
        rgb = hashlib.sha256(np.asarray(Image.open(path)).tobytes()).hexdigest()
        sums = [hashlib.sha256(np.ascontiguousarray(planes[:, :, i]).tobytes()).hexdigest() for i in (1, 2)]
        cases.append({"file": os.path.basename(path), "cb": sums[0], "cr": sums[1], "rgb": rgb, "row": planes[17, :, 1].tolist()})
    with open(f"{OUT}/chroma.json", "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")


def main():
    chroma()
    cases = []
    for resize, size, mode, (mean, std) in PRESETS:
        prepare = Compose([Resize(resize, InterpolationMode(mode)), CenterCrop(size), ToTensor(), Normalize(mean, std)])
        for path in sorted(glob.glob(f"{OUT}/*.png")):
            x = prepare(Image.open(path).convert("RGB")).numpy()
            flat = x.ravel()
            probes = {str(i): float(flat[i]) for i in range(0, flat.size, flat.size // 7)}
            cases.append({
                "file": os.path.basename(path), "resize": resize, "size": size, "resample": mode, "mean": mean, "std": std,
                "sha256": hashlib.sha256(x.astype("<f4").tobytes()).hexdigest(), "probes": probes,
            })
    made = {"command": "python scripts/golden/photo_torchvision.py", "torchvision": torchvision.__version__, "pillow": PIL.__version__}
    with open(f"{OUT}/torchvision.json", "w") as f:
        f.write(json.dumps({"made": made})[:-1] + ', "cases": [\n' + ",\n".join(json.dumps(c) for c in cases) + "\n]}\n")


if __name__ == "__main__":
    main()
