"""Which pictures a task keeps from training, to be measured on: the same ones whoever asks."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from torch import Tensor

from gan.data.datasets import DATASETS
from gan.errors import UserError
from gan.tasks import TASKS
from gan.words import counted


def held_out(dataset: str, names: Sequence[str], order: Tensor) -> list[int]:
    """Return the rows to keep from training, at least one, in ascending order.

    `order` (N, 8) is how the sha256 of each picture's file begins. The choice is a function of the files; where the
    data set is numbered, of the numbers that names begin with, so that no form of a species is seen in training while
    another is measured.
    """
    row = DATASETS[dataset]
    groups: dict[str, list[int]] = {}
    for number, (name, digest) in enumerate(zip(names, order.numpy(), strict=True)):
        group = _number_of(name) if row.numbered else ""
        groups.setdefault(group or digest.tobytes().hex(), []).append(number)
    ranked = sorted(groups, key=lambda group: hashlib.sha256(group.encode()).hexdigest())
    kept = ranked[: max(1, round(row.held_out * len(ranked)))]
    return sorted(number for group in kept for number in groups[group])


def split(dataset: str, names: Sequence[str], order: Tensor) -> tuple[list[int], list[int]]:
    """Return the rows to train on, and those that `held_out` keeps, both in ascending order."""
    kept = held_out(dataset, names, order)
    return sorted({*range(len(names))} - {*kept}), kept


def of_task(task: str, dataset: str, names: Sequence[str], order: Tensor) -> tuple[list[int], list[int]]:
    """Return the rows that a task trains on, and those that it keeps, as `split` does; most tasks keep none.

    Raises UserError where none is left to train on.
    """
    rest, kept = split(dataset, names, order) if TASKS[task].holds_out else (list(range(len(names))), [])
    if not rest:
        raise UserError(
            f"{counted(len(kept), 'picture')}: --task {task} keeps some from training, to be measured on, and none is "
            "left to train on; add more, of --dataset pokemon also of other numbers"
        )
    return rest, kept


def told(kept: Sequence[int]) -> str:
    """Return in words how many pictures are kept; "" where none is."""
    return f"kept from training, to be measured on: {counted(len(kept), 'picture')}" if kept else ""


def _number_of(name: str) -> str:
    match = re.match("[0-9]+", PurePosixPath(name).name)
    return match[0].lstrip("0") if match else ""
