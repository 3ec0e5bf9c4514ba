"""A checkpoint folder in memory, read once and never changed afterwards; shelf.py reads again what has changed."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan import told
from gan.checkpoints import GENERATOR_FILE, load_with_digest, read_described
from gan.data.datasets import DATASETS
from gan.errors import UserError, escape, printable
from gan.files import LOCK_FILE, entries, is_there
from gan.folder import (
    MAX_SAMPLES,
    MAX_SNAPSHOTS,
    REALS_FILE,
    SAMPLES,
    SNAPSHOTS,
    list_epochs,
    read_history,
    read_metrics,
)
from gan.images import is_grid
from gan.latent import principal_directions
from gan.models import Generator
from gan.publishing.provenance import learned_from

FIRST_LAYER = "main.0.weight"  # of a generator
AIDES = ("colorize", "upscale")  # tasks, of networks that stand beside generators
MAX_PICTURE_BYTES = 2_000_000  # of a sample grid; those of train.py stay under 80 kB


@dataclass(frozen=True)
class LoadedModel:
    """One checkpoint folder in memory; handlers only read it."""

    name: str  # printable, whatever the folder is called
    folder: Path
    weights: str  # first 16 hexadecimal digits of the SHA-256 of the weights file that was read; empty: none yet
    generator: Generator
    directions: Tensor  # (K, z_dim), the generator's principal directions
    snapshots: Mapping[int, Path]  # epoch -> an earlier generator, in order of epochs
    reals: bytes | None  # WebP of real pictures, where the folder is a run on this machine
    samples: Mapping[int, bytes]  # epoch -> the sample grid's WebP file, in order of epochs
    history: tuple[Mapping[str, Any], ...]  # lines of history.jsonl, by epoch, thinned; a number that is none is None
    measured: Sequence[Mapping[str, Any]] = ()  # the measurements that compare with one another, oldest first
    described: Mapping[str, Any] = field(default_factory=dict)  # config.json
    earlier: frozenset[str] = frozenset()  # what `weights` of this run the page has shown before

    @property
    def title(self) -> str:
        """What the model is called for people: its config.json says it, or it is the folder's name."""
        return told.title_of(self.described, self.name)

    @property
    def picked(self) -> tuple[int, ...]:
        """Seeds whose pictures somebody picked by hand, as config.json names them; () where it does not."""
        return told.picked_in(self.described)

    @property
    def direction_names(self) -> tuple[str, ...]:
        """A name for each direction: one given by hand in config.json, or its number."""
        return told.direction_names(self.described, len(self.directions))

    def label(self) -> dict[str, str]:
        """Return what a link says of the model."""
        return {"model": self.name, "weights": self.weights}

    def draw(self, z: Tensor) -> Tensor:
        """Return the pictures of latents (N, z_dim): (N, 3, H, W) in [-1, 1]."""
        with torch.inference_mode():
            return self.generator(z)


def find_checkpoints(root: str | Path) -> list[Path]:
    """Return the folders in `root` that hold a generator, or that one may not look into, in the data sets' order.

    Those of one data set, and those that name none of ours, come by name. Networks of other tasks are passed over.
    """
    known = list(DATASETS)

    def place(folder: Path) -> int:
        source = learned_from(_read_described(folder))
        return known.index(source) if source in known else len(known)

    return sorted((folder for folder in entries(Path(root)) if _may_hold_a_generator(folder)), key=place)


def _may_hold_a_generator(folder: Path) -> bool:
    try:
        there = is_there(folder / GENERATOR_FILE)
    except UserError:  # which is told when it is to be loaded
        return True
    return there and _read_described(folder).get("task", "generate") == "generate"


def split(folders: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Return the folders of generators, and those of networks that make a picture from a picture."""
    known = {folder: _holds_an_aide(folder) for folder in folders}
    return [folder for folder in known if not known[folder]], [folder for folder in known if known[folder]]


def find_aides(root: Path) -> list[Path]:
    """Return the folders in `root` that hold a network which makes a picture from a picture."""
    try:
        return split(entries(root))[1]
    except UserError:  # which is told where generators are looked for
        return []


def _holds_an_aide(folder: Path) -> bool:
    try:
        return read_described(folder).get("task") in AIDES and is_there(folder / GENERATOR_FILE)
    except UserError:
        return False


def load_models(folders: Iterable[str | Path]) -> tuple[tuple[LoadedModel, ...], tuple[str, ...]]:
    """Return the models that could be read, under names of their own, and a sentence per folder that could not."""
    models: dict[str, LoadedModel] = {}
    problems = []
    for folder in dict.fromkeys(Path(os.path.realpath(folder)) for folder in folders):
        name = printable(folder.name)
        if name in models:
            name = printable(f"{folder.parent.name}/{name}")
        while name in models:
            name += "'"
        try:
            models[name] = _expect(name, folder) if has_begun(folder) else _load_model(name, folder)
        except UserError as error:
            problems.append(str(error))
        except Exception as error:  # whatever a stranger's folder holds, the others are shown
            problems.append(escape(f"{folder}: cannot be read ({type(error).__name__})"))
    return tuple(models.values()), tuple(problems)


def for_visitors(problems: Iterable[str], folders: Iterable[str | Path]) -> tuple[str, ...]:
    """Return the sentences about these folders without the way to them, which is nobody else's business."""
    places = {escape(os.path.join(os.path.dirname(os.path.realpath(folder)), "")) for folder in folders}
    longest_first = sorted(places - {os.sep}, key=len, reverse=True)
    return tuple(reduce(lambda problem, place: problem.replace(place, ""), longest_first, one) for one in problems)


def has_begun(folder: Path) -> bool:
    """Whether the folder is a run of train.py that has no generator to show yet."""
    return not is_there(folder / GENERATOR_FILE) and is_there(folder / LOCK_FILE)


def _expect(name: str, folder: Path) -> LoadedModel:
    """Stand in for the model that a run will have at the end of its first epoch; nothing that it draws is shown."""
    generator = Generator(base_channels=8).eval().requires_grad_(False)
    directions, _ = principal_directions(generator.get_parameter(FIRST_LAYER), told.DIRECTIONS)
    return LoadedModel(name, folder, "", generator, directions, {}, _read_picture(folder / REALS_FILE), {}, ())


def _load_model(name: str, folder: Path) -> LoadedModel:
    generator, digest = load_with_digest(folder)
    directions, _ = principal_directions(generator.get_parameter(FIRST_LAYER), told.DIRECTIONS)
    grids = {epoch: _read_picture(path) for epoch, path in _newest(list_epochs(folder, SAMPLES), MAX_SAMPLES)}
    samples = {epoch: content for epoch, content in grids.items() if content}
    snapshots = dict(_newest(list_epochs(folder, SNAPSHOTS), MAX_SNAPSHOTS))
    measured = told.comparable(read_metrics(folder))
    shown = {*samples, *snapshots, *(line["epoch"] for line in measured if "epoch" in line)}
    return LoadedModel(
        name,
        folder,
        digest,
        generator.requires_grad_(False).to(memory_format=torch.channels_last),  # a fifth faster on the CPU
        directions,
        snapshots,
        _read_picture(folder / REALS_FILE),
        samples,
        told.cleaned(read_history(folder), shown),
        measured,
        _read_described(folder),
    )


def _newest(files: dict[int, Path], limit: int) -> list[tuple[int, Path]]:
    return [(epoch, path) for epoch, path in files.items() if epoch <= told.MAX_EPOCH][-limit:]


def _read_picture(path: Path) -> bytes | None:
    """Return a WebP file of the folder's own as it is; None for anything else, which visitors are not to be sent.

    Of one that is damaged, or no sample grid by its size, only the signature: browsers and programs find it damaged.
    """
    if os.path.realpath(path) != str(path) or not path.is_file() or path.stat().st_size > MAX_PICTURE_BYTES:
        return None
    content = path.read_bytes()
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        return None
    return content if is_grid(content) else content[:12]


def _read_described(folder: Path) -> dict[str, Any]:
    """Return the folder's config.json, {} where it is damaged: the page shows models that say nothing of themselves."""
    try:
        return read_described(folder)
    except UserError:
        return {}
