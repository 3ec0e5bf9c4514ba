"""A large picture -> a small one, as cameras, browsers and our own scan make them: the pairs of upscaling."""

import io

import numpy as np
import torch
from numpy.random import Generator
from PIL import Image
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

from gan.images import from_uint8, to_pil

PLAIN = 0.5  # share of pictures that are reduced by the mean of each block alone
MOST_BLUR = 0.8  # standard deviation, in pixels of the small picture
MOST_NOISE = 0.03  # standard deviation, where black to white is 2
WORN = 0.3  # share of the others that has noise, and that went through JPEG
QUALITIES = (60, 96)
FILTERS = (InterpolationMode.BILINEAR, InterpolationMode.BICUBIC)


def cropped(image: Tensor, side: int, rng: Generator, step: int = 1) -> Tensor:
    """Return a square of a picture (C, H, W), `side` pixels a side, from anywhere in it, or a multiple of `step`."""
    top, left = (step * int(rng.integers(0, (whole - side) // step + 1)) for whole in image.shape[1:])
    return image[:, top : top + side, left : left + side]


def reduced(image: Tensor, scale: int, rng: Generator) -> Tensor:
    """Return a picture (3, H, W) in [-1, 1] made `scale` times smaller, plainly or in some other way."""
    small = [side // scale for side in image.shape[1:]]
    if rng.random() < PLAIN:
        return torch.nn.functional.avg_pool2d(image, scale)
    blur = rng.uniform(0, MOST_BLUR) * scale
    if blur > 0.3:
        image = functional.gaussian_blur(image, [2 * round(2 * blur) + 1] * 2, [blur] * 2)
    image = functional.resize(image, small, FILTERS[int(rng.integers(len(FILTERS)))], antialias=True)
    if rng.random() < WORN:
        noise = rng.standard_normal(image.shape, dtype="float32") * rng.uniform(0, MOST_NOISE)
        image = image + torch.from_numpy(noise)
    if rng.random() < WORN:
        image = _through_jpeg(image, int(rng.integers(*QUALITIES)))
    return image.clamp(-1, 1)


def _through_jpeg(image: Tensor, quality: int) -> Tensor:
    file = io.BytesIO()
    to_pil(image).save(file, "jpeg", quality=quality)
    with Image.open(file) as worn:
        return from_uint8(torch.from_numpy(np.array(worn)).permute(2, 0, 1))
