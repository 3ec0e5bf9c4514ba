"""One picture file to pixels: the formats and modes that are read, the limits, and why a file is bad."""

import io
import math
import threading
from contextlib import nullcontext, suppress

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from gan.errors import printable

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")  # all that PIL may try: no EPS, nothing rarely tested
MIN_SIDE = 16  # pixels
MAX_PIXELS = 100_000_000
ALONE_PIXELS = 16_000_000  # larger pictures are decoded one at a time, so that memory stays small

Size = tuple[int, int]  # (width, height) in pixels, as stored in the file
_alone = threading.Lock()


class BadPicture(Exception):
    """The message is the reason, in plain words."""


def decode(content: bytes, image_size: int, fit: str) -> tuple[np.ndarray, Size]:
    """Return (S, S, 3) uint8 and the original size; raise BadPicture or whatever PIL raises. `fit` is one of FITS."""
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        size, words = image.size, f"{image.width} x {image.height} pixels"
        if min(size) < MIN_SIDE:
            raise BadPicture(f"{words}: under {MIN_SIDE} pixels a side")
        if math.prod(size) > MAX_PIXELS:  # known from the header, before anything is decoded
            raise BadPicture(f"{words}: over {MAX_PIXELS // 10**6} megapixels")
        if image.format in ("JPEG", "MPO"):  # a huge photo at 1/2 to 1/8, still three times what is needed
            image.draft(None, (3 * image_size, 3 * image_size))
        with _alone if math.prod(image.size) > ALONE_PIXELS else nullcontext():
            _mend_transparency(image)
            image.load()
            with suppress(Exception):  # broken EXIF does not make a picture bad
                ImageOps.exif_transpose(image, in_place=True)
            square = (_pad if fit == "pad" else _crop)(_flatten(image), image_size)
        return np.asarray(square), size


def _mend_transparency(image: Image.Image) -> None:
    """Bring a PNG's transparent colour, which PIL leaves in the file's depth, to the 8 bits of the pixels."""
    colour, depth = image.info.get("transparency"), image.tile[0][3] if image.tile else ""
    if image.format == "PNG" and colour is not None and depth in ("L;2", "L;4"):
        image.info["transparency"] = colour * (85 if depth == "L;2" else 17)
    if image.format == "PNG" and colour is not None and depth == "RGB;16B":
        image.info["transparency"] = tuple(level >> 8 for level in colour)


def _flatten(image: Image.Image) -> Image.Image:
    """Return the picture as 8-bit RGB, on white where it is transparent."""
    if image.mode == "F":
        raise BadPicture("floating-point pixels; save it with 8 or 16 bits a channel")
    if image.mode.startswith("I"):  # 16-bit grey, which PIL would clip at 255 instead of scaling
        levels = np.asarray(image)
        if levels.min() < 0 or levels.max() > 65_535:
            raise BadPicture("more than 16 bits a channel; save it with 8 or 16")
        grey = ((levels.astype(np.uint32) + 128) // 257).astype(np.uint8)
        grey[levels == image.info.get("transparency", -1)] = 255
        return Image.fromarray(grey).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    image, flat = image.convert("RGBA"), Image.new("RGB", image.size, "white")
    flat.paste(image, mask=image.getchannel("A"))
    return flat


def _crop(image: Image.Image, side: int) -> Image.Image:
    """Return the middle square."""
    return ImageOps.fit(image, (side, side), Image.Resampling.LANCZOS)


def _pad(image: Image.Image, side: int) -> Image.Image:
    """Return all of the picture in the middle of a white square."""
    scale = side / max(image.size)
    width, height = (max(1, round(length * scale)) for length in image.size)  # at 0, ImageOps.pad would fail
    square = Image.new("RGB", (side, side), "white")
    resized = image.resize((width, height), Image.Resampling.LANCZOS)
    square.paste(resized, ((side - width) // 2, (side - height) // 2))
    return square


def reason_for(error: Exception) -> str:
    """Put what went wrong with a file into words for people."""
    message = printable(str(error).partition("\n")[0]) or type(error).__name__
    if isinstance(error, UnidentifiedImageError):
        return "no JPEG, PNG, WebP, GIF, BMP or TIFF, or its beginning is damaged"
    if isinstance(error, Image.DecompressionBombError):
        return f"over {MAX_PIXELS // 10**6} megapixels"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read ({error.strerror})"
    return "cut off before its end" if "truncated" in message.lower() else f"cannot be decoded ({message})"
