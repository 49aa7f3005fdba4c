"""Writes testdata/golden/same/lenet5-modern.{pth,safetensors,onnx,h5,keras}: one net, the committed
LeNet-5, as five frameworks' files. internal/modelfile tests that they give the same activations.

    python scripts/golden/same_net.py       (from the root; needs requirements-keras.txt and requirements-onnx.txt)

The weights are those of models/lenet5-modern.safetensors. Keras turns them: convolutions lie as
H×W×I×O, dense ones as I×O, and its Flatten walks H, W, C where PyTorch's walks C, H, W.
"""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch
from safetensors.torch import load_file, save_file

OUT = "testdata/golden/same/lenet5-modern"


class LeNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c3 = torch.nn.Conv2d(1, 6, 5), torch.nn.Conv2d(6, 16, 5)
        self.f5, self.f6, self.output = torch.nn.Linear(400, 120), torch.nn.Linear(120, 84), torch.nn.Linear(84, 10)
        self.pool = torch.nn.MaxPool2d(2)

    def forward(self, x):
        x = self.pool(torch.relu(self.c1(x)))
        x = self.pool(torch.relu(self.c3(x)))
        x = torch.relu(self.f5(torch.flatten(x, 1)))
        return torch.softmax(self.output(torch.relu(self.f6(x))), 1)


def keras_net(w):
    k = keras.layers
    net = keras.Sequential([
        keras.Input((32, 32, 1)),
        k.Conv2D(6, 5, activation="relu", name="c1"), k.MaxPooling2D(2, name="s2"),
        k.Conv2D(16, 5, activation="relu", name="c3"), k.MaxPooling2D(2, name="s4"), k.Flatten(name="flatten"),
        k.Dense(120, activation="relu", name="f5"), k.Dense(84, activation="relu", name="f6"),
        k.Dense(10, activation="softmax", name="output"),
    ])
    for name in ["c1", "c3", "f5", "f6", "output"]:
        weight, bias = w[name + ".weight"].numpy(), w[name + ".bias"].numpy()
        if weight.ndim == 4:
            weight = weight.transpose(2, 3, 1, 0)
        elif name == "f5":  # rows by C, H, W → by H, W, C
            weight = weight.reshape(120, 16, 5, 5).transpose(2, 3, 1, 0).reshape(400, 120)
        else:
            weight = weight.T
        net.get_layer(name).set_weights([weight, bias])
    return net


def main():
    w = load_file("models/lenet5-modern.safetensors")
    net = LeNet().eval()
    net.load_state_dict(w)
    x = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(1998))
    os.makedirs(os.path.dirname(OUT), exist_ok=True)
    torch.save(net.state_dict(), OUT + ".pth")
    save_file(w, OUT + ".safetensors")
    torch.onnx.export(net, (x,), OUT + ".onnx", dynamo=False, opset_version=17, input_names=["input"], output_names=["answer"])
    model = keras_net(w)
    with torch.no_grad():
        want, got = net(x).numpy(), model(np.transpose(x.numpy(), (0, 2, 3, 1))).detach().numpy()
    assert np.abs(want - got).max() < 1e-6, "Keras does not compute what PyTorch does"
    model.save(OUT + ".keras")
    model.save(OUT + ".h5")


if __name__ == "__main__":
    main()
