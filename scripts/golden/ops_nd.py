"""Writes more of testdata/golden/ops: the N-dimensional operators (internal/nn/op/nd_*.go).

    python scripts/golden/ops_nd.py        (from the root of the repository)

Dims are those of a sample, the batch left out. A case stores every tensor as the N×C×H×W that the
engine holds it in; here it is computed in its own dims, sample by sample. opcase.py says what a case is.
"""

from math import prod

import torch
import torch.nn.functional as F

from opcase import case, write

BATCH = 2


def project(dims):
    """C×H×W of a sample of these dims."""
    if len(dims) < 3:
        return {0: (1, 1, 1), 1: (*dims, 1, 1), 2: (*dims[:1], 1, *dims[1:])}[len(dims)]
    return (prod(dims[:-2]), *dims[-2:])


def nd(name, run, *dims, params=(), fixed=(), one=(), **more):
    """A case of run(*samples, *params) on samples of these dims; inputs in one are the same for the batch."""

    def batch(*given):
        xs, ps = given[: len(dims)], given[len(dims) :]
        ys = []
        for i in range(1 if len(dims) == len(one) else BATCH):
            ys.append(run(*(x[0 if k in one else i].reshape(dims[k]) for k, x in enumerate(xs)), *ps))
        y = torch.stack(ys)
        return y.reshape(len(ys), *project(tuple(y.shape[1:])))

    shapes = [(1 if k in one else BATCH, *project(d)) for k, d in enumerate(dims)]
    case(name, batch, shapes, params, fixed, **more)


for label, dims in {"table": (3, 5, 7), "vector": (4,), "scalar": (), "tokens": (6, 5), "deep": (2, 3, 4, 5)}.items():
    nd(f"constant/{label}", lambda p: p.clone(), params=[dims])
nd("constant/fixed", lambda p: p.clone(), params=[(4, 3)], fixed={0})
nd("reshape/maps", lambda x: x.reshape(3, 8, 5), (6, 5, 4))
nd("reshape/vector", lambda x: x.reshape(84), (3, 4, 7))
nd("transpose/maps", lambda x: x.permute(2, 0, 1), (3, 5, 7))
nd("transpose/tokens", lambda x: x.permute(1, 0), (4, 6))
nd("transpose/heads", lambda x: x.permute(1, 0, 2), (5, 2, 7))
nd("transpose/windows", lambda x: x.permute(0, 3, 1, 4, 2), (2, 3, 5, 4, 6))
nd("transpose/same", lambda x: x.permute(0, 1, 2), (3, 5, 4))
nd("matmul/tokens", torch.matmul, (5, 7), (7, 4), one={1})
nd("matmul/weight_first", torch.matmul, (4, 7), (7, 5), one={0})
nd("matmul/heads", torch.matmul, (3, 5, 7), (3, 7, 4))
nd("matmul/leading", torch.matmul, (3, 1, 5, 2), (4, 2, 6))
nd("matmul/row", torch.matmul, (7,), (7, 4), one={1})
nd("matmul/row_heads", torch.matmul, (7,), (3, 7, 4))
nd("matmul/column", torch.matmul, (5, 7), (7,))
nd("matmul/column_heads", torch.matmul, (3, 5, 7), (7,), one={1})
nd("matmul/dot", torch.matmul, (7,), (7,))
nd("matmul/constants", torch.matmul, (5, 7), (7, 4), one={0, 1})

reduce = {
    "mean": lambda x, a, k: x.mean(a, k),
    "sum": lambda x, a, k: x.sum(a, k),
    "prod": lambda x, a, k: product(x, a, k),
    "max": lambda x, a, k: x.amax(a, k),
    "min": lambda x, a, k: x.amin(a, k),
    "l1": lambda x, a, k: x.abs().sum(a, k),
    "l2": lambda x, a, k: (x**2).sum(a, k).sqrt(),
    "sum_square": lambda x, a, k: (x**2).sum(a, k),
    "log_sum": lambda x, a, k: x.sum(a, k).log(),
    "log_sum_exp": lambda x, a, k: torch.logsumexp(x, a, k),
}


def product(x, axes, keep):
    for a in sorted(axes, reverse=True):
        x = x.prod(a, keep)
    return x


for fn, f in reduce.items():
    more = {"domain": lambda x: x.abs() + 0.25} if fn == "log_sum" else {}
    nd(f"reduce/{fn}", lambda x: f(x, (1,), False), (3, 4, 5), **more)
    nd(f"reduce/{fn}_keep", lambda x: f(x, (2, 0), True), (3, 4, 2, 5), **more)
nd("reduce/maps", lambda x: x.mean((1, 2), True), (3, 5, 7))
nd("reduce/all", lambda x: x.mean((0, 1, 2)), (3, 5, 7))
nd("reduce/tokens", lambda x: x.mean(0), (6, 5))
zeros = [[[[1.5, 2.0, 0.0, 3.0]], [[0.0, 2.0, 0.0, -3.0]], [[1.5, -2.0, 0.5, 3.0]]]]  # none, one, two zeros in a row
case("reduce/prod_zeros", lambda x: x.prod(3, True), [], inputs=zeros)
large = [[[[1000.0, 998.0, -1000.0, 0.0]], [[-2000.0, -2001.0, -2004.0, -2000.0]]]]
case("reduce/log_sum_exp_large", lambda x: torch.logsumexp(x, 3, True), [], inputs=large)

for axis in range(3):
    nd(f"softmax_axis/axis{axis}", lambda x: F.softmax(x, axis), (3, 5, 7))
    nd(f"softmax_axis/log{axis}", lambda x: F.log_softmax(x, axis), (3, 5, 7))
nd("softmax_axis/heads", lambda x: F.softmax(x, 3), (2, 3, 4, 5))
case("softmax_axis/large", lambda x: F.softmax(x, 3), [], inputs=large)
case("softmax_axis/log_large", lambda x: F.log_softmax(x, 3), [], inputs=large)

cat = lambda axis: lambda *x: torch.cat(x, axis)  # noqa: E731
nd("concat_axis/axis0", cat(0), (3, 5, 7), (1, 5, 7), (4, 5, 7))
nd("concat_axis/axis1", cat(1), (3, 5, 7), (3, 2, 7), (3, 4, 7))
nd("concat_axis/axis2", cat(2), (3, 5, 7), (3, 5, 1), (3, 5, 4))
nd("concat_axis/token", cat(0), (1, 5), (6, 5), one={0})
nd("concat_axis/deep", cat(1), (2, 1, 4, 5), (2, 3, 4, 5))
nd("concat_axis/vectors", cat(0), (3,), (4,))

nd("slice_axes/middle", lambda x: x[1:4, 2:7, 3:5], (5, 8, 7))
nd("slice_axes/steps", lambda x: x[0:5:2, 1:8:3, 3:7:9], (5, 8, 7))
nd("slice_axes/backward", lambda x: x[[4, 3, 2, 1, 0]][:, [6, 3]][:, :, [5, 4, 3]], (5, 8, 7))
nd("slice_axes/token", lambda x: x[0:1], (6, 5))

nd("gather/vector", lambda x: x[[2, 0, 2, 1]], (3, 5, 7))
nd("gather/scalar", lambda x: x[:, 4], (3, 5, 7))
nd("gather/table", lambda x: x[:, [[1, 0, 3], [2, 2, 0]]], (2, 4, 5))
nd("gather/last", lambda x: x[:, :, [6, 0]], (3, 5, 7))
nd("gather/token", lambda x: x[0], (6, 5))

nd("expand/row", lambda x: x.expand(3, 5, 7), (3, 1, 7))
nd("expand/lead", lambda x: x.expand(2, 3, 4), (4,))
nd("expand/both", lambda x: x.expand(2, 3, 5, 7), (3, 1, 7))
nd("expand/scalar", lambda x: x.expand(2, 3), ())
nd("expand/constant", lambda x: x.expand(3, 5, 4), (1, 5, 1), one={0})

nd("layernorm_axes/tokens", lambda x, w, b: F.layer_norm(x, (7,), w, b, 1e-5), (5, 7), params=[(7,)] * 2)
nd("layernorm_axes/maps", lambda x, w, b: F.layer_norm(x, (5, 7), w, b, 1e-3), (3, 5, 7), params=[(5, 7)] * 2)
nd("layernorm_axes/all", lambda x, w, b: F.layer_norm(x, (3, 5, 4), w, b, 1e-6), (3, 5, 4), params=[(3, 5, 4)] * 2)
nd("layernorm_axes/no_bias", lambda x, w: F.layer_norm(x, (7,), w), (2, 3, 5, 7), params=[(7,)])

write("python scripts/golden/ops_nd.py")
