"""Writes the file that internal/weights must read, and write, byte for byte: one tensor of each
dtype that it knows, with every dimension different, made by the reference implementation.

    python scripts/golden/weights.py        (from the root of the repository)
"""

import torch
from safetensors.torch import save_file

OUT = "internal/weights/testdata/reference.safetensors"

tensors = {
    "bool": torch.tensor([[True, False, True]]),
    "u8": torch.tensor([0, 127, 255], dtype=torch.uint8),
    "i8": torch.tensor([-128, -1, 127], dtype=torch.int8),
    "i16": torch.tensor([-32768, 5], dtype=torch.int16),
    "u16": torch.tensor([65535, 5], dtype=torch.uint16),
    "f16": torch.tensor([1.0, -2.5, 65504.0, 6.0e-8, float("inf")], dtype=torch.float16),
    "bf16": torch.tensor([1.0, -2.5, 3.0e38], dtype=torch.bfloat16),
    "i32": torch.tensor([-7, 2**31 - 1], dtype=torch.int32),
    "u32": torch.tensor([7, 2**32 - 1], dtype=torch.uint32),
    "f32": torch.arange(2 * 3 * 5 * 7, dtype=torch.float32).reshape(2, 3, 5, 7) / 8,
    "f32.nan": torch.tensor([float("nan"), float("-inf"), -0.0]),
    "f64": torch.tensor([0.5, -1.0e300], dtype=torch.float64),
    "i64": torch.tensor([-9, 2**53], dtype=torch.int64),
    "u64": torch.tensor([9], dtype=torch.uint64),
    "empty": torch.zeros(3, 0, 2),
    "scalar": torch.tensor(2.5),
}
save_file(tensors, OUT, metadata={"made by": "scripts/golden/weights.py"})
print("wrote", OUT)
