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
from gan.told import moment, seen_at
from gan.ui.components import Cell, SheetValue
from gan.ui.encode import lossless_uri
from gan.ui.insight import insight_of
from gan.ui.loaded import LoadedModel
from gan.ui.specimen import Specimen
from gan.words import counted

JUDGED = (
    "<h3>What the critic says of this picture</h3><p>Above how many of the finished network’s pictures today’s "
    "discriminator puts it, as each earlier generator drew it. Noise of the first epochs, which it has long stopped "
    "seeing, may stand high.</p>"
)
NOW = "now"  # of a model whose history does not say its epoch
KEPT = 12  # earlier generators in memory, 14 MB each at 64 pixels


def way_of(model: LoadedModel, z: Tensor) -> SheetValue:
    """Return the sheet of a latent's pictures, (z_dim,), by each kept generator and at last by the model itself."""
    seen = seen_at(model.history, model.described)
    images, epochs, missing = pictures_on_the_way(model, z)
    return {
        "image": lossless_uri(make_grid(images, len(images))),
        "side": images.shape[-1],
        "columns": len(images),
        "cells": [_cell(epoch, seen) for epoch in epochs],
        "empty": f"The generators of {counted(missing, 'epoch')} cannot be read." if missing else "",
    }


def opinions_on_the_way(model: LoadedModel, specimen: Specimen) -> str:
    """Return, as HTML, what the discriminator says of the picture by each kept generator; "" where nobody judges."""
    insight = insight_of(model)
    if insight.opinions is None:
        return ""
    images, epochs, _ = pictures_on_the_way(model, specimen.z(model))
    opinion = insight.opinion_of(images)
    if opinion is None or len(epochs) < 2:
        return ""
    ranks = [insight.opinions.rank(logit).generated for logit in opinion.logits.tolist()]
    rows = [
        f"<dt>{_label(epoch)}</dt><dd><i style='width: {rank:.0%}'></i><span>{rank:.0%}</span></dd>"
        for epoch, rank in zip(epochs, ranks, strict=True)
    ]
    return f"{JUDGED}<dl class='ranks'>{''.join(rows)}</dl>"


def pictures_on_the_way(model: LoadedModel, z: Tensor) -> tuple[Tensor, list[int | None], int]:
    """Return a latent's pictures, their epochs (of the last, the model's own, None where that is not known), and how
    many generators could not be read.
    """
    last = max((line["epoch"] for line in model.history), default=None)
    pictures, epochs, missing = [], [], 0
    for epoch, path in model.snapshots.items():
        if last is not None and epoch >= last:
            continue  # the model itself
        try:
            generator = _snapshot(path, path.stat().st_mtime_ns)
            _check_size(generator, model.generator)
        except (UserError, OSError):
            missing += 1
            continue
        with torch.inference_mode():
            pictures.append(generator(z[None]))
        epochs.append(epoch)
    return torch.cat([*pictures, model.draw(z[None])]), [*epochs, last], missing


def _cell(epoch: int | None, seen: Mapping[int, int | None]) -> Cell:
    return {"label": _label(epoch), "alt": NOW if epoch is None else moment(epoch, seen.get(epoch))}


def _label(epoch: int | None) -> str:
    return NOW if epoch is None else moment(epoch, None)


@lru_cache(KEPT)
def _snapshot(path: Path, written: int) -> Generator:
    """Return the generator in the file, as it was written at that time."""
    return load_generator(path).requires_grad_(False).to(memory_format=torch.channels_last)


def _check_size(generator: Generator, final: Generator) -> None:
    """Refuse a snapshot that takes other latents or draws other pictures than the model that it is to have become."""
    if (generator.z_dim, generator.image_size) != (final.z_dim, final.image_size):
        raise UserError("This snapshot is of another network.")
