"""Writes testdata/golden/ops/resize_onnx.safetensors: ONNX's Resize in its modes, by the reference
evaluator of the onnx package; the gradients are PyTorch's.

    pip install -r scripts/golden/requirements.txt -r scripts/golden/requirements-onnx.txt
    python scripts/golden/ops_resize.py        (from the root of the repository)

Resize is linear and works along one axis after the other, so that the evaluator's answers to the rows
of an identity matrix are the whole of it. opcase.py says what a case is.
"""

import numpy as np
import torch
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from opcase import case, write


def axis(n, size, scale, **attributes):
    """The matrix, output places × input places, by which Resize works on one axis of n values."""
    names = ["x", "", "" if scale is None else "scales", "sizes" if scale is None else ""]
    node = helper.make_node("Resize", names, ["y"], **attributes)
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [n, 1, 1, n])]
    feed = {"x": np.eye(n, dtype=np.float32).reshape(n, 1, 1, n)}
    if scale is None:
        inputs.append(helper.make_tensor_value_info("sizes", TensorProto.INT64, [4]))
        feed["sizes"] = np.array([n, 1, 1, size], np.int64)
    else:
        inputs.append(helper.make_tensor_value_info("scales", TensorProto.FLOAT, [4]))
        feed["scales"] = np.array([1, 1, 1, scale], np.float32)
    graph = helper.make_graph([node], "axis", inputs, [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)])
    y = ReferenceEvaluator(model).run(None, feed)[0]
    assert y.shape == (n, 1, 1, size), (y.shape, size)
    return torch.from_numpy(y[:, 0, 0].T.astype(np.float64))


def resize(label, shape, out, scales=(None, None), **attributes):
    rows = axis(shape[2], out[0], scales[0], **attributes)
    columns = axis(shape[3], out[1], scales[1], **attributes)
    case(f"resize_onnx/{label}", lambda x: rows @ x @ columns.T, [shape])


SHAPE = (1, 2, 4, 6)
COORDS = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"]
for coords in COORDS:
    for mode in ("linear", "cubic"):
        resize(f"{mode}_{coords}_sizes", SHAPE, (9, 4), mode=mode, coordinate_transformation_mode=coords)
        resize(f"{mode}_{coords}_scales", SHAPE, (5, 4), (1.3, 0.7), mode=mode, coordinate_transformation_mode=coords)
    resize(f"one_{coords}", SHAPE, (1, 1), mode="linear", coordinate_transformation_mode=coords)
    for nearest in ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil"):
        more = dict(mode="nearest", coordinate_transformation_mode=coords, nearest_mode=nearest)
        resize(f"nearest_{coords}_{nearest}_sizes", (1, 1, 4, 7), (8, 3), **more)
        resize(f"nearest_{coords}_{nearest}_scales", (1, 1, 4, 7), (9, 4), (2.3, 0.65), **more)
resize("cubic_a", SHAPE, (9, 4), mode="cubic", cubic_coeff_a=-0.5)
resize("cubic_exclude", SHAPE, (9, 4), mode="cubic", exclude_outside=1)
for mode in ("linear", "cubic"):
    for exclude in (0, 1):
        tail = "_exclude" if exclude else ""
        resize(f"antialias_{mode}{tail}", (1, 2, 9, 8), (4, 11), mode=mode, antialias=1, exclude_outside=exclude)
        resize(f"antialias_{mode}_scales{tail}", (1, 2, 9, 8), (5, 2), (0.6, 0.3), mode=mode, antialias=1, exclude_outside=exclude)

write("python scripts/golden/ops_resize.py")
