"""What the tasks that turn pictures into pictures share: seeded samples of real pictures, and networks of any side."""

from abc import abstractmethod
from pathlib import Path

import torch
from torch import Tensor, nn

from gan.checkpoints import load_judge, load_translator
from gan.training.task import Batch, Networks, Task
from gan.translation.networks import at_side

AT_A_TIME = 8  # pictures that are made for a sample grid


class Translation(Task):
    """A task whose samples are made of real pictures by chance, which a seed for each picture decides."""

    looks = 64
    shown: int  # real pictures in a sample grid

    def load_networks(self, folder: Path) -> Networks:
        """Return both networks of a checkpoint folder, whatever the side of the pictures that they learned on."""
        network = at_side(load_translator(folder, self.config.task), self.config.image_size)
        return network.train(), load_judge(folder, self.config.task)

    def batch(self, images: Tensor, rng: torch.Generator) -> Batch:
        """Make a sample of each picture, by chance."""
        seeds = torch.randint(2**62, (len(images),), generator=rng, device=images.device)
        return self.seeded_batch(images, seeds.tolist())

    @abstractmethod
    def seeded_batch(self, images: Tensor, seeds: list[int]) -> Batch:
        """Make of each picture (N, C, S, S) in [-1, 1] the sample of its seed, on the pictures' device."""

    @abstractmethod
    def cells(self, batch: Batch, made: Tensor) -> tuple[Tensor, ...]:
        """Return what a sample grid shows side by side of a batch and of what was made of it, (N, 3, H, W) each."""

    def samples(self, generator: nn.Module, reals: Tensor) -> Tensor:
        """Return what is made of the real pictures."""
        return self._made(generator, reals)[1]

    def grid(self, generator: nn.Module, shown: Tensor) -> Tensor:
        """Return the cells of the first pictures in turn."""
        return torch.stack(self.cells(*self._made(generator, shown[: self.shown])), dim=1).flatten(0, 1)

    def _made(self, generator: nn.Module, reals: Tensor) -> tuple[Batch, Tensor]:
        """Return the batch of real pictures, always the same of the same ones, and what is made of it."""
        batch = self.seeded_batch(reals, list(range(len(reals))))
        parts = zip(*(value.split(AT_A_TIME) for value in batch.inputs), strict=True)
        return batch, torch.cat([generator(*part)[:, :3] for part in parts])
