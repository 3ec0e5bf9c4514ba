"""One latent through training: its picture by each earlier generator in the folder, and by the model itself."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from gan.checkpoints import load_generator
from gan.errors import UserError
from gan.images import make_grid
from gan.models import Generator
from gan.ui.components import Cell, SheetValue
from gan.ui.encode import lossless_uri
from gan.ui.loaded import LoadedModel
from gan.words import counted

KEPT = 12  # earlier generators in memory, 14 MB each at 64 pixels


def images_seen(model: LoadedModel) -> Mapping[int, int | None]:
    """Return how many pictures the networks had seen after each epoch; None where the history does not say."""
    return {line["epoch"]: line["images_seen"] for line in model.history}


def way_of(model: LoadedModel, z: Tensor, before: int = 0) -> SheetValue:
    """Return the sheet of a latent's pictures, (z_dim,), by each kept generator and at last by the model itself.

    `before` is how many pictures the networks had seen before this history.
    """
    seen = images_seen(model)
    last = max(seen, default=None)
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
            pictures.append(generator(z[None]))
        epochs.append(epoch)
    images = torch.cat([*pictures, model.draw(z[None])])
    return {
        "image": lossless_uri(make_grid(images, len(images))),
        "side": images.shape[-1],
        "columns": len(images),
        "cells": [_words(epoch, seen.get(epoch) if epoch is not None else None, before) for epoch in (*epochs, last)],
        "empty": f"The generators of {counted(len(missing), 'epoch')} cannot be read." if missing else "",
    }


def _words(epoch: int | None, seen: int | None, before: int) -> Cell:
    label = "now" if epoch is None else f"epoch {epoch}"
    return {"label": label, "alt": label if seen is None else f"{label}, {seen + before:,} pictures seen"}


@lru_cache(KEPT)
def _snapshot(path: Path, written: int) -> Generator:
    """Return the generator in the file, as it was written at that time."""
    return load_generator(path).requires_grad_(False).to(memory_format=torch.channels_last)


def _check_size(generator: Generator, final: Generator) -> None:
    """Refuse a snapshot that takes other latents or draws other pictures than the model that it is to have become."""
    if (generator.z_dim, generator.image_size) != (final.z_dim, final.image_size):
        raise UserError("This snapshot is of another network.")
