"""Takes seeded weights out of an ONNX model and puts them back, from recipes.

A recipe is JSON in the doc_string of an initializer whose data is taken out:

    {"seed": NAME, "dims": [2, 3]}                     seeded.weight(NAME, dims), reshaped to the initializer's dims
    {"seed": NAME, "dims": [2, 3], "transpose": true}  of rank 2: transposed
    {"fold": "weight"|"bias", "conv": [NAME, DIMS], "bias": [NAME, DIMS] or null, "bn": PATH, "eps": 1e-05}
        a convolution with the batch normalisation behind it, as exporters fold them: in float64
        weight·s and β + (bias − mean)·s, with s = γ/√(variance + ε) for each output channel

internal/onnx/export_test.go fills by the same rules, so that no weights need committing.
"""

import json
import math

import numpy as np
import onnx
from onnx import numpy_helper

import seeded

SMALL = 16  # initializers of so few numbers stay as they are; so do all integers


def fill(model):
    """Puts the weights of all recipes back."""
    for t in model.graph.initializer:
        if t.doc_string:
            t.raw_data = made(json.loads(t.doc_string)).astype("<f4").reshape(list(t.dims)).tobytes()


def made(r):
    """The numbers of a recipe."""
    if "seed" in r:
        x = seeded.weight(r["seed"], r["dims"])
        return x.T if r.get("transpose") else x
    bn = {k: seeded.weight(f"{r['bn']}.{k}", r["conv"][1][:1]).astype(np.float64) for k in ("weight", "bias", "running_mean", "running_var")}
    s = bn["weight"] / np.sqrt(bn["running_var"] + r["eps"])
    if r["fold"] == "weight":
        w = seeded.weight(*r["conv"]).astype(np.float64)
        return w * s.reshape([-1] + [1] * (w.ndim - 1))
    bias = seeded.weight(*r["bias"]).astype(np.float64) if r["bias"] else 0.0
    return bn["bias"] + (bias - bn["running_mean"]) * s


class Emptier:
    """Finds the recipe of every large initializer of a model: seeds says which seeded name and dims
    each parameter of the net was given, state is the net's state."""

    def __init__(self, seeds, state):
        self.seeds, self.state = seeds, {k: v.numpy() for k, v in state.items() if k in seeds}
        self.bytes = {}  # of parameters, and of transposed matrices
        for k, v in self.state.items():
            self.bytes.setdefault(v.tobytes(), self.seed(k))
            if v.ndim == 2:
                self.bytes.setdefault(np.ascontiguousarray(v.T).tobytes(), self.seed(k) | {"transpose": True})
        self.norms = [k[: -len(".running_var")] for k in self.state if k.endswith(".running_var")]

    def seed(self, k):
        name, dims = self.seeds[k]
        return {"seed": name, "dims": dims}

    def empty(self, model):
        """Takes out what it can; fails where a large initializer has no recipe."""
        tensors = {t.name: t for t in model.graph.initializer}
        recipes = {}
        for name, t in tensors.items():
            r = self.bytes.get(numpy_helper.to_array(t).tobytes())
            if r and math.prod(t.dims) > SMALL:
                recipes[name] = r
        for n in model.graph.node:
            if n.op_type == "Conv" and n.input[1] not in recipes:
                w, b = (numpy_helper.to_array(tensors[k]) for k in n.input[1:3])
                r = self.folded(w, b)
                recipes[n.input[1]], recipes[n.input[2]] = r | {"fold": "weight"}, r | {"fold": "bias"}
        for name, t in tensors.items():
            if name in recipes:
                x = numpy_helper.to_array(t)
                again = made(recipes[name]).astype(np.float32).reshape(x.shape)
                assert np.allclose(again, x, rtol=1e-5, atol=1e-6), (name, np.abs(again - x).max())
                t.ClearField("float_data")
                t.raw_data = b""
                t.doc_string = json.dumps(recipes[name], separators=(",", ":"))
            else:
                floats = t.data_type == onnx.TensorProto.FLOAT
                assert not floats or math.prod(t.dims) <= 64, f"{name} {list(t.dims)} is no parameter"

    def folded(self, w, b):
        """The recipe of a folded convolution: the one whose first kernel is proportional."""
        for k, v in self.state.items():
            if v.shape != w.shape:
                continue
            ratio = w[0] / v[0]
            if np.allclose(ratio, ratio.flat[0], rtol=1e-4):
                return self.norm(k, w, b)
        raise LookupError(f"no parameter is proportional to a weight of {w.shape}")

    def norm(self, conv, w, b):
        path = conv[: -len(".weight")]
        bias = self.seeds.get(path + ".bias")
        for bn in self.norms:
            for eps in (1e-5, 1e-3):
                r = {"fold": "weight", "conv": list(self.seeds[conv]), "bias": bias and list(bias), "bn": bn, "eps": eps}
                if self.state[bn + ".running_var"].shape != b.shape:
                    continue
                if np.allclose(made(r), w, rtol=1e-4, atol=1e-6) and np.allclose(made(r | {"fold": "bias"}), b, rtol=1e-4, atol=1e-5):
                    return r
        raise LookupError(f"{conv} is folded with no normalisation of the net")
