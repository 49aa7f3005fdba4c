"""Packs the node tests of ONNX for the operators that this program reads.

    pip install onnx==1.23.2        (or requirements-onnx.txt)
    python scripts/golden/onnx_nodes.py

writes testdata/onnx/nodes.zip: for each case a file "<name>" with a protobuf message of the fields
1 (model, ModelProto), 2 (inputs, TensorProto, repeated) and 3 (outputs, TensorProto, repeated).
Inputs and outputs are those of onnx.backend.test (Apache-2.0); nothing is computed here. The Go test
internal/onnx/nodes_test.go runs them and compares the list of those that ran with nodes.txt.
"""

import os
import re
import sys
import warnings
import zipfile

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
OUT = os.path.join(ROOT, "testdata", "onnx", "nodes.zip")

# The importer's table and the folding's: a case is packed if all its nodes are in one of them.
SOURCES = ["internal/onnx/ops.go", "internal/onnx/fold.go"]

# Types that no net of this program computes in; such cases would only be skipped by the hundred.
TYPES = {
    TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.BOOL,
    TensorProto.INT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64,
    TensorProto.UINT8, TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64,
}


# Larger cases are pools of three dimensions and losses of six, which are refused anyway.
MOST_BYTES = 100_000

# The bodies of Attention and its kin as many nodes: their masks choose among live values by
# conditions, which no net for pictures does. All 95 would be refused for that one reason.
LEFT_OUT = ("attention_", "flexattention_", "linear_attention_")


def supported():
    names = set()
    for path in SOURCES:
        with open(os.path.join(ROOT, path), encoding="utf-8") as f:
            names |= set(re.findall(r'"([A-Z]\w+)":', f.read()))
    return names


def field(number, data):
    """A length-delimited field of a protobuf message."""
    out = bytearray()
    for n in (number << 3 | 2, len(data)):
        while n >= 0x80:
            out.append(n & 0x7F | 0x80)
            n >>= 7
        out.append(n)
    return bytes(out) + data


def tensors(values, infos):
    """The values as TensorProto, or None where one is of a type that is left out."""
    out = []
    for value, info in zip(values, infos):
        t = value
        if not isinstance(value, TensorProto):
            if not isinstance(value, (np.ndarray, np.generic)):
                return None
            t = numpy_helper.from_array(np.asarray(value), info.name)
        if t.data_type not in TYPES:
            return None
        t.name = ""
        out.append(t.SerializeToString())
    return out


def pack(case, ops):
    """The case's message, or None if it is left out."""
    model, data = case.model, case.data_sets
    if any(n.domain not in ("", "ai.onnx") or n.op_type not in ops for n in model.graph.node) or len(data) != 1:
        return None
    inputs = tensors(data[0][0], model.graph.input)
    outputs = tensors(data[0][1], model.graph.output)
    if inputs is None or outputs is None or len(inputs) != len(model.graph.input):
        return None
    for n in model.graph.node:
        n.doc_string = ""
    message = field(1, model.SerializeToString())
    for t in inputs:
        message += field(2, t)
    for t in outputs:
        message += field(3, t)
    return message


def main():
    warnings.simplefilter("ignore")  # the cases divide by zero on purpose
    ops = supported()
    cases = {c.name: c for c in collect_testcases(None)}
    packed, bytes_in = 0, 0
    with zipfile.ZipFile(OUT, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        z.comment = f"node tests of onnx {onnx.__version__}, Apache-2.0".encode()
        for name in sorted(cases):
            short = name.removeprefix("test_")
            message = pack(cases[name], ops)
            if message is None or len(message) > MOST_BYTES or short.startswith(LEFT_OUT):
                continue
            z.writestr(zipfile.ZipInfo(short), message, zipfile.ZIP_DEFLATED)
            packed += 1
            bytes_in += len(message)
    print(f"{packed} of {len(cases)} cases, {bytes_in} bytes in {os.path.getsize(OUT)}", file=sys.stderr)


if __name__ == "__main__":
    main()
