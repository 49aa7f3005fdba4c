"""Writes more of testdata/golden/ops: the functions of one value, broadcasting, pooling,
normalising and resizing that files of other programs bring along (ONNX, Caffe).

    python scripts/golden/ops_ew.py        (from the root of the repository)

Where PyTorch has no such operator the formula of the ONNX operator's definition stands here, written
in PyTorch for autograd's sake. opcase.py says what a case is.
"""

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

write("python scripts/golden/ops_ew.py")
