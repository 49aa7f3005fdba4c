"""Writes more of testdata/golden/ops: the functions of one value, broadcasting, pooling,
normalising and resizing that files of other programs bring along (ONNX, Caffe).

    python scripts/golden/ops_ew.py        (from the root of the repository)

Where PyTorch has no such operator the formula of the ONNX operator's definition stands here, written
in PyTorch for autograd's sake. opcase.py says what a case is.
"""

import numpy as np
import torch
import torch.nn.functional as F

from opcase import case, write

SHAPE = (2, 3, 5, 7)
unit = lambda x: 0.9 * torch.tanh(x)  # noqa: E731  inside (−1, 1)
positive = lambda x: x.abs() + 0.25  # noqa: E731
above_one = lambda x: x.abs() + 1.25  # noqa: E731
nonzero = lambda x: x + 0.5 * torch.sign(x)  # noqa: E731
UNARY = {  # ONNX name: function, domain
    "Erf": (torch.erf, None),
    "Exp": (torch.exp, None),
    "Log": (torch.log, positive),
    "Sqrt": (torch.sqrt, positive),
    "Abs": (torch.abs, None),
    "Neg": (torch.neg, None),
    "Reciprocal": (torch.reciprocal, nonzero),
    "Floor": (torch.floor, None),
    "Ceil": (torch.ceil, None),
    "Round": (torch.round, None),
    "Sign": (torch.sign, None),
    "Softplus": (lambda x: F.softplus(x, threshold=100), None),
    "Softsign": (F.softsign, None),
    "Mish": (F.mish, None),
    "Sin": (torch.sin, None),
    "Cos": (torch.cos, None),
    "Tan": (torch.tan, unit),
    "Asin": (torch.asin, unit),
    "Acos": (torch.acos, unit),
    "Atan": (torch.atan, None),
    "Sinh": (torch.sinh, None),
    "Cosh": (torch.cosh, None),
    "Asinh": (torch.asinh, None),
    "Acosh": (torch.acosh, above_one),
    "Atanh": (torch.atanh, unit),
}
for name, (f, domain) in UNARY.items():
    case(f"unary/{name}", f, [SHAPE], domain=domain)
EDGES = [[[[0.0, -0.0, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 60.0, -60.0, 0.25, -0.25]]]]
for name in ("Abs", "Floor", "Ceil", "Round", "Sign", "Softplus", "Softsign", "Mish", "Erf"):
    case(f"unary/{name}_edges", UNARY[name][0], [], inputs=EDGES)


case("selu/torch", F.selu, [SHAPE])
case("selu/other", lambda x: 1.5 * torch.where(x > 0, x, 2 * torch.expm1(x)), [SHAPE])
case("celu/plain", lambda x: F.celu(x, 1.3), [SHAPE])
case("thresholded_relu/plain", lambda x: F.threshold(x, 0.6, 0.0), [SHAPE])
case("thresholded_relu/negative", lambda x: F.threshold(x, -0.4, 0.0), [SHAPE])
case("shrink/hard", lambda x: F.hardshrink(x, 0.7), [SHAPE])
case("shrink/soft", lambda x: F.softshrink(x, 0.4), [SHAPE])
case("gelu_tanh/plain", lambda x: F.gelu(x, approximate="tanh"), [SHAPE])
case("gelu_tanh/edges", lambda x: F.gelu(x, approximate="tanh"), [], inputs=EDGES)
case("swish_alpha/plain", lambda x: x * torch.sigmoid(1.702 * x), [SHAPE])
case("power/square", lambda x: x**2, [SHAPE])
case("power/caffe", lambda x: (0.5 + 2 * x) ** -1.5, [SHAPE], domain=positive)
case("power/zero", lambda x: (0 * x + 1).pow(0) * 1.0, [SHAPE])
case("pow/plain", torch.pow, [SHAPE, SHAPE], domain=positive)
case("pow/constant", lambda a, b: torch.pow(a, b), [SHAPE, (1, 1, 1, 1)], domain=positive)
case("pow/row", lambda a, b: torch.pow(a, b), [(2, 3, 1, 7), (1, 1, 5, 1)], domain=positive)
BROADCAST = [(2, 1, 5, 7), (1, 3, 1, 1), (1, 3, 5, 7)]  # the batch is repeated too
for kind, f in {"max": torch.maximum, "min": torch.minimum}.items():
    case(f"{kind}/two", f, [SHAPE] * 2)
    case(f"{kind}/three", lambda a, b, c, f=f: f(f(a, b), c), BROADCAST)
    case(f"{kind}/one", lambda x: x * 1, [SHAPE])
case("add_broadcast/three", lambda a, b, c: a + b + c, BROADCAST)
case("add_broadcast/bias", lambda a, b: a + b, [SHAPE, (1, 3, 1, 1)])
case("add_broadcast/outer", lambda a, b: a + b, [(1, 3, 1, 7), (2, 1, 5, 1)])
case("mean_broadcast/three", lambda a, b, c: (a + b + c) / 3, BROADCAST)
case("mul_batch/constant", torch.mul, [SHAPE, (1, 3, 1, 7)])
case("div_batch/constant", torch.div, [(1, 3, 5, 1), SHAPE], domain=positive)
channels = lambda v: v[:, None, None]  # noqa: E731
case("affine/both", lambda x, w, b: x * channels(w) + channels(b), [SHAPE], [(3,)] * 2)
case("affine/weight", lambda x, w: x * channels(w), [SHAPE], [(3,)])
case("affine/bias", lambda x, b: x + channels(b), [SHAPE], [(3,)])


def windows(x, kernel, stride, pads, dilation, fill, ceil=False):
    """The values of every window, N×C×H′×W′×(kernel's size), cut out of the padded map by hand; pads are
    top, left, bottom, right. With ceil a last window may reach past the padding if it starts inside the
    map or the padding before it: ONNX MaxPool-22, "ceil_mode"."""
    top, left, bottom, right = pads
    size = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
    counts = []
    for n, before, after, reach, s in zip(x.shape[2:], (top, left), (bottom, right), size, stride):
        count = (n + before + after - reach + (s - 1 if ceil else 0)) // s + 1
        counts.append(count - 1 if ceil and (count - 1) * s >= n + before else count)
    more = [(c - 1) * s + r for c, s, r in zip(counts, stride, size)]
    padded = F.pad(x, (left, right, top, bottom), value=fill)
    beyond = [max(0, m - n) for m, n in zip(more, padded.shape[2:])]
    padded = F.pad(padded, (0, beyond[1], 0, beyond[0]), value=float("nan"))  # past the padding: not there
    rows = torch.arange(counts[0])[:, None] * stride[0] + torch.arange(kernel[0]) * dilation[0]
    columns = torch.arange(counts[1])[:, None] * stride[1] + torch.arange(kernel[1]) * dilation[1]
    return padded[:, :, rows[:, None, :, None], columns[None, :, None, :]].flatten(4)


def max_pool(*geometry, ceil=False):
    return lambda x: windows(x, *geometry, float("-inf"), ceil).nan_to_num(nan=float("-inf")).amax(-1)


def avg_pool(*geometry, include, ceil=False):
    return lambda x: torch.nanmean(windows(x, *geometry, 0.0 if include else float("nan"), ceil), -1)


def lp_pool(p, *geometry, ceil=False):
    def run(x):
        w = windows(x, *geometry, 0.0, ceil)
        return (torch.where(w.isnan(), 0.0, w).abs() ** p).sum(-1) ** (1 / p)

    return run


GEOMETRY = {  # kernel, stride, pads (top, left, bottom, right), dilation
    "dilated": ((3, 2), (1, 2), (0, 0, 0, 0), (2, 3)),
    "dilated_pad": ((3, 2), (2, 1), (2, 1, 1, 0), (2, 3)),
    "uneven": ((3, 4), (2, 3), (0, 3, 2, 1), (1, 1)),
    "uneven_before": ((2, 3), (2, 1), (1, 2, 0, 0), (1, 1)),
}
for label, geometry in GEOMETRY.items():
    for ceil in (False, True):
        name = label + ("_ceil" if ceil else "")
        case(f"maxpool_onnx/{name}", max_pool(*geometry, ceil=ceil), [(2, 3, 9, 11)])
        case(f"lppool/{name}", lp_pool(3, *geometry, ceil=ceil), [(2, 3, 9, 11)])
        for include in (False, True):
            tail = "include" if include else "exclude"
            case(f"avgpool_onnx/{name}_{tail}", avg_pool(*geometry, include=include, ceil=ceil), [(2, 3, 9, 11)])
case("lppool/default", lp_pool(2, (2, 3), (2, 3), (0, 0, 0, 0), (1, 1)), [(2, 3, 6, 7)])
case("lppool/one", lp_pool(1, (2, 3), (2, 3), (0, 0, 0, 0), (1, 1)), [(2, 3, 6, 7)])
case("global_max/plain", lambda x: x.amax((2, 3), keepdim=True), [SHAPE])
case("global_lp/default", lambda x: (x**2).sum((2, 3), keepdim=True).sqrt(), [SHAPE])
case("global_lp/three", lambda x: (x.abs() ** 3).sum((2, 3), keepdim=True) ** (1 / 3), [SHAPE])
case("instancenorm/plain", lambda x, w, b: F.instance_norm(x, weight=w, bias=b), [SHAPE], [(3,)] * 2)
case("instancenorm/eps", lambda x, w, b: F.instance_norm(x, weight=w, bias=b, eps=0.1), [SHAPE], [(3,)] * 2)
case("groupnorm/two", lambda x, w, b: F.group_norm(x, 2, w, b), [(2, 6, 3, 5)], [(6,)] * 2)
case("groupnorm/one", lambda x, w, b: F.group_norm(x, 1, w, b, eps=1e-3), [(2, 4, 3, 5)], [(4,)] * 2)
for p in (1, 2, 3):
    case(f"lpnorm/p{p}", lambda x, p=p: F.normalize(x, p, dim=1, eps=1e-30), [(2, 5, 3, 4)])

def depth_to_space(x, b):
    """ONNX DepthToSpace, mode DCR, as its definition writes it."""
    n, c, h, w = x.shape
    return x.reshape(n, b, b, c // b**2, h, w).permute(0, 3, 4, 1, 5, 2).reshape(n, c // b**2, h * b, w * b)


def space_to_depth(x, b):
    """ONNX SpaceToDepth, as its definition writes it."""
    n, c, h, w = x.shape
    return x.reshape(n, c, h // b, b, w // b, b).permute(0, 3, 5, 1, 2, 4).reshape(n, c * b**2, h // b, w // b)


case("depthtospace/dcr", lambda x: depth_to_space(x, 2), [(2, 12, 3, 5)])
case("depthtospace/crd", lambda x: F.pixel_shuffle(x, 3), [(2, 18, 2, 4)])
case("spacetodepth/two", lambda x: space_to_depth(x, 2), [(2, 3, 4, 10)])
case("spacetodepth/crd", lambda x: F.pixel_unshuffle(x, 2), [(2, 3, 4, 10)])
case("spacetodepth/three", lambda x: space_to_depth(x, 3), [(1, 2, 6, 9)])


def pad(mode, top, bottom, left, right):
    """NumPy's pad on the numbers of the rows and columns; what is negative is cut first, as ONNX has it."""

    def places(n, before, after):
        kept = np.arange(n)[max(0, -before) : n - max(0, -after)]
        return torch.from_numpy(np.pad(kept, (max(0, before), max(0, after)), mode))

    return lambda x: x[:, :, places(x.shape[2], top, bottom)][:, :, :, places(x.shape[3], left, right)]


for mode in ("reflect", "edge", "wrap"):
    case(f"pad_{mode}/plain", pad(mode, 2, 1, 3, 0), [(2, 3, 4, 5)])
    case(f"pad_{mode}/far", pad(mode, 0, 9, 11, 4), [(2, 3, 4, 3)])
    case(f"pad_{mode}/cut", pad(mode, -2, 4, 3, -1), [(2, 3, 5, 7)])
    case(f"pad_{mode}/thin", pad(mode, 1, 2, 2, 1), [(2, 3, 1, 4)])
case("pad_channels_value/both", lambda x: F.pad(x, (0, 0, 0, 0, 1, 2), value=0.75), [(2, 3, 4, 5)])


def conv_transpose(pads, kernel, **options):
    """The whole transposed convolution, cut by the pads top, left, bottom, right."""

    def run(x, w, b):
        y = F.conv_transpose2d(x, w, b, **options)
        top, left, bottom, right = pads
        return y[:, :, top : y.shape[2] - bottom, left : y.shape[3] - right]

    return run


case("convtranspose_uneven/stride", conv_transpose((0, 2, 3, 1), (4, 3), stride=(3, 2)), [(2, 3, 4, 5)], [(3, 4, 4, 3), (4,)])
case("convtranspose_uneven/five", conv_transpose((0, 0, 1, 2), (5, 5)), [(2, 3, 4, 6)], [(3, 4, 5, 5), (4,)])
case(
    "convtranspose_uneven/groups",
    conv_transpose((1, 0, 2, 1), (2, 3), stride=2, groups=2, dilation=(2, 1)),
    [(2, 4, 3, 5)],
    [(4, 3, 2, 3), (6,)],
)
case("conv_uneven/begin", lambda x, w, b: F.conv2d(F.pad(x, (3, 0, 2, 1)), w, b, (2, 1), dilation=(1, 2)), [(2, 3, 7, 9)], [(4, 3, 3, 2), (4,)])

def interpolate(label, shape, **options):
    case(f"resize_torch/{label}", lambda x: F.interpolate(x, **options), [shape])


interpolate("bicubic", (1, 2, 4, 6), size=(9, 4), mode="bicubic")
interpolate("bicubic_corners", (1, 2, 4, 6), size=(9, 4), mode="bicubic", align_corners=True)
interpolate("bilinear_corners", (1, 2, 4, 6), size=(9, 4), mode="bilinear", align_corners=True)
interpolate("bilinear_scale", (1, 2, 4, 6), scale_factor=(1.3, 0.7), mode="bilinear")
interpolate("nearest_exact", (1, 2, 4, 6), size=(9, 4), mode="nearest-exact")
interpolate("nearest_scale", (1, 2, 4, 7), scale_factor=(2.3, 0.6), mode="nearest")
interpolate("nearest_third", (1, 2, 6, 9), scale_factor=(1 / 3, 1 / 3), mode="nearest")
interpolate("wide", (1, 2, 2, 30), size=(3, 71), mode="bilinear")
interpolate("antialias", (1, 2, 9, 8), size=(4, 11), mode="bilinear", antialias=True)
interpolate("antialias_bicubic", (1, 2, 9, 8), size=(4, 11), mode="bicubic", antialias=True)

write("python scripts/golden/ops_ew.py")
