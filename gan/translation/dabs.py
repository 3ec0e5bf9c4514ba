"""Which part of a drawing a dab of colour is meant for: the region, or the spot, in which its middle lies."""

import cv2
import numpy as np
import torch
from torch import Tensor

from gan.images import to_uint8
from gan.translation.inputs import marks_at
from gan.translation.regions import regions_and_spots

PARTS = 8  # of a drawing that are coloured each by itself
MIDDLE = 0.7  # of the way from a dab's rim to its middle: what is less deep only reaches over a line


def dabbed_parts(drawn: Tensor, marks: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Return for each part with a dab on it where it lies, bool (S, S), and its own hints (1, 4, S, S).

    `drawn` are lines (1, 1, S, S), `marks` all hints (1, 4, S, S). A stroke through several parts is meant for each.
    Of very many parts the last ones are taken together.
    """
    labels = regions_and_spots(to_uint8(drawn)[0, 0].numpy())
    dabs, middle = _dabs((marks[0, 3] > 0).numpy())
    meant = np.unique(np.stack((labels[middle], dabs[middle])), axis=1)  # (2, n): part, dab
    asked = np.unique(meant[0])
    groups = [*asked[: PARTS - 1, None], asked[PARTS - 1 :]]
    parts = []
    for group in filter(len, groups):
        own = np.isin(dabs, meant[1, np.isin(meant[0], group)])
        hints = torch.where(torch.from_numpy(own), marks, marks_at(None, len(labels)))
        parts.append((torch.from_numpy(np.isin(labels, group)), hints))
    return parts


def _dabs(hinted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which dab each pixel (H, W) belongs to, from 1, 0 where there is none; and where the middle of one is."""
    found, numbered = cv2.connectedComponents(hinted.astype(np.uint8))
    dabs = np.asarray(numbered, np.int32)
    depth = cv2.distanceTransform(np.pad(hinted.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    deepest = np.zeros(found, np.float32)
    np.maximum.at(deepest, dabs, depth)
    return dabs, hinted & (depth > MIDDLE * deepest[dabs])
