"""A drawing's paper made white, whatever grey it has."""

import numpy as np

DARK = 128  # where the middle level is below it, there is more ink than paper, and nothing tells what the paper is


def levelled(drawing: np.ndarray) -> np.ndarray:
    """Return the drawing, uint8 (H, W), on white paper; one that is mostly dark comes back as it is."""
    paper = float(np.median(drawing))
    if paper < DARK:
        return drawing
    return (drawing * (255 / paper)).clip(0, 255).round().astype(np.uint8)
