"""Writes testdata/golden/ops/<op>.safetensors: what PyTorch computes for every operator of
internal/nn/op, forward and backward, in float64 from float32 inputs.

    python scripts/golden/ops.py        (from the root of the repository)

No two sizes of a case are equal, so swapped axes cannot agree. The Go side
(internal/nn/op/*_test.go) states the attributes of each case again: neither reads the other's.
"""

import torch
import torch.nn.functional as F

from opcase import case, write


def conv(name, x, out, kernel, bias=True, groups=1, **options):
    weight = (out, x[1] // groups, *kernel)
    params = [weight, (out,)] if bias else [weight]
    case(name, lambda x, w, b=None: F.conv2d(x, w, b, groups=groups, **options), [x], params)


conv("conv/plain", (2, 3, 7, 9), 4, (3, 2))
conv("conv/stride_pad", (2, 3, 11, 8), 5, (4, 3), stride=(3, 2), padding=(2, 1))
conv("conv/dilation", (2, 3, 12, 10), 4, (3, 2), stride=(1, 2), padding=(1, 2), dilation=(2, 3))
conv("conv/groups", (3, 6, 7, 8), 4, (2, 3), groups=2)
conv("conv/depthwise", (2, 3, 8, 7), 6, (3, 4), groups=3, padding=(1, 2))
conv("conv/pointwise", (2, 5, 3, 4), 7, (1, 1))
conv("conv/no_bias", (2, 3, 7, 9), 4, (3, 2), bias=False)
conv("conv/wide_pad", (1, 2, 3, 4), 3, (2, 5), padding=(4, 6), stride=(1, 3))
conv("conv/lenet_c1", (1, 1, 32, 29), 6, (5, 5))

TABLE = [[0], [1, 3], [0, 2, 3], [0, 1, 2, 3], [2]]  # output map → input maps


def table_conv(x, w, b):
    """A convolution by a connection table: w is packed, one kernel a link; missing links are zero."""
    dense = torch.zeros(len(TABLE), x.shape[1], *w.shape[2:], dtype=w.dtype)
    rows = [(o, i) for o, row in enumerate(TABLE) for i in row]
    o, i = zip(*rows)
    dense = dense.index_put((torch.tensor(o), torch.tensor(i)), w[:, 0])
    return F.conv2d(x, dense, b, stride=(2, 1), padding=(0, 1))


case("conv/table", table_conv, [(2, 4, 9, 7)], [(sum(map(len, TABLE)), 1, 3, 2), (len(TABLE),)])


def pool(kind, name, x, kernel, **options):
    case(f"{kind}/{name}", lambda x: getattr(F, {"maxpool": "max_pool2d", "avgpool": "avg_pool2d"}[kind])(x, kernel, **options), [x])


pool("maxpool", "plain", (2, 3, 8, 9), (2, 3))
pool("maxpool", "stride_pad", (2, 3, 9, 8), (3, 2), stride=(2, 1), padding=(1, 1))
pool("maxpool", "ceil", (2, 3, 8, 11), (3, 2), stride=(2, 3), ceil_mode=True)
pool("maxpool", "ceil_pad", (2, 3, 6, 10), (3, 4), stride=(2, 3), padding=(1, 2), ceil_mode=True)
for include in (True, False):
    tail = "include" if include else "exclude"
    pool("avgpool", f"plain_{tail}", (2, 3, 8, 9), (2, 3), count_include_pad=include)
    pool("avgpool", f"pad_{tail}", (2, 3, 9, 8), (3, 2), stride=(2, 1), padding=(1, 1), count_include_pad=include)
    pool("avgpool", f"ceil_{tail}", (2, 3, 8, 11), (3, 2), stride=(2, 3), ceil_mode=True, count_include_pad=include)
    pool("avgpool", f"ceil_pad_{tail}", (2, 3, 6, 10), (3, 4), stride=(2, 3), padding=(1, 2), ceil_mode=True, count_include_pad=include)


def subsample(kernel, stride=None):
    """LeCun et al. 1998, S2 and S4: the window's sum times a trained coefficient, plus a trained bias."""

    def run(x, w, b):
        total = F.avg_pool2d(x, kernel, stride) * (kernel[0] * kernel[1])
        return total * w[:, None, None] + b[:, None, None]

    return run


case("subsample/lenet", subsample((2, 2)), [(2, 3, 10, 8)], [(3,), (3,)])
case("subsample/stride", subsample((3, 2), (2, 1)), [(2, 5, 9, 7)], [(5,), (5,)])
case("gap/plain", lambda x: x.mean((2, 3), keepdim=True), [(2, 3, 5, 7)])


def linear(x, w, b=None):
    return F.linear(x.flatten(1), w, b)[:, :, None, None]


case("linear/plain", linear, [(3, 7, 1, 1)], [(5, 7), (5,)])
case("linear/no_bias", linear, [(3, 7, 1, 1)], [(5, 7)])
case("linear/long", linear, [(2, 400, 1, 1)], [(6, 400), (6,)])
case("flatten/plain", lambda x: x.flatten(1)[:, :, None, None], [(2, 3, 5, 7)])

SPECIAL = [[[[0.0, -0.0, 1.0, -1.0, 50.0, -50.0, 1e-6, -1e-6, 8.5, -8.5, 0.1, 3.0]]]]
scaled_tanh = lambda x: 1.7159 * torch.tanh(x * (2.0 / 3.0))  # noqa: E731  LeCun et al. 1998, eq. 6
for kind, f in {"relu": F.relu, "tanh": torch.tanh, "scaled_tanh": scaled_tanh, "sigmoid": torch.sigmoid}.items():
    case(f"{kind}/plain", f, [(2, 3, 5, 7)])
    case(f"{kind}/special", f, [], inputs=SPECIAL)
case("softmax/plain", lambda x: F.softmax(x, 1), [(3, 10, 1, 1)])
case("softmax/maps", lambda x: F.softmax(x, 1), [(2, 5, 3, 4)])
case("softmax/large", lambda x: F.softmax(x, 1), [], inputs=[[[[1000.0]], [[998.0]], [[-1000.0]], [[0.0]]]])


def rbf(x, w):
    """LeCun et al. 1998, eq. 7."""
    return ((x.flatten(1)[:, None, :] - w[None]) ** 2).sum(2)[:, :, None, None]


case("rbf/plain", rbf, [(3, 7, 1, 1)], [(4, 7)], fixed={0})
case("rbf/lenet", rbf, [(2, 84, 1, 1)], [(10, 84)], fixed={0})
case("add/two", lambda a, b: a + b, [(2, 3, 5, 7)] * 2)
case("add/three", lambda a, b, c: a + b + c, [(2, 3, 5, 7)] * 3)
case("mean/three", lambda *x: torch.stack(x).mean(0), [(2, 3, 5, 7)] * 3)
case("mean/one", lambda x: torch.stack([x]).mean(0), [(2, 3, 5, 7)])
case("concat/three", lambda *x: torch.cat(x, 1), [(2, 3, 5, 7), (2, 1, 5, 7), (2, 4, 5, 7)])


def same(x, w, b):
    """TensorFlow's SAME padding at stride 2: one more at the bottom and right."""
    return F.conv2d(F.pad(x, (0, 1, 1, 2)), w, b, stride=2)


case("conv/same", same, [(2, 3, 10, 7)], [(4, 3, 5, 3), (4,)])
case("conv/right_pad", lambda x, w, b: F.conv2d(F.pad(x, (0, 2, 0, 0)), w, b), [(2, 3, 4, 8)], [(4, 3, 2, 5), (4,)])
case("maxpool/same", lambda x: F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=float("-inf")), 3, 2), [(2, 3, 8, 10)])
case("avgpool/extra_include", lambda x: F.avg_pool2d(F.pad(x, (0, 1, 1, 0)), (3, 2), (2, 1)), [(2, 3, 8, 7)])
case("convtranspose/plain", lambda x, w, b: F.conv_transpose2d(x, w, b), [(2, 3, 4, 5)], [(3, 4, 2, 3), (4,)])
case(
    "convtranspose/stride_pad",
    lambda x, w, b: F.conv_transpose2d(x, w, b, stride=(3, 2), padding=(2, 1), output_padding=(1, 0), dilation=(1, 2)),
    [(2, 3, 4, 5)],
    [(3, 4, 5, 3), (4,)],
)
case("convtranspose/groups", lambda x, w: F.conv_transpose2d(x, w, stride=2, groups=2), [(2, 4, 3, 5)], [(4, 3, 2, 3)])


def positive(run, index):
    """Keeps parameter index positive, as a variance is; the file holds what run got."""
    return lambda x, *p: run(x, *p[:index], p[index].abs_().add_(0.1), *p[index + 1 :])


def batch_norm(eps):
    return positive(lambda x, w, b, m, v: F.batch_norm(x, m, v, w, b, eps=eps), 3)


case("batchnorm/plain", batch_norm(1e-5), [(2, 3, 5, 7)], [(3,)] * 4, fixed={2, 3})
case("batchnorm/eps", batch_norm(1e-3), [(2, 4, 3, 5)], [(4,)] * 4, fixed={2, 3})
case("layernorm/plain", lambda x, w, b: F.layer_norm(x.permute(0, 2, 3, 1), (5,), w, b, 1e-6).permute(0, 3, 1, 2), [(2, 5, 3, 4)], [(5,)] * 2)
case("lrn/alexnet", lambda x: F.local_response_norm(x, 5, 1e-4, 0.75, 1.0), [(2, 9, 3, 4)])
case("lrn/strong", lambda x: F.local_response_norm(x, 3, 2.0, 0.6, 2.0), [(2, 7, 3, 4)])
curves = {
    "clip": {"relu6": F.relu6, "low": lambda x: torch.clamp(x, -0.5, 0.25)},
    "leaky_relu": {"plain": lambda x: F.leaky_relu(x, 0.1)},
    "elu": {"plain": lambda x: F.elu(x, 1.3)},
    "hard_sigmoid": {"torch": F.hardsigmoid, "onnx": lambda x: torch.clamp(0.2 * x + 0.5, 0, 1)},
    "hard_swish": {"plain": F.hardswish},
    "swish": {"plain": F.silu},
    "gelu": {"plain": F.gelu},
}
for kind, variants in curves.items():
    for label, f in variants.items():
        case(f"{kind}/{label}", f, [(2, 3, 5, 7)])
case("prelu/plain", F.prelu, [(2, 3, 5, 7)], [(3,)])
for kind, f in {"mul": torch.mul, "sub": torch.sub}.items():
    case(f"{kind}/plain", f, [(2, 3, 5, 7)] * 2)
    case(f"{kind}/gate", f, [(2, 3, 5, 7), (2, 3, 1, 1)])
    case(f"{kind}/column", f, [(2, 3, 1, 7), (2, 1, 5, 1)])
case("div/gate", torch.div, [(2, 3, 5, 7), (2, 3, 1, 1)])
case("adaptive/down", lambda x: F.adaptive_avg_pool2d(x, (3, 4)), [(2, 3, 7, 10)])
case("adaptive/up", lambda x: F.adaptive_avg_pool2d(x, (7, 6)), [(2, 3, 3, 5)])
case("slice/middle", lambda x: x[:, 2:5], [(2, 7, 3, 5)])
case("shuffle/plain", lambda x: F.channel_shuffle(x, 3), [(2, 6, 3, 5)])
case("pad/plain", lambda x: F.pad(x, (3, 1, 0, 2), value=0.25), [(2, 3, 4, 5)])
case("pad/cut", lambda x: F.pad(x, (-2, 1, 3, -1)), [(2, 3, 4, 7)])
case("pad_channels/both", lambda x: F.pad(x, (0, 0, 0, 0, 1, 2)), [(2, 3, 4, 5)])
case("pad_channels/after", lambda x: F.pad(x, (0, 0, 0, 0, 0, 4)), [(2, 3, 7, 5)])
case("scale/survival", lambda x: x * 0.8125, [(2, 3, 5, 7)])
case("scale/small", lambda x: x * 0.17, [(2, 3, 4, 7)])
case("resize/nearest", lambda x: F.interpolate(x, (9, 4)), [(2, 3, 4, 6)])
case("resize/linear", lambda x: F.interpolate(x, (9, 4), mode="bilinear", align_corners=False), [(2, 3, 4, 6)])

write("python scripts/golden/ops.py")
