"""Writes internal/keras/testdata: HDF5 files that must be refused, and two good ones of unusual form.

    venv/bin/python scripts/golden/keras_bad.py           (requirements-keras.txt)

All are made from testdata/golden/keras/plain-2.h5, but for the model with a Lambda.
"""

import os
import shutil
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import h5py
import keras
import numpy as np
import tf_keras

GOOD = "testdata/golden/keras/plain-2.h5"
OUT = "internal/keras/testdata"
KERNEL = "model_weights/c3/c3/kernel:0"


def edited(name, edit):
    shutil.copy(GOOD, f"{OUT}/{name}")
    with h5py.File(f"{OUT}/{name}", "r+") as f:
        edit(f)
    packed = f"{OUT}/{name}.new"  # what was deleted takes no room in a copy
    with h5py.File(f"{OUT}/{name}") as f, h5py.File(packed, "w") as g:
        for k, v in f.attrs.items():
            g.attrs[k] = v
        for k in f:
            f.copy(k, g, expand_external=False)
    os.replace(packed, f"{OUT}/{name}")


def external_link(f):
    del f["model_weights/c3"]
    f["model_weights/c3"] = h5py.ExternalLink("/etc/passwd", "/x")


def external_storage(f):
    shape = f[KERNEL].shape
    del f[KERNEL]
    f.create_dataset(KERNEL, shape, "f4", external=[("/etc/passwd", 0, 4 * int(np.prod(shape)))])


def bomb(f):
    del f[KERNEL]
    f.create_dataset(KERNEL, (1 << 15, 1 << 15), "f4", chunks=(1 << 11, 1 << 11), compression="gzip", fillvalue=0)


def half(f):
    x = f[KERNEL][...].astype("f2")
    del f[KERNEL]
    f.create_dataset(KERNEL, data=x)


def no_config(f):
    del f.attrs["model_config"]


def packed():
    """The same net in chunks with gzip, shuffled, with checksums, and names as strings of fixed length."""
    with h5py.File(GOOD) as f, h5py.File(f"{OUT}/packed.h5", "w") as g:
        for k, v in f.attrs.items():
            g.attrs[k] = np.bytes_(v) if k != "model_config" else v

        def copy(name, o):
            if not hasattr(o, "shape"):
                h = g.require_group(name)
                for k, v in o.attrs.items():
                    h.attrs[k] = np.array([s.encode() if isinstance(s, str) else s for s in v], dtype="S32") if np.ndim(v) and len(v) else v
                return
            chunks = tuple(max(1, n // 2) for n in o.shape)
            g.create_dataset(name, data=o[...].astype(">f4" if o.ndim == 1 else "f8"), chunks=chunks, compression="gzip", shuffle=True, fletcher32=True)

        f.visititems(copy)


def many():
    """The same net among 500 more members of the group of layers: its list is then a tree of two levels."""
    shutil.copy(GOOD, f"{OUT}/many.h5")
    with h5py.File(f"{OUT}/many.h5", "r+") as f:
        for i in range(500):
            f[f"model_weights/{'abcdefs'[i % 7]}{i:03d}"] = h5py.SoftLink("/")


def lambdas():
    """A Lambda and a class of one's own, in both formats."""
    class Mine(keras.layers.Layer):
        def call(self, x):
            return x

    class Mine2(tf_keras.layers.Layer):
        def call(self, x):
            return x

    for k, own, name in ((keras, Mine, "lambda.keras"), (tf_keras, Mine2, "lambda-2.h5")):
        L = k.layers
        i = k.Input((5, 4, 3), name="image")
        x = L.Lambda(lambda x: x * 2, name="double")(i)
        x = own(name="mine")(x)
        k.Model(i, L.GlobalAveragePooling2D(name="gap")(x), name="unsafe").save(f"{OUT}/{name}")


def weights_only():
    tf_keras.models.load_model(GOOD, compile=False).save_weights(f"{OUT}/weights-2.h5")
    with zipfile.ZipFile("testdata/golden/keras/plain.keras") as z:
        with open(f"{OUT}/plain.weights.h5", "wb") as f:
            f.write(z.read("model.weights.h5"))


if __name__ == "__main__":
    os.makedirs(OUT, exist_ok=True)
    for edit in (external_link, external_storage, bomb, half, no_config):
        edited(f"{edit.__name__}.h5", edit)
    packed()
    many()
    lambdas()
    weights_only()
    for f in sorted(os.listdir(OUT)):
        if os.path.isfile(f"{OUT}/{f}"):
            os.chmod(f"{OUT}/{f}", 0o644)
            print(f, os.path.getsize(f"{OUT}/{f}"))
