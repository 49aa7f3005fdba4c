"""What the scripts of this folder share: how a golden file is written."""

import os

import numpy as np
import torch
from safetensors.torch import save_file

OUT = "testdata/golden"


def save(name, tensors, command, seed):
    """Writes OUT/<name>.safetensors in float32; the header holds versions, seed and command."""
    path = f"{OUT}/{name}.safetensors"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    save_file(
        {k: v.detach().to(torch.float32).contiguous().clone() for k, v in tensors.items()},
        path,
        metadata={"command": command, "seed": str(seed), "torch": torch.__version__, "numpy": np.__version__},
    )
    os.chmod(path, 0o644)
    print(f"{path}: {len(tensors)} tensors, {os.path.getsize(path)} bytes")
