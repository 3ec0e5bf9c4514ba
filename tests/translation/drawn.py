"""Drawings of boxes and lines."""

import numpy as np
from PIL import Image, ImageDraw


def drawn(*commands, side=128):
    """Return a drawing of boxes and lines, (kind, points) each."""
    paper = Image.new("L", (side, side), 255)
    for kind, points in commands:
        draw = ImageDraw.Draw(paper)
        draw.rectangle(points, outline=0, width=2) if kind == "box" else draw.line(points, fill=0, width=2)
    return np.asarray(paper)


LARGE, SMALL = ("box", (10, 10, 70, 110)), ("box", (85, 30, 115, 60))
