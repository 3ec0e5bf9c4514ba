"""The task of a DCGAN: pictures from noise."""

from pathlib import Path

import torch
from torch import Tensor, nn

from gan.checkpoints import load_discriminator, load_generator
from gan.latent import sample_z
from gan.models import Discriminator, Generator
from gan.training.ema import with_fresh_statistics
from gan.training.task import Batch, Networks, Task

GRID_SEEDS = range(64)  # the latents of every sample grid
STATISTICS_SEEDS = range(10_000, 10_512)  # the latents that BatchNorm statistics are measured on
SAMPLES_FROM = 20_000  # the first seed of the samples


class Generate(Task):
    """The generator's input is noise, and nothing is said of which real picture it should come near."""

    varied_from = 400  # a generator that draws each of fewer evenly repeats half of its pictures in so many looks, too

    def new_networks(self) -> Networks:
        """Return the networks of the two reports."""
        config = self.config
        return (
            Generator(config.z_dim, config.base_channels, config.image_size),
            Discriminator(config.base_channels, config.image_size, config.d_norm, config.minibatch_std),
        )

    def load_networks(self, folder: Path) -> Networks:
        """Return generator and discriminator of a checkpoint folder."""
        return load_generator(folder), load_discriminator(folder)

    def batch(self, images: Tensor, rng: torch.Generator) -> Batch:
        """Return a batch of as many fresh latents (N, z_dim) as there are real pictures."""
        z = torch.randn(len(images), self.config.z_dim, generator=rng, device=images.device)
        return Batch((z,), images)

    def finished(self, generator: nn.Module, device: torch.device) -> nn.Module:
        """Return a copy whose BatchNorm statistics are its own."""
        return with_fresh_statistics(generator, sample_z(STATISTICS_SEEDS, self.config.z_dim).to(device))

    def samples(self, generator: nn.Module, reals: Tensor) -> Tensor:
        """Return pictures of the same seeds every time."""
        seeds = range(SAMPLES_FROM, SAMPLES_FROM + len(reals))
        return generator(sample_z(seeds, self.config.z_dim).to(reals.device))

    def grid(self, generator: nn.Module, shown: Tensor) -> Tensor:
        """Return the pictures of the grid's 64 seeds."""
        return generator(sample_z(GRID_SEEDS, self.config.z_dim).to(shown.device))


TASK = Generate
