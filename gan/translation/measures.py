"""How one result compares with what was asked for, a number each; None where a picture has nothing to measure it on.

Pictures are uint8 (H, W, 3), drawings uint8 (H, W) with 255 paper and 0 ink, masks bool (H, W). Lab is CIE L*a*b*: a
difference of 2 is just seen, 100 is black against white.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations

import cv2
import numpy as np
import torch

from gan.images import from_uint8
from gan.translation.lines import xdog
from gan.translation.regions import ink_of, regions

NEAR = 2  # pixels that a line may have moved
LINE_SIGMA = 0.5
BIN = 8  # a side in Lab: colours as alike as that are counted together
SMALLEST = 20  # pixels of a region whose colours are compared with one another


def mean(values: Iterable[float | None]) -> float | None:
    """Return the mean of those that are numbers, None where none is."""
    numbers = [value for value in values if value is not None]
    return sum(numbers) / len(numbers) if numbers else None


def to_lab(picture: np.ndarray) -> np.ndarray:
    """Return the picture in Lab, float32 (H, W, 3)."""
    return cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def lab_error(one: np.ndarray, other: np.ndarray, inside: np.ndarray) -> float | None:
    """Return how far two pictures are apart in Lab, on average inside."""
    distance = np.linalg.norm(to_lab(one) - to_lab(other), axis=2)[inside]
    return float(distance.mean()) if len(distance) else None


def hint_error(result: np.ndarray, drawing: np.ndarray, hints: np.ndarray, mask: np.ndarray) -> float | None:
    """Return how far a result is from the colours asked for, of 255, on average where a hint lies beside the lines."""
    asked = mask & ~ink_of(drawing)
    return float(np.abs(result[asked].astype(int) - hints[asked]).mean()) if asked.any() else None


def line_recall(result: np.ndarray, drawing: np.ndarray) -> float | None:
    """Return which share of the drawing's ink lies within two pixels of a line in the result."""
    ink = ink_of(drawing)
    image = from_uint8(torch.from_numpy(np.ascontiguousarray(result)).permute(2, 0, 1)[None])
    lines = xdog(image, LINE_SIGMA)[0, 0].numpy() < 0.5
    return float(_grown(lines)[ink].mean()) if ink.any() else None


def colourfulness(picture: np.ndarray, inside: np.ndarray) -> float | None:
    """Return the colourfulness of what is inside (Hasler and Suesstrunk 2003): 0 is grey, 15 slight, 60 high."""
    red, green, blue = picture[inside].astype(np.float64).T
    if not len(red):
        return None
    opponents = np.stack([red - green, (red + green) / 2 - blue])
    return float(np.hypot(*opponents.std(axis=1)) + 0.3 * np.hypot(*opponents.mean(axis=1)))


def outside_level(result: np.ndarray, drawing: np.ndarray, inside: np.ndarray) -> float | None:
    """Return how bright the outside is, of 255, where no line is near: a hand draws beyond the figure, too."""
    outside = ~inside & ~_grown(ink_of(drawing))
    return float(result[outside].mean()) if outside.any() else None


def palette_distance(result: np.ndarray, inside: np.ndarray, drawing: np.ndarray, palette: np.ndarray) -> float | None:
    """Return how far the colours beside the lines must move in Lab to become the palette's, an equal share each.

    That is the earth mover's distance between the two histograms (Rubner et al. 2000).
    """
    shown = to_lab(result)[inside & ~ink_of(drawing)]
    if not len(shown):
        return None
    bins, counts = np.unique((shown / BIN).round(), axis=0, return_counts=True)
    found = np.column_stack([counts / counts.sum(), bins * BIN]).astype(np.float32)
    asked = np.column_stack([np.full(len(palette), 1 / len(palette)), to_lab(palette[None])[0]]).astype(np.float32)
    return float(cv2.EMD(found, asked, cv2.DIST_L2)[0])


def variance_within(picture: np.ndarray, drawing: np.ndarray) -> float | None:
    """Return how much colours vary in Lab inside the drawing's enclosed regions, beside the lines."""
    labels, count = regions(drawing)
    labels = np.where(ink_of(drawing), 0, labels).ravel()
    areas = np.bincount(labels, minlength=count + 1)
    areas[0] = 0
    areas[areas < SMALLEST] = 0
    if not areas.any():
        return None
    total = np.zeros(count + 1)
    for axis in to_lab(picture).reshape(-1, 3).T.astype(np.float64):
        sums, squares = (np.bincount(labels, values, count + 1) for values in (axis, axis**2))
        total += squares - sums**2 / np.maximum(np.bincount(labels, minlength=count + 1), 1)
    return float(total[areas > 0].sum() / areas.sum())


def variety(results: Sequence[np.ndarray], inside: np.ndarray) -> float | None:
    """Return how far results are from one another in Lab, the mean of all pairs."""
    return mean(lab_error(one, other, inside) for one, other in combinations(results, 2))


def _grown(mask: np.ndarray) -> np.ndarray:
    """Return bool (H, W): what lies within NEAR pixels of the mask."""
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * NEAR + 1,) * 2, np.uint8)) > 0


def psnr(result: np.ndarray, picture: np.ndarray) -> float:
    """Return the peak signal to noise ratio in decibels; 100 for equal pictures."""
    squared = np.square(result.astype(np.float64) - picture).mean()
    return float(min(100.0, 10 * np.log10(255**2 / squared))) if squared else 100.0
