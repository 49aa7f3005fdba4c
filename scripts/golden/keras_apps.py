"""Writes testdata/golden/keras/apps: nets of Keras Applications with seeded weights.

    venv/bin/python scripts/golden/keras_apps.py [NET…]    (requirements-keras.txt; default: all)

<net>.json.gz holds the config as Keras 3 saves it, the version, the names of the containers, and of
every weight its path in the .keras file, its sizes, and the bounds between which seeded.py draws it
by that path; <net>.safetensors what zoo.py writes of its nets: statistics and numbers at seeded
places of every layer's output, in the engine's order N×C×H×W, and the answer whole. Keras computes
in float64. Inputs are small, and no square, so that the Go test is quick and sees swapped axes.
"""

import gzip
import json
import os
import sys
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import h5py
import keras
import numpy as np
import tensorflow as tf
from safetensors.numpy import save_file

import seeded
from keras_nets import engine

OUT = "testdata/golden/keras/apps"
PROBES = 16
STATS = ["mean", "std", "min", "max", "l2", "signed"]
SIZES = {
    "ResNet50": (96, 80), "ResNet50V2": (80, 64), "VGG16": (64, 48), "MobileNet": (80, 64), "MobileNetV2": (96, 80),
    "MobileNetV3Small": (96, 80), "InceptionV3": (107, 91), "DenseNet121": (64, 80), "EfficientNetB0": (96, 80),
    "EfficientNetV2B0": (80, 64), "Xception": (75, 91), "NASNetMobile": (80, 64), "ConvNeXtTiny": (64, 96),
    "InceptionResNetV2": (75, 91),
}  # fmt: skip
NOTHING = {"InputLayer", "Dropout"}


def bounds(layer, role, dims):
    """Between what a weight is drawn: activations keep about their size with ReLU."""
    if role == "gamma" or role in ("moving_variance", "variance"):
        return 0.8, 1.2
    if len(dims) < 2:
        return -0.1, 0.1
    fan = np.prod(dims[:2]) if "depthwise" in type(layer).__name__.lower() + role else np.prod(dims[:-1])
    b = (6 / fan) ** 0.5
    if "se_" in layer.name or "squeeze_excite" in layer.name:
        b /= 30  # else the gates shut like switches: seeded.py
    return -b, b


def seed(model):
    """Gives the model its weights by way of a file; returns the containers' names and the weights."""
    with tempfile.TemporaryDirectory() as d:
        path = f"{d}/a.weights.h5"
        model.save_weights(path)
        names, list, where = {}, [], {}
        for l in leaves(model):
            where.setdefault(l.name, l)
        with h5py.File(path, "r+") as f:
            containers = []
            f.visit(lambda p: containers.append(p) if p.endswith("/vars") else None)
            for p in containers:
                if "name" in f[p].attrs:
                    names[p.removesuffix("/vars")] = f[p].attrs["name"]
                weights = where[f[p].attrs["name"]].weights if len(f[p]) else []
                for k in sorted(f[p], key=int):
                    dims = [int(n) for n in f[p][k].shape]
                    lo, hi = bounds(where[f[p].attrs["name"]], weights[int(k)].name, dims)
                    if dims:
                        f[p][k][...] = seeded.uniform(f"{p}/{k}", dims, lo, hi)
                        list.append([f"{p}/{k}", dims, float(lo), float(hi)])
        model.load_weights(path)
    return names, list


def leaves(model):
    for l in model.layers:
        yield l
        if hasattr(l, "layers"):
            yield from leaves(l)


def facts(name, y):
    """As zoo.py: size, STATS, PROBES."""
    v = y.reshape(-1).astype(np.float64)
    n = v.size
    ones = np.unpackbits(seeded.words("sign:" + name, 0, -(-n // 64)).astype("<u8").view(np.uint8), bitorder="little")[:n]
    signed = (v.sum() - 2 * v[ones == 1].sum()) / np.sqrt(n)
    stats = [v.mean(), v.std(), v.min(), v.max(), np.sqrt((v * v).sum()), signed]
    dims = (list(y.shape[1:]) + [1, 1])[:3]
    return "x".join(map(str, dims)), stats, v[(seeded.words("probe:" + name, 0, PROBES) % np.uint64(n)).astype(np.int64)]


def idle(l):
    """Whether a layer does nothing, or says otherwise that there is one number for each channel."""
    if type(l).__name__ == "Activation" and l.get_config()["activation"] == "linear":
        return True
    if type(l).__name__ not in ("Flatten", "Reshape"):
        return False
    s = l.input.shape
    return len(s) == 2 or s[1] * s[2] == 1


def run(net):
    keras.backend.clear_session()
    keras.config.set_floatx("float64")
    model = getattr(keras.applications, net)(weights=None, input_shape=(*SIZES[net], 3))
    names, weights = seed(model)
    byte = any(type(l).__name__ in ("Rescaling", "Normalization") for l in model.layers)
    hi = 255.0 if byte else 1.0
    x = seeded.uniform("input", [1, *SIZES[net], 3], 0.0, hi).astype(np.float64)
    layers = [l for l in model.layers if type(l).__name__ not in NOTHING and not hasattr(l, "layers") and not idle(l)]
    outputs = keras.Model(model.inputs, [l.output for l in layers])(x, training=False)
    values = {}
    for l, y in zip(layers, outputs):
        y = engine(y.numpy())
        if type(l).__name__ == "Flatten":
            y = engine(keras.Model(model.inputs, l.input)(x, training=False).numpy())
            y = y.reshape(1, -1)
        fused = l.get_config().get("activation") if type(l).__name__ != "Activation" and hasattr(l, "weights") else None
        name = l.name + ("" if fused in (None, "linear") else "/" + fused)
        values[name] = facts(name, y)
        if fused == "softmax":  # the logits, before the activation: x·W + b
            before = keras.Model(model.inputs, l.input)(x, training=False).numpy()
            values[l.name] = facts(l.name, before @ l.get_weights()[0] + l.get_weights()[1])
    assert all(np.isfinite(v[1]).all() for v in values.values())
    config = model.to_json().replace('"float64"', '"float32"')
    os.makedirs(OUT, exist_ok=True)
    about = {"config": config, "version": keras.__version__, "names": names, "weights": weights, "input": [1, 3, *SIZES[net]], "high": hi}
    with open(f"{OUT}/{net}.json.gz", "wb") as f:
        f.write(gzip.compress(json.dumps(about).encode(), 9, mtime=0))
    made = {"command": f"python scripts/golden/keras_apps.py {net}", "seed": "seeded.py", "keras": keras.__version__,
            "tensorflow": tf.__version__, "numpy": np.__version__, "stats": STATS,
            "values": " ".join(f"{k} {v[0]}" for k, v in values.items())}  # fmt: skip
    tensors = {
        "stats": np.array([v[1] for v in values.values()]), "probes": np.array([v[2] for v in values.values()]),
        "answer": outputs[-1].numpy().reshape(-1),
    }  # fmt: skip
    path = f"{OUT}/{net}.safetensors"
    save_file({k: v.astype(np.float32) for k, v in tensors.items()}, path, metadata={"made": json.dumps(made)})
    for p in (path, f"{OUT}/{net}.json.gz"):
        os.chmod(p, 0o644)
    print(f"{path}: {len(values)} values, {os.path.getsize(path)} bytes; config {os.path.getsize(f'{OUT}/{net}.json.gz')} bytes")


if __name__ == "__main__":
    seeded.check()
    for net in sys.argv[1:] or SIZES:
        run(net)
