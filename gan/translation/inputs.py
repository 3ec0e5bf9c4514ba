"""What a network that colours is given: lines, hints and a palette."""

import zlib
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import max_pool2d

from gan.images import from_pil, from_uint8, to_uint8
from gan.translation.networks import Colorizer
from gan.translation.palettes import Palette

COLOURS = 5  # of a palette
COVERED = 0.15  # of a pixel, from which on it is hinted: a pen that is hardly pressed may cover no more
FAINTEST = 16  # levels of 255 from white on which there is ink
DARK_ENOUGH = 0.6  # of what was drawn
RARE = 1 / 8  # of the pixels that the most frequent colour of hints has
ALIKE = 16  # two colours that differ by no more, of 255, are one: at its rim a dab is a little off


def network_inputs(
    network: Colorizer, lines: Image.Image, hints: Image.Image | None, palette: Sequence[Sequence[int]] | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what the network is given: lines (1, 1, S, S), hints (1, 4, S, S), a palette (1, 16), in [-1, 1].

    `lines` and `hints`, grey and RGBA, are square. The hints are for all of the figure, as in training. From lines
    alone the network's own palette is given.
    """
    side = network.image_size
    drawn, marks = lines_at(lines, side), marks_at(hints, side)
    if not palette and not (marks[:, 3] > 0).any():
        palette = own_palette(network, drawn)
    return drawn, marks, encoded(palette)


def own_palette(network: Colorizer, drawn: Tensor) -> Palette | None:
    """Return a palette that the network's training pictures had; which one, the lines (1, 1, S, S) decide.

    None where nobody knows these. From lines alone, of which training has none, every network would paint the grey
    mean of all that could be.
    """
    if not network.palettes:
        return None
    return network.palettes[zlib.crc32(to_uint8(drawn).numpy().tobytes()) % len(network.palettes)]


def lines_at(lines: Image.Image, side: int) -> Tensor:
    """Return a drawing, square and grey, as lines (1, 1, S, S).

    A pen so thin that it would pale is made as thick as it takes: in training are no such lines, and colours run over
    them.
    """
    small = _reduced(lines, side)
    if lines.width <= side:
        return from_pil(small)
    import cv2

    ink = 255 - np.asarray(lines)
    strong = ink > max(FAINTEST, ink.max() / 2)  # no shading, and no shadow on the paper
    inked = np.asarray(_reduced(Image.fromarray(strong.astype(np.uint8) * 255), side)) > 0
    enough = DARK_ENOUGH * np.median(ink[strong]) if strong.any() else 0
    for _ in range(round(lines.width / side)):  # so often, a line has grown by two pixels of the network's
        if not inked.any() or np.median(255 - np.asarray(small)[inked]) >= enough:
            break
        lines = Image.fromarray(cv2.erode(np.asarray(lines), np.ones((3, 3), np.uint8)))
        small = _reduced(lines, side)
    return from_pil(small)


def _reduced(lines: Image.Image, side: int) -> Image.Image:
    return lines.resize((side, side), Image.Resampling.BOX, reducing_gap=3.0)


def marks_at(hints: Image.Image | None, side: int) -> Tensor:
    """Return hints, square and RGBA, as (1, 4, S, S): a colour, white where there is none, and whether there is.

    A dot so small that it covers little of any place has the one that it covers most.
    """
    none = torch.cat((torch.ones(1, 3, side, side), -torch.ones(1, 1, side, side)), dim=1)
    if hints is None:
        return none
    seen = hints.copy()
    seen.putalpha(hints.getchannel("A").point(lambda level: level if level > COVERED * 255 else 0))  # no soft remains
    small = from_pil(seen.resize((side, side), Image.Resampling.BOX))
    cover = small[:, 3:] / 2 + 0.5
    most = max_pool2d(cover, 3, stride=1, padding=1)
    there = (cover > COVERED) | ((cover > 0) & (cover == most) & (most <= COVERED))
    return torch.where(there, torch.cat((small[:, :3], torch.ones(1, 1, side, side)), dim=1), none)


def encoded(palette: Sequence[Sequence[int]] | None) -> Tensor:
    """Return a palette as (1, 16): its colours in turn, and whether there are any."""
    colours = torch.full((1, 3 * COLOURS + 1), 1.0)
    if palette:
        chosen = [list(palette[i % len(palette)]) for i in range(COLOURS)]
        colours[0, :-1] = from_uint8(torch.tensor(chosen, dtype=torch.uint8)).flatten()
    else:
        colours[0, -1] = -1
    return colours


def led_by(marks: Tensor, palette: Sequence[Sequence[int]] | None) -> Sequence[Sequence[int]] | None:
    """Return the palette with the colours of hints (1, 4, S, S) in front, the most frequent first; None stays None.

    In training hints are of the palette's colours: where they are not, the network mixes both. Where two dabs meet,
    their pixels have colours that nobody gave: what is rare does not count.
    """
    hinted = to_uint8(marks[0, :3, marks[0, 3] > 0]).T
    if palette is None or not len(hinted):
        return palette
    found, counts = hinted.unique(dim=0, return_counts=True)
    frequent = counts.argsort(descending=True, stable=True)[counts.sort(descending=True)[0] >= counts.max() * RARE]
    led: list[Sequence[int]] = []
    for colour in [*found[frequent].tolist(), *palette]:
        if len(led) < COLOURS and all(max(abs(np.subtract(colour, other))) > ALIKE for other in led):
            led.append(colour)
    return led
