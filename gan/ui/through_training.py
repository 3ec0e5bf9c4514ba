"""One seed through training: its picture by each earlier generator in the folder, and by the model itself."""

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


def creature_of(model: LoadedModel, seed: int) -> dict[str, Any]:
    """Return what creature.js draws: the seed's pictures in one image, the epoch of each, and what is missing."""
    seen = {line["epoch"]: line["images_seen"] for line in model.history}
    last = max(seen, default=None)
    generators, epochs, missing = [], [], []
    for epoch, path in model.snapshots.items():
        if epoch == last:
            continue  # the model itself
        try:
            generators.append(_snapshot(path, path.stat().st_mtime_ns))
            epochs.append(epoch)
        except (UserError, OSError):
            missing.append(epoch)
    pictures = [*(_draw(generator, seed) for generator in generators), model.draw(_z(model.generator, seed))]
    side = pictures[-1].shape[-1]
    same = [picture for picture in pictures if picture.shape[-1] == side]
    return {
        "image": lossless_uri(make_grid(torch.cat(same), len(same))),
        "side": side,
        "stages": [{"epoch": epoch, "images_seen": seen.get(epoch)} for epoch in (*epochs, last)][-len(same) :],
        "missing": missing,
        "seed": seed,
        "model": model.name,
    }


@lru_cache(KEPT)
def _snapshot(path: Path, written: int) -> Generator:
    """Return the generator in the file, as it was written at that time."""
    return load_generator(path).requires_grad_(False)


def _z(generator: Generator, seed: int) -> torch.Tensor:
    return sample_z([seed], generator.z_dim)


def _draw(generator: Generator, seed: int) -> torch.Tensor:
    with torch.inference_mode():
        return generator(_z(generator, seed))
