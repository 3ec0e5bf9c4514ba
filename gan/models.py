"""The two networks of DCGAN (Radford et al. 2015, arXiv 1511.06434), laid out as in PyTorch's tutorial.

python -m gan.models                                 # their layers, shapes and parameters, as a table
python -m gan.models --figure networks.png           # and as a figure
python -m gan.models checkpoints/pokemon             # those of a model
"""

if __name__ == "__main__":  # before torch comes, so that --help is answered at once
    from gan.terminal.interrupts import end_quietly

    end_quietly()

    import sys

    from gan.terminal.command import Command
    from gan.terminal.console import make_unfailing

    make_unfailing()
    parser = Command(prog="gan.models", description=__doc__)
    parser.add_argument("folder", nargs="?", metavar="CHECKPOINT", help="default: the networks of the two reports")
    parser.add_argument("--figure", metavar="FILE.png", help="draw both networks, too")
    options = parser.parse_args()

    from gan.layers import show

    sys.exit(show(options.folder, options.figure))

import math
from itertools import pairwise

import torch
from torch import Tensor, nn


class Generator(nn.Module):
    """z (N, z_dim) -> pictures (N, 3, image_size, image_size) in [-1, 1]."""

    def __init__(self, z_dim: int = 100, base_channels: int = 64, image_size: int = 64) -> None:
        super().__init__()
        self.z_dim, self.base_channels, self.image_size = z_dim, base_channels, image_size
        widths = widths_of(base_channels, image_size)[::-1]  # 64 px: 512, 256, 128, 64
        layers: list[nn.Module] = [nn.ConvTranspose2d(z_dim, widths[0], 4, 1, 0, bias=False)]  # (N, 512, 4, 4)
        for before, after in pairwise(widths):
            layers += [nn.BatchNorm2d(before), nn.ReLU(inplace=True)]
            layers += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False)]  # (N, 64, 32, 32) at the last
        layers += [nn.BatchNorm2d(widths[-1]), nn.ReLU(inplace=True)]
        layers += [nn.ConvTranspose2d(widths[-1], 3, 4, 2, 1, bias=False), nn.Tanh()]  # (N, 3, 64, 64)
        self.main = nn.Sequential(*layers)
        self.apply(_initialise)

    def forward(self, z: Tensor) -> Tensor:
        """Map latents (N, z_dim) to pictures (N, 3, image_size, image_size) in [-1, 1]."""
        return self.main(z[:, :, None, None])

    def arguments(self) -> dict[str, int]:
        """Return the keyword arguments that build this network again."""
        return {"z_dim": self.z_dim, "base_channels": self.base_channels, "image_size": self.image_size}


class Discriminator(nn.Module):
    """Pictures (N, 3, image_size, image_size) in [-1, 1] -> logits (N,): positive means real."""

    def __init__(
        self, base_channels: int = 64, image_size: int = 64, norm: str = "batch", minibatch_std: bool = False
    ) -> None:
        super().__init__()
        self.base_channels, self.image_size = base_channels, image_size
        self.norm, self.minibatch_std = norm, minibatch_std
        widths = widths_of(base_channels, image_size)  # 64 px: 64, 128, 256, 512
        layers: list[nn.Module] = [nn.Conv2d(3, widths[0], 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
        for before, after in pairwise(widths):
            layers.append(nn.Conv2d(before, after, 4, 2, 1, bias=False))  # (N, 512, 4, 4) at the last
            layers += [nn.BatchNorm2d(after)] if norm == "batch" else []
            layers.append(nn.LeakyReLU(0.2, inplace=True))
        layers += [MinibatchStd()] if minibatch_std else []  # (N, 513, 4, 4)
        layers.append(nn.Conv2d(widths[-1] + minibatch_std, 1, 4, 1, 0, bias=False))  # (N, 1, 1, 1)
        self.main = nn.Sequential(*layers)
        self.apply(_initialise)

    def forward(self, images: Tensor) -> Tensor:
        """Map pictures (N, 3, image_size, image_size) in [-1, 1] to logits (N,)."""
        return self.main(images).flatten()

    def arguments(self) -> dict[str, int | str | bool]:
        """Return the keyword arguments that build this network again."""
        names = ("base_channels", "image_size", "norm", "minibatch_std")
        return {name: getattr(self, name) for name in names}


class MinibatchStd(nn.Module):
    """Minibatch standard deviation (Karras et al. 2018, arXiv 1710.10196, section 3): D sees how varied a batch is."""

    def forward(self, maps: Tensor) -> Tensor:
        """Append to maps (N, C, H, W) one more: their standard deviation over the batch, its mean over C, H and W."""
        variance = maps.float().var(dim=0, unbiased=False)
        std = (variance + 1e-8).sqrt().mean().to(maps.dtype)  # 1e-8: its slope at 0 were NaN
        return torch.cat((maps, std.expand(len(maps), 1, *maps.shape[2:])), dim=1)


def widths_of(base_channels: int, image_size: int) -> list[int]:
    """Channels after each halving from image_size down to 4 pixels a side."""
    return [base_channels * 2**i for i in range(int(math.log2(image_size)) - 2)]


def _initialise(module: nn.Module) -> None:
    """Convolutions N(0, 0.02), batch-norm scales N(1, 0.02), as in the paper and the tutorial."""
    if any(value.is_meta for value in module.parameters()):
        return  # an outline that is given its weights later; torch would take two seconds to prepare for drawing none
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
