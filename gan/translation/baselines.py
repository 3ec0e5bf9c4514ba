"""What a network has to beat: colours flooded up to the lines of a drawing, and the usual ways to enlarge a picture.

Pictures are uint8 (H, W, 3), drawings uint8 (H, W) with 255 paper and 0 ink.
"""

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageFilter

from gan.translation.paper import levelled

GAP = 7  # of 128 pixels: a line with a smaller gap is closed; of 3 to 13 what floods drawings of real pictures best
INK = 0.5  # of the way from paper to the darkest ink
GREY = 160  # where nobody asked for a colour
SHARPEN = ImageFilter.UnsharpMask(radius=2, percent=100, threshold=0)


# --- colouring ---------------------------------------------------------------------------------------------------


def ink_of(drawing: np.ndarray) -> np.ndarray:
    """Return bool (H, W): where there is ink, however faint all of it is."""
    clean = levelled(drawing)
    return clean < 255 - INK * (255 - min(clean.min(), 254))


def regions(drawing: np.ndarray) -> tuple[np.ndarray, int]:
    """Return int (H, W) with 1 to n for the enclosed regions, the largest first, and 0 outside; and n.

    A gap of a few pixels encloses, too. A pixel of a line belongs to the nearest region; what touches the rim is
    outside.
    """
    gap = max(3, round(GAP * min(drawing.shape) / 128))
    walls = cv2.morphologyEx(ink_of(drawing).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8))
    if walls.all():
        return np.zeros(drawing.shape, np.int32), 0
    found, labels = cv2.connectedComponents(1 - walls, connectivity=4)
    areas = np.bincount(labels.ravel(), minlength=found)
    outside = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    enclosed = [i for i in np.argsort(-areas, kind="stable") if i not in {0, *outside}]
    number = np.zeros(found, np.int32)
    number[enclosed] = np.arange(1, len(enclosed) + 1)
    _, nearest = cv2.distanceTransformWithLabels(walls, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    number_at = np.zeros(nearest.max() + 1, np.int32)
    number_at[nearest[walls == 0]] = number[labels[walls == 0]]
    return number_at[nearest], len(enclosed)


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
