"""Packs the light nets of ONNX's backend test: classic nets of its model zoo, whose weights are
computed by ConstantOfShape, with the output of ONNX's reference evaluator.

    pip install onnx==1.23.2        (or requirements-onnx.txt)
    python scripts/golden/onnx_light.py

writes testdata/onnx/light.zip: <net>.onnx and <net>.pb (TensorProto). Nothing is computed here; the
input is k/n for element k of n. The files are Apache-2.0, from the ONNX repository.
"""

import os
import sys
import zipfile

import onnx

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
OUT = os.path.join(ROOT, "testdata", "onnx", "light.zip")
LIGHT = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light")


def main():
    names = sorted(n for n in os.listdir(LIGHT) if n.endswith(".onnx"))
    with zipfile.ZipFile(OUT, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        z.comment = f"light nets of onnx {onnx.__version__}, Apache-2.0".encode()
        for name in names:
            net = name.removesuffix(".onnx")
            for source, target in ((name, ".onnx"), (net + "_output_0.pb", ".pb")):
                with open(os.path.join(LIGHT, source), "rb") as f:
                    z.writestr(zipfile.ZipInfo(net.removeprefix("light_") + target), f.read(), zipfile.ZIP_DEFLATED)
    print(f"{len(names)} nets in {os.path.getsize(OUT)} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
