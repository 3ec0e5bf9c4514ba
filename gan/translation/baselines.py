"""What a network has to beat: colours flooded up to the lines of a drawing, and the usual ways to enlarge a picture.

Pictures are uint8 (H, W, 3), drawings uint8 (H, W) with 255 paper and 0 ink.
"""

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from gan.translation.paper import levelled
from gan.translation.regions import regions

GREY = 160  # where nobody asked for a colour
SHARPEN = ImageFilter.UnsharpMask(radius=2, percent=100, threshold=0)


# --- colouring ---------------------------------------------------------------------------------------------------


def flood_fill(
    drawing: np.ndarray,
    palette: np.ndarray | None = None,
    hints: np.ndarray | None = None,
    mask: np.ndarray | None = None,
) -> np.ndarray:
    """Return the drawing with each enclosed region in one colour, on white.

    That is the colour most hinted at in the region, `hints` (H, W, 3) where `mask` (H, W) is true; in the others, from
    the largest on, those of the `palette` (n, 3) in turn; else grey.
    """
    labels, count = regions(drawing)
    colours = np.full((count + 1, 3), 255, np.uint8)
    asked = _majorities(labels, hints, mask) if hints is not None and mask is not None else {}
    free = [label for label in range(1, count + 1) if label not in asked]
    for rank, label in enumerate(free):
        colours[label] = GREY if palette is None else palette[rank % len(palette)]
    for label, colour in asked.items():
        colours[label] = colour
    return (colours[labels] * (levelled(drawing)[..., None] / 255)).round().astype(np.uint8)


def _majorities(labels: np.ndarray, hints: np.ndarray, mask: np.ndarray) -> dict[int, np.ndarray]:
    """Return the colour that most pixels of a hint have, by region."""
    found = {}
    for label in np.unique(labels[mask & (labels > 0)]).tolist():
        colours, counts = np.unique(hints[mask & (labels == label)], axis=0, return_counts=True)
        found[label] = colours[counts.argmax()]
    return found


# --- enlarging ---------------------------------------------------------------------------------------------------


def bicubic(picture: np.ndarray, scale: int) -> np.ndarray:
    """Enlarge by cubic interpolation."""
    return np.asarray(_resized(picture, scale, Image.Resampling.BICUBIC))


def lanczos(picture: np.ndarray, scale: int) -> np.ndarray:
    """Enlarge by Lanczos' window, and sharpen."""
    return np.asarray(_resized(picture, scale, Image.Resampling.LANCZOS).filter(SHARPEN))


def anime4k(picture: np.ndarray, scale: int) -> np.ndarray:
    """Enlarge with pyanime4k's own network, on the CPU."""
    return _anime4k()(np.ascontiguousarray(picture), float(scale))


def _resized(picture: np.ndarray, scale: int, filter: Image.Resampling) -> Image.Image:
    image = Image.fromarray(picture)
    return image.resize((image.width * scale, image.height * scale), filter)


@cache
def _anime4k() -> Any:
    return import_module("pyanime4k").Processor("cpu")


Enlarger = Callable[[np.ndarray, int], np.ndarray]
ENLARGERS: dict[str, Enlarger] = {"bicubic": bicubic, "lanczos": lanczos, "anime4k": anime4k}
LIBRARIES = {"anime4k": "pyanime4k"}  # what an enlarger needs that requirements.txt does not name


def enlargers() -> Sequence[str]:
    """Return the names of the ENLARGERS that can be used here."""
    return [name for name in ENLARGERS if name not in LIBRARIES or find_spec(LIBRARIES[name])]
