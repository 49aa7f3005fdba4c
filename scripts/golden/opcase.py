"""What the scripts that make testdata/golden/ops share: one case of one operator.

A case <c> of a file is the tensors <c>/x0 … (inputs), <c>/p0 … (parameters in the order of the
operator's Params), <c>/y (output), <c>/dy (a gradient of the output), <c>/dx0 … and <c>/dp0 …
(gradients by autograd), computed in float64 from float32 inputs.
"""

import zlib

import numpy as np
import torch

from common import save

SEED = 1998
files = {}


def case(name, run, shapes, params=(), fixed=(), inputs=None, domain=None):
    """Runs run(*inputs, *params) and stores everything; fixed names parameters without a gradient,
    domain maps each drawn input to where the function is defined."""
    op, label = name.split("/")
    rng = np.random.default_rng([SEED, zlib.crc32(name.encode())])

    def draw(shape):
        return torch.from_numpy(rng.standard_normal(shape).astype(np.float32)).double()

    xs = [draw(s) for s in shapes] if inputs is None else [torch.tensor(inputs, dtype=torch.float32).double()]
    if domain is not None:
        xs = [domain(x).float().double() for x in xs]
    ps = [draw(s) for s in params]
    for t in xs:
        t.requires_grad_()
    for i, t in enumerate(ps):
        t.requires_grad_(i not in fixed)
    y = run(*xs, *ps)
    dy = draw(tuple(y.shape))
    if y.requires_grad:  # a fixed constant has nothing to differentiate
        y.backward(dy)
    out = files.setdefault(op, {})
    for i, t in enumerate(xs):
        out[f"{label}/x{i}"] = t
        out[f"{label}/dx{i}"] = t.grad
    for i, t in enumerate(ps):
        out[f"{label}/p{i}"] = t
        if t.grad is not None:
            out[f"{label}/dp{i}"] = t.grad
    out[f"{label}/y"], out[f"{label}/dy"] = y, dy


def write(command):
    """Writes one file for each operator that had a case; command is how the script is run."""
    for op, tensors in files.items():
        save(f"ops/{op}", tensors, command, seed=SEED)
