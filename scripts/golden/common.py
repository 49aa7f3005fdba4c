"""What the scripts of this folder share: how a golden file is written, and the digits."""

import gzip
import json
import os

import numpy as np
import torch
from safetensors.torch import save_file

OUT = "testdata/golden"


def save(name, tensors, command, seed, **more):
    """Writes OUT/<name>.safetensors in float32; the header holds versions, seed and command.

    They stand in one JSON string, for save_file writes several keys in any order.
    """
    path = f"{OUT}/{name}.safetensors"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    made = {"command": command, "seed": seed, "torch": torch.__version__, "numpy": np.__version__, **more}
    save_file(
        {k: v.detach().to(torch.float32).contiguous().clone() for k, v in tensors.items()},
        path,
        metadata={"made": json.dumps(made)},
    )
    os.chmod(path, 0o644)
    print(f"{path}: {len(tensors)} tensors, {os.path.getsize(path)} bytes")


def test_digits(indices):
    """The greys (N×28×28) of MNIST test digits."""
    with gzip.open("internal/mnist/data/t10k-images-idx3-ubyte.gz") as f:
        greys = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    return torch.from_numpy(greys[list(indices)].copy())
