"""PyTorch writings of residual nets without a package on PyPI: resnet50-v1 and its kin, the CIFAR
nets of He et al. 2015, stochastic-depth-110.

Written from the papers, not from internal/zoo: neither side reads the other's. Module paths are the
names of the Go graph's nodes. build(name) gives the module, whose answer is the logits, N×classes.
"""

import torch
import torch.nn.functional as F
import torchvision
from torch import nn


def first_stride(layers):
    """torchvision's net with the stride of each bottleneck moved from conv2 to conv1: He et al. 2015."""
    net = getattr(torchvision.models, f"resnet{layers}")(weights=None)
    for m in net.modules():
        if isinstance(m, torchvision.models.resnet.Bottleneck):
            m.conv1.stride, m.conv2.stride = m.conv2.stride, m.conv1.stride
    return net


class ZeroMaps(nn.Module):
    """Adds maps of zeros, half of them before and half after, up to a number."""

    def __init__(self, maps):
        super().__init__()
        self.maps = maps

    def forward(self, x):
        more = (self.maps - x.shape[1]) // 2
        return F.pad(x, (0, 0, 0, 0, more, more))


class Survive(nn.Module):
    """Huang et al. 2016, eq. 5: after training a branch is scaled by its survival probability."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        return x * self.p


class Basic(nn.Module):
    """Two 3×3 convolutions; shortcut A (He et al. 2015, §4.1) where the size changes."""

    def __init__(self, channels, maps, shortcut, survival):
        super().__init__()
        stride = 1 if channels == maps else 2
        self.conv1 = nn.Conv2d(channels, maps, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(maps)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(maps, maps, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(maps)
        self.has_shortcut = shortcut
        if shortcut and stride == 2:
            self.shortcut = nn.Sequential(nn.AvgPool2d(1, 2), ZeroMaps(maps))
        else:
            self.shortcut = nn.Identity()
        self.drop = nn.Identity() if survival is None else Survive(survival)

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.drop(self.bn2(self.conv2(y)))
        if self.has_shortcut:
            y = y + self.shortcut(x)
        return self.relu(y)


class Cifar(nn.Module):
    """He et al. 2015, §4.2: 6n+2 layers. p_last: survival of the last block, decaying linearly from 1."""

    def __init__(self, layers, shortcut=True, p_last=None):
        super().__init__()
        n = (layers - 2) // 6
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.relu = nn.ReLU()
        channels, done = 16, 0
        for stage, maps in enumerate((16, 32, 64), 1):
            blocks = []
            for _ in range(n):
                done += 1
                p = None if p_last is None else 1 - done / (3 * n) * (1 - p_last)
                blocks.append(Basic(channels, maps, shortcut, p))
                channels = maps
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(torch.flatten(F.avg_pool2d(x, 8), 1))


NETS = {f"resnet{n}-v1": lambda n=n: first_stride(n) for n in (50, 101, 152)}
NETS |= {f"cifar-resnet{n}": lambda n=n: Cifar(n) for n in (20, 32, 44, 56, 110)}
NETS |= {f"cifar-plain{n}": lambda n=n: Cifar(n, shortcut=False) for n in (20, 56)}
NETS["stochastic-depth-110"] = lambda: Cifar(110, p_last=0.5)


def build(name):
    """The net of this name, for inference, with PyTorch's own start weights."""
    return NETS[name]().eval()
