"""Palettes: as they are written, and which of many stand for all."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Palette = tuple[tuple[int, int, int], ...]  # colours (r, g, b) in 0 to 255

WRITTEN = re.compile("[0-9a-f]{6}(-[0-9a-f]{6}){0,4}")
MOST_NAMED = 16


def hexes(palette: Sequence[Sequence[int]]) -> list[str]:
    """Return colours (r, g, b) as "rrggbb" each."""
    return ["{:02x}{:02x}{:02x}".format(*colour) for colour in palette]


def parsed(colour: str) -> tuple[int, int, int]:
    """Return the colour (r, g, b) that "rrggbb" says."""
    red, green, blue = bytes.fromhex(colour)
    return red, green, blue


def named_in(described: Mapping[str, Any]) -> tuple[Palette, ...]:
    """Return the palettes that a colouring network's config.json names of its training pictures; () for none."""
    told = described.get("palettes")
    if not isinstance(told, list) or not all(isinstance(one, str) and WRITTEN.fullmatch(one) for one in told):
        return ()
    return tuple(tuple(map(parsed, one.split("-"))) for one in told[:MOST_NAMED])


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
