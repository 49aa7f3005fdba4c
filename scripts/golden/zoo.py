"""Writes testdata/golden/zoo/<net>.safetensors: what every value of a net of internal/zoo must be.

    python scripts/golden/zoo.py [NET…]          (from the root of the repository; default: all)
    python scripts/golden/zoo.py --names NET     only prints parameters and values, with their sizes

The net comes from torchvision, timm or another package of PyPI, or from nets_a.py … where none
has it; weights and input are seeded.py's; PyTorch computes in float64. Names of values:

    a module called once            its path                     layer1.0.conv1
    its k-th call, k ≥ 2            path#k                       layer1.0.relu#2
    a function                      path of the module whose forward calls it, its name, #k from the
                                    2nd call on                  layer1.0.add, flatten

Modules without children are atoms. A file holds, for each value, its size (metadata "values"), the
statistics STATS, PROBES numbers at seeded places, and the logits whole; and a hash of the names and
sizes of all parameters.
"""

import gc
import hashlib
import importlib
import importlib.metadata
import sys

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

import seeded
from common import save

STATS = ["mean", "std", "min", "max", "l2", "signed"]
PROBES = 16


def from_package(module, function, **options):
    return lambda: getattr(importlib.import_module(module), function)(**options)


def torchvision(function, **options):
    return "torchvision", from_package("torchvision.models", function, weights=None, **options)


def timm(name):
    return "timm", lambda: importlib.import_module("timm").create_model(name, pretrained=False)


def lite(name):
    return "efficientnet-lite-pytorch", lambda: importlib.import_module("efficientnet_lite_pytorch").EfficientNet.from_name(name)


def own(module, name):
    return None, lambda: importlib.import_module(module).build(name)


SOURCES = {
    "alexnet": torchvision("alexnet"),
    "squeezenet-1.0": torchvision("squeezenet1_0"),
    "squeezenet-1.1": torchvision("squeezenet1_1"),
    "mobilenet-v2": torchvision("mobilenet_v2"),
    "googlenet": torchvision("googlenet", aux_logits=False, init_weights=False),
    "inception-v3": torchvision("inception_v3", aux_logits=False, init_weights=False),
    "efficientnet-lite0": lite("efficientnet-lite0"),
    "inception-v4": timm("inception_v4"),
    "inception-resnet-v2": timm("inception_resnet_v2"),
    "se-resnet50": timm("seresnet50"),
    "senet154": timm("legacy_senet154"),
}
SOURCES |= {f"vgg{n}": torchvision(f"vgg{n}", init_weights=False) for n in (11, 13, 16, 19)}
SOURCES |= {f"vgg{n}-bn": torchvision(f"vgg{n}_bn", init_weights=False) for n in (11, 13, 16, 19)}
SOURCES |= {f"resnet{n}": torchvision(f"resnet{n}") for n in (18, 34, 50, 101, 152)}
SOURCES |= {f"densenet{n}": torchvision(f"densenet{n}") for n in (121, 161, 169, 201)}
SOURCES |= {f"resnet-v2-{n}": timm(f"resnetv2_{n}") for n in (50, 101, 152)}
SOURCES |= {n: own("nets_b", n) for n in ("googlenet-caffe", "googlenet-naive", "bn-inception", "se-bn-inception")}
SOURCES |= {n: own("nets_a", n) for n in ("alexnet-2012", "zfnet", "nin", "fractalnet")}
SOURCES |= {f"resnet{n}-v1": own("nets_c", f"resnet{n}-v1") for n in (50, 101, 152)}
SOURCES |= {f"cifar-resnet{n}": own("nets_c", f"cifar-resnet{n}") for n in (20, 32, 44, 56, 110)}
SOURCES |= {f"cifar-plain{n}": own("nets_c", f"cifar-plain{n}") for n in (20, 56)}
SOURCES |= {n: own("nets_c", n) for n in ("stochastic-depth-110",)}

SIZES = {"alexnet-2012": 227, "fractalnet": 32, "stochastic-depth-110": 32}  # others: see size()

# Modules that compute nothing after training. They have no node in Go.
NOTHING = (torch.nn.Identity, torch.nn.Dropout, torch.nn.Dropout2d)
# By the name of their class: those of packages, and padding that in Go is part of the convolution after it.
NOTHING_TOO = {"DropPath", "ZeroPad2d", "Identity"}

# Functions that make a value. The names of methods, operators and in-place forms are these too.
FUNCTIONS = {"add", "mul", "cat", "relu", "flatten", "mean", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "sigmoid", "softmax"}
SAME = {"iadd": "add", "imul": "mul", "radd": "add", "rmul": "mul", "view": "flatten", "reshape": "flatten", "hardtanh": "relu6"}
# Functions of a module's own weights: the value is the module's.
WEIGHTED = {"conv2d", "batch_norm", "linear"}
# Functions that only ask, or do nothing after training.
ASK = {"get", "assert", "dropout", "size", "dim", "numel", "is_floating_point", "is_cuda", "requires_grad"}


def size(name):
    if name in SIZES:
        return SIZES[name]
    if name.startswith("cifar-"):
        return 32
    return 299 if name in ("inception-v3", "inception-v4", "inception-resnet-v2") else 224


class Recorder(TorchFunctionMode):
    """Keeps the statistics of every value that a net computes, by the rule of names."""

    def __init__(self, net):
        super().__init__()
        self.paths = {id(m): path for path, m in net.named_modules()}
        self.stack, self.calls, self.values = [], {}, {}
        self.keeping = False  # what happens then is not the net's

    def enter(self, module, _inputs):
        self.stack.append(module)

    def leave(self, module, _inputs, output):
        assert self.stack.pop() is module
        if atom(module) and not isinstance(module, NOTHING) and type(module).__name__ not in NOTHING_TOO:
            self.keep(self.paths[id(module)], output)

    def __torch_function__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        if self.keeping or not self.stack or atom(self.stack[-1]):
            return out
        name = func.__name__.strip("_")
        name = SAME.get(name, name)
        path = self.paths[id(self.stack[-1])]
        if name in WEIGHTED:
            self.keep(path, out)
        elif name in FUNCTIONS:
            self.keep(f"{path}.{name}" if path else name, out)
        elif name not in ASK:
            raise LookupError(f"{path}: {name} is neither in FUNCTIONS nor in ASK")
        return out

    def keep(self, path, x):
        k = self.calls[path] = self.calls.get(path, 0) + 1
        name = path if k == 1 else f"{path}#{k}"
        assert name not in self.values, name
        self.keeping = True
        self.values[name] = facts(name, x)
        self.keeping = False


def atom(module):
    return next(module.children(), None) is None


def facts(name, x):
    """The size of a value, its STATS and PROBES; signed is Σ ±x/√n with seeded signs: it moves when numbers change places."""
    dims = (list(x.shape[1:]) + [1, 1])[:3]
    v = x.detach().numpy().reshape(-1)
    n = v.size
    ones = np.unpackbits(seeded.words("sign:" + name, 0, -(-n // 64)).astype("<u8").view(np.uint8), bitorder="little")[:n]
    signed = (v.sum() - 2 * v[ones == 1].sum()) / np.sqrt(n)
    stats = [v.mean(), v.std(), v.min(), v.max(), np.sqrt((v * v).sum()), signed]
    probes = v[(seeded.words("probe:" + name, 0, PROBES) % np.uint64(n)).astype(np.int64)]
    return "x".join(map(str, dims)), stats, probes


def quick(build):
    """Builds a net without drawing start weights, which take longer than all else and are replaced."""
    init = torch.nn.init
    keep = {k: getattr(init, k) for k in dir(init) if k.endswith("_") and not k.startswith("_")}
    try:
        for k in keep:
            setattr(init, k, lambda tensor, *args, **kwargs: tensor)
        return build()
    finally:
        for k, f in keep.items():
            setattr(init, k, f)


def seed(net):
    """Replaces all weights; returns a line for each: name and size."""
    state = {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    for k, v in state.items():
        with torch.no_grad():
            v.copy_(torch.from_numpy(seeded.weight(k, list(v.shape))))
    return sorted(f"{k} {'x'.join(map(str, v.shape))}" for k, v in state.items())


def run(name, write=True):
    package, build = SOURCES[name]
    net = quick(build).eval().double()
    parameters = seed(net)
    recorder = Recorder(net)
    hooks = torch.nn.modules.module
    handles = [hooks.register_module_forward_pre_hook(recorder.enter), hooks.register_module_forward_hook(recorder.leave)]
    x = torch.from_numpy(seeded.picture([1, 3, size(name), size(name)])).double()
    recorder.keep("input", x)
    try:
        with torch.no_grad(), recorder:
            logits = net(x)
    finally:
        for h in handles:
            h.remove()
    if not write:
        print("\n".join(parameters))
        print("\n".join(f"{k} {v[0]}" for k, v in recorder.values.items()))
        return
    values = recorder.values
    assert all(np.isfinite(v[1]).all() for v in values.values())
    tensors = {
        "stats": torch.tensor(np.array([v[1] for v in values.values()])),
        "probes": torch.tensor(np.array([v[2] for v in values.values()])),
        "logits": logits.reshape(-1),
    }
    versions = {package: importlib.metadata.version(package)} if package else {}
    save(
        f"zoo/{name}", tensors, f"python scripts/golden/zoo.py {name}", seed="seeded.py", **versions, stats=STATS,
        values=" ".join(f"{k} {v[0]}" for k, v in values.items()),
        parameters=hashlib.sha256("\n".join(parameters).encode()).hexdigest(),
    )  # fmt: skip


if __name__ == "__main__":
    torch.set_num_threads(1)
    seeded.check()
    args = sys.argv[1:]
    if args[:1] == ["--names"]:
        run(args[1], write=False)
    else:
        for name in args or SOURCES:
            run(name)
            gc.collect()
