"""Writes testdata/golden/keras/order.{h5,json.gz,safetensors}: weights alone, as the official files of
Keras Applications hold them, with names that are not the layers', and what Keras computes with them.

    venv/bin/python scripts/golden/keras_order.py    (requirements-keras.txt)
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import h5py
import keras
import numpy as np
from keras.src.legacy.saving import legacy_h5_format
from safetensors.numpy import save_file

import seeded
from keras_nets import engine

sys.path.insert(0, "scripts/models")
from keras_apps import write  # noqa: E402

OUT = "testdata/golden/keras/order"
L = keras.layers


def net():
    x = i = L.Input((11, 9, 3))
    x = L.Conv2D(4, (3, 2), strides=2, padding="same", name="first")(x)
    x = L.BatchNormalization(name="norm", epsilon=1e-3)(x)
    x = L.Activation("relu", name="act")(x)
    a = L.DepthwiseConv2D(3, padding="same", use_bias=False, name="depth")(x)
    b = L.Conv2D(4, 1, name="point")(x)
    x = L.Add(name="add")([a, b])
    x = L.Flatten(name="flat")(x)
    return keras.Model(i, L.Dense(5, activation="softmax", name="answer")(x))


model = net()
for l in model.layers:
    l.set_weights([seeded.uniform(w.path, w.shape, 0.5 if "variance" in w.path else -0.5, 1.0) for w in l.weights])
with h5py.File(f"{OUT}.h5", "w") as f:
    legacy_h5_format.save_weights_to_hdf5_group(f, model)
    names = []
    for k, name in enumerate(n.decode() if isinstance(n, bytes) else n for n in f.attrs["layer_names"]):
        old, new = f[name], f"old_{k}/part"  # a slash, as in DenseNet's
        g = f.create_group(new)
        weights = [w.decode() if isinstance(w, bytes) else w for w in old.attrs["weight_names"]]
        for j, w in enumerate(weights):
            g[f"w_{j}:0"] = old[w][()]
        g.attrs["weight_names"] = [f"w_{j}:0".encode() for j in range(len(weights))]
        names.append(new.encode())
        del f[name]
    f.attrs["layer_names"] = names
again = net()
with h5py.File(f"{OUT}.h5") as f:
    legacy_h5_format.load_weights_from_hdf5_group(f, again)
x = seeded.uniform("input", [1, 11, 9, 3], -1.0, 1.0)
y = again(x, training=False).numpy()
assert np.array_equal(y, model(x, training=False).numpy())
write(f"{OUT}.json.gz", again)
made = {"command": "python scripts/golden/keras_order.py", "keras": keras.__version__, "numpy": np.__version__}
save_file({"input": np.ascontiguousarray(engine(x)), "answer": y.reshape(-1)}, f"{OUT}.safetensors", made)
