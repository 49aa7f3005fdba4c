"""Makes internal/pull/registry.json: where official weights of the nets of internal/zoo are, and what
their publishers say of them. Nothing is downloaded, and nothing stands there that a publisher does not say:

    torchvision          the first 8 digits of the SHA-256 (in the file's name), the size in MiB with three
                         decimals, accuracy, preprocessing
    timm                 the same digits, where the file is a release on GitHub; nothing where it is on
                         the Hugging Face hub, whose server names size and SHA-256 with the file
    Keras Applications   the MD5 (argument file_hash of get_file), read from the source without running it

    python3 -m venv /tmp/models && /tmp/models/bin/pip install -r scripts/models/requirements.txt
    /tmp/models/bin/python scripts/models/registry.py        (from the root of the repository)

The first file of a net is the one that its name alone means: it goes with the preprocessing of internal/zoo.
"""

import ast
import importlib.util
import json
import math
import os
import re
from importlib.metadata import metadata, version

from timm.models import get_pretrained_cfg
from torchvision.models import get_model_weights

OUT = "internal/pull/registry.json"

TORCHVISION = {"alexnet": "alexnet", "googlenet": "googlenet", "inception-v3": "inception_v3"}
TORCHVISION |= {f"vgg{n}": f"vgg{n}" for n in (11, 13, 16, 19)} | {f"vgg{n}-bn": f"vgg{n}_bn" for n in (11, 13, 16, 19)}
TORCHVISION |= {f"resnet{n}": f"resnet{n}" for n in (18, 34, 50, 101, 152)}
TORCHVISION |= {f"densenet{n}": f"densenet{n}" for n in (121, 161, 169, 201)}
TORCHVISION |= {"squeezenet-1.0": "squeezenet1_0", "squeezenet-1.1": "squeezenet1_1", "mobilenet-v2": "mobilenet_v2"}

TIMM = {
    "resnet-v2-50": ["resnetv2_50.a1h_in1k"],
    "resnet-v2-101": ["resnetv2_101.a1h_in1k"],
    "inception-v4": ["inception_v4.tf_in1k"],
    "inception-resnet-v2": ["inception_resnet_v2.tf_in1k", "inception_resnet_v2.tf_ens_adv_in1k"],
    "se-resnet50": ["seresnet50.a1_in1k", "seresnet50.a2_in1k", "seresnet50.ra2_in1k"],
    "senet154": ["legacy_senet154.in1k"],
}

# Module of keras.applications, beginning of the file's name, and the mode of
# imagenet_utils.preprocess_input. The graph is Keras's own: scripts/models/keras_apps.py. Its MobileNets
# are left out, for their files have no hash.
KERAS = {f"vgg{n}": (f"vgg{n}", f"vgg{n}_weights_", "caffe") for n in (16, 19)}
KERAS |= {f"resnet{n}-v1": ("resnet", f"resnet{n}_weights_", "caffe") for n in (50, 101, 152)}
KERAS |= {f"resnet-v2-{n}": ("resnet", f"resnet{n}v2_weights_", "tf") for n in (50, 101, 152)}
KERAS |= {f"densenet{n}": ("densenet", f"densenet{n}_weights_", "torch") for n in (121, 169, 201)}
KERAS |= {"inception-v3": ("inception_v3", "inception_v3_weights_", "tf")}
KERAS |= {"inception-resnet-v2": ("inception_resnet_v2", "inception_resnet_v2_weights_", "tf")}

# The model does this to its input where weights are asked for (torchvision/models/googlenet.py and
# inception.py, transform_input): the statistics of ImageNet are undone and 0.5 is used instead.
TRANSFORM_INPUT = ("googlenet", "inception-v3")
HALF = [0.5, 0.5, 0.5]


def of_torchvision(net, function):
    for w in get_model_weights(function):
        if "FEATURES" in w.name:
            continue  # no classifier
        t, kept = w.transforms(), w.meta["_metrics"]["ImageNet-1K"]
        own = net in TRANSFORM_INPUT
        yield {
            "net": net,
            "tag": w.name.lower(),
            "file": os.path.basename(w.url),
            "url": w.url,
            "size_mib": w.meta["_file_size"],
            "sha256_prefix": re.search(r"-([0-9a-f]{8,})\.", w.url)[1],
            "licence": f"{metadata('torchvision')['License']} (package; its README leaves the terms of the training data to the user)",
            "source": f"torchvision {version('torchvision')}: {w}; {w.meta['recipe']}",
            "preprocess": {
                "size": t.crop_size[0],
                "resize": t.resize_size[0],
                "resample": t.interpolation.value,
                "range": 1,
                "mean": HALF if own else t.mean,
                "std": HALF if own else t.std,
                "source": f"torchvision, {w}.transforms" + (", then transform_input of the model" if own else ""),
            },
            "metrics": {"top1": kept["acc@1"], "top5": kept["acc@5"]},
        }


def of_timm(net, names):
    for name in names:
        c = get_pretrained_cfg(name)
        entry = {"net": net, "tag": name.split(".")[1]}
        digits = re.search(r"-([0-9a-f]{8,})\.", c.url or "")
        if digits:
            entry |= {"file": os.path.basename(c.url), "url": c.url, "sha256_prefix": digits[1]}
        else:
            entry |= {"file": f"{name}.safetensors", "url": f"https://huggingface.co/{c.hf_hub_id}/resolve/main/model.safetensors"}
        side = c.input_size[1]
        yield entry | {
            "licence": c.license,
            "source": f"timm {version('timm')}: {name}",
            "preprocess": {
                "size": side,
                "resize": math.floor(side / c.crop_pct),
                "resample": c.interpolation,
                "range": 1,
                "mean": c.mean,
                "std": c.std,
                "source": f"timm, default_cfgs of {name}",
            },
        }


def keras_calls(module):
    """The constants of a module of keras.applications, and its calls of get_file: file, URL, hash."""
    root = os.path.dirname(importlib.util.find_spec("keras").origin)
    with open(f"{root}/src/applications/{module}.py") as f:
        tree = ast.parse(f.read())
    known, calls = {}, []
    follow(tree.body, known, calls)
    return known, calls


def follow(statements, known, calls):
    """Goes through statements in their order, into both ways of an if, and runs nothing."""
    for s in statements:
        if isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name):
            try:
                known[s.targets[0].id] = value(s.value, known)
            except (LookupError, TypeError, ValueError):
                pass  # no constant
        if isinstance(s, ast.Assign) and isinstance(s.value, ast.Call) and getattr(s.value.func, "attr", "") == "get_file":
            md5 = [k.value for k in s.value.keywords if k.arg == "file_hash"]
            try:
                calls.append([value(a, known) for a in s.value.args[:2] + md5])
            except LookupError:
                pass  # the ResNets: their name is a variable
        for part in ("body", "orelse"):
            follow(getattr(s, part, []), known, calls)


def value(node, known):
    if isinstance(node, ast.BinOp):
        return value(node.left, known) + value(node.right, known)
    if isinstance(node, ast.Name):
        return known[node.id]
    if isinstance(node, ast.JoinedStr):
        return "".join(value(v, known) for v in node.values)
    if isinstance(node, ast.FormattedValue):
        return value(node.value, known)
    return ast.literal_eval(node)


def of_keras(net, module, begin, mode):
    known, calls = keras_calls(module)
    if module == "resnet":
        file = f"{begin}tf_dim_ordering_tf_kernels.h5"
        url, md5 = known["BASE_WEIGHTS_PATH"] + file, known["WEIGHTS_HASHES"][begin.removesuffix("_weights_")][0]
    else:
        file, url, md5 = next(c for c in calls if c[0].startswith(begin) and "notop" not in c[0])
    ways = {
        "caffe": {"range": 255, "bgr": True, "mean": [103.939, 116.779, 123.68], "std": [1, 1, 1]},
        "torch": {"range": 1, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
        "tf": {"range": 1, "mean": HALF, "std": HALF},
    }
    side = 299 if "inception" in module else 224
    yield {
        "net": net,
        "tag": "keras",
        "file": file,
        "url": url,
        "md5": md5,
        "licence": f"{metadata('keras')['License']} (package)",
        "source": f"keras {version('keras')}: keras.applications.{module}, weights=\"imagenet\"",
        "layout": "keras",
        "preprocess": {
            "size": side,
            "resize": side,
            "squash": True,
            "resample": "bilinear",
            **ways[mode],
            "source": f"keras.applications.imagenet_utils.preprocess_input, mode {mode}; "
            f"the size as keras.utils.load_img(target_size=({side}, {side})), bilinear for its nearest neighbour",
        },
    }


files = []
for net, function in TORCHVISION.items():
    files += of_torchvision(net, function)
for net, names in TIMM.items():
    files += of_timm(net, names)
for net, (module, begin, mode) in KERAS.items():
    files += of_keras(net, module, begin, mode)
order = list(dict.fromkeys(f["net"] for f in files))
files.sort(key=lambda f: order.index(f["net"]))  # stable: the first of a net stays the first
text = json.dumps({"made_by": "scripts/models/registry.py", "files": files}, indent=1, ensure_ascii=False)
triple = re.compile(r"\[\s+([-0-9.]+),\s+([-0-9.]+),\s+([-0-9.]+)\s+\]")
with open(OUT, "w") as f:
    f.write(triple.sub(r"[\1, \2, \3]", text) + "\n")
print(len(files), "files of", len(order), "nets")
