"""The one place that knows the pixel range: networks speak [-1, 1] float, files and screens uint8 RGB."""

import io
import math
import warnings
from pathlib import Path
from typing import IO

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

GRID_SIDE = 2_048  # pixels a side of a sample grid at most
GRID_BYTES = 80_000  # a sample grid in a checkpoint folder stays below this


def from_uint8(images: Tensor) -> Tensor:
    """Map uint8 in [0, 255] to float32 in [-1, 1]; the shape and the memory format stay."""
    return images.to(torch.float32).div_(127.5).sub_(1.0)


def to_uint8(images: Tensor) -> Tensor:
    """Map float in [-1, 1] to the nearest uint8 in [0, 255]; what lies outside is clipped."""
    return images.float().add(1.0).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)


def to_pil(image: Tensor) -> Image.Image:
    """Return one picture, (3, H, W) in [-1, 1], as an RGB image."""
    return Image.fromarray(to_uint8(image).permute(1, 2, 0).contiguous().cpu().numpy())


def from_pil(image: Image.Image) -> Tensor:
    """Return one picture, of any number of channels, as (1, C, H, W) in [-1, 1]."""
    values = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return from_uint8(values.view(1, image.height, image.width, -1).permute(0, 3, 1, 2))


def make_grid(images: Tensor, columns: int | None = None) -> Image.Image:
    """Lay (N, 3, H, W) in [-1, 1] out row by row without gaps; cells left over are white.

    `columns` is the root of N, rounded up, unless told. torchvision has this too, but takes a second to import.
    """
    n, channels, height, width = images.shape
    columns = columns or math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    blank = images.new_ones(rows * columns - n, channels, height, width)
    cells = torch.cat([images, blank]).view(rows, columns, channels, height, width)
    return to_pil(cells.permute(2, 0, 3, 1, 4).reshape(channels, rows * height, columns * width))


def encode_webp(image: Image.Image, max_bytes: int = GRID_BYTES) -> bytes:
    """Return the image as WebP at the highest quality (90 down to 0) that fits `max_bytes`."""
    for quality in (*range(90, 0, -10), 5, 0):
        buffer = io.BytesIO()
        image.save(buffer, "webp", quality=quality, method=4)
        if buffer.tell() <= max_bytes:
            break
    return buffer.getvalue()


def side_by_side(pictures: dict[str, Image.Image]) -> Image.Image:
    """Return the images in a row on white, each under its title, as the tutorial's last figure has them."""
    size = max(12, max(image.height for image in pictures.values()) // 24)  # of the titles
    font, gap = ImageFont.load_default(size), 2 * size
    width = sum(image.width + gap for image in pictures.values()) + gap
    sheet = Image.new("RGB", (width, max(image.height for image in pictures.values()) + 2 * gap), "white")
    draw, left = ImageDraw.Draw(sheet), gap
    for title, image in pictures.items():
        draw.text((left + image.width / 2, gap / 2), title, "black", font, anchor="mm")
        sheet.paste(image, (left, gap))
        left += image.width + gap
    return sheet


def encode_png(image: Image.Image) -> bytes:
    """Return the image as PNG, pixel for pixel."""
    buffer = io.BytesIO()
    image.save(buffer, "png")
    return buffer.getvalue()


def is_grid(content: bytes) -> bool:
    """Whether these bytes are one WebP picture of a sample grid's size at most, as far as its header tells."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(content), formats=["WEBP"]) as image:
            return max(image.size) <= GRID_SIDE and getattr(image, "n_frames", 1) == 1
    except Exception:  # Pillow raises many kinds for what is none
        return False


def open_rgb(file: str | Path | IO[bytes]) -> Image.Image:
    """Open one of our own sample files, by path or opened, as an RGB image read whole; a larger one raises OSError."""
    try:
        with Image.open(file) as image:
            if max(image.size) > GRID_SIDE:
                raise OSError(f"{image.width} x {image.height} pixels are no sample grid")
            return image.convert("RGB")
    except Image.DecompressionBombError as error:
        raise OSError("far too many pixels for a sample grid") from error
