"""What a dab of colour is meant for: the region of a drawing, or the spot, such as an eye, in which its middle lies."""

from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

from gan.images import to_uint8
from gan.translation.inputs import marks_at
from gan.translation.regions import ink_of, regions_and_spots

PARTS = 6  # of a drawing that are coloured each by itself
MIDDLE = 0.7  # of the way from a dab's rim to its middle: what is less deep only reaches over a line
PEN = 2  # of 128 pixels, how deep the middle of a stroke is at most that counts


class Dabbed(NamedTuple):
    """What of a drawing has dabs on it."""

    parts: list[tuple[Tensor, Tensor]]  # where some of its regions are, bool (S, S), and their own hints (1, 4, S, S)
    spots: Tensor  # bool (S, S)
    filled: Tensor  # the colours of spots (4, S, S), as a network's output has them


def dabbed(drawn: Tensor, marks: Tensor) -> Dabbed:
    """Return what is meant by hints (1, 4, S, S) on lines (1, 1, S, S).

    A stroke through several regions is meant for each. Of very many regions the last ones are taken together.
    """
    drawing = to_uint8(drawn)[0, 0].numpy()
    labels, count = regions_and_spots(drawing)
    hinted = (marks[0, 3] > 0).numpy()
    middle = _middle(hinted)
    on_paper = middle & ~ink_of(drawing)  # a line has two sides
    meant = np.unique(labels[on_paper if on_paper.any() else middle])
    asked = meant[meant <= count]
    none = marks_at(None, len(labels))
    parts = []
    for group in filter(len, (*asked[: PARTS - 1, None], asked[PARTS - 1 :])):
        where = torch.from_numpy(np.isin(labels, group))
        parts.append((where, torch.where(where, marks, none)))
    spots = np.isin(labels, meant[meant > count])
    return Dabbed(parts, torch.from_numpy(spots), torch.from_numpy(_means(labels, spots & hinted, marks[0].numpy())))


def _middle(hinted: np.ndarray) -> np.ndarray:
    """Return bool (H, W): where the middle of a dab is."""
    shape = hinted.astype(np.uint8)
    found, numbered = cv2.connectedComponents(shape)
    dabs = np.asarray(numbered, np.int32)
    depth = cv2.distanceTransform(np.pad(shape, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    deepest = np.zeros(found, np.float32)
    np.maximum.at(deepest, dabs, depth)
    return hinted & (depth > MIDDLE * np.minimum(deepest, PEN * len(hinted) / 128)[dabs])


def _means(labels: np.ndarray, where: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Return for each pixel the mean of the hints (4, H, W) that its label has there, (4, H, W)."""
    size = int(labels.max()) + 1
    counts = np.maximum(np.bincount(labels[where], minlength=size), 1)
    means = [np.bincount(labels[where], mark[where], size) / counts for mark in marks]
    return np.stack(means)[:, labels].astype(np.float32)
