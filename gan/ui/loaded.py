"""A checkpoint folder in memory, read once and never changed afterwards; shelf.py reads again what has changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan.checkpoints import GENERATOR_FILE, load_generator, weights_digest
from gan.errors import UserError
from gan.files import LOCK
from gan.latent import principal_directions
from gan.models import Generator
from gan.records import MAX_SAMPLES, MAX_SNAPSHOTS, REALS_FILE, SAMPLES, SNAPSHOTS, list_epochs, read_history

DIRECTIONS = 8  # principal directions that the Explore tab offers
MAX_EPOCH = 10**9
MAX_EVENT = 2000  # characters; a roll back takes some 250, and a state may see five
MAX_PICTURE_BYTES = 2_000_000  # of a sample grid; those of train.py stay under 80 kB
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
    weights: str  # first 16 hexadecimal digits of the weights file's SHA-256; empty: there is none yet
    generator: Generator
    directions: Tensor  # (K, z_dim), the generator's principal directions
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
        name = folder.name
        if name in models:
            name = f"{folder.parent.name}/{name}"
        while name in models:
            name += "'"
        try:
            models[name] = _expect(name, folder) if has_begun(folder) else _load_model(name, folder)
        except UserError as error:
            problems.append(str(error))
        except (OSError, ValueError, RecursionError) as error:
            problems.append(f"{folder}: cannot be read ({type(error).__name__})")
    return tuple(models.values()), tuple(problems)


def has_begun(folder: Path) -> bool:
    """Whether the folder is a run of train.py that has no generator to show yet."""
    return (folder / LOCK).is_file() and not (folder / GENERATOR_FILE).exists()


def _expect(name: str, folder: Path) -> LoadedModel:
    """Stand in for the model that a run will have at the end of its first epoch; nothing that it draws is shown."""
    generator = Generator(base_channels=8).eval().requires_grad_(False)
    directions, _ = principal_directions(generator.main[0].weight, DIRECTIONS)
    return LoadedModel(name, folder, "", generator, directions, {}, _read_picture(folder / REALS_FILE), {}, ())


def _load_model(name: str, folder: Path) -> LoadedModel:
    generator = load_generator(folder)
    directions, _ = principal_directions(generator.main[0].weight, DIRECTIONS)
    samples = {epoch: _read_picture(path) for epoch, path in _newest(list_epochs(folder, SAMPLES), MAX_SAMPLES)}
    return LoadedModel(
        name,
        folder,
        weights_digest(folder / GENERATOR_FILE),
        generator.requires_grad_(False).to(memory_format=torch.channels_last),  # a fifth faster on the CPU
        directions,
        dict(_newest(list_epochs(folder, SNAPSHOTS), MAX_SNAPSHOTS)),
        _read_picture(folder / REALS_FILE),
        {epoch: content for epoch, content in samples.items() if content},
        _clean_history(read_history(folder)),
    )


def _newest(files: dict[int, Path], limit: int) -> list[tuple[int, Path]]:
    return [(epoch, path) for epoch, path in files.items() if epoch <= MAX_EPOCH][-limit:]


def _read_picture(path: Path) -> bytes | None:
    """Return a WebP file of the folder's own as it is; None for anything else, which visitors are not to be sent."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_PICTURE_BYTES:
        return None
    content = path.read_bytes()
    return content if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None


def _clean_history(lines: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Keep the last line of each epoch, in order: figures that JavaScript knows, or None, and events as text."""
    by_epoch = {}
    for line in lines:
        clean = {key: finite(line.get(key)) for key in HISTORY_NUMBERS}
        event = line.get("event")
        clean["event"] = str(event).encode("utf-8", "replace").decode()[:MAX_EVENT] if event else None
        if isinstance(clean["epoch"], int) and 0 <= clean["epoch"] <= MAX_EPOCH:
            by_epoch[clean["epoch"]] = clean
    return tuple(by_epoch[epoch] for epoch in sorted(by_epoch))


def finite(value: Any) -> int | float | None:
    """Return a number as it is; None for anything else, and for one that JavaScript cannot hold."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if number and abs(value) < 2**53 else None
