"""Makes internal/keras/apps: the plans of nets of Keras Applications, whose official files hold weights alone.

    python3 -m venv /tmp/keras && /tmp/keras/bin/pip install -r scripts/golden/requirements-keras.txt
    /tmp/keras/bin/python scripts/models/keras_apps.py        (from the root of the repository)

<net of internal/zoo>.json.gz holds the config as Keras writes it, its version, and the names of the layers
that have weights, in the order in which Keras loads them from such a file
(keras.src.legacy.saving.legacy_h5_format.load_weights_from_hdf5_group: by order, not by name).
Keras is under the Apache License 2.0.
"""

import gzip
import json
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras

OUT = "internal/keras/apps"
NETS = {"vgg16": "VGG16", "vgg19": "VGG19", "inception-v3": "InceptionV3"}
NETS |= {f"resnet{n}-v1": f"ResNet{n}" for n in (50, 101, 152)} | {f"resnet-v2-{n}": f"ResNet{n}V2" for n in (50, 101, 152)}
NETS |= {f"densenet{n}": f"DenseNet{n}" for n in (121, 169, 201)} | {"inception-resnet-v2": "InceptionResNetV2"}


def plan(model):
    return {"config": model.to_json(), "version": keras.__version__, "layers": [l.name for l in model.layers if l.weights]}


def write(path, model):
    with open(path, "wb") as f:
        f.write(gzip.compress(json.dumps(plan(model)).encode(), 9, mtime=0))


if __name__ == "__main__":
    os.makedirs(OUT, exist_ok=True)
    for net, name in NETS.items():
        keras.backend.clear_session()
        write(f"{OUT}/{net}.json.gz", getattr(keras.applications, name)(weights=None))
    print(len(NETS), "plans")
