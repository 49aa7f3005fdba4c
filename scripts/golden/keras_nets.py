"""Writes testdata/golden/keras: small nets as Keras 2 and 3 save them, and what each layer must give.

    python -m venv venv && venv/bin/pip install -r scripts/golden/requirements-keras.txt
    venv/bin/python scripts/golden/keras_nets.py          (from the root of the repository)

For each net of NETS: <net>.keras and <net>.h5 by Keras 3, <net>-2.keras and <net>-2.h5 by Keras 2
(those of FILES are kept), and <net>.safetensors: the input and the output of every layer, in the
engine's order N×C×H×W, by the name that internal/keras gives the value. All of a net's files hold
the same weights, which depend on the names of the layers alone, so that one golden serves them all.
No two sizes of a net are equal where an axis could be mistaken for another.
"""

import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
import tf_keras
from safetensors.numpy import save_file

import seeded

OUT = "testdata/golden/keras"
FILES = {
    "conv": ["conv.keras", "conv.h5", "conv-2.h5"],
    "act": ["act.keras", "act-2.h5"],
    "act3": ["act3.keras"],
    "act2": ["act2-2.h5"],
    "shape": ["shape.keras", "shape-2.h5"],
    "cubic": ["cubic.keras"],
    "merge": ["merge.keras", "merge-2.h5"],
    "nested": ["nested.keras", "nested.h5", "nested-2.keras", "nested-2.h5"],
    "shared": ["shared.keras", "shared.h5"],
    "plain": ["plain.keras", "plain-2.h5"],
    "first": ["first.keras"],
}


def conv(k):
    """Convolutions: strides, SAME on both parities, dilation, groups, depthwise, transposed."""
    L = k.layers
    x = i = k.Input((13, 11, 3), name="image")
    x = L.Conv2D(6, (3, 2), strides=(2, 1), padding="same", activation="relu", name="same")(x)
    x = L.Conv2D(4, (2, 3), dilation_rate=(2, 1), groups=2, use_bias=False, name="dilated")(x)
    x = L.ZeroPadding2D(((1, 2), (3, 0)), name="pad")(x)
    x = L.DepthwiseConv2D((3, 4), strides=2, depth_multiplier=3, padding="same", activation="tanh", name="depthwise")(x)
    x = L.Conv2DTranspose(5, (3, 2), strides=(2, 3), padding="same", name="up")(x)
    x = L.Conv2DTranspose(3, (1, 3), strides=(2, 1), padding="valid", activation="relu", name="up2")(x)
    x = L.Conv2DTranspose(2, (4, 3), strides=(2, 1), padding="same", output_padding=(1, 0), use_bias=False, name="up3")(x)
    x = L.Cropping2D(((5, 2), (3, 4)), name="crop")(x)
    x = L.SeparableConv2D(9, (2, 3), strides=2, padding="same", depth_multiplier=2, activation="sigmoid", name="separable")(x)
    x = L.Dense(10, activation="elu", name="dense_map")(x)
    x = L.Conv2D(11, 1, name="last")(x)
    x = L.GlobalMaxPooling2D(name="top")(x)
    x = L.Dense(12, use_bias=False, name="fc")(x)
    return k.Model(i, L.Activation("softmax", name="answer")(x), name="conv")


def act(k):
    """Normalisations and activations, one behind the other, with channels mixed in between."""
    L = k.layers
    x = i = k.Input((5, 4, 6), name="image")
    x = L.BatchNormalization(epsilon=1.001e-5, name="bn")(x)
    x = L.ReLU(max_value=1.5, negative_slope=0.25, name="relu_both")(x)
    x = L.BatchNormalization(scale=False, name="bn_center")(x)
    x = L.ReLU(threshold=0.2, name="relu_threshold")(x)
    x = L.BatchNormalization(center=False, name="bn_scale")(x)
    x = L.LeakyReLU(0.1, name="leaky")(x)
    x = L.LayerNormalization(epsilon=1e-2, name="ln")(x)
    x = L.PReLU(shared_axes=[1, 2], name="prelu")(x)
    x = L.GroupNormalization(groups=3, name="gn")(x)
    x = L.ELU(alpha=0.7, name="elu")(x)
    names = ["relu", "selu", "gelu", "swish", "softplus", "softsign", "exponential", "mish", "tanh", "sigmoid", "elu"]
    for n in names:
        x = L.Conv2D(6, 1, use_bias=False, name="mix_" + n)(x)
        x = L.Activation(n, name="act_" + n)(x)
    x = L.UnitNormalization(name="unit")(x)
    x = L.Dropout(0.5, name="drop")(x)
    x = L.Softmax(name="softmax_map")(x)
    x = L.GlobalAveragePooling2D(name="gap")(x)
    x = L.Dense(7, activation="tanh", name="fc")(x)
    return k.Model(i, x, name="act")


def act3(k):
    """Activations that only Keras 3 has, and those that a layer brings along as an object."""
    L = k.layers
    x = i = k.Input((3, 4, 5), name="image")
    for n in ["relu6", "celu", "hard_tanh", "hard_silu", "log_sigmoid", "soft_shrink", "hard_shrink", "leaky_relu", "silu", "hard_sigmoid"]:
        x = L.Conv2D(5, 1, use_bias=False, activation=n, name="mix_" + n)(x)
    x = L.Conv2D(6, 1, activation=L.LeakyReLU(negative_slope=0.4), name="object")(x)
    x = L.GlobalAveragePooling2D(name="gap")(x)
    return k.Model(i, L.Activation("log_softmax", name="answer")(x), name="act3")


def act2(k):
    """hard_sigmoid of Keras 2 has another slope; ThresholdedReLU is gone since."""
    L = k.layers
    x = i = k.Input((3, 4, 5), name="image")
    x = L.Conv2D(6, 1, activation="hard_sigmoid", name="hard")(x)
    x = L.ThresholdedReLU(theta=0.4, name="threshold")(x)
    return k.Model(i, L.GlobalAveragePooling2D(name="gap")(x), name="act2")


def shape(k):
    """Pools, sizes and orders: what follows a Flatten reads Keras's order."""
    L = k.layers
    x = i = k.Input((14, 11, 3), name="image")
    x = L.MaxPooling2D((3, 2), strides=(2, 1), padding="same", name="max_same")(x)
    x = L.AveragePooling2D((2, 3), padding="same", strides=(1, 2), name="avg_same")(x)
    x = L.MaxPooling2D((2, 2), strides=1, name="max_valid")(x)
    x = L.UpSampling2D((2, 3), name="up_nearest")(x)
    x = L.UpSampling2D((1, 2), interpolation="bilinear", name="up_linear")(x)
    x = L.Resizing(7, 5, interpolation="nearest", name="nearest")(x)
    x = L.Resizing(6, 5, name="resizing")(x)
    x = L.AveragePooling2D((2, 1), name="avg")(x)
    x = L.Permute((2, 1, 3), name="permute")(x)
    x = L.Permute((1, 3, 2), name="permute2")(x)
    x = L.Reshape((3, 5, 3), name="reshape_map")(x)
    x = L.Flatten(name="flat")(x)
    x = L.BatchNormalization(name="bn_flat")(x)
    x = L.Activation("tanh", name="act_flat")(x)
    x = L.PReLU(name="prelu_flat")(x)
    x = L.Dense(24, name="fc")(x)
    x = L.Reshape((2, 3, 4), name="to_map")(x)
    y = L.GlobalAveragePooling2D(keepdims=True, name="gap")(x)
    y = L.Reshape((1, 1, -1), name="squeeze")(y)
    y = L.Dense(2, activation="relu", name="reduce")(y)
    y = L.Dense(4, activation="sigmoid", name="expand")(y)
    x = L.Multiply(name="excite")([x, y])
    x = L.Reshape((-1,), name="row")(x)
    z = L.Flatten(name="flat_y")(y)
    x = L.Concatenate(name="rows")([x, z])
    x = L.Dense(5, name="fc2")(x)
    return k.Model(i, L.Softmax(name="answer")(x), name="shape")


def cubic(k):
    """TensorFlow takes the cubic's weights from a table of 1,024 places: it is off by 4e-4 itself."""
    L = k.layers
    x = i = k.Input((6, 5, 2), name="image")
    x = L.Resizing(9, 7, interpolation="bicubic", name="larger")(x)
    x = L.Resizing(4, 3, interpolation="bicubic", name="smaller")(x)
    return k.Model(i, L.GlobalAveragePooling2D(name="gap")(x), name="cubic")


def merge(k):
    """Merges of maps, of vectors, and of vectors of different order; a net that ends flattened."""
    L = k.layers
    x = i = k.Input((4, 5, 3), name="image")
    a = L.Conv2D(3, 3, padding="same", name="a")(x)
    b = L.Conv2D(3, 2, padding="same", name="b")(x)
    m = L.Add(name="add")([a, b, x])
    n = L.Subtract(name="sub")([m, b])
    o = L.Maximum(name="max")([m, n, a])
    p = L.Minimum(name="min")([o, b])
    q = L.Average(name="mean")([p, o, x])
    r = L.Multiply(name="mul")([q, m, a])
    s = L.Concatenate(axis=1, name="rows")([r, q])
    t = L.Concatenate(axis=2, name="columns")([s, s])
    u = L.Concatenate(name="channels")([t, t, t])
    v = L.Conv2D(2, (3, 4), strides=(2, 3), name="c")(u)
    f = L.Flatten(name="flat_v")(v)
    g = L.Dense(18, name="d")(f)
    h = L.Add(name="mixed")([f, g])
    w = L.Flatten(name="flat_x")(L.AveragePooling2D((2, 2), name="pool")(x))
    z = L.Concatenate(name="both")([w, h, f])
    z = L.Dense(7, activation="relu", name="e")(z)
    y = L.Multiply(name="scale")([L.Conv2D(7, 2, name="maps")(x), z])
    return k.Model(i, L.Flatten(name="end")(y), name="merge")


def nested(k):
    """Models inside of models, shared layers, and the preprocessing that models bring along."""
    L = k.layers
    ii = k.Input((7, 6, 4), name="inner_in")
    inner = L.Conv2D(4, 3, padding="same", activation="relu", name="conv")(L.BatchNormalization(name="bn")(ii))
    inner = k.Model(ii, inner, name="inner")
    seq = k.Sequential([L.Input((7, 6, 4)), L.Conv2D(5, 1, name="conv1"), L.ReLU(6.0, name="relu")], name="seq")
    deep_in = k.Input((7, 6, 4), name="deep_in")
    deep = k.Model(deep_in, [seq(L.Conv2D(4, 2, padding="same", name="conv")(deep_in)), deep_in], name="deep")
    x = i = k.Input((7, 6, 3), name="image")
    x = L.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(x)
    x = L.Normalization(mean=[0.1, 0.2, 0.3], variance=[0.5, 0.25, 2.0], name="given")(x)
    learned = L.Normalization(name="learned")
    x = learned(x)
    x = L.Rescaling([0.5, 2.0, 1.5], name="rescale3")(x)
    x = L.RandomFlip("horizontal", name="flip")(x)
    x = L.Conv2D(4, 1, name="first")(x)
    x = inner(inner(x))
    a, b = deep(x)
    x = L.Concatenate(name="cat")([a, b, x])
    x = L.GlobalAveragePooling2D(name="gap")(x)
    shared = L.Dense(13, activation="relu", name="shared")
    x = shared(shared(x))
    x = k.Sequential([L.Dropout(0.5, name="drop"), L.Dense(3, name="fc")], name="head")(x)
    tail_in = k.Input((3,), name="tail_in")
    tail = k.Model(tail_in, L.Dense(4, activation="softmax", name="out")(tail_in), name="tail")
    return k.Model(i, tail(x), name="nested")


def shared(k):
    """A model that is used both by itself and inside of another: its weights are in the file once."""
    L = k.layers
    ii = k.Input((4, 6, 2), name="inner_in")
    inner = k.Model(ii, L.BatchNormalization(name="bn")(L.Conv2D(2, 3, padding="same", name="conv")(ii)), name="inner")
    deep_in = k.Input((4, 6, 2), name="deep_in")
    deep = k.Model(deep_in, L.Conv2D(3, 1, name="last")(inner(deep_in)), name="deep")
    x = i = k.Input((4, 6, 2), name="image")
    tail = k.Sequential([L.Input((4, 6, 3)), L.GlobalAveragePooling2D(name="gap"), L.Dense(2, name="fc")], name="tail")
    return k.Model(i, tail(deep(inner(x))), name="shared")


def plain(k):
    """A Sequential model: LeNet's way."""
    L = k.layers
    return k.Sequential([
        L.Input((12, 13, 1), name="image"), L.Conv2D(3, 3, activation="tanh", name="c1"), L.AveragePooling2D(2, name="s2"),
        L.Conv2D(5, (2, 3), name="c3"), L.BatchNormalization(name="bn"), L.Activation("relu", name="relu"),
        L.MaxPooling2D((2, 1), name="s4"), L.Flatten(name="flat"), L.Dropout(0.2, name="drop"),
        L.Dense(8, activation="relu", name="f5"), L.Dense(4, activation="softmax", name="answer"),
    ], name="plain")  # fmt: skip


def first(k):
    """Channels before rows and columns."""
    L, f = k.layers, {"data_format": "channels_first"}
    x = i = k.Input((3, 9, 7), name="image")
    x = L.Conv2D(4, (3, 2), strides=(2, 1), padding="same", activation="relu", name="conv", **f)(x)
    x = L.BatchNormalization(axis=1, name="bn")(x)
    x = L.DepthwiseConv2D(2, name="depthwise", **f)(x)
    y = L.MaxPooling2D((2, 1), strides=1, padding="same", name="pool", **f)(x)
    x = L.Concatenate(axis=1, name="cat")([x, y])
    x = L.Flatten(data_format="channels_first", name="flat")(x)
    x = L.Dense(6, name="fc")(x)
    return k.Model(i, x, name="first")


NETS = {f.__name__: f for f in (conv, act, act3, act2, shape, cubic, merge, nested, shared, plain, first)}

# Layers that do nothing, and reshapings between one place and a vector, are no values of their own.
NOTHING = {"InputLayer", "Dropout", "RandomFlip"}
SAME_UNITS = {"squeeze", "flat_y"}


def leaves(model):
    for l in model.layers:
        if hasattr(l, "layers"):
            yield from leaves(l)
        else:
            yield l


def fill(model):
    """Weights by the layer's name and the weight's number."""
    for l in leaves(model):
        new = []
        for n, w in enumerate(l.get_weights()):
            role = l.weights[n].name.split("/")[-1].split(":")[0]
            lo, hi = (0.5, 1.5) if "gamma" in role or "variance" in role else (-0.3, 0.3)
            if w.ndim > 1 and role != "alpha":
                hi = (3 / np.prod(w.shape[:2] if "depthwise" in (role + l.name) else w.shape[:-1])) ** 0.5
                lo = -hi
            new.append(seeded.uniform(f"{l.name}/{n}", list(w.shape), lo, hi) if w.ndim or role != "count" else w)
        l.set_weights(new)
        if l.name == "learned":
            l.finalize_state()


def engine(x, first=False):
    """A value in the engine's order."""
    return np.ascontiguousarray(x if x.ndim != 4 or first else x.transpose(0, 3, 1, 2))


def order_of(layer, shape, orders):
    """Where the units of a vector lie in Keras's, if not in the same order: behind a Flatten."""
    kind = type(layer).__name__
    if kind in ("Flatten", "Reshape"):
        s = shape
        if len(s) == 4 and len(layer.output.shape) == 2 and s[1] * s[2] > 1:
            if getattr(layer, "data_format", "") == "channels_first":
                return np.arange(np.prod(s[1:])).reshape(s[2], s[3], s[1]).transpose(2, 0, 1).reshape(-1)
            return np.arange(np.prod(s[1:])).reshape(s[1:]).transpose(2, 0, 1).reshape(-1)
        return None
    if len(shape) != 2 or kind == "Dense":
        return None
    return orders


def values(k, model, x):
    """The output of every layer of the outermost model, by the name of the value."""
    out, order = {}, {}
    layers = [l for l in model.layers if type(l).__name__ not in NOTHING and not hasattr(l, "layers")]
    for l in layers:
        nodes = getattr(l, "_inbound_nodes")
        many = len(nodes) > 1
        tensors = [n.output_tensors[0] if hasattr(n, "output_tensors") else n.outputs for n in nodes] if many else [l.output]
        for call, t in enumerate(tensors):
            name = l.name if call == 0 else f"{l.name}#{call + 1}"
            fused = l.get_config().get("activation", "linear") if type(l).__name__ != "Activation" else "linear"
            if isinstance(fused, dict):
                name += "/activation"
            elif fused not in ("linear", None):
                name += "/" + fused
            y = k.Model(model.inputs, t)(x, training=False).numpy()
            src = l.input if not many else None
            src = src[0] if isinstance(src, (list, tuple)) else src
            perm = None
            if src is not None:
                before = order.get(src._keras_history[0].name)
                if type(l).__name__ == "Concatenate" and y.ndim == 2:
                    parts, at = [], 0
                    for s in l.input:
                        p = order.get(s._keras_history[0].name)
                        parts.append(at + (np.arange(s.shape[1]) if p is None else p))
                        at += s.shape[1]
                    perm = np.concatenate(parts)
                elif type(l).__name__ != "Add":
                    perm = order_of(l, src.shape, before)
            if l.name == model.layers[-1].name and type(l).__name__ == "Flatten":
                perm, name = None, name + "/order"  # the answer is put in Keras's order
            order[l.name] = perm
            if l.name not in SAME_UNITS:
                out[name] = engine(y if perm is None else y[:, perm], model.name == "first")
    return out


def run(name):
    k = keras if any("-2." not in f for f in FILES[name]) else tf_keras
    model = NETS[name](k)
    fill(model)
    x = seeded.uniform("input", [2] + list(model.inputs[0].shape[1:]), 0.0, 255.0 if name == "nested" else 1.0)
    out = {"input": engine(x, name == "first")} | values(k, model, x)
    y = model(x, training=False).numpy()
    out["answer of all"] = engine(y)
    os.makedirs(OUT, exist_ok=True)
    for f in FILES[name]:
        which = model
        if "-2." in f and k is keras:
            which = NETS[name](tf_keras)
            fill(which)
            assert np.abs(which(x, training=False).numpy() - y).max() < 1e-5, f
        which.save(f"{OUT}/{f}")
        os.chmod(f"{OUT}/{f}", 0o644)
        print(f"{OUT}/{f}: {os.path.getsize(f'{OUT}/{f}')} bytes")
    made = {"command": "python scripts/golden/keras_nets.py", "seed": "seeded.py", "keras": keras.__version__,
            "tf_keras": tf_keras.__version__, "tensorflow": tf.__version__, "numpy": np.__version__}  # fmt: skip
    path = f"{OUT}/{name}.safetensors"
    save_file({k: v.astype(np.float32) for k, v in out.items()}, path, metadata={"made": json.dumps(made)})
    os.chmod(path, 0o644)
    print(f"{path}: {len(out)} tensors, {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    seeded.check()
    for name in sys.argv[1:] or NETS:
        run(name)
