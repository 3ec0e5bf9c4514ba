"""Where a drawing has ink, and which regions its lines enclose. Drawings are uint8 (H, W): 255 paper, 0 ink."""

import cv2
import numpy as np

from gan.translation.paper import levelled

GAP = 7  # of 128 pixels: a line with a smaller gap is closed; of 3 to 13 what floods drawings of real pictures best
SPOT = 4  # pixels at least; less is a hole in a line
INK = 0.5  # of the way from paper to the darkest ink


def ink_of(drawing: np.ndarray) -> np.ndarray:
    """Return bool (H, W): where there is ink, however faint all of it is."""
    clean = levelled(drawing)
    return clean < 255 - INK * (255 - min(clean.min(), 254))


def regions(drawing: np.ndarray) -> tuple[np.ndarray, int]:
    """Return int (H, W) with 1 to n for the enclosed regions, the largest first, and 0 outside; and n.

    A gap of a few pixels encloses, too. A pixel of a line belongs to the nearest region; what touches the rim is
    outside.
    """
    return _enclosed(_walls(drawing))


def _enclosed(walls: np.ndarray) -> tuple[np.ndarray, int]:
    """Return what `regions` does, of walls (H, W)."""
    if walls.all():
        return np.zeros(walls.shape, np.int32), 0
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


def regions_and_spots(drawing: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the regions, also those narrower than a gap, and their number n; spots have numbers beyond n.

    A spot, such as an eye, is enclosed by lines, and no longer than two gaps either way. It and a narrow region have
    the inner half of their line.
    """
    walls, gap = _walls(drawing), _gap(drawing)
    labels, count = _enclosed(walls)
    found, pieces, stats, _ = cv2.connectedComponentsWithStats((~ink_of(drawing)).astype(np.uint8), connectivity=4)
    left, top, width, height, areas = stats.T
    within = (left > 0) & (top > 0) & (left + width < walls.shape[1]) & (top + height < walls.shape[0])
    small = within & (areas >= SPOT) & (np.maximum(width, height) <= 2 * gap)
    walled = np.bincount(pieces[walls == 0], minlength=found) == 0  # it lies between walls altogether
    narrow = walled & (areas > gap**2) & ~small
    narrow[0] = small[0] = False  # ink
    number = np.zeros(found, np.uint16)
    number[narrow] = count + 1 + np.arange(narrow.sum())
    number[small] = count + narrow.sum() + 1 + np.arange(small.sum())
    grown = cv2.dilate(number[pieces], np.ones((3, 3), np.uint8)).astype(np.int32)
    return np.where(grown > 0, grown, labels), count + int(narrow.sum())


def _walls(drawing: np.ndarray) -> np.ndarray:
    """Return uint8 (H, W): 1 where there is ink, or a gap between ink."""
    kernel = np.ones((_gap(drawing),) * 2, np.uint8)
    return cv2.morphologyEx(ink_of(drawing).astype(np.uint8), cv2.MORPH_CLOSE, kernel)


def _gap(drawing: np.ndarray) -> int:
    """Return how wide a gap is closed at most, in pixels; odd, as OpenCV shifts what an even kernel closes."""
    return max(3, round(GAP * min(drawing.shape) / 128)) | 1
