"""What a dab of colour is meant for: the region of a drawing, or the spot, such as an eye, in which its middle lies."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from gan.images import to_uint8
from gan.translation.inputs import marks_at
from gan.translation.regions import regions_and_spots

PARTS = 8  # of a drawing that are coloured each by itself
MIDDLE = 0.7  # of the way from a dab's rim to its middle: what is less deep only reaches over a line


class Dabbed(NamedTuple):
    """What of a drawing has dabs on it. Each `where` is bool (S, S)."""

    parts: Sequence[tuple[Tensor, Tensor]]  # where a region is, and its own hints (1, 4, S, S)
    spots: Sequence[tuple[Tensor, Tensor]]  # where a spot is, and its colour (4, 1, 1), as a network's output has it


def dabbed(drawn: Tensor, marks: Tensor) -> Dabbed:
    """Return what is meant by hints (1, 4, S, S) on lines (1, 1, S, S).

    A stroke through several regions is meant for each. Of very many regions the last ones are taken together.
    """
    labels, count = regions_and_spots(to_uint8(drawn)[0, 0].numpy())
    dabs, middle = _dabs((marks[0, 3] > 0).numpy())
    meant = np.unique(np.stack((labels[middle], dabs[middle])), axis=1)  # (2, n): region or spot, dab

    def place(group: np.ndarray) -> tuple[Tensor, Tensor]:
        own = np.isin(dabs, meant[1, np.isin(meant[0], group)])
        hints = torch.where(torch.from_numpy(own), marks, marks_at(None, len(labels)))
        return torch.from_numpy(np.isin(labels, group)), hints

    asked = np.unique(meant[0])
    spots, regions = asked[asked > count, None], asked[asked <= count]
    groups = [*regions[: PARTS - 1, None], regions[PARTS - 1 :]]
    filled = [(where, hints[0, :, hints[0, 3] > 0].mean(dim=1)[:, None, None]) for where, hints in map(place, spots)]
    return Dabbed([place(group) for group in groups if len(group)], filled)


def _dabs(hinted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which dab each pixel (H, W) belongs to, from 1, 0 where there is none; and where the middle of one is."""
    found, numbered = cv2.connectedComponents(hinted.astype(np.uint8))
    dabs = np.asarray(numbered, np.int32)
    depth = cv2.distanceTransform(np.pad(hinted.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    deepest = np.zeros(found, np.float32)
    np.maximum.at(deepest, dabs, depth)
    return dabs, hinted & (depth > MIDDLE * deepest[dabs])
