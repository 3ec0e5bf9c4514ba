"""What is written into a checkpoint folder for looking deeper, from its networks and the pictures it learned from."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from gan.checkpoints import CONFIG_FILE, DISCRIMINATOR_FILE, load_generator, read_described, weights_digest
from gan.data.datasets import DATASETS
from gan.data.download import own_copy
from gan.data.scan import Pictures, read_pictures, reading_of
from gan.errors import UserError
from gan.files import write_json
from gan.folder import NEIGHBOURS_FILE, OPINION_FILE
from gan.images import from_uint8
from gan.insight.kept import critic_in, opinions_in
from gan.insight.neighbours import BATCH, describe
from gan.insight.opinion import JUDGED, judge_many
from gan.insight.projection import project
from gan.insight.whereabouts import note_whereabouts
from gan.precision import bfloat16_where_quick
from gan.publishing.provenance import learned_from

PROJECTED = 100  # real pictures that show how near projection comes


def training_pictures(folder: Path, data: Path, side: int) -> Pictures:
    """Return what a checkpoint was trained on, as it saw it; raise UserError where the data holds other pictures."""
    described = read_described(folder)
    told = part if isinstance(part := described.get("data"), dict) else {}
    dataset = learned_from(described)
    source = own_copy(dataset if dataset in DATASETS else "folder", data)
    pictures = read_pictures(source, side, **reading_of(described, folder / CONFIG_FILE))
    if told.get("fingerprint") not in (None, pictures.fingerprint):
        raise UserError(f"{data}: holds other pictures than {folder} was trained on; give those")
    return pictures


def write_whereabouts(folder: Path, pictures: Pictures) -> None:
    """Note where the training pictures lie on this machine, so that the page can show the nearest ones here."""
    report = pictures.report
    note_whereabouts(folder, report.source, pictures.names, report.fit, report.background)


def write_neighbours(folder: Path, images: Tensor) -> None:
    """Write the descriptors of training pictures uint8 (N, 3, S, S); raise UserError without a discriminator."""
    critic = critic_in(folder)

    def progress(batches: Iterator) -> Iterator:
        count = -(-len(images) // BATCH)
        bar = tqdm(batches, total=count, desc="describing pictures", unit="batch", delay=1, leave=False, disable=None)
        return iter(bar)  # none where stderr is no terminal

    with bfloat16_where_quick():
        known = describe(critic, weights_digest(folder / DISCRIMINATOR_FILE), images, progress)
    known.save(folder / NEIGHBOURS_FILE)


def write_opinion(folder: Path, images: Tensor) -> None:
    """Write how the discriminator judges generated pictures and real ones; raise UserError where there is none."""
    critic, generator = critic_in(folder), load_generator(folder)
    if critic.image_size != generator.image_size:
        raise UserError(f"{folder}: its two networks are not of one size, so that one cannot judge the other")
    rows = torch.linspace(0, len(images) - 1, min(JUDGED, len(images))).round().long()
    reals = (from_uint8(part) for part in images[rows].split(BATCH))
    opinions = judge_many(generator, critic, weights_digest(folder / DISCRIMINATOR_FILE), reals)
    with suppress(UserError):  # none yet, or another critic's
        opinions = opinions._replace(residuals=opinions_in(folder).residuals)
    write_json(folder / OPINION_FILE, opinions._asdict())


def write_residuals(folder: Path, images: Tensor) -> None:
    """Add to the folder's opinions how near projection comes to PROJECTED of the pictures uint8 (N, 3, S, S)."""
    opinions = opinions_in(folder)
    generator = load_generator(folder).requires_grad_(False).to(memory_format=torch.channels_last)
    rows = torch.linspace(0, len(images) - 1, min(PROJECTED, len(images))).round().long()
    residuals = []
    with bfloat16_where_quick():
        for image in tqdm(from_uint8(images[rows]), desc="projecting pictures", unit="", leave=False, disable=None):
            *_, best = project(generator, image)
            residuals.append(round(best.residual, 2))
    write_json(folder / OPINION_FILE, opinions._replace(residuals=tuple(sorted(residuals)))._asdict())
