"""PyTorch writings of the Inception nets without a package that is still kept: googlenet-caffe,
googlenet-naive, bn-inception, se-bn-inception.

Written from the papers and the Caffe model zoo, not from internal/zoo: neither side reads the
other's. Module paths are the names of the Go graph's nodes; Concat is a leaf module. build(name)
gives the module, whose answer is the logits, N×classes; dropout and the auxiliary heads are left
out, for they do nothing after training.
"""

import torch
from torch import nn


class Concat(nn.Module):
    """Caffe's layer Concat: the maps of all inputs behind one another."""

    def forward(self, *x):
        return torch.cat(x, 1)


class Prototxt(nn.Module):
    """A net as a list of Caffe layers (name, module, inputs); an input is the name of a layer,
    and where a layer names none it reads the one before."""

    def __init__(self, layers):
        super().__init__()
        self.inputs = {}
        last = "data"
        for name, module, *inputs in layers:
            self.add_module(name, module)
            self.inputs[name] = inputs or [last]
            last = name

    def forward(self, x):
        blobs = {"data": x}
        for name, inputs in self.inputs.items():
            blobs[name] = x = self.get_submodule(name)(*(blobs[i] for i in inputs))
        return x


def lrn():
    return nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)


def pool(kernel, stride, padding=0):
    return nn.MaxPool2d(kernel, stride, padding, ceil_mode=True)


# bvlc_googlenet's deploy.prototxt: inputs and num_output of 1x1, 3x3_reduce, 3x3, 5x5_reduce, 5x5
# and pool_proj.
MODULES = [
    ("3a", 192, 64, 96, 128, 16, 32, 32), ("3b", 256, 128, 128, 192, 32, 96, 64), "pool3/3x3_s2",
    ("4a", 480, 192, 96, 208, 16, 48, 64), ("4b", 512, 160, 112, 224, 24, 64, 64),
    ("4c", 512, 128, 128, 256, 24, 64, 64), ("4d", 512, 112, 144, 288, 32, 64, 64),
    ("4e", 528, 256, 160, 320, 32, 128, 128), "pool4/3x3_s2",
    ("5a", 832, 256, 160, 320, 32, 128, 128), ("5b", 832, 384, 192, 384, 48, 128, 128),
]  # fmt: skip


def conv_relu(path, name, channels, maps, kernel, below):
    conv = nn.Conv2d(channels, maps, kernel, padding=kernel // 2)
    return [(f"{path}/{name}", conv, below), (f"{path}/relu_{name}", nn.ReLU())]


def googlenet(naive):
    """bvlc_googlenet; naive: each module as in Szegedy et al. 2015, Fig. 2a, with the same maps of
    its 1×1, 3×3 and 5×5 convolutions and the maps of the pooling as they are."""
    layers = [
        ("conv1/7x7_s2", nn.Conv2d(3, 64, 7, stride=2, padding=3)), ("conv1/relu_7x7_s2", nn.ReLU()),
        ("pool1/3x3_s2", pool(3, 2)), ("pool1/norm1", lrn()),
        ("conv2/3x3_reduce", nn.Conv2d(64, 64, 1)), ("conv2/relu_3x3_reduce", nn.ReLU()),
        ("conv2/3x3", nn.Conv2d(64, 192, 3, padding=1)), ("conv2/relu_3x3", nn.ReLU()),
        ("conv2/norm2", lrn()), ("pool2/3x3_s2", pool(3, 2)),
    ]  # fmt: skip
    below, width = "pool2/3x3_s2", 192
    for row in MODULES:
        if isinstance(row, str):
            layers.append((row, pool(3, 2)))
            below = row
            continue
        name, channels, one, red3, three, red5, five, proj = row
        path = f"inception_{name}"
        if naive:
            channels = width
            layers += conv_relu(path, "1x1", channels, one, 1, below)
            layers += conv_relu(path, "3x3", channels, three, 3, below)
            layers += conv_relu(path, "5x5", channels, five, 5, below)
            layers += [(f"{path}/pool", pool(3, 1, 1), below)]
            ends, width = ["relu_1x1", "relu_3x3", "relu_5x5", "pool"], one + three + five + channels
        else:
            layers += conv_relu(path, "1x1", channels, one, 1, below)
            layers += conv_relu(path, "3x3_reduce", channels, red3, 1, below)
            layers += conv_relu(path, "3x3", red3, three, 3, f"{path}/relu_3x3_reduce")
            layers += conv_relu(path, "5x5_reduce", channels, red5, 1, below)
            layers += conv_relu(path, "5x5", red5, five, 5, f"{path}/relu_5x5_reduce")
            layers += [(f"{path}/pool", pool(3, 1, 1), below)]
            layers += conv_relu(path, "pool_proj", channels, proj, 1, f"{path}/pool")
            ends, width = ["relu_1x1", "relu_3x3", "relu_5x5", "relu_pool_proj"], one + three + five + proj
        below = f"{path}/output"
        layers.append((below, Concat(), *(f"{path}/{end}" for end in ends)))
    layers += [
        ("pool5/7x7_s1", nn.AvgPool2d(7, 1)),
        ("flatten", nn.Flatten()),
        ("loss3/classifier", nn.Linear(width, 1000)),
    ]
    return Prototxt(layers)


# BN-Inception's deploy.prototxt, in the names of pretrainedmodels (Cadene; gone from torch's hub):
# branches of a module, each a list of (name, maps, kernel, stride); "pool_proj" comes after pooling.
def quad(one, red3, three, red_double, double, proj):
    return [
        [("1x1", one, 1, 1)],
        [("3x3_reduce", red3, 1, 1), ("3x3", three, 3, 1)],
        [("double_3x3_reduce", red_double, 1, 1), ("double_3x3_1", double, 3, 1), ("double_3x3_2", double, 3, 1)],
        [("pool_proj", proj, 1, 1)],
    ]


def halving(red3, three, red_double, double):
    return [
        [("3x3_reduce", red3, 1, 1), ("3x3", three, 3, 2)],
        [("double_3x3_reduce", red_double, 1, 1), ("double_3x3_1", double, 3, 1), ("double_3x3_2", double, 3, 2)],
        [],
    ]


DOUBLE = {
    "3a": quad(64, 64, 64, 64, 96, 32), "3b": quad(64, 64, 96, 64, 96, 64), "3c": halving(128, 160, 64, 96),
    "4a": quad(224, 64, 96, 96, 128, 128), "4b": quad(192, 96, 128, 96, 128, 128),
    "4c": quad(160, 128, 160, 128, 160, 128), "4d": quad(96, 128, 192, 160, 192, 128),
    "4e": halving(128, 192, 192, 256),
    "5a": quad(352, 192, 320, 160, 224, 128), "5b": quad(352, 192, 320, 192, 224, 128),
}  # fmt: skip


def conv_bn_relu(path, name, channels, maps, kernel, stride, below, relu=None):
    conv = nn.Conv2d(channels, maps, kernel, stride, kernel // 2)  # with its bias
    return [
        (f"{path}_{name}", conv, below),
        (f"{path}_{name}_bn", nn.BatchNorm2d(maps)),
        (f"{path}_relu_{relu or name}", nn.ReLU()),
    ]


class Excitation(nn.Module):
    """Hu et al. 2018, eqs. 2 to 4, r = 16; 1×1 convolutions are the fully connected layers."""

    def __init__(self, channels):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // 16, 1)
        self.relu = nn.ReLU()
        self.fc2 = nn.Conv2d(channels // 16, channels, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        s = x.mean((2, 3), keepdim=True)
        return x * self.sigmoid(self.fc2(self.relu(self.fc1(s))))


def bn_inception(excite):
    layers = conv_bn_relu("conv1", "7x7_s2", 3, 64, 7, 2, "data", "7x7")
    layers.append(("pool1_3x3_s2", pool(3, 2)))
    layers += conv_bn_relu("conv2", "3x3_reduce", 64, 64, 1, 1, "pool1_3x3_s2")
    layers += conv_bn_relu("conv2", "3x3", 64, 192, 3, 1, "conv2_relu_3x3_reduce")
    layers.append(("pool2_3x3_s2", pool(3, 2)))
    below, width = "pool2_3x3_s2", 192
    for name, branches in DOUBLE.items():
        path, ends, out = f"inception_{name}", [], 0
        for branch in branches:
            last, maps = below, width
            if branch is branches[-1]:
                if not branch:
                    module = pool(3, 2)
                elif name == "5b":
                    module = pool(3, 1, 1)
                else:
                    module = nn.AvgPool2d(3, 1, 1, ceil_mode=True, count_include_pad=True)
                last = f"{path}_pool"
                layers.append((last, module, below))
            for step, wide, kernel, stride in branch:
                layers += conv_bn_relu(path, step, maps, wide, kernel, stride, last)
                last, maps = f"{path}_relu_{step}", wide
            ends.append(last)
            out += maps
        below, width = f"{path}_output", out
        layers.append((below, Concat(), *ends))
        if excite:
            below = f"{path}_se"
            layers.append((below, Excitation(width)))
    layers += [("global_pool", nn.AvgPool2d(7, 1)), ("flatten", nn.Flatten()), ("last_linear", nn.Linear(width, 1000))]
    return Prototxt(layers)


NETS = {
    "googlenet-caffe": lambda: googlenet(False),
    "googlenet-naive": lambda: googlenet(True),
    "bn-inception": lambda: bn_inception(False),
    "se-bn-inception": lambda: bn_inception(True),
}


def build(name):
    """The net of this name, for inference, with PyTorch's own start weights."""
    return NETS[name]().eval()
