"""What a person may ask of a colouring, taken from a real picture: five main colours, and dabs of colour on it.

Pictures are uint8 (H, W, 3), `inside` is bool (H, W): what is not the white outside.
"""

import cv2
import numpy as np
from numpy.random import Generator

BINS = 16  # a side: colours as alike as that are counted together
COUNTED = 4096  # pixels; of more, every second, third ... is looked at
ROUNDS = 8  # of k-means; more change nothing that is seen
SAME = 10.0  # two colours nearer than this in Lab are one to the eye
CALM = 18  # the most that colours differ, of 255, within reach of a hint
OFF = 6  # how far the colour of a hint misses that of the picture, of 255
MOST = 12  # hints a picture


def palette_of(picture: np.ndarray, inside: np.ndarray, colours: int = 5) -> np.ndarray:
    """Return the main colours of what is inside, uint8 (colours, 3), the largest area first.

    Deterministic: k-means in Lab over counted colours, begun with the colours that most area is farthest from. Where a
    picture has fewer colours the first stand in for the rest; where nothing is inside it is all white.
    """
    pixels = picture[inside]
    if not len(pixels):
        return np.full((colours, 3), 255, np.uint8)
    points, areas, shown = _counted(pixels[:: 1 + len(pixels) // COUNTED])
    centres = _seeds(points, areas, colours)
    for _ in range(ROUNDS):
        nearest = _squared(points, centres).argmin(axis=1)
        weight = np.bincount(nearest, areas, len(centres))
        sums = np.stack([np.bincount(nearest, areas * axis, len(centres)) for axis in points.T], axis=1)
        centres = np.where(weight[:, None] > 0, sums / np.maximum(weight, 1e-9)[:, None], centres)
    nearest = _squared(points, centres).argmin(axis=1)
    weight = np.bincount(nearest, areas, len(centres))
    order = [i for i in np.argsort(-weight, kind="stable") if weight[i] > 0]
    main = [shown[np.where(nearest == i, areas, -1).argmax()] for i in order]  # as it is found, not a mixture
    return np.array([main[i % len(main)] for i in range(colours)]).round().astype(np.uint8)


def sample_hints(picture: np.ndarray, inside: np.ndarray, rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return hints as a person gives them: uint8 (H, W, 3), white where there is none, and bool (H, W), where they are.

    None to twelve, mostly one to five; dots and strokes in calm places, some large; colour and place a little off.
    """
    height, width = inside.shape
    unit = min(height, width) / 128
    hints, mask = np.full((height, width, 3), 255, np.uint8), np.zeros((height, width), np.uint8)
    calm = np.flatnonzero(_calm(picture, inside, max(1, round(2 * unit))))
    for _ in range(min(MOST, rng.geometric(0.32) - int(rng.random() < 0.1)) if len(calm) else 0):
        start = np.array(divmod(int(calm[rng.integers(len(calm))]), width))[::-1]  # x, y
        colour = (picture[start[1], start[0]] + rng.uniform(-OFF, OFF, 3)).round().clip(0, 255)
        end = start + (0 if rng.random() < 0.5 else _way(picture, start, rng.uniform(0, 2 * np.pi), 24 * unit))
        shift = rng.normal(0, 0.8 * unit, 2)
        thick = rng.uniform(1, 3) if rng.random() < 0.8 else rng.uniform(4, 9)
        (x0, y0), (x1, y1) = (np.stack([start, end]) + shift).round().astype(int).tolist()
        cv2.line(hints, (x0, y0), (x1, y1), colour.tolist(), max(1, round(thick * unit)))
        cv2.line(mask, (x0, y0), (x1, y1), 1, max(1, round(thick * unit)))
    return hints, mask.astype(bool)


def _counted(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count like colours together: return their Lab (n, 3), their areas (n,) and their RGB (n, 3), means of each."""
    lab = cv2.cvtColor(pixels[None], cv2.COLOR_RGB2LAB)[0]
    bins = (lab // (256 // BINS)).astype(np.int32) @ np.array([BINS * BINS, BINS, 1], np.int32)
    areas = np.bincount(bins, minlength=BINS**3)
    present = areas.nonzero()[0]
    means = [np.bincount(bins, axis, BINS**3)[present] / areas[present] for axis in (*lab.T, *pixels.T)]
    points = np.stack(means[:3], axis=1) * (100 / 255, 1, 1)  # lightness in OpenCV goes to 255
    return points, areas[present].astype(np.float64), np.stack(means[3:], axis=1)


def _squared(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return ((points[:, None] - centres) ** 2).sum(axis=2)


def _seeds(points: np.ndarray, areas: np.ndarray, colours: int) -> np.ndarray:
    """Return the largest colour, then each time the one whose area times squared distance from those is greatest."""
    chosen = [int(areas.argmax())]
    distance = _squared(points, points[chosen])[:, 0]
    while len(chosen) < colours and distance.max() > SAME**2:
        chosen.append(int((areas * distance).argmax()))
        distance = np.minimum(distance, _squared(points, points[chosen[-1:]])[:, 0])
    return points[chosen]


def _calm(picture: np.ndarray, inside: np.ndarray, reach: int) -> np.ndarray:
    """Return bool (H, W): places inside around which, as far as `reach`, the colour stays the same."""
    square = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    differences = cv2.morphologyEx(picture, cv2.MORPH_GRADIENT, square)
    same = cv2.inRange(differences, (0, 0, 0), (CALM,) * 3)
    return (cv2.erode(inside.astype(np.uint8), square) > 0) & (same > 0)


def _way(picture: np.ndarray, start: np.ndarray, angle: float, longest: float) -> np.ndarray:
    """Return how far, in x and y, one can go this way before the colour changes or the picture ends."""
    way = np.outer(np.arange(longest), (np.cos(angle), np.sin(angle)))
    x, y = (way + start).round().astype(int).T
    x_in, y_in = x.clip(0, picture.shape[1] - 1), y.clip(0, picture.shape[0] - 1)
    change = np.abs(picture[y_in, x_in].astype(int) - picture[start[1], start[0]]).max(axis=1) > CALM
    stop = change | (x != x_in) | (y != y_in)
    return way[max(0, int(stop.argmax()) - 1) if stop.any() else -1]
