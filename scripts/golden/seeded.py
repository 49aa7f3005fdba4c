"""Seeded weights and inputs: the same bits as internal/zoo/seed, from names and shapes alone.

    python scripts/golden/seeded.py             compares with testdata/golden/zoo/seeded.json
    python scripts/golden/seeded.py --write     writes that file, which internal/zoo/seed tests too
"""

import hashlib
import json
import math
import sys

import numpy as np

VECTORS = "testdata/golden/zoo/seeded.json"
GOLDEN = 0x9E3779B97F4A7C15
CHUNK = 1 << 22  # keeps the integers in between small beside the weights of a VGG


def fnv64a(text):
    """The 64-bit FNV-1a hash of a text in UTF-8."""
    h = 0xCBF29CE484222325
    for b in text.encode():
        h = (h ^ b) * 0x100000001B3 % 2**64
    return h


def words(name, start, count):
    """Numbers start … start+count−1 of the SplitMix64 stream (Steele, Lea and Flood 2014) of a name."""
    x = np.arange(start + 1, start + count + 1, dtype=np.uint64) * np.uint64(GOLDEN) + np.uint64(fnv64a(name))
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def uniform(name, dims, lo, hi):
    """A float32 array of numbers in lo … hi."""
    out = np.empty(math.prod(dims), np.float32)
    for start in range(0, out.size, CHUNK):
        u = (words(name, start, min(CHUNK, out.size - start)) >> np.uint64(11)).astype(np.float64) * 2.0**-53
        out[start : start + u.size] = lo + (hi - lo) * u
    return out.reshape(dims)


def weight(name, dims):
    """The parameter of this name: the bounds are explained at seed.Param."""
    if len(dims) > 1:
        bound = math.sqrt(6 / math.prod(dims[1:]))
        if "se.fc" in name or "se_module.fc" in name:
            bound /= 30
        return uniform(name, dims, -bound, bound)
    if name.endswith(("weight", "running_var")):
        return uniform(name, dims, 0.8, 1.2)
    return uniform(name, dims, -0.1, 0.1)


def picture(dims):
    """The input that all nets are given: 0 … 1."""
    return uniform("input", dims, 0.0, 1.0)


def vectors():
    """Parameters of every kind, one longer than a chunk: ends as bits, all as a hash."""
    cases = [("features.0.weight", [5, 3, 2, 7]), ("fc.weight", [2048, 2049]), ("a.se.fc1.weight", [3, 17, 1, 1]), ("a.se_module.fc2.weight", [2, 3, 1, 1]), ("bn1.weight", [67]), ("bn1.bias", [67])]
    cases += [("bn1.running_mean", [11]), ("bn1.running_var", [11]), ("Mixed_5b.ä#2.weight", [3, 1, 1, 1])]
    arrays = [(n, d, weight(n, d)) for n, d in cases] + [("input", [1, 3, 5, 7], picture([1, 3, 5, 7]))]
    list = []
    for name, dims, x in arrays:
        bits = x.reshape(-1).view(np.uint32)
        ends = [f"{b:08x}" for b in (*bits[:3], *bits[-3:])]
        list.append({"name": name, "dims": dims, "ends": ends, "sha256": hashlib.sha256(x.astype("<f4").tobytes()).hexdigest()})
    return list


def check():
    """Fails where this machine does not make the numbers of the committed file."""
    with open(VECTORS) as f:
        assert json.load(f) == vectors(), f"seeded.py does not make the numbers of {VECTORS}"


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        with open(VECTORS, "w") as f:
            f.write("[\n" + ",\n".join(json.dumps(v, ensure_ascii=False) for v in vectors()) + "\n]\n")
    check()
    print(VECTORS, "agrees")
