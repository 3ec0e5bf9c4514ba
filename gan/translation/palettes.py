"""Palettes: as they are written, and which of many stand for all."""

from collections.abc import Sequence

import numpy as np


def hexes(palette: Sequence[Sequence[int]]) -> list[str]:
    """Return colours (r, g, b) as "rrggbb" each."""
    return ["{:02x}{:02x}{:02x}".format(*colour) for colour in palette]


def most_apart(palettes: Sequence[Sequence[Sequence[int]]], count: int) -> list[int]:
    """Return the places of `count` palettes of colours (r, g, b), main colours first: each next one is far from those
    before, the first from the mean of all. Fewer palettes are all returned.
    """
    hues = np.stack([np.mean(palette[:3], axis=0) for palette in palettes])
    chosen = [int(np.abs(hues - hues.mean(axis=0)).sum(axis=1).argmax())]
    while len(chosen) < min(count, len(palettes)):
        apart = np.stack([np.linalg.norm(hues - hues[place], axis=1) for place in chosen]).min(axis=0)
        chosen.append(int(apart.argmax()))
    return chosen
