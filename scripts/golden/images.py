"""Writes the pictures that internal/imgio must decode, one for each kind, and what Pillow makes of
them over white: internal/imgio/testdata/pictures/* and pictures.safetensors.

    python scripts/golden/images.py        (from the root of the repository)
"""

import os

import numpy as np
import PIL
import torch
from PIL import Image, PngImagePlugin
from safetensors.torch import save_file

OUT = "internal/imgio/testdata"
H, W = 22, 37  # no two sizes equal, none a multiple of 8


def scene():
    """An RGB picture without symmetry: smooth, so that lossy formats keep it, with four corners apart."""
    y, x = np.mgrid[0:H, 0:W].astype(np.float64)
    r = 255 * x / (W - 1)
    g = 255 * y / (H - 1)
    b = 128 + 100 * np.sin(x / 9.0 + y / 5.0)
    return np.stack([r, g, b], -1).round().astype(np.uint8)


rgb = scene()
grey = np.array(Image.fromarray(rgb).convert("L"))
alpha = np.linspace(0, 255, H * W).reshape(H, W).round().astype(np.uint8)
files = {}


def over_white(im):
    im = im.convert("RGBA")
    white = Image.new("RGBA", im.size, "white")
    return np.array(Image.alpha_composite(white, im).convert("RGB"))


def put(name, im, expect=None, **options):
    path = f"{OUT}/pictures/{name}"
    im.save(path, **options)
    if expect is None:
        with Image.open(path) as back:
            back.seek(0)
            expect = over_white(back)
    files[name] = torch.from_numpy(np.ascontiguousarray(expect))


def grey3(g):
    return np.repeat(g[..., None], 3, -1)


def blend(c, a):
    a = a[..., None].astype(np.float64) / 255
    return (c * a + 255 * (1 - a)).round().astype(np.uint8)


os.makedirs(f"{OUT}/pictures", exist_ok=True)
im, ig = Image.fromarray(rgb), Image.fromarray(grey)
rgba = Image.fromarray(np.dstack([rgb, alpha]))
put("rgb8.png", im)
put("grey8.png", ig)
put("rgba8.png", rgba, blend(rgb, alpha))
put("greyalpha8.png", Image.merge("LA", [ig, Image.fromarray(alpha)]), blend(grey3(grey), alpha))
put("grey16.png", Image.fromarray(grey.astype(np.uint16) * 257), grey3(grey))
put("bit1.png", ig.point(lambda v: 255 * (v > 127)).convert("1"))
pal = im.quantize(17)
put("palette.png", pal)
put("palette_trns.png", pal, transparency=3)
put("animated.png", im, save_all=True, append_images=[ig.convert("RGB")], duration=90)
put("text_bomb.png", im, rgb, pnginfo=(lambda i: (i.add_text("a", "x" * 20_000_000, zip=True), i)[1])(PngImagePlugin.PngInfo()))
put("444.jpg", im, quality=95, subsampling=0)
put("420.jpg", im, quality=95, subsampling=2)
put("grey.jpg", ig, quality=95)
put("progressive.jpg", im, quality=95, subsampling=0, progressive=True)
put("cmyk.jpg", im.convert("CMYK"), quality=95)
put("lossy.webp", im, quality=95)
put("lossless.webp", im, lossless=True)
put("lossy_alpha.webp", rgba, quality=95)
put("lossless_alpha.webp", rgba, lossless=True)
put("animated.webp", im, save_all=True, append_images=[ig.convert("RGB")], duration=90)
put("frames.gif", pal, save_all=True, append_images=[ig.quantize(9)], duration=90)
put("transparent.gif", pal, transparency=3)

# Eight files that all show the same picture once turned upright, as viewers do.
upright = {1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
           5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270}
for o, how in upright.items():
    stored = im if how is None else im.transpose(how)  # how the camera held it: the inverse turn
    exif = Image.Exif()
    exif[0x0112] = o
    if o == 1:
        exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}  # a place, which must never come back
    path = f"{OUT}/pictures/orientation_{o}.jpg"
    stored.save(path, quality=95, subsampling=0, exif=exif)
    files[f"orientation_{o}.jpg"] = torch.from_numpy(rgb.copy())

save_file(files, f"{OUT}/pictures.safetensors",
          metadata={"made": f"python scripts/golden/images.py; pillow {PIL.__version__}; numpy {np.__version__}"})
print(len(files), "pictures")
