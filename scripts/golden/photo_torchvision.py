"""Preprocessing by torchvision with Pillow: testdata/golden/photos/torchvision.json.

The presets of torchvision (bilinear) and of timm (bicubic), on the PNG photos of lite0_tf.py: the SHA-256
of the input's float32 bytes and a few of its numbers.
"""

import glob
import hashlib
import json
import os

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


def main():
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
