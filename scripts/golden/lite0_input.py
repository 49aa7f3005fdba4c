"""A photo as EfficientNet-Lite0 wants it: a writing of tensorflow/tpu's preprocessing in NumPy.

models/official/efficientnet/preprocessing.py, preprocess_for_eval, with the resize_method of main.py
for the Lite nets (bilinear), through tensorflow.compat.v1, whose tf.image.resize keeps the old corners:
the source of output i is i·in/out, no half pixels, no antialiasing. lite0_tf.py compares this file with
TensorFlow itself, bit by bit.
"""

import numpy as np
from PIL import Image

SIZE = 224


def crop(rgb):
    """The middle square: 0.875 of the shorter side."""
    h, w, _ = rgb.shape
    c = int(np.float32(SIZE / (SIZE + 32)) * np.float32(min(h, w)))
    y, x = (h - c + 1) // 2, (w - c + 1) // 2
    return rgb[y : y + c, x : x + c]


def resize(rgb, size=SIZE):
    """tf.compat.v1.image.resize(BILINEAR): float32 at every step, as the kernel computes it."""
    f32 = np.float32
    px = rgb.astype(f32)

    def places(n):
        at = np.arange(size, dtype=f32) * f32(f32(n) / f32(size))
        low = np.floor(at).astype(np.int64)
        return low, np.minimum(low + 1, n - 1), at - low.astype(f32)

    y0, y1, fy = places(px.shape[0])
    x0, x1, fx = places(px.shape[1])
    fx, fy = fx[None, :, None], fy[:, None, None]

    def row(y):
        left, right = px[y][:, x0], px[y][:, x1]
        return left + (right - left) * fx

    top, bottom = row(y0), row(y1)
    return top + (bottom - top) * fy


def of_rgb(rgb):
    """H×W×3 bytes → 3×224×224 float32."""
    x = (resize(crop(rgb)) - np.float32(127)) / np.float32(128)
    return np.ascontiguousarray(x.transpose(2, 0, 1))


def of_file(path):
    return of_rgb(np.asarray(Image.open(path).convert("RGB")))
