"""A drawing's paper made white, whatever grey it has."""

import numpy as np
from PIL import Image

DARK = 128  # where the middle level is below it, there is more ink than paper, and nothing tells what the paper is
STANDS_OUT = 60  # levels of 255 by which a line differs from the paper around it
LIGHT = "This is light on dark. Lines on white are coloured: invert it; of paper on a dark table, cut out the paper."
LOOKED_AT = 1024  # pixels a side, at most, on which that is seen


def levelled(drawing: np.ndarray) -> np.ndarray:
    """Return the drawing, uint8 (H, W), on white paper; one that is mostly dark comes back as it is."""
    paper = float(np.median(drawing))
    if paper < DARK:
        return drawing
    return (drawing * (255 / paper)).clip(0, 255).round().astype(np.uint8)


def reach_of(drawing: np.ndarray) -> int:
    """Return how far around a place of the drawing (H, W) paper is looked for, in pixels: odd, as OpenCV wants it."""
    return max(drawing.shape) // 8 | 1


def light_on_dark(picture: Image.Image) -> bool:
    """Whether a drawing, of any mode, has its lines lighter than its paper."""
    import cv2

    drawing = np.asarray(picture.convert("L"))
    if np.median(drawing) >= DARK:
        return False
    scale = min(1.0, LOOKED_AT / max(drawing.shape))
    height, width = (max(1, round(side * scale)) for side in drawing.shape)
    small = cv2.resize(drawing, (width, height), interpolation=cv2.INTER_AREA)
    around = cv2.medianBlur(small, reach_of(small)).astype(int)
    return bool((small > around + STANDS_OUT).sum() > (small < around - STANDS_OUT).sum())
