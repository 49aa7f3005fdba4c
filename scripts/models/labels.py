"""Makes models/imagenet-labels.json: the 1,000 classes of ILSVRC 2012 in the order of the nets' outputs.

    python scripts/models/labels.py      (needs requirements.txt)

Each has its WordNet synset (timm's list, Apache-2.0), an English name (torchvision's list, BSD-3-Clause)
and a Chinese one (imagenet_zh.txt, translated by this project, one line a class in the same order).
"""

import json
import os

import timm
from torchvision.models._meta import _IMAGENET_CATEGORIES as english

with open(os.path.join(os.path.dirname(timm.__file__), "data/_info/imagenet_synsets.txt")) as f:
    synsets = f.read().split()
with open("scripts/models/imagenet_zh.txt") as f:
    chinese = f.read().splitlines()
rows = list(zip(synsets, english, chinese, strict=True))
lines = [json.dumps({"synset": s, "en": e, "zh": z}, ensure_ascii=False) for s, e, z in rows]
with open("models/imagenet-labels.json", "w") as f:
    f.write("[\n" + ",\n".join(lines) + "\n]\n")
print(len(rows), "classes")
