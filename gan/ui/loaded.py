"""The models the page shows, read once at start-up and never changed afterwards."""

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from gan.checkpoints import GENERATOR_FILE, load_generator
from gan.errors import UserError
from gan.models import Generator
from gan.records import SAMPLES, list_epochs, read_history

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
    generator: Generator
    samples: Mapping[int, bytes]  # epoch -> the sample grid's WebP file, in order of epochs
    history: tuple[Mapping[str, Any], ...]  # lines of history.jsonl, by epoch; a number that is none is None


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
        models[name] = LoadedModel(
            name,
            folder,
            generator.requires_grad_(False).to(memory_format=torch.channels_last),  # a fifth faster on the CPU
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
