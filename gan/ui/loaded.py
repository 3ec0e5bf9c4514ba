"""The models the page shows, read once at start-up and never changed afterwards."""

import hashlib
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan.checkpoints import GENERATOR_FILE, load_generator
from gan.errors import UserError
from gan.latent import principal_directions
from gan.models import Generator
from gan.records import REALS_FILE, SAMPLES, SNAPSHOTS, list_epochs, read_history

DIRECTIONS = 8  # principal directions that the Explore tab offers
HISTORY_NUMBERS = (
    "epoch",
    "images_seen",
    "images_per_second",
    "loss_d",
    "loss_g",
    "d_real",
    "d_fake_before",
    "d_fake_after",
    "lr",
    "beta1",
)


@dataclass(frozen=True)
class LoadedModel:
    """One checkpoint folder in memory; handlers only read it."""

    name: str
    folder: Path
    weights: str  # first 16 hexadecimal digits of the weights file's SHA-256
    generator: Generator
    directions: Tensor  # (K, z_dim), the generator's principal directions
    shares: tuple[float, ...]  # how much of the first layer's power each direction has
    snapshots: Mapping[int, Path]  # epoch -> an earlier generator, in order of epochs
    reals: bytes | None  # WebP of real pictures, where the folder is a run on this machine
    samples: Mapping[int, bytes]  # epoch -> the sample grid's WebP file, in order of epochs
    history: tuple[Mapping[str, Any], ...]  # lines of history.jsonl, by epoch; a number that is none is None

    def label(self) -> dict[str, str]:
        """Return what a link says of the model."""
        return {"model": self.name, "weights": self.weights}

    def draw(self, z: Tensor) -> Tensor:
        """Return the pictures of latents (N, z_dim): (N, 3, H, W) in [-1, 1]."""
        with torch.inference_mode():
            return self.generator(z)


def find_checkpoints(root: str | Path) -> list[Path]:
    """Return the folders in `root` that hold a generator, by name."""
    return sorted(path.parent for path in Path(root).glob(f"*/{GENERATOR_FILE}"))


def load_models(folders: Iterable[str | Path]) -> tuple[tuple[LoadedModel, ...], tuple[str, ...]]:
    """Return the models that could be read, under names of their own, and a sentence per folder that could not."""
    models: dict[str, LoadedModel] = {}
    problems = []
    for folder in dict.fromkeys(Path(folder).resolve() for folder in folders):
        try:
            generator = load_generator(folder)
        except UserError as error:
            problems.append(str(error))
            continue
        name = folder.name
        if name in models:
            name = f"{folder.parent.name}/{name}"
        while name in models:
            name += "'"
        directions, shares = principal_directions(generator.main[0].weight, DIRECTIONS)
        models[name] = LoadedModel(
            name,
            folder,
            hashlib.sha256((folder / GENERATOR_FILE).read_bytes()).hexdigest()[:16],
            generator.requires_grad_(False).to(memory_format=torch.channels_last),  # a fifth faster on the CPU
            directions,
            tuple(shares.tolist()),
            list_epochs(folder, SNAPSHOTS),
            _read_reals(folder),
            _read_samples(folder),
            _clean_history(read_history(folder)),
        )
    return tuple(models.values()), tuple(problems)


def _read_samples(folder: Path) -> dict[int, bytes]:
    """Return the sample grids by epoch; one that a run in progress has just thinned out is left out."""
    samples = {}
    for epoch, path in list_epochs(folder, SAMPLES).items():
        with suppress(FileNotFoundError):
            samples[epoch] = path.read_bytes()
    return samples


def _read_reals(folder: Path) -> bytes | None:
    try:
        return (folder / REALS_FILE).read_bytes()
    except OSError:
        return None


def _clean_history(lines: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Keep the last line of each epoch, in order, with every figure a finite number or None."""
    by_epoch = {}
    for line in lines:
        clean = line | {key: _finite(line.get(key)) for key in HISTORY_NUMBERS}
        if clean["epoch"] is not None:
            by_epoch[clean["epoch"]] = clean
    return tuple(by_epoch[epoch] for epoch in sorted(by_epoch))


def _finite(value: Any) -> int | float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if number and -math.inf < value < math.inf else None
