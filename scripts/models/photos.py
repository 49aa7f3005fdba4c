"""Makes testdata/photos: freely licensed photos out of PyPI packages, at most 60 kB each.

    pip download --no-deps -d /tmp/photos scikit-image==0.26.0 scipy==1.9.3
    python scripts/models/photos.py /tmp/photos      (needs Pillow and NumPy: requirements.txt)

JPEG without chroma subsampling: the smallest difference between decoders.
testdata/photos/README.md names sources and licences.
"""

import bz2
import glob
import io
import os
import pickle
import sys
import zipfile

import numpy as np
from PIL import Image

OUT = "testdata/photos"
SKIMAGE = ["astronaut.png", "camera.png", "chelsea.png", "clock_motion.png", "coffee.png", "coins.png", "retina.jpg", "rocket.jpg"]
SIDE = 420  # of the longer side
LIMIT = 60_000


def photos(wheels):
    with zipfile.ZipFile(glob.glob(f"{wheels}/scikit_image-0.26.0-*.whl")[0]) as z:
        for name in SKIMAGE:
            yield name.split(".")[0], Image.open(io.BytesIO(z.read(f"skimage/data/{name}"))).convert("RGB")
    with zipfile.ZipFile(glob.glob(f"{wheels}/scipy-1.9.3-*.whl")[0]) as z:
        face = np.frombuffer(bz2.decompress(z.read("scipy/misc/face.dat")), np.uint8).reshape(768, 1024, 3)
        yield "raccoon", Image.fromarray(face)
        steps = np.array(pickle.loads(z.read("scipy/misc/ascent.dat"))).astype(np.uint8)
        yield "stairs", Image.fromarray(steps).convert("RGB")


def main():
    os.makedirs(OUT, exist_ok=True)
    for name, photo in photos(sys.argv[1]):
        photo.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        for quality in range(92, 40, -2):
            b = io.BytesIO()
            photo.save(b, "JPEG", quality=quality, subsampling=0, optimize=True)
            if b.tell() <= LIMIT:
                break
        with open(f"{OUT}/{name}.jpg", "wb") as f:
            f.write(b.getvalue())
        print(f"{name}.jpg: {photo.width}×{photo.height}, quality {quality}, {b.tell()} bytes")


if __name__ == "__main__":
    main()
