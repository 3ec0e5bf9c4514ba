"""What suits a stranger's pictures, from number and sizes alone: size and fit; of a generator batch and budget, too."""

import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gan.config import DIFFAUGMENT, TrainConfig
from gan.errors import UserError

LEAST = 10  # pictures
MOST_CUT = 0.5  # of the pictures' area, as of 2:1 figures: from there on a white square keeps all of it
NEARLY = 0.05  # a picture that loses no more to the middle square is nearly one


class Row(NamedTuple):
    """What a number of pictures calls for."""

    below: float  # this row is for fewer pictures than that
    batch_size: int  # at most
    augment: str
    images: int
    batch_why: str
    augment_why: str


ALL = ",".join(DIFFAUGMENT)
TABLE = (
    Row(100, 16, ALL, 100_000, "so few pictures fill small batches alone", "else D learns so few by heart"),
    Row(3_000, 32, ALL, 300_000, "32 at most, as for the 819 Pokémon", "else D learns so few by heart"),
    Row(50_000, 64, ALL, 600_000, "64 at most, as for the 36,000 faces", "it still helps at this number"),
    Row(math.inf, 64, "color,translation", 1_000_000, "64 at most, as for the 36,000 faces", "so many need no cutout"),
)


class Size(NamedTuple):
    """What pictures of some size call for: fields of TrainConfig, and the reason for all of them."""

    side: int  # pixels that half of the pictures have at least
    fields: dict[str, int]
    why: str  # "": the pictures are too small for more


# Task -> sizes, the largest first; the last is for pictures smaller than that, too.
SIZES = {
    "generate": (
        Size(64, {"image_size": 64}, "the default; 128 takes four times as long"),
        Size(32, {"image_size": 32}, ""),
    ),
    "colorize": (
        Size(128, {"image_size": 128}, "the default"),
        Size(64, {"image_size": 64}, ""),
    ),
    "upscale": (
        Size(256, {"image_size": 64, "scale": 4}, "the default: as generators draw, to 256 pixels"),
        Size(128, {"image_size": 64, "scale": 2}, ""),
        Size(64, {"image_size": 32, "scale": 2}, ""),
    ),
}


class Start(NamedTuple):
    """A bundled checkpoint whose networks a training may begin with."""

    checkpoint: str
    fields: dict[str, int | str]  # of the trainings that can, fields of TrainConfig
    what: str

    def fits(self, config: TrainConfig) -> bool:
        """Return whether it is there, seen from the working folder, and its networks are those that are asked for."""
        same = all(getattr(config, name) == value for name, value in self.fields.items())
        return same and Path(self.checkpoint).is_dir()

    def text(self) -> str:
        """Return the advice for people."""
        return f"to begin with {self.what} Pokémon already: --init-from {self.checkpoint}; the card will say so"


DRAWING: dict[str, int | str] = {"image_size": 64, "base_channels": 64, "d_norm": "none", "minibatch_std": True}
# Task -> the checkpoint to begin with.
STARTS = {
    "generate": Start("checkpoints/pokemon", DRAWING, "networks that draw"),
    "colorize": Start("checkpoints/pokemon-colorize", {"base_channels": 32}, "a network that colours"),
    "upscale": Start("checkpoints/pokemon-upscale", {"base_channels": 32, "scale": 4}, "a network that enlarges"),
}
TOO_SMALL = "half of them are at most {side} pixels a side; enlarging them teaches nothing"


class Choice(NamedTuple):
    """A value and the reason for it, in half a sentence."""

    value: int | str
    why: str

    def text(self) -> str:
        """Return both for people."""
        return f"{self.value:_}: {self.why}" if isinstance(self.value, int) else f"{self.value}: {self.why}"


def choose(sizes: Sequence[tuple[int, int]], fit: str | None = None, task: str = "generate") -> dict[str, Choice]:
    """Return fields of TrainConfig for a task's pictures of these sizes, (width, height) in pixels.

    `fit` is the one that is settled, if any: the image size follows it. Raises UserError for fewer than LEAST.
    """
    count = len(sizes)
    if count < LEAST:
        raise UserError(
            f"{count} different picture{'s are' if count != 1 else ' is'} too few: a GAN learns what many pictures "
            f"have in common, and from fewer than {LEAST} it can only copy; add more, hundreds if you can"
        )
    fitting = best_fit(sizes)
    size = {**image_size(sizes, fit or str(fitting.value), task), "fit": fitting}
    if task != "generate":
        return size
    row = next(row for row in TABLE if count < row.below)
    return {
        "batch_size": Choice(batch_size(count, row), row.batch_why),
        "augment": Choice(row.augment, row.augment_why),
        **size,
        "images": Choice(
            row.images, f"each picture {row.images // count:,} times; --resume with other --images changes that"
        ),
    }


def batch_size(count: int, row: Row) -> int:
    """Return the largest size, the row's at most, that fills half of the last batch: one picture makes a poor step."""
    return next(size for size in range(min(row.batch_size, count), 0, -1) if (count % size or size) >= size / 2)


def best_fit(sizes: Sequence[tuple[int, int]]) -> Choice:
    """Return "pad" where the middle square would cut off too much of the pictures, on average, else "crop"."""
    cut = [1 - min(size) / max(size) for size in sizes]
    share = statistics.fmean(cut)
    if share >= MOST_CUT:
        return Choice("pad", f"the middle square would cut off {share:.0%} of a picture, on average")
    if max(cut) <= NEARLY:
        return Choice("crop", "every picture is square, or nearly so")
    return Choice("crop", f"the middle square cuts off {share:.0%} of a picture, on average")


def image_size(sizes: Sequence[tuple[int, int]], fit: str, task: str) -> dict[str, Choice]:
    """Return the task's largest size that half of the pictures fill, by the side that fills the square."""
    side = statistics.median_low(max(size) if fit == "pad" else min(size) for size in sizes)
    row = next((row for row in SIZES[task] if side >= row.side), SIZES[task][-1])
    return {name: Choice(value, row.why or TOO_SMALL.format(side=side)) for name, value in row.fields.items()}
