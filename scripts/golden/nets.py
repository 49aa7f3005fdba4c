"""Writes testdata/golden/nets/<net>.safetensors: every activation of the four digit nets on some
test digits, computed in float64 by PyTorch from models/<net>.safetensors.

    python scripts/golden/nets.py [NET…]        (from the root of the repository)

The nets are written here a second time, from the papers and not from internal/zoo:
LeCun et al., Proc. IEEE 86(11), 1998, §II.B; Harley, ISVC 2015. Run it again whenever weights
change: the header names the hash of the weights, and the test of internal/zoo compares it.
"""

import hashlib
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from common import save, test_digits

DIGITS = [0, 8, 2130]  # a 7, a hard 5, a 4

# LeCun et al. 1998, Table I: rows are maps of S2, columns maps of C3.
TABLE_I = """
X . . . X X X . . X X X X . X X
X X . . . X X X . . X X X X . X
X X X . . . X X X . . X . X X X
. X X X . . X X X X . . X . X X
. . X X X . . X X X X . X X . X
. . . X X X . . X X X X . X X X
"""


def scaled_tanh(x):
    """Eq. 6: f(a) = A tanh(S a), A = 1.7159, S = 2/3."""
    return 1.7159 * torch.tanh(2.0 / 3.0 * x)


class Net:
    """Runs layers and keeps what each one shows, and its sum before the squashing function."""

    def __init__(self, weights, input):
        self.w, self.kept, self.x = weights, {"Input/out": input}, input

    def show(self, name, pre, squash=None):
        if squash is None:
            self.x = pre
        else:
            self.kept[f"{name}/pre"] = pre
            self.x = squash(pre)
        self.kept[f"{name}/out"] = self.x

    def conv(self, name, squash):
        w, b = self.w[f"{name.lower()}.weight"], self.w[f"{name.lower()}.bias"]
        self.show(name, F.conv2d(self.x, w, b), squash)

    def table_conv(self, name, squash):
        """A convolution by Table I; the file packs the 60 kernels by output map, then input map."""
        packed, b = self.w[f"{name.lower()}.weight"], self.w[f"{name.lower()}.bias"]
        rows = [line.split() for line in TABLE_I.strip().splitlines()]
        sums, at = [], 0
        for o in range(len(rows[0])):
            total = b[o].reshape(1, 1, 1, 1)
            for i in range(len(rows)):
                if rows[i][o] == "X":
                    total = total + F.conv2d(self.x[:, i : i + 1], packed[at : at + 1])
                    at += 1
            sums.append(total)
        assert at == len(packed) == 60
        self.show(name, torch.cat(sums, 1), squash)

    def subsample(self, name):
        """S2, S4: four inputs are added, multiplied by a coefficient, given a bias, squashed."""
        w, b = self.w[f"{name.lower()}.weight"], self.w[f"{name.lower()}.bias"]
        n, c, height, width = self.x.shape
        four = self.x.reshape(n, c, height // 2, 2, width // 2, 2).sum((3, 5))
        self.show(name, four * w.reshape(1, -1, 1, 1) + b.reshape(1, -1, 1, 1), scaled_tanh)

    def pool(self, name):
        self.show(name, F.max_pool2d(self.x, 2))

    def full(self, name, squash):
        w, b = self.w[f"{name.lower()}.weight"], self.w[f"{name.lower()}.bias"]
        self.show(name, F.linear(self.x.flatten(1), w, b), squash)

    def rbf(self, name):
        """Eq. 7: y_i = sum over j of (x_j - w_ij)²."""
        w = self.w[f"{name.lower()}.weight"]
        self.show(name, torch.stack([((self.x.flatten(1) - code) ** 2).sum(1) for code in w], 1))


def lecun_input(greys, pad):
    """§II.B: paper is -0.1, ink 1.175; a border of paper."""
    return F.pad(greys[:, None] / 255 * 1.275 - 0.1, [pad] * 4, value=-0.1)


def lenet5_1998(w, greys):
    net = Net(w, lecun_input(greys, 2))
    net.conv("C1", scaled_tanh)
    net.subsample("S2")
    net.table_conv("C3", scaled_tanh)
    net.subsample("S4")
    net.conv("C5", scaled_tanh)
    net.full("F6", scaled_tanh)
    net.rbf("Output")
    return net


def lenet5_harley(w, greys):
    net = Net(w, lecun_input(greys, 2))
    net.conv("C1", scaled_tanh)
    net.pool("S2")
    net.table_conv("C3", scaled_tanh)
    net.pool("S4")
    net.full("F5", scaled_tanh)
    net.full("F6", scaled_tanh)
    net.full("Output", scaled_tanh)
    return net


def lenet5_modern(w, greys):
    net = Net(w, F.pad(greys[:, None] / 255, [2] * 4))
    net.conv("C1", F.relu)
    net.pool("S2")
    net.conv("C3", F.relu)
    net.pool("S4")
    net.full("F5", F.relu)
    net.full("F6", F.relu)
    net.full("Output", lambda x: F.softmax(x, 1))
    return net


def mlp_harley(w, greys):
    net = Net(w, lecun_input(greys, 0))
    net.full("F1", scaled_tanh)
    net.full("F2", scaled_tanh)
    net.full("Output", scaled_tanh)
    return net


NETS = {"lenet5-1998": lenet5_1998, "lenet5-harley": lenet5_harley, "lenet5-modern": lenet5_modern, "mlp-harley": mlp_harley}

for name in sys.argv[1:] or NETS:
    path = f"models/{name}.safetensors"
    with open(path, "rb") as f:
        sha = hashlib.sha256(f.read()).hexdigest()
    weights = {k: v.double() for k, v in load_file(path).items()}
    net = NETS[name](weights, test_digits(DIGITS).double())
    save(f"nets/{name}", net.kept, "python scripts/golden/nets.py", seed=None, digits=DIGITS, weights=sha)
