"""A real picture -> a training sample of colouring: a drawing of it, hints and a palette, and what should come out.

All chance comes from the generator of random numbers that is passed in: a seed gives a sample, to the bit.
"""

from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

from gan.translation.hints import palette_of, sample_hints
from gan.translation.lines import draw, silhouette

cv2.setNumThreads(1)  # a sample is too small to share out, and processors are taken by the networks
ROOM = (
    1.25  # a picture is reduced to so many times the sample's side before it is warped, so that zooming in stays sharp
)
HUES = 0.4  # share of samples whose hues are rotated: it teaches to obey any palette
COLOURS = 5
CUT = 0.1  # a figure that takes so much of the rim is cut off by it: the picture goes on there


class Pair(NamedTuple):
    """One sample of S x S pixels, uint8; in masks 255 is yes and 0 is no.

    Hints that are not given are white, with `hint_mask` 0; a palette that is not given has `palette_given` false.
    """

    target: np.ndarray  # (3, S, S), white outside
    inside: np.ndarray  # (1, S, S)
    drawing: np.ndarray  # (1, S, S), 255 paper, 0 ink
    hints: np.ndarray  # (3, S, S)
    hint_mask: np.ndarray  # (1, S, S)
    palette: np.ndarray  # (5, 3)
    palette_given: bool


def sample_pair(picture: np.ndarray, size: int, rng: Generator) -> Pair:
    """Return a sample, `size` pixels a side, of a square picture uint8 (H, H, 3): warped, drawn, then recoloured.

    Lines, hints or palette: a quarter of the samples has lines alone, one adds a palette, one hints, one both.
    """
    target, inside = _warped(picture, size, rng)
    drawing = draw(target, inside, rng)
    target = _recoloured(target, rng)
    target[~inside] = 255
    palette_given, hints_given = (bool(given) for given in rng.integers(0, 2, 2))
    hints, mask = np.full_like(target, 255), np.zeros_like(inside)
    if hints_given:
        hints, mask = sample_hints(target, inside, rng)
    return Pair(
        target=_planes(target),
        inside=_planes(inside),
        drawing=_planes(drawing),
        hints=_planes(hints),
        hint_mask=_planes(mask),
        palette=palette_of(target, inside, COLOURS),
        palette_given=palette_given,
    )


def _planes(picture: np.ndarray) -> np.ndarray:
    """Turn (H, W, 3) into (3, H, W), and (H, W), where true is 255, into (1, H, W)."""
    if picture.dtype == bool:
        picture = picture * np.uint8(255)
    return np.ascontiguousarray(np.atleast_3d(picture).transpose(2, 0, 1))


def _pixels(image: Tensor) -> np.ndarray:
    """Turn (C, H, W) into an array (H, W, C)."""
    return np.ascontiguousarray(image.permute(1, 2, 0).numpy())


def _warped(picture: np.ndarray, size: int, rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the picture flipped, turned, scaled, sheared and shifted, uint8 (size, size, 3), and what of it is inside.

    What comes in from outside is white. Where the picture goes on beyond its rim, nothing comes in: it is turned less
    and enlarged by what that takes.
    """
    side = min(max(picture.shape[0], size), round(ROOM * size))
    image = functional.resize(torch.tensor(picture).permute(2, 0, 1), [side, side])
    inside = silhouette(_pixels(image))
    planes = torch.cat([255 - image, torch.full_like(image[:1], 255)]) * torch.from_numpy(inside)  # white, outside: 0
    if rng.random() < 0.5:
        planes = functional.horizontal_flip(planes)
    if np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]]).mean() > CUT:
        angle, shear = rng.uniform(-10, 10), [0.0, 0.0]
        turn = np.deg2rad(abs(angle))
        least = np.cos(turn) + np.sin(turn)  # so large, a turned square covers an upright one
        scale = max(least, rng.uniform(1, 1.25))
        room = (scale - least) / 2
    else:
        angle, shear = rng.uniform(-30, 30), [rng.uniform(-6, 6), rng.uniform(-6, 6)]
        scale = rng.uniform(0.85, 1.25)
        room = 0.06
    shift = [int(move) for move in rng.uniform(-room, room, 2) * size]
    scale *= size / side
    warped = functional.affine(planes, angle, shift, scale, shear, InterpolationMode.BILINEAR)
    warped = _pixels(functional.center_crop(warped, [size, size]))
    return 255 - warped[..., :3], warped[..., 3] > 127


def _recoloured(picture: np.ndarray, rng: Generator) -> np.ndarray:
    """Rotate the hues of some pictures by any angle; of the others make some a little lighter, darker or more vivid."""
    image = torch.from_numpy(picture).permute(2, 0, 1)
    chance = rng.random()
    if chance < HUES:
        image = functional.adjust_hue(image, rng.uniform(-0.5, 0.5))
    elif chance < HUES + 0.3:
        image = functional.adjust_brightness(image, rng.uniform(0.9, 1.1))
        image = functional.adjust_saturation(image, rng.uniform(0.8, 1.25))
    return _pixels(image)
