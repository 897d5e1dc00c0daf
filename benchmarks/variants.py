"""Ways to make another picture of the same motif, which is a variant of it and no duplicate."""

from PIL import Image, ImageDraw

from benchmarks.transforms import Random, Transform, encoded


def recoloured(image: Image.Image, degrees: float) -> Image.Image:
    """Every hue turned round the colour wheel."""
    hue, saturation, value = image.convert("HSV").split()
    turned = hue.point([(level + round(degrees / 360 * 256)) % 256 for level in range(256)])
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")


def partly(image: Image.Image, other: Image.Image, rng: Random, share: float) -> bytes:
    """The other picture in a disc of `share` of the shorter side, away from the rim, and the first around it."""
    radius = share * min(image.size) / 2
    x, y = rng.uniform(0.3, 0.7, 2) * image.size
    disc = Image.new("L", image.size)
    ImageDraw.Draw(disc).ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return encoded(Image.composite(other, image, disc))


def upside_down(image: Image.Image) -> Image.Image:
    """What stands in for another face in the same place: other content with the same levels and texture."""
    return image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)


VARIANTS: dict[str, Transform] = {
    "hue 60": lambda image, rng: encoded(recoloured(image, 60)),
    "hue 120": lambda image, rng: encoded(recoloured(image, 120)),
    "hue 120 in half the width": lambda image, rng: partly(image, recoloured(image, 120), rng, 0.5),
    "redrawn in a fifth": lambda image, rng: partly(image, upside_down(image), rng, 0.2),
    "redrawn in a third": lambda image, rng: partly(image, upside_down(image), rng, 0.33),
}
