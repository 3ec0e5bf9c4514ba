"""A figure that is small on its sheet, cut out for a network: the figures that it learned from fill theirs."""

from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

SMALL = 0.7  # of the sheet's side: a smaller figure is coloured wrongly, and the empty sheet with it
FILLS = 0.95  # of the cut
FAINT = 1 / 8  # of the darkest ink: what is fainter is no ink, but paper


class Frame(NamedTuple):
    """A square on a sheet of S x S places."""

    left: int
    top: int
    side: int

    def cut(self, sheet: Image.Image, places: int) -> Image.Image:
        """Return this part of a square sheet of so many places a side, as large as it is there."""
        scale = sheet.width / places
        corners = (self.left, self.top, self.left + self.side, self.top + self.side)
        left, top, right, bottom = (round(corner * scale) for corner in corners)
        return sheet.crop((left, top, max(right, left + 1), max(bottom, top + 1)))

    def laid_back(self, made: Tensor) -> Tensor:
        """Return what a network made of the part (N, 4, S, S) in its place on an empty sheet, (N, 4, S, S)."""
        sheet = torch.ones_like(made)
        sheet[:, 3] = -1
        part = interpolate(made, size=(self.side, self.side), mode="bicubic", antialias=True, align_corners=False)
        sheet[:, :, self.top : self.top + self.side, self.left : self.left + self.side] = part.clamp(-1, 1)
        return sheet


def frame_of(drawn: Tensor, marks: Tensor) -> Frame | None:
    """Return the square around lines (1, 1, S, S), where they are small and no hints (1, 4, S, S) lie beside it."""
    places = drawn.shape[-1]
    lines, hinted = drawn[0, 0], marks[0, 3] > 0
    there = lines < 1 - FAINT * (1 - lines.min())
    rows, columns = (there.any(dim=axis).nonzero()[:, 0].tolist() for axis in (1, 0))
    longest = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1 if rows else places
    if longest >= SMALL * places:
        return None
    side = max(1, round(longest / FILLS))
    left, top = (min(max(0, (ends[0] + ends[-1] + 1 - side) // 2), places - side) for ends in (columns, rows))
    within = hinted[top : top + side, left : left + side]
    return Frame(left, top, side) if within.sum() == hinted.sum() else None
