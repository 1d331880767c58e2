# Makes the fixtures of tests/Images with Pillow. The pictures are small; what Pillow makes of them is stored as PNG.
import io, math, os, random, struct, sys, zlib
from PIL import Image, ImageEnhance, ImageOps, ImageCms, ImageFilter
out = sys.argv[1]
def path(n): return os.path.join(out, n)
random.seed(7)

def picture(w, h):
    im = Image.new("RGB", (w, h)); px = im.load()
    for y in range(h):
        for x in range(w):
            r = int(127 + 100 * math.sin(x / 5.0) + 20 * math.cos(y / 3.0))
            g = int(255 * y / h) if (x // 6 + y // 6) % 2 else 255 - int(255 * x / w)
            b = (x * y // 8 + random.randrange(40)) % 256
            px[x, y] = (max(0, min(255, r)), g, b)
    return im

src = picture(37, 29)
src.save(path("source.png"))
alpha = src.convert("RGBA")
alpha.putalpha(Image.linear_gradient("L").resize(src.size))
alpha.save(path("source-alpha.png"))
gray = src.convert("L"); gray.save(path("source-gray.png"))

# ---- Files of every kind ----
os.makedirs(path("files"), exist_ok=True)
def f(n): return path("files/" + n)
small = src.crop((3, 2, 19, 14))
small.save(f("rgb.png")); small.save(f("rgb.bmp")); small.save(f("rgb.webp"), lossless=True)
small.save(f("rgb.jpg"), quality=95)
small.save(f("progressive.jpg"), quality=90, progressive=True)
small.save(f("lossy.webp"), quality=80)
small.convert("L").save(f("gray.png")); small.convert("L").save(f("gray.jpg"), quality=95); 
small.convert("P", palette=Image.ADAPTIVE, colors=64).save(f("palette.png"))
small.convert("P", palette=Image.ADAPTIVE, colors=64).save(f("palette.bmp"))
small.convert("1").save(f("bit.png"))
la = small.convert("LA"); la.putalpha(Image.linear_gradient("L").resize(small.size)); la.save(f("gray-alpha.png"))
al = small.convert("RGBA"); al.putalpha(Image.linear_gradient("L").resize(small.size))
al.save(f("alpha.png")); al.save(f("alpha.webp"), lossless=True, exact=True)
pal = small.convert("P", palette=Image.ADAPTIVE, colors=16); pal.save(f("palette-transparent.png"), transparency=3)
small.convert("CMYK").save(f("cmyk.jpg"), quality=95)
i16 = Image.new("I;16", (8, 8))
for i in range(64): i16.putpixel((i % 8, i // 8), i * 1040)
i16.save(f("gray16.png"))
# 16 bits of colour, which Pillow can't write: by hand
def chunk(t, d): return struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d))
def png(w, h, depth, color, raw): return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, color, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
raw = b""
for y in range(4):
    raw += b"\0"
    for x in range(5): raw += struct.pack(">HHH", (x * 13107), (y * 21845), 257 * ((x * y * 7) % 256))
open(f("rgb16.png"), "wb").write(png(5, 4, 16, 2, raw))
frames = [small.convert("P", palette=Image.ADAPTIVE), ImageOps.invert(small).convert("P", palette=Image.ADAPTIVE)]
frames[0].save(f("animated.gif"), save_all=True, append_images=frames[1:], duration=100, loop=0)
for o in range(1, 9):
    ex = Image.Exif(); ex[0x0112] = o
    small.save(f(f"exif{o}.jpg"), exif=ex, quality=95, subsampling=0)
# A bomb: 60000 x 60000 in a few bytes
open(f("bomb.png"), "wb").write(png(60000, 60000, 8, 2, b"\0" * 100))
# what Pillow makes of them, as PNG
for n in sorted(os.listdir(path("files"))):
    if n.startswith("bomb") or n.endswith(".expected.png") or "16" in n: continue
    im = ImageOps.exif_transpose(Image.open(f(n))); im.load()
    if im.mode == "P" and "transparency" in im.info: im = im.convert("RGBA")
    elif im.mode in ("P", "CMYK"): im = im.convert("RGB")
    elif im.mode == "1": im = im.convert("L")
    im.save(f(n + ".expected.png"))

# ---- What Pillow makes of the source ----
os.makedirs(path("made"), exist_ok=True)
def m(n): return path("made/" + n + ".png")
R = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "area": Image.BOX}
for n, r in R.items():
    for (h, w) in [(13, 11), (58, 74), (29, 20), (17, 37), (41, 15)]:
        src.resize((w, h), r).save(m(f"resize-{n}-{h}x{w}"))
    gray.resize((11, 13), r).save(m(f"resize-gray-{n}-13x11"))
    alpha.resize((11, 13), r).save(m(f"resize-alpha-{n}-13x11"))
    src.crop((5, 4, 30, 24)).resize((12, 12), r).save(m(f"crop-resize-{n}"))
for a in [0, 17, 45, 90, 180, 270, -33]:
    src.rotate(a, Image.BILINEAR, fillcolor=(10, 20, 30)).save(m(f"rotate-bilinear-{a}"))
    src.rotate(a, Image.NEAREST, fillcolor=(10, 20, 30)).save(m(f"rotate-nearest-{a}"))
    src.rotate(a, Image.BILINEAR, expand=True, fillcolor=(10, 20, 30)).save(m(f"rotate-expand-{a}"))
# torchvision's affine: its inverse matrix, then Pillow
def matrix(w, h, angle, tx, ty, scale, shx, shy):
    rot, sx, sy = map(math.radians, (angle, shx, shy)); cx, cy = w * 0.5, h * 0.5
    a = math.cos(rot - sy) / math.cos(sy); b = -math.cos(rot - sy) * math.tan(sx) / math.cos(sy) - math.sin(rot)
    c = math.sin(rot - sy) / math.cos(sy); d = -math.sin(rot - sy) * math.tan(sx) / math.cos(sy) + math.cos(rot)
    M = [x / scale for x in [d, -b, 0.0, -c, a, 0.0]]
    M[2] += M[0] * (-cx - tx) + M[1] * (-cy - ty); M[5] += M[3] * (-cx - tx) + M[4] * (-cy - ty)
    M[2] += cx; M[5] += cy
    return M
for i, p in enumerate([(20, 3, -2, 1.2, 0, 0), (0, 0, 0, 1, 15, 0), (0, 0, 0, 1, 0, -10), (-40, 1.5, 2.5, 0.7, 8, 5)]):
    src.transform(src.size, Image.AFFINE, matrix(*src.size, *p), Image.BILINEAR, fillcolor=(10, 20, 30)).save(m(f"affine-{i}"))
for k in [0.0, 0.4, 1.0, 1.7, 2.6]:
    ImageEnhance.Brightness(src).enhance(k).save(m(f"brightness-{k}"))
    ImageEnhance.Contrast(src).enhance(k).save(m(f"contrast-{k}"))
    ImageEnhance.Color(src).enhance(k).save(m(f"saturation-{k}"))
    ImageEnhance.Sharpness(src).enhance(k).save(m(f"sharpness-{k}"))
ImageOps.autocontrast(ImageEnhance.Contrast(src).enhance(0.5)).save(m("autocontrast-0.5"))
ImageOps.equalize(src).save(m("equalize")); ImageOps.invert(src).save(m("invert"))
for b in [1, 4, 7]: ImageOps.posterize(src, b).save(m(f"posterize-{b}"))
for t in [0, 100, 255]: ImageOps.solarize(src, t).save(m(f"solarize-{t}"))
src.convert("L").save(m("gray"))
# hue by Python's colorsys, in floating point
import colorsys
for k in [-0.5, -0.2, 0.1, 0.35]:
    im = src.copy(); px = im.load()
    for y in range(im.height):
        for x in range(im.width):
            h, s, v = colorsys.rgb_to_hsv(*[c / 255 for c in px[x, y]])
            px[x, y] = tuple(int(c * 255 + 0.5) for c in colorsys.hsv_to_rgb((h + k) % 1, s, v))
    im.save(m(f"hue-{k}"))
# Gaussian blur: the plain formula with reflected edges, in floating point
def blur(im, size, sigma):
    half = size // 2; k = [math.exp(-0.5 * ((i - half) / sigma) ** 2) for i in range(size)]; t = sum(k); k = [x / t for x in k]
    def at(i, n): return -i if i < 0 else 2 * n - 2 - i if i >= n else i
    px = im.load(); o = im.copy(); q = o.load()
    for y in range(im.height):
        for x in range(im.width):
            acc = [0.0] * 3
            for j in range(size):
                for i in range(size):
                    c = px[at(x + i - half, im.width), at(y + j - half, im.height)]
                    for ch in range(3): acc[ch] += k[i] * k[j] * c[ch]
            q[x, y] = tuple(int(v + 0.5) for v in acc)
    return o
blur(src, 5, 1.1).save(m("blur-5-1.1")); blur(src, 9, 2.0).save(m("blur-9-2.0"))
# padding, as torchvision pads pictures
def pad(im, l, t, r, b, mode):
    w, h = im.size; o = Image.new("RGB", (w + l + r, h + t + b), (10, 20, 30)); q = o.load(); px = im.load()
    for y in range(o.height):
        for x in range(o.width):
            i, j = x - l, y - t
            if mode == "edge": i, j = min(max(i, 0), w - 1), min(max(j, 0), h - 1)
            if mode == "reflect":
                i = -i if i < 0 else 2 * w - 2 - i if i >= w else i; j = -j if j < 0 else 2 * h - 2 - j if j >= h else j
            if 0 <= i < w and 0 <= j < h: q[x, y] = px[i, j]
    return o
for mode in ["constant", "edge", "reflect"]: pad(src, 3, 5, 7, 2, mode).save(m(f"pad-{mode}"))
