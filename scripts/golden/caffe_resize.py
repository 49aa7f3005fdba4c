"""Preprocessing of Caffe's reference nets by OpenCV: testdata/golden/photos/opencv.json.

    /tmp/caffe/bin/python scripts/golden/caffe_resize.py    (requirements-caffe.txt; from the root)

cv2.resize to 256×256 with INTER_LINEAR on bytes, as tools/convert_imageset.cpp does, the middle as
src/caffe/data_transformer.cpp cuts it in the TEST phase, BGR 0…255 less the mean pixel: the SHA-256
of the input's float32 bytes and, of photos, a few of its numbers.
"""

import glob
import hashlib
import json
import os

import cv2
import numpy as np

OUT = "testdata/golden/photos"
MEAN = np.float32([104.00698793, 116.66876762, 122.67891434])
SIZES = [(512, 512), (511, 513), (256, 256), (257, 255), (100, 37), (1, 1), (2, 3), (1, 700), (900, 1), (512, 300)]


def formula(w, h):
    """A picture without smooth parts, BGR; internal/imgio/photo_test.go has the same one."""
    x, y = np.meshgrid(np.arange(w), np.arange(h))
    rgb = [(x * x * 7 + y * 13 + x * y * 3 + c * 50) % 256 for c in range(3)]
    return np.stack(rgb[::-1], 2).astype(np.uint8)


def prepare(bgr, size, resize=256):
    small = cv2.resize(bgr, (resize, resize), interpolation=cv2.INTER_LINEAR)
    at = (resize - size) // 2
    return (small[at:at + size, at:at + size].astype(np.float32) - MEAN).transpose(2, 0, 1)


def main():
    cases = []
    for size in 227, 224:
        for path in sorted(glob.glob(f"{OUT}/*.png")):
            x = prepare(cv2.imread(path, cv2.IMREAD_COLOR), size)
            flat = x.ravel()
            probes = {str(i): float(flat[i]) for i in range(0, flat.size, flat.size // 7)}
            cases.append({"file": os.path.basename(path), "size": size, "sha256": hashlib.sha256(x.tobytes()).hexdigest(), "probes": probes})
        for w, h in SIZES:
            x = prepare(formula(w, h), size)
            cases.append({"w": w, "h": h, "size": size, "sha256": hashlib.sha256(x.tobytes()).hexdigest()})
    for resize, w, h in (300, 401, 299), (231, 97, 300), (227, 227, 454):  # where weights are rounded; no crop
        x = prepare(formula(w, h), 227, resize)
        cases.append({"w": w, "h": h, "size": 227, "resize": resize, "sha256": hashlib.sha256(x.tobytes()).hexdigest()})
    made = {"command": "python scripts/golden/caffe_resize.py", "opencv": cv2.__version__, "numpy": np.__version__}
    with open(f"{OUT}/opencv.json", "w") as f:
        f.write('{"made": ' + json.dumps(made) + ', "cases": [\n' + ",\n".join(json.dumps(c) for c in cases) + "\n]}\n")


if __name__ == "__main__":
    main()
