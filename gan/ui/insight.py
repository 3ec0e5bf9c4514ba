"""What a model's folder knows beside its generator: the critic, its opinions, descriptors of training pictures.

All of it is optional, read at first need and kept as long as its files stay as they are.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

from gan.checkpoints import DISCRIMINATOR_FILE, load_critic
from gan.errors import UserError
from gan.folder import NEIGHBOURS_FILE, OPINION_FILE
from gan.images import to_uint8
from gan.insight.kept import neighbours_in, opinions_in
from gan.insight.neighbours import Neighbours, Verdict, features, verdicts
from gan.insight.opinion import Company, Opinion, Opinions, company_of, judge
from gan.models import Discriminator, Generator
from gan.ui.arguments import refuse
from gan.ui.loaded import LoadedModel
from gan.ui.shelf import written

KEPT = 4  # models; of each some 20 MB
LOOKS: dict[str, Any] = {
    "concurrency_id": "looks",
    "concurrency_limit": 1,
}  # of events that only judge: no slider waits for them
NOTHING_JUDGES = "{title} came without its discriminator, and nobody else can judge its pictures."
NO_OPINIONS = "{title} came without a record of how its discriminator judged other pictures, so no rank can be told."
NO_NEIGHBOURS = "{title} came without descriptors of its training pictures, so nothing here tells of copies."

Found = TypeVar("Found")
_one_at_a_time = Lock()


class Insight(NamedTuple):
    """What is there of it; each part is None where the folder lacks it, or where it is damaged or another network's."""

    critic: Discriminator | None = None
    company: Company | None = None  # in which the critic judges, where it heeds that
    opinions: Opinions | None = None
    neighbours: Neighbours | None = None

    def opinion_of(self, images: Tensor) -> Opinion | None:
        """Return the critic's opinion of pictures (N, 3, S, S) in [-1, 1]."""
        return None if self.critic is None else judge(self.critic, images, self.company)

    def verdicts_on(self, images: Tensor) -> list[Verdict]:
        """Return how near pictures (N, 3, S, S) in [-1, 1] are to training pictures; [] where nothing tells."""
        if self.critic is None or self.neighbours is None:
            return []
        return verdicts(self.neighbours, self.critic, to_uint8(images))


def insight_of(model: LoadedModel) -> Insight:
    """Return what the model's folder knows now."""
    files = tuple(written(model.folder / name) for name in (DISCRIMINATOR_FILE, NEIGHBOURS_FILE, OPINION_FILE))
    with _one_at_a_time:  # of two visitors only one reads
        return _read(model.folder, model.generator, files)


def critical_insight(model: LoadedModel) -> Insight:
    """Return the same where there is a critic and a record of its opinions; else refuse with a sentence."""
    insight = insight_of(model)
    if insight.critic is None:
        raise refuse(NOTHING_JUDGES.format(title=model.title))
    if insight.opinions is None:
        raise refuse(NO_OPINIONS.format(title=model.title))
    return insight


def knowing_insight(model: LoadedModel) -> Insight:
    """Return the same where training pictures are described; else refuse with a sentence."""
    insight = insight_of(model)
    if insight.neighbours is None:
        raise refuse(NO_NEIGHBOURS.format(title=model.title))
    return insight


@lru_cache(KEPT)
def _read(folder: Path, generator: Generator, files: tuple[tuple[int, int] | None, ...]) -> Insight:
    critic = _or_none(load_critic, folder)
    if critic is None or critic.image_size != generator.image_size:
        return Insight()
    neighbours = _or_none(neighbours_in, folder)
    if neighbours is not None:
        side = generator.image_size
        told = features(critic, torch.zeros(1, 3, side, side))
        neighbours = neighbours if told.shape[1] == len(neighbours.mean) else None
    return Insight(critic, company_of(generator, critic), _or_none(opinions_in, folder), neighbours)


def _or_none(read: Callable[[Path], Found], folder: Path) -> Found | None:
    try:
        return read(folder)
    except UserError:
        return None
