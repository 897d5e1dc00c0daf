"""The 34 ways in which the near-duplicate benchmark copies a picture; each gives the bytes of a file."""

import io
from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

Random = np.random.Generator
Transform = Callable[[Image.Image, Random], bytes]


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """The picture as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"quality": 90} if kind == "JPEG" else {}) | options)
    return buffer.getvalue()


def scaled(image: Image.Image, rng: Random, x: float, y: float) -> bytes:
    """Width and height times x and y."""
    size = max(1, round(image.width * x)), max(1, round(image.height * y))
    return encoded(image.resize(size, Image.Resampling.LANCZOS))


def cropped(image: Image.Image, rng: Random, share: float) -> bytes:
    """A share of width and height gone, from a random place on."""
    width, height = round(image.width * (1 - share)), round(image.height * (1 - share))
    x, y = int(rng.integers(image.width - width + 1)), int(rng.integers(image.height - height + 1))
    return encoded(image.crop((x, y, x + width, y + height)))


def padded(image: Image.Image, rng: Random) -> bytes:
    """A white border of 5 %."""
    return encoded(ImageOps.expand(image, round(0.05 * max(image.size)), "white"))


def letterboxed(image: Image.Image, rng: Random) -> bytes:
    """Made square by black bars."""
    side = max(image.size)
    return encoded(ImageOps.pad(image, (side, side), color="black"))


def enhanced(image: Image.Image, rng: Random, kind: type[ImageEnhance._Enhance], factor: float) -> bytes:
    """Brightness or contrast times a factor."""
    return encoded(kind(image).enhance(factor))


def gamma(image: Image.Image, rng: Random, power: float) -> bytes:
    """Levels raised to a power."""
    return encoded(image.point([round(255 * (level / 255) ** power) for level in range(256)] * 3))


def corner_text(image: Image.Image, rng: Random) -> Image.Image:
    """A line of text, 4 % of the height, at the bottom left."""
    size = max(8, round(0.04 * image.height))
    draw = ImageDraw.Draw(image := image.copy())
    draw.text((size, image.height - 2 * size), "pictures.example/" + words(rng, 1), "white", font(size))
    return image


def centre_text(image: Image.Image, rng: Random) -> bytes:
    """Translucent text across the middle."""
    layer = Image.new("RGBA", image.size)
    middle = image.width / 2, image.height / 2
    ImageDraw.Draw(layer).text(
        middle, words(rng, 2).upper(), (255, 255, 255, 110), font(round(0.11 * image.width)), anchor="mm"
    )
    return encoded(Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB"))


def meme(image: Image.Image, rng: Random) -> bytes:
    """Two outlined lines, at top and bottom, of 7.5 % of the width."""
    size = round(0.075 * image.width)
    draw = ImageDraw.Draw(image := image.copy())
    for y, anchor in ((0.4 * size, "ma"), (image.height - 0.4 * size, "md")):
        draw.text(
            (image.width / 2, y), words(rng, 3).upper(), "white", font(size), anchor,
            stroke_width=max(1, size // 12), stroke_fill="black",
        )  # fmt: skip
    return encoded(image)


def rotated(image: Image.Image, rng: Random, degrees: float) -> bytes:
    """Turned by a few degrees, with black corners."""
    return encoded(image.rotate(degrees, Image.Resampling.BICUBIC))


def noisy(image: Image.Image, rng: Random, sigma: float) -> bytes:
    """Gaussian noise, sigma in levels of 255."""
    pixels = np.asarray(image) + rng.normal(0, sigma, (image.height, image.width, 3))
    return encoded(Image.fromarray(pixels.clip(0, 255).astype(np.uint8)))


def exif_turned(image: Image.Image, rng: Random) -> bytes:
    """Pixels turned, and EXIF that says so: it looks as before."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(image.transpose(Image.Transpose.ROTATE_90), exif=exif)


def combined(image: Image.Image, rng: Random) -> bytes:
    """4 % trimmed all round, 60 % of the size, small text, JPEG 60."""
    x, y = round(0.04 * image.width), round(0.04 * image.height)
    image = image.crop((x, y, image.width - x, image.height - y))
    image = image.resize((round(0.6 * image.width), round(0.6 * image.height)), Image.Resampling.LANCZOS)
    return encoded(corner_text(image, rng), quality=60)


def turned(image: Image.Image, rng: Random, how: Image.Transpose) -> bytes:
    """Mirrored, or turned by right angles."""
    return encoded(image.transpose(how))


def words(rng: Random, count: int) -> str:
    """Random words in a line."""
    return " ".join(rng.choice(("when", "you", "find", "that", "lost", "picture", "again"), count))


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that comes with Pillow, size in pixels."""
    return ImageFont.load_default(size)


TRANSFORMS: dict[str, Transform] = {
    **{f"jpeg{q}": partial(lambda image, rng, q: encoded(image, quality=q), q=q) for q in (30, 50, 75, 90)},
    **{f"rs{round(100 * f):03}": partial(scaled, x=f, y=f) for f in (0.25, 0.5, 0.75, 1.5)},
    "aspect85": partial(scaled, x=0.85, y=1),
    **{f"crop{round(100 * share):02}": partial(cropped, share=share) for share in (0.03, 0.05, 0.1)},
    "pad05w": padded,
    "letterbox": letterboxed,
    "bright+20": partial(enhanced, kind=ImageEnhance.Brightness, factor=1.2),
    "bright-20": partial(enhanced, kind=ImageEnhance.Brightness, factor=0.8),
    "contr+30": partial(enhanced, kind=ImageEnhance.Contrast, factor=1.3),
    "contr-30": partial(enhanced, kind=ImageEnhance.Contrast, factor=0.7),
    "gamma0.7": partial(gamma, power=0.7),
    "gamma1.4": partial(gamma, power=1.4),
    "wmcorner": lambda image, rng: encoded(corner_text(image, rng)),
    "wmcentre": centre_text,
    "memetext": meme,
    "rot2": partial(rotated, degrees=2),
    "gray": lambda image, rng: encoded(image.convert("L")),
    "png": lambda image, rng: encoded(image, "PNG"),
    "webp": lambda image, rng: encoded(image, "WEBP", quality=80),
    "blur2": lambda image, rng: encoded(image.filter(ImageFilter.GaussianBlur(2))),
    "noise10": partial(noisy, sigma=10),
    "exif6": exif_turned,
    "combo": combined,
    "hflip": partial(turned, how=Image.Transpose.FLIP_LEFT_RIGHT),
    "rot90": partial(turned, how=Image.Transpose.ROTATE_90),
    "rot180": partial(turned, how=Image.Transpose.ROTATE_180),
}
GEOMETRIC = ("hflip", "rot90", "rot180")
