"""Writes testdata/golden/cam/<net>.safetensors: maps of internal/cam by PyTorch, in float64.

    python scripts/golden/cam.py                 (from the root; needs requirements-cam.txt)

The net is scripts/golden/nets_c.py's cifar-resnet20 with the weights and the input of seeded.py. Maps
stand before any ReLU and before any scaling. Where pytorch-grad-cam has the method, its
get_cam_image gives the map and this script's own formula from the paper must agree within 1e-5 (eigen: float32 inside; the others agree to rounding);
the rest is the paper's formula alone. Where the package departs from the paper:

    ablation    it takes a map out by min(A) - 1e7 where min(A) is not 0: the formula here sets 0
    score       it enlarges with align_corners=True: here False, as PIL and torch-cam do
    eigen       its sign is sklearn's or numpy's free choice: compared up to the sign
"""

import numpy as np
import torch
import torch.nn.functional as F
from pytorch_grad_cam import EigenCAM, EigenGradCAM, GradCAM, GradCAMElementWise, GradCAMPlusPlus, HiResCAM, LayerCAM, XGradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

import nets_c
import seeded
from common import save
from zoo import quick, seed

CLASS, AGAINST = 3, 5
LAYERS = {"layer3": "layer3.2.relu#2", "layer2": "layer2.2.relu#2"}
PACKAGE = {"gradcam": GradCAM, "gradcampp": GradCAMPlusPlus, "xgradcam": XGradCAM, "hirescam": HiResCAM}
PACKAGE |= {"elementwise": GradCAMElementWise, "layercam": LayerCAM, "eigen": EigenCAM, "eigengrad": EigenGradCAM}


def first_component(m):
    """The projection of the places of K maps on their first principal component (Muhammad and Yeasin 2020)."""
    k, h, w = m.shape
    x = m.reshape(k, h * w).T
    x = x - x.mean(0)
    _, _, v = np.linalg.svd(x, full_matrices=False)
    return (x @ v[0]).reshape(h, w)


def formulas(a, g):
    """a, g: activations and gradients K×H×W."""
    mean = g.mean((1, 2), keepdims=True)
    den = 2 * g**2 + a.sum((1, 2), keepdims=True) * g**3
    alpha = np.where(g != 0, g**2 / np.where(g != 0, den + 1e-6, 1), 0)
    x = (g * a).sum((1, 2), keepdims=True) / (a.sum((1, 2), keepdims=True) + 1e-7)
    return {
        "gradcam": (mean * a).sum(0),
        "gradcampp": ((np.maximum(g, 0) * alpha).sum((1, 2), keepdims=True) * a).sum(0),
        "xgradcam": (x * a).sum(0),
        "hirescam": (g * a).sum(0),
        "elementwise": np.maximum(g * a, 0).sum(0),
        "layercam": (np.maximum(g, 0) * a).sum(0),
        "eigen": first_component(a),
        "eigengrad": first_component(g * a),
    }


def same(a, b, tolerance):
    return min(np.abs(a - b).max(), np.abs(a + b).max()) <= tolerance * np.abs(b).max()


def main():
    net = quick(nets_c.NETS["cifar-resnet20"]).eval().double()
    seed(net)
    x = torch.from_numpy(seeded.picture([1, 3, 32, 32])).double()
    out = {}
    for short, name in LAYERS.items():
        layer = net.get_submodule(short)[2]
        for key, cls in PACKAGE.items():
            with cls(net, [layer]) as cam:
                y = cam.activations_and_grads(x)
                net.zero_grad()
                y[0, CLASS].backward()
                a = cam.activations_and_grads.activations[0].numpy()
                g = cam.activations_and_grads.gradients[0].numpy()
                theirs = cam.get_cam_image(x, layer, [ClassifierOutputTarget(CLASS)], a, g, False)[0]
            ours = formulas(a[0].astype(np.float64), g[0].astype(np.float64))[key]
            print(short, key, np.abs(np.abs(theirs) - np.abs(ours)).max() / np.abs(ours).max())
            assert same(theirs, ours, 1e-5), key
            out[f"{short}/{key}"] = torch.from_numpy(ours)
        out[f"{short}/score"] = score(net, x, a[0])
        out[f"{short}/ablation"] = ablation(net, layer, x, a[0])
    out |= pixels(net, x)
    save("cam/cifar-resnet20", out, "python scripts/golden/cam.py", "seeded.py", target=CLASS, against=AGAINST, layers=LAYERS, grad_cam="1.5.7")


def score(net, x, a):
    """Wang et al. 2020: softmax over the channels of the logit of the masked input."""
    with torch.no_grad():
        m = F.interpolate(torch.from_numpy(a)[:, None].double(), size=x.shape[2:], mode="bilinear", align_corners=False)
        low, high = m.amin((1, 2, 3), keepdim=True), m.amax((1, 2, 3), keepdim=True)
        m = torch.where(high > low, (m - low) / (high - low).clamp(min=1e-300), 0.0)
        w = torch.softmax(net(x * m)[:, CLASS], 0)
        return (w[:, None, None] * torch.from_numpy(a)).sum(0)


def ablation(net, layer, x, a):
    """Ramaswamy et al. 2020: (y - y without the map) / y."""
    with torch.no_grad():
        y, w = net(x)[0, CLASS], []
        for k in range(a.shape[0]):
            def without(_m, _i, out, k=k):
                out = out.clone()
                out[:, k] = 0
                return out
            h = layer.register_forward_hook(without)
            w.append((y - net(x)[0, CLASS]) / y)
            h.remove()
        return (torch.stack(w)[:, None, None] * torch.from_numpy(a)).sum(0)


class Ruled(torch.autograd.Function):
    """ReLU whose backward step is guided backprop's (both gates) or the deconvnet's (the gradient's alone)."""

    @staticmethod
    def forward(ctx, x, gates):
        y = x.clamp(min=0)
        ctx.save_for_backward(y)
        ctx.gates = gates
        return y

    @staticmethod
    def backward(ctx, d):
        (y,) = ctx.saved_tensors
        d = d.clamp(min=0)
        return (d * (y > 0) if ctx.gates == 2 else d), None


class RuledReLU(torch.nn.Module):
    def __init__(self, gates):
        super().__init__()
        self.gates = gates

    def forward(self, x):
        return Ruled.apply(x, self.gates)


def swap(module, make):
    for name, child in module.named_children():
        if isinstance(child, torch.nn.ReLU):
            setattr(module, name, make())
        else:
            swap(child, make)


def gradient(net, x):
    x = x.clone().requires_grad_(True)
    net(x)[0, CLASS].backward()
    return x.grad[0]


def pixels(net, x):
    out = {"logits": net(x)[0].detach()}
    g = gradient(net, x)
    out["pixels/gradient"] = g
    out["pixels/input"] = g * x[0]
    steps = 32  # midpoints of 32 steps from 0
    out["pixels/integrated"] = x[0] * sum(gradient(net, x * ((i + 0.5) / steps)) for i in range(steps)) / steps
    with torch.no_grad():
        size, stride = 8, 4
        at = range(0, 32 - size + 1, stride)
        y = net(x)[0, CLASS]
        rows = []
        for top in at:
            for left in at:
                z = x.clone()
                z[:, :, top : top + size, left : left + size] = 0
                rows.append(y - net(z)[0, CLASS])
        out["pixels/occlusion"] = torch.stack(rows).reshape(len(at), len(at))
    for name, gates in (("guided", 2), ("deconvnet", 1)):
        ruled = quick(nets_c.NETS["cifar-resnet20"]).eval().double()
        seed(ruled)
        swap(ruled, lambda gates=gates: RuledReLU(gates))
        out[f"pixels/{name}"] = gradient(ruled, x)
    return out


if __name__ == "__main__":
    main()
