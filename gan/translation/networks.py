"""The networks that make a picture from a picture: one that colours drawings, one that enlarges, and their judges."""

import math
from collections.abc import Container, Sequence
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu, pixel_shuffle, pixel_unshuffle

from gan.translation.palettes import Palette

SLOPE = 0.2  # of every leaky ReLU
Sizes = dict[str, Container[int]]  # that weights from anywhere may have
PALETTE = 5 * 3 + 1  # five colours, and whether they are given


class Colorizer(nn.Module):
    """A drawing, hints and a palette -> a coloured picture: a U-Net (Ronneberger et al. 2015, arXiv 1505.04597).

    Sides are powers of two from 32 on. The palette scales and shifts every map of the way up (FiLM, Perez et al. 2018).
    """

    side: Tensor
    SIZES: ClassVar[Sizes] = {"base_channels": range(1, 257), "image_size": (32, 64, 128)}

    def __init__(self, base_channels: int = 32, image_size: int = 128) -> None:
        super().__init__()
        self.base_channels, self.image_size = base_channels, image_size
        self.palettes: Sequence[Palette] = ()  # of the pictures that it learned from, as far as they are known
        half, *widths = [base_channels * 2**i for i in (0, 0, 1, 2, 3)]  # 32 at 1/2, then 32 to 256 at 1/4 to 1/32
        self.register_buffer("side", torch.tensor(image_size))  # so that the weights say what they learned on
        self.first = nn.Conv2d(5 * 4 + 4, half, 3, 1, 1)
        self.down = nn.ModuleList(nn.Conv2d(before, after, 4, 2, 1) for before, after in pairwise([half, *widths]))
        self.middle = nn.ModuleList(Residual(widths[-1]) for _ in range(4))
        ends = [*widths[-2::-1], half]  # of the way up, where all but the first layer see the maps of the way down, too
        sides = zip([widths[-1], *[2 * width for width in ends[:-1]]], ends, strict=True)
        self.up = nn.ModuleList(nn.ConvTranspose2d(before, after, 4, 2, 1) for before, after in sides)
        self.filmed = [widths[-1], *ends]
        films = nn.Linear(64, 2 * sum(self.filmed))
        self.palette = nn.Sequential(nn.Linear(PALETTE, 64), nn.LeakyReLU(SLOPE), films)
        self.last = nn.Conv2d(2 * half + 4, 4 * 4, 3, 1, 1)
        self.apply(_initialise)
        if not films.weight.is_meta:
            films.weight.data.zero_()  # the palette begins without a say

    def forward(self, lines: Tensor, hints: Tensor, palette: Tensor) -> Tensor:
        """Colour drawings: lines (N, 1, H, W), hints (N, 4, H, W), palettes (N, 16) -> (N, 4, H, W), all in [-1, 1].

        1 is paper. A hint is a colour and whether it is given. The output is the picture, on white, and as the fourth
        channel how far the figure covers the paper.
        """
        x = pixel_unshuffle(torch.cat((lines, hints), dim=1), 2)  # (N, 20, H/2, W/2): whole maps cost most
        wanted = spread(hints).to(x.dtype)
        maps = [leaky_relu(self.first(torch.cat((x, wanted), dim=1)), SLOPE)]
        for layer in self.down:
            maps.append(leaky_relu(layer(maps[-1]), SLOPE))
        films = iter(self.palette(palette)[:, :, None, None].split([2 * width for width in self.filmed], dim=1))
        x = _film(maps.pop(), next(films))
        for block in self.middle:
            x = block(x)
        for layer in self.up:
            x = leaky_relu(_film(layer(x), next(films)), SLOPE)
            x = torch.cat((x, maps.pop()), dim=1)
        x = torch.cat((x, wanted), dim=1)  # once more, straight to the colours
        colours, cover = pixel_shuffle(self.last(x), 2).float().split((3, 1), dim=1)
        cover = cover.sigmoid()
        return torch.cat((cover * colours.tanh() + (1 - cover), 2 * cover - 1), dim=1)

    def arguments(self) -> dict[str, int]:
        """Return the keyword arguments that build this network again."""
        return {"base_channels": self.base_channels, "image_size": self.image_size}

    @staticmethod
    def arguments_of(tensors: dict[str, Tensor]) -> dict[str, int]:
        """Return the arguments of the network that has these weights; raise KeyError and the like for others."""
        return {"base_channels": len(tensors["first.bias"]), "image_size": int(tensors["side"])}

    @staticmethod
    def example() -> tuple[Tensor, Tensor, Tensor]:
        """Return a smallest input."""
        return torch.ones(1, 1, 32, 32), torch.ones(1, 4, 32, 32), torch.ones(1, PALETTE)


class Residual(nn.Module):
    """Two convolutions, and what they are added to."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(width, width, 3, 1, 1), nn.Conv2d(width, width, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        return x + self.two(leaky_relu(self.one(leaky_relu(x, SLOPE)), SLOPE)) / 2


class Upscaler(nn.Module):
    """Pictures -> the same, `scale` times larger (SRVGGNetCompact's shape, Wang et al. 2021, arXiv 2107.10833)."""

    side: Tensor
    SIZES: ClassVar[Sizes] = {
        "base_channels": range(1, 257),
        "scale": (2, 4),
        "image_size": (32, 64, 128),
        "depth": range(1, 33),
    }

    def __init__(self, base_channels: int = 32, scale: int = 4, image_size: int = 64, depth: int = 8) -> None:
        super().__init__()
        self.base_channels, self.scale, self.image_size, self.depth = base_channels, scale, image_size, depth
        self.register_buffer("side", torch.tensor(image_size))
        layers: list[nn.Module] = [nn.Conv2d(3, base_channels, 3, 1, 1)]
        for _ in range(depth):
            layers += [nn.PReLU(base_channels, 0.1), nn.Conv2d(base_channels, base_channels, 3, 1, 1)]
        last = nn.Conv2d(base_channels, 3 * scale**2, 3, 1, 1)
        self.main = nn.Sequential(*layers, nn.PReLU(base_channels, 0.1), last, nn.PixelShuffle(scale))
        self.apply(_initialise)
        if not last.weight.is_meta:
            last.weight.data *= 0.01  # it begins as bicubic enlarging

    def forward(self, images: Tensor) -> Tensor:
        """Map (N, 3, H, W) to (N, 3, scale * H, scale * W), both in [-1, 1].

        What the means of its blocks are off by is added to them (back-projection, Irani and Peleg 1991), so that,
        reduced again, it is its input but for what is cut off beyond black and white.
        """
        plain = interpolate(images.float(), scale_factor=self.scale, mode="bicubic", align_corners=False)
        large = plain + self.main(images).float()
        off = images.float() - avg_pool2d(large, self.scale)
        return (large + interpolate(off, scale_factor=self.scale, mode="nearest")).clamp(-1, 1)

    def arguments(self) -> dict[str, int]:
        """Return the keyword arguments that build this network again."""
        return {name: getattr(self, name) for name in ("base_channels", "scale", "image_size", "depth")}

    @staticmethod
    def arguments_of(tensors: dict[str, Tensor]) -> dict[str, int]:
        """Return the arguments of the network that has these weights; raise KeyError and the like for others."""
        places = [int(name.split(".")[1]) for name, value in tensors.items() if value.dim() == 4]
        return {
            "base_channels": len(tensors["main.0.bias"]),
            "scale": math.isqrt(len(tensors[f"main.{max(places)}.bias"]) // 3),
            "image_size": int(tensors["side"]),
            "depth": len(places) - 2,
        }

    @staticmethod
    def example() -> tuple[Tensor]:
        """Return a smallest input."""
        return (torch.linspace(-1, 1, 3 * 64).view(1, 3, 8, 8),)


class PatchDiscriminator(nn.Module):
    """Pictures behind their condition -> a logit for each patch (PatchGAN; Isola et al. 2017, arXiv 1611.07004)."""

    SIZES: ClassVar[Sizes] = {"channels": range(3, 17), "base_channels": range(1, 257), "halvings": range(1, 6)}

    def __init__(self, channels: int, base_channels: int = 32, halvings: int = 3) -> None:
        super().__init__()
        self.channels, self.base_channels, self.halvings = channels, base_channels, halvings
        widths = [channels, *[base_channels * 2**i for i in range(halvings)]]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 4, 2, 1), nn.LeakyReLU(SLOPE)]
        self.main = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 3, 1, 1))
        self.apply(_initialise)

    def forward(self, images: Tensor) -> Tensor:
        """Map (N, channels, H, W) to logits (N, h, w), h = H / 2^halvings: positive means real."""
        return self.main(images)[:, 0]

    def arguments(self) -> dict[str, int]:
        """Return the keyword arguments that build this network again."""
        return {name: getattr(self, name) for name in ("channels", "base_channels", "halvings")}

    @staticmethod
    def arguments_of(tensors: dict[str, Tensor]) -> dict[str, int]:
        """Return the arguments of the network that has these weights; raise KeyError and the like for others."""
        convolutions = [value for value in tensors.values() if value.dim() == 4]
        base_channels, channels = tensors["main.0.weight"].shape[:2]
        return {"channels": channels, "base_channels": base_channels, "halvings": len(convolutions) - 1}

    def example(self) -> tuple[Tensor]:
        """Return a smallest input."""
        return (torch.ones(1, self.channels, 64, 64),)


def at_side(network: Colorizer | Upscaler, image_size: int) -> Colorizer | Upscaler:
    """Set the side of the pictures that a network is for, and return it: its convolutions take any."""
    network.image_size = image_size
    network.side.fill_(image_size)
    return network


def spread(hints: Tensor) -> Tensor:
    """Return (N, 4, H/2, W/2): at each place the colour of the hints near it, and whether there are any at all.

    Hints (N, 4, H, W) as a `Colorizer` is given them; without any, colours are 0. A dab is a few pixels of thousands:
    alone, networks learn to overlook it. Pull-push interpolation (Gortler et al. 1996, The Lumigraph, section 3.4.2):
    means over ever larger squares, then each empty square takes what the larger one around it has.
    """
    given = (hints[:, 3:].float() + 1) / 2
    levels = [avg_pool2d(torch.cat((hints[:, :3].float() * given, given), dim=1), 2)]
    while min(levels[-1].shape[2:]) > 1:
        levels.append(avg_pool2d(levels[-1], 2))
    found = levels[-1].mean(dim=(2, 3), keepdim=True)
    colours = _mean_of(found)
    for level in reversed(levels):
        around = interpolate(colours, size=level.shape[2:], mode="bilinear", align_corners=False)
        colours = torch.where(level[:, 3:] > 0, _mean_of(level), around)
    there = (found[:, 3:] > 0).float() * 2 - 1
    return torch.cat((colours, there.expand(-1, -1, *colours.shape[2:])), dim=1)


def _mean_of(level: Tensor) -> Tensor:
    """Return the mean colours (N, 3, H, W) of sums (N, 4, H, W) whose fourth channel is their weight; 0 where it is."""
    return level[:, :3] / level[:, 3:].clamp_min(1e-6)


def _film(maps: Tensor, film: Tensor) -> Tensor:
    """Scale and shift maps (N, C, H, W) by (N, 2 C, 1, 1)."""
    scale, shift = film.chunk(2, dim=1)
    return maps * (1 + scale) + shift


def _initialise(module: nn.Module) -> None:
    """He et al. 2015, for leaky ReLUs."""
    if any(value.is_meta for value in module.parameters(recurse=False)):
        return
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, SLOPE)
        if isinstance(module, nn.ConvTranspose2d):  # each output pixel sees a quarter of the kernel
            module.weight.data *= math.sqrt(module.weight.shape[1] * 4 / module.weight.shape[0])
        if module.bias is not None:
            nn.init.zeros_(module.bias)
