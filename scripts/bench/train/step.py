"""Prints the median time, in ms, of a training step of lenet5-modern in PyTorch.

    python step.py THREADS

Batch 64 of 1x32x32, SGD with momentum 0.9; zeroing gradients, forward pass, cross-entropy, backward pass and
update are timed. Run by scripts/bench/train/run.
"""

import statistics
import sys
import time

import torch
from torch import nn

torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(1)
net = nn.Sequential(
    nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
)
optimizer = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9)
x, y = torch.rand(64, 1, 32, 32), torch.randint(0, 10, (64,))
times = []
for _ in range(220):
    start = time.perf_counter()
    optimizer.zero_grad()
    nn.functional.cross_entropy(net(x), y).backward()
    optimizer.step()
    times.append(time.perf_counter() - start)
print(f"{statistics.median(times[20:]) * 1e3:.4f}")
