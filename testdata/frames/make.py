#!/usr/bin/env python3
"""Writes the frame vectors that the Go and the JavaScript decoder are both tested on.

This is a third, independent reading of the specification in internal/trace/frame.go
(struct.pack by hand, no code shared with either decoder). Run it in its own directory:

    python3 make.py

It writes *.bin and vectors.json: for each file either the decoded frame or the code of
the error that a decoder must give. Needs nothing but the standard library.
"""
import json
import struct

ALIGN = 8


def up(n):
    return (n + ALIGN - 1) // ALIGN * ALIGN


def frame(kind, run, unit, flags, blocks, **o):
    """blocks: (layer, level, channel0, channels, width, height, min, scale, data)"""
    at = 24 + 32 * len(blocks)
    heads, body = b"", b""
    for i, (layer, level, c0, c, w, h, lo, scale, data) in enumerate(blocks):
        heads += struct.pack("<6H2f3I", layer, level, c0, c, w, h, lo, scale,
                             at + o.get("shift", 0), len(data) + o.get("grow", 0),
                             o.get("block_reserved", 0))
        pad = up(len(data)) - len(data)
        body += data + bytes([o.get("pad", 0)]) * pad
        at += len(data) + pad
    count = o.get("count", len(blocks))
    head = struct.pack("<HBB2I2H2I", o.get("magic", 0x5643), o.get("version", 1), kind, run, unit,
                       count, flags, o.get("total", at), o.get("reserved", 0))
    assert len(head) == 24
    return head + heads + body


def ramp(n, mul=37, add=11):
    return bytes((i * mul + add) % 256 for i in range(n))


good = {
    # one drawing: 28×28, 784 bytes, already a multiple of 8
    "input": (1, 7, 0, 0, [(0, 0, 0, 1, 28, 28, 0.0, 1 / 255, ramp(784))]),
    # maps of odd sizes, each with its own affine; a vector of 5; all flags
    "activations": (2, 4000000000, 3, 7, [
        (1, 0, 0, 1, 5, 3, -1.7159, 0.0134, ramp(15)),
        (1, 0, 1, 1, 5, 3, -0.25, 0.5, ramp(15, 101)),
        (2, 1, 0, 2, 3, 2, 0.0, 0.0, ramp(12, 3)),
        (5, 0, 0, 5, 1, 1, -3.5, 1.25, ramp(5, 7)),
    ]),
    # a frame without blocks: a run of which nothing is subscribed
    "empty": (2, 1, 1, 1, []),
    # the largest channel number, the largest level, the smallest subnormal scale
    "limits": (2, 0, 4294967295, 0, [(65535, 15, 65535, 1, 1, 1, -3.4028234663852886e38, 1e-45, b"\xff")]),
}
one = [(1, 0, 0, 1, 5, 3, -1.0, 0.0078125, ramp(15))]
nan, inf = float("nan"), float("inf")
bad = {
    "short": ("frame_short", frame(2, 1, 1, 1, [])[:23]),
    "nothing": ("frame_short", b""),
    "magic": ("frame_magic", frame(2, 1, 1, 1, one, magic=0x4356)),
    "version": ("frame_version", frame(2, 1, 1, 1, one, version=2)),
    "kind": ("frame_kind", frame(3, 1, 1, 1, one)),
    "flags": ("frame_flags", frame(2, 1, 1, 8, one)),
    "length": ("frame_length", frame(2, 1, 1, 1, one, total=95)),
    "cut": ("frame_length", frame(2, 1, 1, 1, one)[:-8]),
    "reserved": ("frame_reserved", frame(2, 1, 1, 1, one, reserved=1)),
    "block-reserved": ("frame_reserved", frame(2, 1, 1, 1, one, block_reserved=1)),
    "count": ("frame_block_count", frame(2, 1, 1, 1, one, count=65535)),
    "trailing": ("frame_trailing", frame(2, 1, 1, 1, one, total=80) + bytes(8)),
    "level": ("frame_level", frame(2, 1, 1, 1, [(1, 16, 0, 1, 1, 1, 0.0, 1.0, b"a")])),
    "no-channels": ("frame_shape", frame(2, 1, 1, 1, [(1, 0, 0, 0, 5, 3, 0.0, 1.0, b"")])),
    "no-rows": ("frame_shape", frame(2, 1, 1, 1, [(1, 0, 0, 1, 5, 0, 0.0, 1.0, b"")])),
    "channel-overflow": ("frame_shape", frame(2, 1, 1, 1, [(1, 0, 65535, 2, 1, 1, 0.0, 1.0, b"ab")])),
    "nan": ("frame_affine", frame(2, 1, 1, 1, [(1, 0, 0, 1, 1, 1, nan, 1.0, b"a")])),
    "infinite": ("frame_affine", frame(2, 1, 1, 1, [(1, 0, 0, 1, 1, 1, 0.0, inf, b"a")])),
    "negative-scale": ("frame_affine", frame(2, 1, 1, 1, [(1, 0, 0, 1, 1, 1, 0.0, -1.0, b"a")])),
    "block-size": ("frame_block_size", frame(2, 1, 1, 1, one, grow=1)),
    "size-overflow": ("frame_block_size", frame(2, 1, 1, 1, [(1, 0, 0, 65535, 65535, 65535, 0.0, 1.0, b"a")])),
    "offset": ("frame_offset", frame(2, 1, 1, 1, one, shift=8)),
    "padding": ("frame_padding", frame(2, 1, 1, 1, one, pad=1)),
}
# A payload that its shape allows, but that the frame does not hold.
whole = bytearray(frame(2, 1, 1, 1, [(1, 0, 0, 1, 16, 2, 0.0, 1.0, ramp(32))]))
bad["payload"] = ("frame_payload", bytes(whole[:-8]))
bad["payload"] = ("frame_payload", struct.pack("<HBB2I2H2I", 0x5643, 1, 2, 1, 1, 1, 1, len(whole) - 8, 0) + bytes(whole[24:-8]))
# A last payload without the bytes that fill it up.
whole = frame(2, 1, 1, 1, one)
bad["unfilled"] = ("frame_payload", struct.pack("<HBB2I2H2I", 0x5643, 1, 2, 1, 1, 1, 1, len(whole) - 1, 0) + whole[24:-1])
bad["too-large"] = ("frame_size", frame(2, 1, 1, 1, [(1, 0, 0, 4, 256, 256, 0.0, 1.0, bytes(4 * 65536))]))

f32 = lambda v: struct.unpack("<f", struct.pack("<f", v))[0]
vectors = []
for name, (kind, run, unit, flags, blocks) in good.items():
    open(f"good-{name}.bin", "wb").write(frame(kind, run, unit, flags, blocks))
    vectors.append({"file": f"good-{name}.bin", "frame": {
        "kind": kind, "run": run, "unit": unit, "flags": flags,
        "blocks": [{"layer": b[0], "level": b[1], "channel0": b[2], "channels": b[3], "width": b[4],
                    "height": b[5], "min": f32(b[6]), "scale": f32(b[7]), "bytes": b[8].hex()} for b in blocks]}})
for name, (code, data) in bad.items():
    open(f"bad-{name}.bin", "wb").write(data)
    vectors.append({"file": f"bad-{name}.bin", "error": code})
json.dump(vectors, open("vectors.json", "w"), indent=1)
