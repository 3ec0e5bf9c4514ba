"""Differentiable augmentation of reals and fakes alike (DiffAugment, Zhao et al. 2020, arXiv 2006.10738).

Each transform takes pictures (N, 3, H, W) in [-1, 1] and a generator of random numbers on their device, and
returns pictures of that shape with their gradient kept. Colour may leave [-1, 1], as in the paper. Channels before the
last three, the condition of a picture, are moved and blanked with it, and keep their colours.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Transform = Callable[[Tensor, torch.Generator], Tensor]


def color(images: Tensor, rng: torch.Generator) -> Tensor:
    """Brightness in +-0.5, saturation in 0 to 2, contrast in 0.5 to 1.5, one draw a picture."""
    if images.shape[1] > 3:
        return torch.cat((images[:, :-3], color(images[:, -3:], rng)), dim=1)
    brightness, saturation, contrast = _uniform(images, rng, 3)
    images = images + (brightness - 0.5)
    grey = images.mean(dim=1, keepdim=True)
    images = grey + (images - grey) * (saturation * 2)
    level = images.mean(dim=(1, 2, 3), keepdim=True)
    return level + (images - level) * (contrast + 0.5)


def translation(images: Tensor, rng: torch.Generator) -> Tensor:
    """Shift by up to an eighth of the side each way; what comes in from outside is 0, mid-grey."""
    n, _, height, width = images.shape
    down, right = _uniform(images, rng, 2).flatten(1)
    rows = _shifted(height, down, images.device)  # (N, H), source row of each row
    columns = _shifted(width, right, images.device)  # (N, W)
    padded = torch.nn.functional.pad(images, (1, 1, 1, 1)).permute(0, 2, 3, 1)  # (N, H + 2, W + 2, 3)
    picture = torch.arange(n, device=images.device)[:, None, None]
    return padded[picture, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def cutout(images: Tensor, rng: torch.Generator) -> Tensor:
    """Blank a square of half the side, set to 0, centred anywhere; at the rim part of it falls outside."""
    _, _, height, width = images.shape
    top, left = _uniform(images, rng, 2).flatten(1)
    rows = _inside(height, top, images.device)  # (N, H)
    columns = _inside(width, left, images.device)  # (N, W)
    hole = rows[:, None, :, None] & columns[:, None, None, :]  # (N, 1, H, W)
    return images.masked_fill(hole, 0.0)


def affine(images: Tensor, rng: torch.Generator) -> Tensor:
    """Turn half of the pictures by up to an eighth of pi, scale them by 2^-0.5 to 2^0.5; what comes in is 0, mid-grey.

    Geometry and chance as in StyleGAN2-ADA (Karras et al. 2020, arXiv 2006.06676, appendix B), milder and of a
    fixed strength. Where each picture is moved, none shows D the pixels that G draws: all are interpolated.
    """
    turn, octave, chance = _uniform(images, rng, 3).flatten(1)
    moved = chance < 0.5
    angle, scale = (turn - 0.5) * (torch.pi / 4) * moved, torch.exp2((octave - 0.5) * moved)
    cos, sin, none = torch.cos(angle) * scale, torch.sin(angle) * scale, torch.zeros_like(angle)
    theta = torch.stack((cos, -sin, none, sin, cos, none), dim=1).view(-1, 2, 3).to(images.dtype)
    grid = torch.nn.functional.affine_grid(theta, list(images.shape), align_corners=False)  # (N, H, W, 2)
    return torch.nn.functional.grid_sample(images, grid, align_corners=False)


POLICIES: dict[str, Transform] = {"color": color, "translation": translation, "cutout": cutout, "affine": affine}


def augment(images: Tensor, policy: str, rng: torch.Generator) -> Tensor:
    """Apply the transforms that the policy names, as in "color,translation,cutout"; empty changes nothing."""
    for name in filter(None, policy.split(",")):
        images = POLICIES[name](images, rng)
    return images


def _uniform(images: Tensor, rng: torch.Generator, draws: int) -> Tensor:
    """Return (draws, N, 1, 1, 1) in [0, 1)."""
    return torch.rand(draws, len(images), 1, 1, 1, generator=rng, device=images.device, dtype=torch.float32)


def _shifted(side: int, amount: Tensor, device: torch.device) -> Tensor:
    """Return (N, side), for each pixel its source in a picture padded by one; `amount` is (N,) in [0, 1)."""
    reach = side // 8
    shift = (amount * (2 * reach + 1)).floor().long() - reach
    return (torch.arange(side, device=device) + shift[:, None] + 1).clamp(0, side + 1)


def _inside(side: int, amount: Tensor, device: torch.device) -> Tensor:
    """Return (N, side), true within side / 2 pixels around a centre given by `amount`, (N,) in [0, 1)."""
    centre = (amount * (side + 1)).floor().long()[:, None]
    distance = torch.arange(side, device=device) - centre
    return (distance >= -(side // 4)) & (distance < side // 4)
