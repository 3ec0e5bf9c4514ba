"""One seed through training: its picture by each earlier generator in the folder, and by the model itself."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from gan.checkpoints import load_generator
from gan.errors import UserError
from gan.images import make_grid
from gan.latent import sample_z
from gan.models import Generator
from gan.ui.encode import lossless_uri
from gan.ui.loaded import LoadedModel

KEPT = 12  # earlier generators in memory, 14 MB each at 64 pixels


def images_seen(model: LoadedModel) -> Mapping[int, int | None]:
    """Return how many pictures the networks had seen after each epoch; None where the history does not say."""
    return {line["epoch"]: line["images_seen"] for line in model.history}


def creature_of(model: LoadedModel, seed: int) -> dict[str, Any]:
    """Return what creature.js draws: the seed's pictures in one image, the epoch of each, and what is missing."""
    seen = images_seen(model)
    last = max(seen, default=None)
    z = sample_z([seed], model.generator.z_dim)
    pictures, epochs, missing = [], [], []
    for epoch, path in model.snapshots.items():
        if last is not None and epoch >= last:
            continue  # the model itself
        try:
            generator = _snapshot(path, path.stat().st_mtime_ns)
            _check_size(generator, model.generator)
        except (UserError, OSError):
            missing.append(epoch)
            continue
        with torch.inference_mode():
            pictures.append(generator(z))
        epochs.append(epoch)
    images = torch.cat([*pictures, model.draw(z)])
    return {
        "image": lossless_uri(make_grid(images, len(images))),
        "side": images.shape[-1],
        "stages": [
            {"epoch": epoch, "images_seen": None if epoch is None else seen.get(epoch)} for epoch in (*epochs, last)
        ],
        "missing": missing,
        "seed": seed,
        "model": model.name,
    }


@lru_cache(KEPT)
def _snapshot(path: Path, written: int) -> Generator:
    """Return the generator in the file, as it was written at that time."""
    return load_generator(path).requires_grad_(False).to(memory_format=torch.channels_last)


def _check_size(generator: Generator, final: Generator) -> None:
    """Refuse a snapshot that takes other latents or draws other pictures than the model that it is to have become."""
    if (generator.z_dim, generator.image_size) != (final.z_dim, final.image_size):
        raise UserError("This snapshot is of another network.")
