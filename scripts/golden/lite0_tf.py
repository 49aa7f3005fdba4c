"""The resize of EfficientNet-Lite0 by TensorFlow itself: testdata/golden/photos/resize.json.

    python3 -m venv /tmp/tf && /tmp/tf/bin/pip install -r scripts/golden/requirements-tf.txt
    /tmp/tf/bin/python scripts/golden/lite0_tf.py

TensorFlow stands apart from the other scripts' environment for its size. The pictures are PNG, so that
every decoder gives the same bytes: real photos of testdata/photos, once shrunk to 190 pixels (then the
net's 224 magnify) and once in 48 colours at 400 (then they shrink). The golden holds the SHA-256 of the
input's float32 bytes, 3×224×224, and a few of its numbers. The script also demands that lite0_input.py
(NumPy) gives the same bits for these and for every photo of testdata/photos, and says how far apart the
JPEG decoders of TensorFlow and Pillow are.
"""

import glob
import hashlib
import json
import os

import numpy as np
import tensorflow as tf
from PIL import Image

import lite0_input

OUT = "testdata/golden/photos"
PICTURES = {"chelsea": (190, 0), "raccoon": (400, 48), "astronaut": (225, 32)}
PROBES = [0, 1, 223, 224, 25_000, 50_175, 50_176, 99_999, 123_456, 150_527]


def by_tensorflow(rgb):
    """tensorflow/tpu, preprocessing.py: _decode_and_center_crop after the decode, then model_fn."""
    h, w, _ = rgb.shape
    size = 224
    c = int(tf.cast((size / (size + 32)) * tf.cast(tf.minimum(h, w), tf.float32), tf.int32))
    y, x = (h - c + 1) // 2, (w - c + 1) // 2
    crop = tf.constant(rgb[y : y + c, x : x + c])
    out = tf.compat.v1.image.resize([crop], [size, size], tf.compat.v1.image.ResizeMethod.BILINEAR)[0]
    out = (out - tf.constant([127.0] * 3)) / tf.constant([128.0] * 3)
    return np.ascontiguousarray(out.numpy().transpose(2, 0, 1))


def main():
    os.makedirs(OUT, exist_ok=True)
    cases = []
    for name, (side, colours) in PICTURES.items():
        photo = Image.open(f"testdata/photos/{name}.jpg")
        photo.thumbnail((side, side), Image.Resampling.LANCZOS)
        if colours:
            photo = photo.quantize(colours, dither=Image.Dither.NONE)
        path = f"{OUT}/{name}-{side}.png"
        photo.save(path, optimize=True)
        rgb = np.asarray(photo.convert("RGB"))
        want = by_tensorflow(rgb)
        same = np.array_equal(want.view(np.uint32), lite0_input.of_rgb(rgb).view(np.uint32))
        assert same, f"{path}: NumPy and TensorFlow differ"
        flat = want.ravel()
        cases.append({
            "file": os.path.basename(path), "sha256": hashlib.sha256(want.astype("<f4").tobytes()).hexdigest(),
            "probes": {str(i): float(flat[i]) for i in PROBES},
        })
        print(f"{path}: {photo.size}, {os.path.getsize(path)} bytes")
    for path in sorted(glob.glob("testdata/photos/*.jpg")):
        rgb = np.asarray(Image.open(path).convert("RGB"))
        same = np.array_equal(by_tensorflow(rgb).view(np.uint32), lite0_input.of_rgb(rgb).view(np.uint32))
        assert same, f"{path}: NumPy and TensorFlow differ"
        other = tf.io.decode_jpeg(tf.io.read_file(path), channels=3).numpy()
        d = np.abs(other.astype(int) - rgb)
        print(f"{path}: resize the same bits; decoders differ by at most {d.max()}, on average {d.mean():.3f}")
    made = {"command": "python scripts/golden/lite0_tf.py", "tensorflow": tf.__version__, "numpy": np.__version__}
    with open(f"{OUT}/resize.json", "w") as f:
        json.dump({"made": made, "cases": cases}, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
