"""What measuring any network shares: whom and on what, the pictures it was not trained on, real features, the clock."""

import hashlib
import io
import statistics
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from tqdm import tqdm

from gan.data import holdout
from gan.data.datasets import DATASETS
from gan.data.download import own_copy
from gan.data.scan import Pictures, read_pictures
from gan.errors import UserError, printable
from gan.files import cache_folder, write_atomically
from gan.metrics import Extractor, kid

BATCH = 32  # pictures at a time through the extractor
LEAST = 50  # pictures on either side: fewer say nothing
LEAST_HELD_OUT = 2  # these are few, and each is looked at in several ways
TIMED = 20  # calls, of which the median counts
SQUARE = {"crop": "middle square to the model's size", "pad": "whole in a {} square of the model's size"}  # by fit
RESIZE = "from there to 299 pixels, bilinear as in TensorFlow 1"


class Subject(NamedTuple):
    """A network to be measured, and what its folder says of it now: a run that goes on replaces its files."""

    folder: Path
    name: str  # of the file, inside its folder
    task: str
    network: Any
    weights: str  # digest of the file
    age: dict[str, int]  # epoch and images_seen, as far as they are known
    fit: str
    dataset: str  # what it was trained on; "" where that is not known
    trained_on: str | None  # the fingerprint of these pictures, likewise
    keep_repeats: bool = False
    background: str = "white"  # behind transparency and padding

    def pictures(self, source: Path) -> Pictures:
        """Return real pictures as the network saw its own."""
        side = self.network.image_size * getattr(self.network, "scale", 1)
        return read_pictures(source, side, fit=self.fit, background=self.background, keep_repeats=self.keep_repeats)


@dataclass(frozen=True)
class Asked:
    """What is to be measured on."""

    data: Path
    count: int | None  # pictures to be made; None: as many as the task takes
    real_count: int  # real pictures at most
    generator: str = ""  # whose pictures are to be enlarged; "": none's


class Exam(ABC):
    """The measuring of one task, on one set of pictures, of any number of networks of one size."""

    @abstractmethod
    def __init__(self, subject: Subject, asked: Asked, extract: Extractor) -> None:
        """Read the pictures, and measure what every network is compared with; raise UserError where that is not so."""

    @abstractmethod
    def line(self, subject: Subject) -> dict[str, Any]:
        """Return what metrics.jsonl says of a network, but for its weights, its age and the time it took."""


def resize(fit: str, background: str = "white") -> str:
    """Return in words how real pictures come to Inception."""
    behind = "" if background == "white" else f", transparency on {background}"
    return f"{SQUARE[fit].format(background)}{behind}; {RESIZE}"


def refuse_few(count: int, least: int = LEAST) -> None:
    """Raise UserError where so many pictures say nothing."""
    if count < least:
        raise UserError(f"--count {count}: {least} pictures are the least that say anything")


def split(subject: Subject, asked: Asked) -> tuple[Pictures, Pictures]:
    """Return the pictures that a network was trained on and those that were kept from it, at most `asked.count`.

    Raises UserError where the data is other than it was trained on, since nobody knows then what it has seen, and where
    there is too little of it.
    """
    if subject.dataset not in DATASETS:
        raise UserError(f"{subject.folder}: was trained on {printable(subject.dataset)!r}, which is no data set known")
    source = own_copy(subject.dataset, asked.data)
    pictures = subject.pictures(source)
    if subject.trained_on != pictures.fingerprint:
        raise UserError(
            f"{asked.data}: holds other pictures than {subject.name} was trained on, so that nobody knows which of "
            "them it has not seen; give the data of its training"
        )
    rest, kept = holdout.split(subject.dataset, pictures.names, pictures.order)
    if len(rest) < LEAST:
        raise UserError(f"{asked.data}: holds {len(rest)} pictures to measure against; {LEAST} are the least")
    wanted = len(kept) if asked.count is None else min(asked.count, len(kept))
    refuse_few(wanted, LEAST_HELD_OUT)
    return pictures.rows(rest), pictures.rows([kept[place] for place in evenly(len(kept), wanted)])


def evenly(count: int, wanted: int) -> list[int]:
    """Return `wanted` of the places 0 to count - 1, spread evenly; all of them where they are no more."""
    return torch.linspace(0, count - 1, min(count, wanted)).round().long().tolist()


def features(extract: Extractor, images: Tensor, what: str) -> Tensor:
    """Return the features of pictures uint8 (N, 3, H, W), kept on this machine under their own content."""
    content = hashlib.sha256(images.numpy().tobytes()).hexdigest()
    return kept_features(extract, lambda: images.split(BATCH), len(images), what, content)


def kept_features(
    extract: Extractor, batches: Callable[[], Iterable[Tensor]], count: int, what: str, *named_by: object
) -> Tensor:
    """Return the features of `count` pictures in batches, kept on this machine under what they are named by."""
    key = hashlib.sha256(" ".join(map(str, (*named_by, count, extract.name))).encode())
    cache = cache_folder() / f"{key.hexdigest()[:24]}.pt"
    with suppress(Exception):  # it is not there, or damaged, which torch tells in a dozen ways
        return torch.load(cache, weights_only=True)
    found = extract(shown(batches(), count, what))
    buffer = io.BytesIO()
    torch.save(found, buffer)
    try:
        write_atomically(cache, buffer.getvalue())
    except UserError as error:
        print(f"{error}; measuring goes on, and the next time computes this anew", file=sys.stderr)
    return found


def shown(batches: Iterable[Any], count: int, what: str) -> Iterator[Any]:
    """Yield the batches with a progress bar over pictures on standard error."""
    with tqdm(total=count, unit="picture", desc=what, leave=False) as bar:
        for batch in batches:
            yield batch
            bar.update(len(batch))


def floor_kid(real: Tensor, kept: Tensor) -> dict[str, float]:
    """Return what a perfect network would get: the real pictures kept from training against those trained on."""
    return {"kid": round(kid(real, kept)[0], 3), "count": len(kept)}


def milliseconds(call: Callable[[], object]) -> float:
    """Return how long a call takes: the median of TIMED, behind two to warm up."""
    times = []
    for _ in range(TIMED + 2):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times[2:])
