"""What a task tells the one training loop: its networks, its batches, its terms, and what its sample grid shows."""

from abc import ABC, abstractmethod
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from gan.config import TrainConfig
from gan.tasks import TASKS

Networks = tuple[nn.Module, nn.Module]  # the generator, which the task is for, and its discriminator


class Batch(NamedTuple):
    """What one step trains on."""

    inputs: tuple[Tensor, ...]  # of the generator
    target: Tensor  # (N, 3, H, W) in [-1, 1], what it is to look like
    condition: Tensor | None = None  # (N, C, H, W), what D sees beside a picture


class Task(ABC):
    """One task, as a config has it. Its generator's outputs are pictures (N, 3, H, W), and maybe further channels."""

    terms: tuple[str, ...] = ()  # what the generator minimises beside the adversarial loss

    def __init__(self, config: TrainConfig) -> None:
        self.config = config

    @abstractmethod
    def new_networks(self) -> Networks:
        """Return both networks with fresh weights from torch's global random numbers."""

    @abstractmethod
    def load_networks(self, folder: Path) -> Networks:
        """Return both networks of a checkpoint folder; raise UserError where they are not there, or of another task."""

    @abstractmethod
    def batch(self, images: Tensor, rng: torch.Generator) -> Batch:
        """Make a batch of real pictures (N, 3, S, S) in [-1, 1]; what is random comes from `rng`, on their device."""

    def weighted_terms(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return the `terms`, (k,), each times its weight, for the generator's outputs of the batch."""
        return outputs.new_zeros(0)

    @abstractmethod
    def finished(self, generator: nn.Module, device: torch.device) -> nn.Module:
        """Return a copy to show and save, in eval mode."""

    @abstractmethod
    def samples(self, generator: nn.Module, reals: Tensor) -> Tensor:
        """Return as many made pictures (N, 3, H, W) as there are real ones, always of the same inputs."""

    @abstractmethod
    def grid(self, generator: nn.Module, shown: Tensor) -> Tensor:
        """Return the 64 cells (or fewer) of the sample grid; `shown` are pictures (N, 3, S, S) of its inputs, if any."""


def task_of(config: TrainConfig) -> Task:
    """Return the config's task."""
    return cast(Task, import_module(TASKS[config.task].home).TASK(config))
