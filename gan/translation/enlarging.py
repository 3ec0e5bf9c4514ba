"""The task of making small pictures large: pairs of a large picture and its small one, and what must be kept."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from gan.checkpoints import load_judge, load_translator
from gan.training.task import Batch, Networks, Task, seeds_for
from gan.translation.networks import PatchDiscriminator, Upscaler
from gan.translation.reductions import cropped, reduced

CROP = 128  # pixels a side at most of the large pictures that a step is shown
L1 = 10.0
SHOWN = 16  # pictures in a sample grid, each small, enlarged and real


class Upscale(Task):
    """Pictures enlarged from their reduced selves (SRGAN, Ledig et al. 2017, without its perceptual network)."""

    terms = ("l1",)
    columns = 6
    looks = 64

    def new_networks(self) -> Networks:
        """Return a compact network of convolutions, and a judge of patches that sees the small picture, too."""
        config = self.config
        upscaler = Upscaler(config.base_channels, config.scale, config.image_size)
        return upscaler, PatchDiscriminator(3 + 3, config.base_channels)

    def load_networks(self, folder: Path) -> Networks:
        """Return both networks of a checkpoint folder."""
        return load_translator(folder, "upscale").train(), load_judge(folder, "upscale")

    def batch(self, images: Tensor, rng: torch.Generator) -> Batch:
        """Cut a square out of each picture, and make it small."""
        return self._batch(images, seeds_for(images, rng))

    def _batch(self, images: Tensor, seeds: list[int]) -> Batch:
        side, scale = min(CROP, images.shape[-1]), self.config.scale
        large, small = [], []
        for image, seed in zip(images.cpu(), seeds, strict=True):
            rng = np.random.default_rng(seed)
            large.append(cropped(image, side, rng))
            small.append(reduced(large[-1], scale, rng))
        target, given = (
            torch.stack(part).to(images.device, memory_format=torch.channels_last) for part in (large, small)
        )
        return Batch((given,), target, interpolate(given, scale_factor=scale, mode="nearest"))

    def weighted_terms(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return how far the enlarged pictures are from the real ones."""
        return torch.stack(((outputs - batch.target).abs().mean() * L1,))

    def samples(self, generator: nn.Module, reals: Tensor) -> Tensor:
        """Return parts of the real pictures, reduced and enlarged."""
        return self._enlarged(generator, reals)[1]

    def grid(self, generator: nn.Module, shown: Tensor) -> Tensor:
        """Return small pictures, enlarged ones and real ones in turn."""
        return torch.stack(self._enlarged(generator, shown[:SHOWN]), dim=1).flatten(0, 1)

    def _enlarged(self, generator: nn.Module, reals: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return small pictures in large pixels, enlarged ones and real ones; of the same pictures always the same."""
        batch = self._batch(reals, list(range(len(reals))))
        (given,) = batch.inputs
        pixels = interpolate(given, scale_factor=self.config.scale, mode="nearest")
        return pixels, torch.cat([generator(part) for part in given.split(8)]), batch.target


TASK = Upscale
