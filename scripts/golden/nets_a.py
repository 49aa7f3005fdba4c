"""PyTorch writings of nets without a package on PyPI: alexnet-2012, zfnet, nin, fractalnet.

Written from the papers and the Caffe model zoo, not from internal/zoo: neither side reads the
other's. Module paths are the names of the Go graph's nodes. build(name) gives the module, whose
answer is the logits, N×classes; dropout and drop-path are left out, for they do nothing after
training.
"""

from collections import OrderedDict

import torch
from torch import nn


class AlexNet2012(nn.Module):
    """Caffe's bvlc_alexnet (deploy.prototxt): Krizhevsky et al. 2012, two towers as groups."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 11, stride=4)
        self.relu1 = nn.ReLU()
        self.norm1 = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2 = nn.Conv2d(96, 256, 5, padding=2, groups=2)
        self.relu2 = nn.ReLU()
        self.norm2 = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)
        self.pool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv3 = nn.Conv2d(256, 384, 3, padding=1)
        self.relu3 = nn.ReLU()
        self.conv4 = nn.Conv2d(384, 384, 3, padding=1, groups=2)
        self.relu4 = nn.ReLU()
        self.conv5 = nn.Conv2d(384, 256, 3, padding=1, groups=2)
        self.relu5 = nn.ReLU()
        self.pool5 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.fc6 = nn.Linear(256 * 6 * 6, 4096)
        self.relu6 = nn.ReLU()
        self.fc7 = nn.Linear(4096, 4096)
        self.relu7 = nn.ReLU()
        self.fc8 = nn.Linear(4096, 1000)

    def forward(self, x):
        x = self.pool1(self.norm1(self.relu1(self.conv1(x))))
        x = self.pool2(self.norm2(self.relu2(self.conv2(x))))
        x = self.relu3(self.conv3(x))
        x = self.relu4(self.conv4(x))
        x = self.pool5(self.relu5(self.conv5(x)))
        x = torch.flatten(x, 1)
        x = self.relu6(self.fc6(x))
        x = self.relu7(self.fc7(x))
        return self.fc8(x)


class ZFNet(nn.Module):
    """Zeiler and Fergus 2013, Fig. 3: each stage is ReLU, max pooling, contrast normalisation.

    The figure's sizes (110, 55, 26, 13, 6) fix padding and rounding; the constants of the
    normalisation, which the paper leaves out, are AlexNet's in Caffe.
    """

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 7, stride=2, padding=1)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.norm1 = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)
        self.conv2 = nn.Conv2d(96, 256, 5, stride=2)
        self.relu2 = nn.ReLU()
        self.pool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.norm2 = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)
        self.conv3 = nn.Conv2d(256, 384, 3, padding=1)
        self.relu3 = nn.ReLU()
        self.conv4 = nn.Conv2d(384, 384, 3, padding=1)
        self.relu4 = nn.ReLU()
        self.conv5 = nn.Conv2d(384, 256, 3, padding=1)
        self.relu5 = nn.ReLU()
        self.pool5 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.fc6 = nn.Linear(256 * 6 * 6, 4096)
        self.relu6 = nn.ReLU()
        self.fc7 = nn.Linear(4096, 4096)
        self.relu7 = nn.ReLU()
        self.fc8 = nn.Linear(4096, 1000)

    def forward(self, x):
        x = self.norm1(self.pool1(self.relu1(self.conv1(x))))
        x = self.norm2(self.pool2(self.relu2(self.conv2(x))))
        x = self.relu3(self.conv3(x))
        x = self.relu4(self.conv4(x))
        x = self.pool5(self.relu5(self.conv5(x)))
        x = torch.flatten(x, 1)
        x = self.relu6(self.fc6(x))
        x = self.relu7(self.fc7(x))
        return self.fc8(x)


def nin():
    """nin_imagenet of the Caffe model zoo (train_val.prototxt), in its layers' names.

    The answer is pool4's, N×1000×1×1.
    """
    return nn.Sequential(OrderedDict([
        ("conv1", nn.Conv2d(3, 96, 11, stride=4)), ("relu0", nn.ReLU()),
        ("cccp1", nn.Conv2d(96, 96, 1)), ("relu1", nn.ReLU()),
        ("cccp2", nn.Conv2d(96, 96, 1)), ("relu2", nn.ReLU()),
        ("pool0", nn.MaxPool2d(3, 2, ceil_mode=True)),
        ("conv2", nn.Conv2d(96, 256, 5, padding=2)), ("relu3", nn.ReLU()),
        ("cccp3", nn.Conv2d(256, 256, 1)), ("relu5", nn.ReLU()),
        ("cccp4", nn.Conv2d(256, 256, 1)), ("relu6", nn.ReLU()),
        ("pool2", nn.MaxPool2d(3, 2, ceil_mode=True)),
        ("conv3", nn.Conv2d(256, 384, 3, padding=1)), ("relu7", nn.ReLU()),
        ("cccp5", nn.Conv2d(384, 384, 1)), ("relu8", nn.ReLU()),
        ("cccp6", nn.Conv2d(384, 384, 1)), ("relu9", nn.ReLU()),
        ("pool3", nn.MaxPool2d(3, 2, ceil_mode=True)),
        ("conv4-1024", nn.Conv2d(384, 1024, 3, padding=1)), ("relu10", nn.ReLU()),
        ("cccp7-1024", nn.Conv2d(1024, 1024, 1)), ("relu11", nn.ReLU()),
        ("cccp8-1024", nn.Conv2d(1024, 1000, 1)), ("relu12", nn.ReLU()),
        ("pool4", nn.AvgPool2d(6, 1)),
    ]))  # fmt: skip


def unit(channels, maps):
    """One layer of a fractal: convolution, batch normalisation, ReLU."""
    return nn.Sequential(OrderedDict([
        ("conv", nn.Conv2d(channels, maps, 3, padding=1, bias=False)), ("bn", nn.BatchNorm2d(maps)), ("relu", nn.ReLU()),
    ]))  # fmt: skip


class Join(nn.Module):
    """The mean of what it is given."""

    def forward(self, *x):
        return torch.stack(x).mean(0)


class FractalBlock(nn.Module):
    """Larsson et al. 2017, Fig. 1, row by row: column k of C has 2^(k−1) layers, evenly spread
    over the 2^(C−1) rows; where columns end in the same row, their mean goes on in all of them."""

    def __init__(self, channels, maps, columns):
        super().__init__()
        self.rows = 2 ** (columns - 1)
        for k in range(1, columns + 1):
            layers = [(str(i), unit(channels if i == 1 else maps, maps)) for i in range(1, 2 ** (k - 1) + 1)]
            self.add_module(f"column{k}", nn.Sequential(OrderedDict(layers)))
        for row in range(2, self.rows + 1, 2):
            self.add_module(f"join{row}", Join())
        self.columns = columns

    def forward(self, x):
        heads = {k: x for k in range(1, self.columns + 1)}  # what the next layer of each column reads
        for row in range(1, self.rows + 1):
            done = {}
            for k in range(self.columns, 0, -1):
                span = self.rows // 2 ** (k - 1)  # rows of one layer of the column
                if row % span == 0:
                    done[k] = self.get_submodule(f"column{k}.{row // span}")(heads[k])
            if len(done) > 1:
                mean = self.get_submodule(f"join{row}")(*done.values())
                done = dict.fromkeys(done, mean)
            heads.update(done)
        return heads[self.columns]


class FractalNet(nn.Module):
    """Larsson et al. 2017, §4.1: five blocks of four columns, each before 2×2 max pooling."""

    def __init__(self, columns=4, widths=(64, 128, 256, 512, 512)):
        super().__init__()
        channels = 3
        for b, maps in enumerate(widths, 1):
            self.add_module(f"block{b}", FractalBlock(channels, maps, columns))
            self.add_module(f"pool{b}", nn.MaxPool2d(2))
            channels = maps
        self.fc = nn.Linear(channels, 10)
        self.depth = len(widths)

    def forward(self, x):
        for b in range(1, self.depth + 1):
            x = self.get_submodule(f"pool{b}")(self.get_submodule(f"block{b}")(x))
        return self.fc(torch.flatten(x, 1))


NETS = {"alexnet-2012": AlexNet2012, "zfnet": ZFNet, "nin": nin, "fractalnet": FractalNet}


def build(name):
    """The net of this name, for inference, with PyTorch's own start weights."""
    return NETS[name]().eval()
