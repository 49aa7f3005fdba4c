"""Writes testdata/golden/caffe: small Caffe models of random weights that have every type of layer
internal/caffe reads, in the newer and the older form, and what OpenCV's own Caffe reader computes
for every layer of them.

    python3 -m venv /tmp/caffe && /tmp/caffe/bin/pip install -r scripts/golden/requirements-caffe.txt
    /tmp/caffe/bin/python scripts/golden/caffe.py        (from the root of the repository)

<net>.caffemodel is the model; <net>.safetensors has the input and, under the name of each layer,
its first top. Log, Bias, Axpy, the k of LRN and a weight stored transposed, which OpenCV does not read, are computed here by NumPy in float64 from
OpenCV's values of their bottoms; they stand at the end of a branch.
"""

import json
import os
import tempfile
import zlib

import cv2
import google.protobuf
import numpy as np
from google.protobuf import text_format
from safetensors.numpy import save_file

from caffe_schema import build

OUT = "testdata/golden/caffe"
SEED = 2014
M = build()


class Net:
    """A net that is written down once and given to both readers."""

    def __init__(self, name, size, old=False):
        self.name, self.size, self.old = name, size, old
        self.net = M["NetParameter"](name=name)
        self.rng = np.random.default_rng([SEED, zlib.crc32(name.encode())])
        self.own = {}  # layers that OpenCV does not read: name → (bottom, function)
        self.net.input.append("data")
        if old:
            self.net.input_dim.extend(size)
        else:
            self.net.input_shape.add(dim=size)

    def layer(self, name, kind, bottoms, tops=None, blobs=(), double=False, own=None, **params):
        tops = [name] if tops is None else tops
        if self.old:
            l = self.net.layers.add(name=name, type=kind, bottom=bottoms, top=tops)
        else:
            l = self.net.layer.add(name=name, type=kind, bottom=bottoms, top=tops)
        for b in blobs:
            blob = l.blobs.add()
            (blob.double_data if double else blob.data).extend(b.ravel().tolist())
            if self.old:
                dims = (1,) * (4 - b.ndim) + b.shape
                blob.num, blob.channels, blob.height, blob.width = dims
            else:
                blob.shape.dim.extend(b.shape)
        for k, v in params.items():
            getattr(l, k).CopyFrom(M[getattr(l, k).DESCRIPTOR.name](**v))
        if own:
            self.own[name] = (bottoms, own)
        return tops[0]

    def draw(self, *shape, low=None):
        """Numbers of the size that keeps activations near 1; from low on uniform in low…low+1."""
        if low is not None:
            return self.rng.uniform(low, low + 1, shape).astype(np.float32)
        fan = int(np.prod(shape[1:])) if len(shape) > 1 else 1
        return (self.rng.standard_normal(shape) / np.sqrt(fan)).astype(np.float32)

    def write(self):
        os.makedirs(OUT, exist_ok=True)
        model = self.net.SerializeToString()
        with open(f"{OUT}/{self.name}.caffemodel", "wb") as f:
            f.write(model)
        x = self.rng.standard_normal(self.size).astype(np.float32)
        values = {"input": x, **self.opencv(x)}
        for name, (bottoms, run) in self.own.items():
            values[name] = run(*(values[b].astype(np.float64) for b in bottoms)).astype(np.float32)
        made = {"command": "python scripts/golden/caffe.py", "seed": SEED, "opencv": cv2.__version__,
                "protobuf": google.protobuf.__version__, "numpy": np.__version__}
        save_file({k: np.ascontiguousarray(v) for k, v in values.items()}, f"{OUT}/{self.name}.safetensors",
                  metadata={"made": json.dumps(made)})
        os.chmod(f"{OUT}/{self.name}.safetensors", 0o644)
        print(f"{OUT}/{self.name}: {len(values)} tensors, model of {len(model)} bytes")

    def opencv(self, x):
        """Runs all layers that OpenCV reads, without fusing any."""
        text = M["NetParameter"]()
        text.CopyFrom(self.net)
        layers = text.layers if self.old else text.layer
        for i in reversed(range(len(layers))):
            if layers[i].name in self.own:
                del layers[i]
        for l in layers:
            for b in l.blobs:  # OpenCV reads no double
                b.data.extend(b.double_data)
                del b.double_data[:]
        stripped = M["NetParameter"]()
        stripped.CopyFrom(text)
        for l in stripped.layers if self.old else stripped.layer:
            del l.blobs[:]
        with tempfile.TemporaryDirectory() as d:
            with open(f"{d}/net.prototxt", "w") as f:
                f.write(text_format.MessageToString(stripped))
            with open(f"{d}/net.caffemodel", "wb") as f:
                f.write(text.SerializeToString())
            net = cv2.dnn.readNetFromCaffe(f"{d}/net.prototxt", f"{d}/net.caffemodel")
        net.enableFusion(False)
        net.enableWinograd(False)
        net.setInput(x)
        known = {l.name for l in layers}
        names = [n for n in net.getLayerNames() if n in known]
        return {n: v.copy() for n, v in zip(names, net.forward(names))}


def lrn_k(x):
    """LRN of size 3 whose constant is not 1: OpenCV reads no k."""
    squares = np.pad(x * x, ((0, 0), (1, 1), (0, 0), (0, 0)))
    return x / (1.5 + 0.3 / 3 * (squares[:, :-2] + squares[:, 1:-1] + squares[:, 2:])) ** 0.6


def layers():
    """Every type of the newer form; no two sizes of a layer are equal."""
    n = Net("layers", (1, 3, 17, 14))
    conv = n.layer("conv", "Convolution", ["data"], blobs=[n.draw(6, 3, 3, 2), n.draw(6)],
                   convolution_param=dict(num_output=6, kernel_h=3, kernel_w=2, stride_h=1, stride_w=2, pad_h=2, pad_w=1,
                                          weight_filler=dict(type="xavier")))
    n.layer("bn", "BatchNorm", [conv], [conv], blobs=[n.draw(6), n.draw(6, low=0.5), np.float32([0.4])],
            batch_norm_param=dict(use_global_stats=True, eps=1e-3))
    n.layer("bn_scale", "Scale", [conv], [conv], blobs=[n.draw(6, low=0.5), n.draw(6)], scale_param=dict(bias_term=True))
    n.layer("relu", "ReLU", [conv], [conv])
    n.layer("drop", "Dropout", [conv], [conv])
    grouped = n.layer("grouped", "Convolution", [conv], blobs=[n.draw(4, 3, 3, 3)], double=True,
                      convolution_param=dict(num_output=4, group=2, kernel_size=[3], dilation=[2], pad=[2], bias_term=False))
    n.layer("leaky", "ReLU", [grouped], relu_param=dict(negative_slope=0.1))
    n.layer("lrn", "LRN", ["leaky"], lrn_param=dict(local_size=3, alpha=0.3, beta=0.6))
    n.layer("lrn_within", "LRN", ["leaky"], lrn_param=dict(local_size=5, alpha=0.7, beta=0.6, norm_region=1))
    n.layer("lrn_k", "LRN", ["leaky"], lrn_param=dict(local_size=3, alpha=0.3, beta=0.6, k=1.5), own=lrn_k)
    n.layer("bn_only", "BatchNorm", ["leaky"], blobs=[n.draw(4), n.draw(4, low=0.5), np.float32([0])])
    n.layer("scale_only", "Scale", ["bn_only"], blobs=[n.draw(4, low=0.5)])
    n.layer("elu", "ELU", ["bn_only"], elu_param=dict(alpha=0.7))
    n.layer("gap", "Pooling", ["lrn"], pooling_param=dict(pool=1, global_pooling=True))
    n.layer("gate", "Sigmoid", ["gap"])
    n.layer("gated", "Scale", ["lrn", "gate"], scale_param=dict(axis=0))
    n.layer("axpy", "Axpy", ["gate", "lrn", "leaky"], own=lambda a, x, y: a * x + y)
    n.layer("deconv", "Deconvolution", ["gated"], blobs=[n.draw(4, 1, 4, 3), n.draw(2)],
            convolution_param=dict(num_output=2, group=2, kernel_h=4, kernel_w=3, stride=[2], pad=[1]))
    n.layer("prelu", "PReLU", ["deconv"], blobs=[n.draw(2)])
    n.layer("prelu_shared", "PReLU", ["deconv"], blobs=[n.draw(1)], prelu_param=dict(channel_shared=True))
    n.layer("tanh", "TanH", ["prelu"])
    n.layer("abs", "AbsVal", ["prelu"])
    n.layer("bnll", "BNLL", ["prelu_shared"])
    n.layer("power", "Power", ["abs"], power_param=dict(power=1.5, scale=0.5, shift=0.25))
    n.layer("affine", "Power", ["tanh"], power_param=dict(scale=-2, shift=1))
    n.layer("sum", "Eltwise", ["tanh", "bnll", "power"], eltwise_param=dict(operation=1, coeff=[1, -0.5, 2]))
    n.layer("difference", "Eltwise", ["tanh", "bnll"], eltwise_param=dict(operation=1, coeff=[1, -1]))
    n.layer("plain_sum", "Eltwise", ["affine", "power"])
    n.layer("product", "Eltwise", ["sum", "difference", "power"], eltwise_param=dict(operation=0))
    n.layer("maximum", "Eltwise", ["product", "plain_sum", "tanh"], eltwise_param=dict(operation=2))
    n.layer("concat", "Concat", ["maximum", "abs", "prelu"])
    n.layer("slice", "Slice", ["concat"], ["slice_a", "slice_b", "slice_c"], slice_param=dict(axis=1, slice_point=[1, 4]))
    n.layer("pool_b", "Pooling", ["slice_b"], pooling_param=dict(pool=0, kernel_h=3, kernel_w=4, stride_h=2, stride_w=3, pad_h=1, pad_w=2))
    n.layer("pool_c", "Pooling", ["slice_c"], pooling_param=dict(pool=1, kernel_h=3, kernel_w=4, stride_h=2, stride_w=3, pad_h=1, pad_w=2))
    n.layer("reshape", "Reshape", ["pool_c"], reshape_param=dict(shape=dict(dim=[0, 3, -1, 2])))
    n.layer("flat", "Flatten", ["pool_b"])
    return n


def sized(n, bottom, name, kind, out, bias=True, **more):
    """An InnerProduct whose weight fits what OpenCV computes for its bottom."""
    size = int(np.prod(n.opencv(np.zeros(n.size, np.float32))[bottom].shape[1:]))
    w = n.draw(out, size)
    blobs = [w]
    if bias:
        blobs.append(n.draw(out))
    param = dict(num_output=out)
    if not bias:
        param["bias_term"] = False
    return n.layer(name, kind, [bottom], blobs=blobs, inner_product_param=param, **more)


def finish_layers(n):
    sized(n, "flat", "fc", "InnerProduct", 9)
    sized(n, "reshape", "fc_maps", "InnerProduct", 9, bias=False)
    turned = n.draw(9, 5)
    n.layer("fc_turned", "InnerProduct", ["fc"], blobs=[turned], own=lambda x: x @ turned.astype(np.float64),
            inner_product_param=dict(num_output=5, transpose=True, bias_term=False))
    n.layer("exp", "Exp", ["fc_maps"], exp_param=dict(base=2, scale=0.5, shift=-1))
    n.layer("log", "Log", ["exp"], log_param=dict(base=10, scale=3, shift=0.5), own=lambda x: np.log10(3 * x + 0.5))
    b = n.draw(9)
    n.layer("bias", "Bias", ["exp"], blobs=[b], own=lambda x: x + b.astype(np.float64))
    n.layer("join", "Concat", ["fc_maps", "fc"], concat_param=dict(axis=1))
    n.layer("prob", "Softmax", ["join"])
    n.write()


def old():
    """The older form: four sizes for every blob, types as numbers, dropout and split in the list."""
    n = Net("old", (1, 4, 15, 12), old=True)
    n.layer("conv1", "CONVOLUTION", ["data"], blobs=[n.draw(8, 2, 5, 5), n.draw(8)],
            convolution_param=dict(num_output=8, group=2, kernel_size=[5], stride=[2], pad=[2]))
    n.layer("relu1", "RELU", ["conv1"], ["conv1"])
    n.layer("norm1", "LRN", ["conv1"], lrn_param=dict(local_size=5, alpha=1e-4, beta=0.75))
    n.layer("pool1", "POOLING", ["norm1"], pooling_param=dict(pool=0, kernel_size=3, stride=2))
    n.layer("split1", "SPLIT", ["pool1"], ["pool1_a", "pool1_b"])
    n.layer("average", "POOLING", ["pool1_a"], pooling_param=dict(pool=1, kernel_size=3, stride=1, pad=1))
    n.layer("sigmoid", "SIGMOID", ["pool1_b"])
    n.layer("sum", "ELTWISE", ["average", "sigmoid"], eltwise_param=dict(operation=1))
    n.layer("slice", "SLICE", ["sum"], ["left", "right"], slice_param=dict(slice_dim=1))
    n.layer("tanh", "TANH", ["left"])
    n.layer("power", "POWER", ["right"], power_param=dict(scale=0.5, shift=1))
    n.layer("output", "CONCAT", ["power", "tanh", "pool1_a"], concat_param=dict(concat_dim=1))
    sized(n, "output", "fc6", "INNER_PRODUCT", 11)
    n.layer("relu6", "RELU", ["fc6"], ["fc6"])
    n.layer("drop6", "DROPOUT", ["fc6"], ["fc6"], dropout_param=dict(dropout_ratio=0.5))
    sized(n, "fc6", "fc7", "INNER_PRODUCT", 7, double=True)
    n.layer("prob", "SOFTMAX", ["fc7"])
    n.write()


def pools():
    """Windows, steps and paddings at which rounding up matters, for both kinds of pooling."""
    n = Net("pools", (1, 2, 11, 14))
    for kind, method in ("max", 0), ("ave", 1):
        for k, s, p in (3, 2, 0), (2, 2, 0), (3, 2, 1), (2, 2, 1), (3, 3, 1), (5, 4, 2), (2, 1, 1), (4, 3, 0), (1, 1, 0):
            n.layer(f"{kind}_{k}_{s}_{p}", "Pooling", ["data"], pooling_param=dict(pool=method, kernel_size=k, stride=s, pad=p))
        n.layer(f"{kind}_all", "Pooling", ["data"], pooling_param=dict(pool=method, global_pooling=True))
    n.write()


if __name__ == "__main__":
    finish_layers(layers())
    old()
    pools()
