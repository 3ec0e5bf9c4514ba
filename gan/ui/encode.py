"""How pictures leave the server: data URIs for the page, PNGs that carry their recipe, a picture's colours."""

import base64
import io
import json
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

RECIPE_KEY = "gan-studio"  # keyword of the PNG text that holds the recipe, as JSON; page.js reads it
COLOURS = 5


def lossless_uri(image: Image.Image) -> str:
    """Return the image as a data URI of lossless WebP, made for speed: 5 ms for 64 pictures."""
    buffer = io.BytesIO()
    image.save(buffer, "webp", lossless=True, quality=0, method=0)
    return webp_uri(buffer.getvalue())


def webp_uri(content: bytes) -> str:
    """Return the content of a WebP file as a data URI."""
    return "data:image/webp;base64," + base64.b64encode(content).decode()


def with_recipe(image: Image.Image, recipe: dict[str, Any]) -> Image.Image:
    """Note the recipe in the image's `info`, from where Gradio, too, writes it into a PNG; return the image."""
    image.info[RECIPE_KEY] = json.dumps(recipe)
    return image


def png_bytes(image: Image.Image) -> bytes:
    """Return the image as PNG, with the recipe that `with_recipe` noted."""
    notes = PngInfo()
    notes.add_text(RECIPE_KEY, image.info[RECIPE_KEY])
    buffer = io.BytesIO()
    image.save(buffer, "png", pnginfo=notes)
    return buffer.getvalue()


def enlarge(image: Image.Image, factor: int, smooth: bool) -> Image.Image:
    """Return the image `factor` times as large: its pixels as squares, or smoothed."""
    size = (image.width * factor, image.height * factor)
    return image.resize(size, Image.Resampling.LANCZOS if smooth else Image.Resampling.NEAREST)


def dominant_colours(image: Image.Image) -> list[dict[str, Any]]:
    """Return the image's five dominant colours as {"colour": "#rrggbb", "share": 0 to 1}, the largest share first."""
    few = image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE)
    palette = few.getpalette() or []
    counts = sorted(((count, index) for index, count in enumerate(few.histogram()) if count), reverse=True)
    return [
        {
            "colour": "#{:02x}{:02x}{:02x}".format(*palette[3 * index : 3 * index + 3]),
            "share": count / (few.width * few.height),
        }
        for count, index in counts
    ]
