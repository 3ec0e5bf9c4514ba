"""What a task tells the one training loop: its networks, its batches, its terms, and what its sample grid shows."""

import copy
from abc import ABC, abstractmethod
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from gan.config import TrainConfig
from gan.tasks import TASKS

Networks = tuple[Any, Any]  # modules that know their `arguments()`: the generator, which the task is for, and its D


class Batch(NamedTuple):
    """What one step trains on."""

    inputs: tuple[Tensor, ...]  # of the generator
    target: Tensor  # (N, 3, H, W) in [-1, 1], what it is to look like; further channels as the outputs have them
    condition: Tensor | None = None  # (N, C, H, W), what D sees beside a picture
    free: Tensor | None = None  # (N,) bool: where the target is one of many pictures that would do


class Task(ABC):
    """One task, as a config has it. Its generator's outputs are pictures (N, 3, H, W), and maybe further channels."""

    terms: tuple[str, ...] = ()  # what the generator minimises beside the adversarial loss
    columns: int | None = None  # of the sample grid; None: as many as rows
    looks = 256  # pictures that the guard looks at
    varied_from = 0  # training pictures; of fewer, it does not judge how varied the generated ones are

    def __init__(self, config: TrainConfig) -> None:
        self.config = config

    @abstractmethod
    def new_networks(self) -> Networks:
        """Return both networks with fresh weights from torch's global random numbers."""

    @abstractmethod
    def load_networks(self, folder: Path) -> Networks:
        """Return both networks of a checkpoint folder; raise UserError where they are not there, or of another task."""

    def prepared(self, images: Tensor, order: Tensor) -> Tensor:
        """Return training pictures uint8 (N, 3, S, S) with what the task shows beside them as further channels.

        `order` (N, 8) is how the sha256 of each picture's file begins. What is missing raises UserError.
        """
        return images

    def facts(self, images: Tensor, rows: Tensor) -> dict[str, Any]:
        """Return what config.json is to say of the training pictures, uint8 (N, 3, S, S), whose order is `rows`."""
        return {}

    @abstractmethod
    def batch(self, images: Tensor, rng: torch.Generator) -> Batch:
        """Make a batch of real pictures in [-1, 1], as `prepared`; what is random comes from `rng`, on their device."""

    def weighted_terms(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return the `terms`, (k,), each times its weight, for the generator's outputs of the batch."""
        return outputs.new_zeros(0)

    def finished(self, generator: nn.Module, device: torch.device) -> nn.Module:
        """Return a copy to show and save, in eval mode."""
        return copy.deepcopy(generator).requires_grad_(False).eval()

    @abstractmethod
    def samples(self, generator: nn.Module, reals: Tensor) -> Tensor:
        """Return as many made pictures (N, 3, H, W) as there are real ones, always of the same inputs."""

    @abstractmethod
    def grid(self, generator: nn.Module, shown: Tensor) -> Tensor:
        """Return the cells (N, 3, H, W) of the sample grid, made of these pictures (M, 3, S, S), or of noise."""


def task_of(config: TrainConfig) -> Task:
    """Return the config's task."""
    return cast(Task, import_module(TASKS[config.task].home).TASK(config))
