"""Writes testdata/golden/onnx/<net>-<exporter>.onnx.gz and .safetensors.gz: what PyTorch's two
exporters make of nets, without their weights, and what every value must be.

    pip install -r scripts/golden/requirements.txt -r scripts/golden/requirements-onnx.txt
    python scripts/golden/onnx_exports.py [NAME…]        (from the root of the repository; default: all)

"script" is the exporter that traces TorchScript (dynamo=False), "dynamo" the one of torch.export. The
weights are seeded.py's by the parameter's name; in the file a recipe stands in their place (see
onnx_fill.py). Of the exporter's notes on nodes those are left out that quote source code. The statistics
and probes (those of zoo.py) are of ONNX Runtime without optimisation, in float32; the logits are
PyTorch's in float64.
"""

import gzip
import importlib.metadata
import io
import os
import sys
import tempfile
import warnings

import numpy as np
import onnx
import onnxruntime
import torch

import onnx_fill
import seeded
import zoo
from common import save

OUT = "testdata/golden/onnx"
PROBES = 8
DROPPED_NOTES = {"pkg.torch.onnx.stack_trace", "pkg.torch.onnx.fx_node"}


class Export:
    """One file. bn: batch normalisation stays visible, which the default is to fold; batch: of any size;
    transform: Inception's and GoogLeNet's transform_input, as with torchvision's trained weights."""

    def __init__(self, net, size, opset, bn=False, batch=False, transform=False):
        self.net, self.size, self.opset, self.bn, self.batch, self.transform = net, size, opset, bn, batch, transform


SCRIPT = [
    Export("resnet50", 96, 11, bn=True),
    Export("densenet121", 96, 12, bn=True),
    Export("inception_v3", 107, 13, bn=True, transform=True),
    Export("googlenet", 96, 11, transform=True),
    Export("squeezenet1_1", 96, 12),
    Export("mobilenet_v3_large", 96, 14, bn=True),
    Export("mobilenet_v3_small", 96, 11, batch=True),
    Export("efficientnet_b0", 96, 13, bn=True, batch=True),
    Export("shufflenet_v2_x1_0", 96, 11, batch=True),
    Export("mnasnet1_0", 96, 15, bn=True),
    Export("regnet_y_400mf", 96, 16),
    Export("convnext_tiny", 64, 16),
]
DYNAMO = [
    Export("resnet50", 96, 18),
    Export("densenet121", 96, 20),
    Export("inception_v3", 107, 18, bn=True),
    Export("googlenet", 96, 21, bn=True),
    Export("squeezenet1_1", 96, 19),
    Export("mobilenet_v3_large", 96, 18, batch=True),
    Export("mobilenet_v3_small", 96, 20, bn=True),
    Export("efficientnet_b0", 96, 21),
    Export("shufflenet_v2_x1_0", 96, 18),
    Export("mnasnet1_0", 96, 18),
    Export("regnet_y_400mf", 96, 21, bn=True, batch=True),
    Export("convnext_tiny", 64, 20),
]
EXPORTS = {f"{e.net}-script": (e, False) for e in SCRIPT} | {f"{e.net}-dynamo": (e, True) for e in DYNAMO}


def build(e):
    options = {"transform_input": e.transform} if e.net in ("inception_v3", "googlenet") else {}
    if options:
        options |= {"aux_logits": False, "init_weights": False}
    return zoo.quick(zoo.torchvision(e.net, **options)[1]).eval()


def seed(net):
    """Replaces all weights; returns the seeded name and dims of each. The gates of squeeze-and-excitation
    are given names by which seeded.py keeps them half open, scales of layers (C×1×1) are vectors."""
    seeds = {}
    for k, v in net.state_dict().items():
        if k.endswith("num_batches_tracked"):
            continue
        name = k if "se.fc" in k else k.replace(".fc1.", ".se.fc1.").replace(".fc2.", ".se.fc2.")
        dims = [v.numel()] if v.ndim == 3 else list(v.shape)
        seeds[k] = (name, dims)
        v.copy_(torch.from_numpy(seeded.weight(name, dims)).reshape(v.shape))
    return seeds


def export(e, dynamo, net):
    x = torch.zeros(1, 3, e.size, e.size)
    options = {"dynamo": dynamo, "opset_version": e.opset, "verbose": False}
    if dynamo:
        options |= {"external_data": False, "optimize": not e.bn}
        if e.batch:
            options["dynamic_shapes"] = ({0: torch.export.Dim("batch", min=1)},)
    else:
        keep = torch.onnx.TrainingMode.PRESERVE  # of a net in evaluation: only the folding is left out
        options |= {"do_constant_folding": True, "training": keep if e.bn else torch.onnx.TrainingMode.EVAL}
        options |= {"input_names": ["image"], "output_names": ["logits"]}
        if e.batch:
            options["dynamic_axes"] = {"image": {0: "batch"}, "logits": {0: "batch"}}
    with tempfile.TemporaryDirectory() as d:
        torch.onnx.export(net, (x,), f"{d}/net.onnx", **options)
        return onnx.load(f"{d}/net.onnx")


def without_sources(model):
    for n in model.graph.node:
        n.doc_string = ""
        notes = [p for p in n.metadata_props if p.key not in DROPPED_NOTES]
        del n.metadata_props[:]
        n.metadata_props.extend(notes)


def all_values(model, x):
    """The values of all nodes that are numbers of a sample, by ONNX Runtime."""
    probe = onnx.ModelProto.FromString(model.SerializeToString())
    onnx_fill.fill(probe)
    known = {o.name for o in probe.graph.output}
    names = [o for n in probe.graph.node for o in n.output if o]
    probe.graph.output.extend(onnx.helper.make_empty_tensor_value_info(o) for o in names if o not in known)
    o = onnxruntime.SessionOptions()
    o.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    o.intra_op_num_threads, o.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(probe.SerializeToString(), o, providers=["CPUExecutionProvider"])
    outputs = session.run(names, {session.get_inputs()[0].name: x})
    reached = {session.get_inputs()[0].name}
    for n in probe.graph.node:
        data = {"Shape": 0, "CastLike": 1}.get(n.op_type, len(n.input))  # the others give only a size or a type
        if any(i in reached for i in n.input[:data]):
            reached.update(n.output)
    return {k: v for k, v in zip(names, outputs) if k in reached and v.dtype == np.float32}


def run(name):
    e, dynamo = EXPORTS[name]
    net = build(e)
    with torch.no_grad():
        seeds = seed(net)
    state = {k: v.clone() for k, v in net.state_dict().items()}
    model = export(e, dynamo, net)
    without_sources(model)
    onnx_fill.Emptier(seeds, state).empty(model)
    x = seeded.picture([1, 3, e.size, e.size])
    with torch.no_grad():
        logits = net.double()(torch.from_numpy(x).double()).reshape(-1)
    raw = all_values(model, x)
    values = {k: zoo.facts(k, torch.from_numpy(v.astype(np.float64))) for k, v in raw.items()}
    out = f"{OUT}/{name}"
    os.makedirs(OUT, exist_ok=True)
    squeeze(out + ".onnx.gz", model.SerializeToString(deterministic=True))
    versions = {k: importlib.metadata.version(k) for k in ("torchvision", "onnx", "onnxscript", "onnxruntime")}
    save(
        f"onnx/{name}", {"stats": torch.tensor(np.array([v[1] for v in values.values()])), "probes": torch.tensor(np.array([v[2][:PROBES] for v in values.values()])), "logits": logits},
        f"python scripts/golden/onnx_exports.py {name}", seed="seeded.py", stats=zoo.STATS, **versions,
        values=" ".join(f"{k} {'x'.join(map(str, v.shape or (1,)))}" for k, v in raw.items()),
    )  # fmt: skip
    with open(out + ".safetensors", "rb") as f:
        squeeze(out + ".safetensors.gz", f.read())
    os.remove(out + ".safetensors")
    off = np.abs(raw[model.graph.output[0].name].reshape(-1) - logits.numpy()).max() / np.abs(logits.numpy()).max()
    print(f"{name}: {len(model.graph.node)} nodes, {len(values)} values, ONNX Runtime's logits differ from PyTorch's by {off:.1e}, {os.path.getsize(out + '.onnx.gz')} bytes")


def squeeze(path, data):
    """Writes a gzip file that depends on the data alone."""
    b = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=b, mtime=0, compresslevel=9) as f:
        f.write(data)
    with open(path, "wb") as f:
        f.write(b.getvalue())


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    seeded.check()
    for name in sys.argv[1:] or EXPORTS:
        run(name)
