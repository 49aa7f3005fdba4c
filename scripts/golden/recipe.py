#!/usr/bin/env python3
"""Makes testdata/recipe/*.json: drawings and the 28×28 greys that MNIST's recipe makes of them.

Reference for web/static/js/digit/recipe.js and internal/imgio: the formulas at the head of
recipe.js, in exact rational arithmetic, so that no rounding hides. Python 3 alone.

    python3 scripts/golden/recipe.py

Each file: name, why, width, height, min_side; runs = grey, count, grey, count, … row by
row; centred and uncentred = base64 of 784 greys, null for a blank drawing.
"""
import base64
import json
import math
import pathlib
import random
from fractions import Fraction as F

FIELD, BOX, INK, CENTRE = 28, 20, 64, F(29, 2)
OUT = pathlib.Path(__file__).resolve().parents[2] / "testdata" / "recipe"


def overlaps(first, q, size):
    """28 lists of (pixel, part of it inside the cell [first + iq, first + (i+1)q))."""
    cells = []
    for i in range(FIELD):
        a, b = first + i * q, first + (i + 1) * q
        cells.append([(p, min(b, F(p + 1)) - max(a, F(p)))
                      for p in range(max(0, math.floor(a)), min(size, math.ceil(b)))
                      if min(b, F(p + 1)) > max(a, F(p))])
    return cells


def average(g, w, h, left, top, qx, qy):
    columns = overlaps(left, qx, w)
    out = bytearray()
    rows = {}
    for cell in overlaps(top, qy, h):
        for y, _ in cell:
            if y not in rows:
                rows[y] = [sum((part * g[y * w + x] for x, part in c if g[y * w + x]), F(0)) for c in columns]
        for i in range(FIELD):
            mean = sum((part * rows[y][i] for y, part in cell), F(0)) / (qx * qy)
            out.append(min(255, math.floor(mean + F(1, 2))))
    return bytes(out)


def recipe(g, w, h, min_side):
    ink = [(k % w, k // w) for k in range(w * h) if g[k] >= INK]
    if not ink:
        return None, None
    side = max(max(x for x, _ in ink) - min(x for x, _ in ink), max(y for _, y in ink) - min(y for _, y in ink)) + 1
    q = F(max(side, min_side), BOX)
    mass = sum(g)
    cx = F(sum(g[k] * (2 * (k % w) + 1) for k in range(w * h)), 2 * mass)
    cy = F(sum(g[k] * (2 * (k // w) + 1) for k in range(w * h)), 2 * mass)
    centred = average(g, w, h, cx - CENTRE * q, cy - CENTRE * q, q, q)
    return centred, average(g, w, h, F(0), F(0), F(w, FIELD), F(h, FIELD))


def rectangles(w, h, *rects):
    g = bytearray(w * h)
    for x, y, rw, rh, grey in rects:
        for r in range(y, y + rh):
            g[r * w + x:r * w + x + rw] = bytes([grey]) * rw
    return g


def lines(w, h, nib, *points):
    """A polyline drawn with a round nib; the edge is soft over one pixel."""
    g = bytearray(w * h)
    for k in range(w * h):
        px, py = k % w + .5, k // w + .5
        d = 1e9
        for (ax, ay), (bx, by) in zip(points, points[1:] or points):
            n = (bx - ax) ** 2 + (by - ay) ** 2
            t = 0 if n == 0 else max(0, min(1, ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / n))
            d = min(d, math.hypot(px - ax - t * (bx - ax), py - ay - t * (by - ay)))
        g[k] = round(255 * max(0, min(1, nib / 2 + .5 - d)))
    return g


def cases():
    S = 280
    ring = [(150 + 55 * math.cos(a / 12 * math.pi), 120 + 85 * math.sin(a / 12 * math.pi)) for a in range(25)]
    noise = random.Random(28)
    yield "blank", "no ink at all", S, S, 80, rectangles(S, S)
    yield "faint", "nothing reaches INK: blank", S, S, 80, rectangles(S, S, (30, 40, 200, 100, 63))
    yield "square", "by hand: half cells of 128 round 19 full ones, quarter cells of 64 at the corners", S, S, 80, \
        rectangles(S, S, (40, 40, 200, 200, 255))
    yield "square_moved", "the same digit elsewhere and half as large gives the same greys", S, S, 80, \
        rectangles(S, S, (7, 171, 100, 100, 255))
    yield "bar", "tall and off the centre: aspect kept", S, S, 80, rectangles(S, S, (13, 60, 61, 199, 255))
    yield "short_bar", "smaller than the least side: not blown up", S, S, 80, rectangles(S, S, (200, 20, 20, 50, 255))
    yield "pixel", "one pixel in the corner", S, S, 80, rectangles(S, S, (0, 0, 1, 1, 255))
    yield "full", "all ink: its box is the pad", S, S, 80, rectangles(S, S, (0, 0, S, S, 255))
    yield "heavy_end", "the mass lies far to the right: the thin end is cut by the field", S, S, 80, \
        rectangles(S, S, (10, 138, 200, 6, 255), (210, 80, 60, 120, 255))
    yield "faint_tail", "greys under INK do not widen the box, but have mass", S, S, 80, \
        rectangles(S, S, (100, 50, 60, 160, 255), (160, 50, 100, 160, 40))
    yield "dot", "a touch of the default pen stays a dot", S, S, 80, lines(S, S, 30, (140.25, 77.5))
    yield "seven", "a drawn 7", S, S, 80, lines(S, S, 24, (75, 76), (202, 71), (170, 130), (132, 224))
    yield "zero", "a ring off the centre", S, S, 80, lines(S, S, 30, *ring)
    yield "thin_one", "a thin slanted line across the pad", S, S, 80, lines(S, S, 5, (60, 270), (190, 12))
    yield "picture", "not square, enlarged: least side 20", 97, 61, 20, lines(97, 61, 4, (20, 31), (31.5, 29), (26, 44))
    yield "noise", "every grey", 90, 70, 20, bytearray(noise.randrange(256) for _ in range(90 * 70))


def runs(g):
    out = []
    for v in g:
        if out and out[-2] == v:
            out[-1] += 1
        else:
            out += [v, 1]
    return out


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for name, why, w, h, min_side, g in cases():
        text = [None if b is None else base64.b64encode(b).decode() for b in recipe(g, w, h, min_side)]
        body = {"name": name, "why": why, "width": w, "height": h, "min_side": min_side,
                "runs": runs(g), "centred": text[0], "uncentred": text[1]}
        (OUT / f"{name}.json").write_text(json.dumps(body, ensure_ascii=False) + "\n", encoding="utf-8")
        print(name)


if __name__ == "__main__":
    main()
