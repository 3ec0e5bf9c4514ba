"""What suits a stranger's pictures: batch, augmentation, image size, fit and budget, from number and sizes alone."""

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from gan.config import TRANSFORMS
from gan.errors import UserError

LEAST = 10  # pictures
IMAGE_SIZE = 64  # 128 is for those who ask for it: four times the work
SMALL_SIZE = 32  # for icons: enlarging them teaches nothing
MOST_CUT = 0.5  # of the pictures' area, as of 2:1 figures: from there on a white square keeps all of it
NEARLY = 0.05  # a picture that loses no more to the middle square is nearly one
FEW = 100  # below it, all batches of an epoch are of nearly one size: a picture alone makes a poor step


class Row(NamedTuple):
    """What a number of pictures calls for."""

    below: float  # this row is for fewer pictures than that
    batch_size: int  # at most
    augment: str
    images: int
    batch_why: str
    augment_why: str


ALL = ",".join(TRANSFORMS)
TABLE = (
    Row(FEW, 16, ALL, 100_000, "so few pictures fill small batches alone", "else D learns so few by heart"),
    Row(3_000, 32, ALL, 300_000, "as for the 819 Pokémon", "else D learns so few by heart"),
    Row(50_000, 64, ALL, 600_000, "as for the 36,000 faces", "it still helps at this number"),
    Row(math.inf, 64, "color,translation", 1_000_000, "as for the 36,000 faces", "so many need no cutout"),
)


class Choice(NamedTuple):
    """A value and the reason for it, in half a sentence."""

    value: int | str
    why: str

    def text(self) -> str:
        """Return both for people."""
        return f"{self.value:_}: {self.why}" if isinstance(self.value, int) else f"{self.value}: {self.why}"


def choose(sizes: Sequence[tuple[int, int]], fit: str | None = None) -> dict[str, Choice]:
    """Return fields of TrainConfig for pictures of these sizes, (width, height) in pixels.

    `fit` is the one that is settled, if any: the image size follows it. Raises UserError for fewer than LEAST.
    """
    count = len(sizes)
    if count < LEAST:
        raise UserError(
            f"{count} different picture{'s are' if count != 1 else ' is'} too few: a GAN learns what many pictures "
            f"have in common, and from fewer than {LEAST} it can only copy; add more, hundreds if you can"
        )
    row = next(row for row in TABLE if count < row.below)
    fitting = best_fit(sizes)
    return {
        "batch_size": Choice(batch_size(count, row), row.batch_why),
        "augment": Choice(row.augment, row.augment_why),
        "image_size": image_size(sizes, fit or str(fitting.value)),
        "fit": fitting,
        "images": Choice(row.images, f"each picture {row.images // count:,} times; --resume goes on with more"),
    }


def batch_size(count: int, row: Row) -> int:
    """Return the row's batch size; for few pictures, that of the fewest equal batches that are no larger."""
    return math.ceil(count / math.ceil(count / row.batch_size)) if count < FEW else row.batch_size


def best_fit(sizes: Sequence[tuple[int, int]]) -> Choice:
    """Return "pad" where the middle square would cut off too much of the pictures, on average, else "crop"."""
    cut = [1 - min(size) / max(size) for size in sizes]
    share = statistics.fmean(cut)
    if share >= MOST_CUT:
        return Choice("pad", f"the middle square would cut off {share:.0%} of a picture, on average")
    if max(cut) <= NEARLY:
        return Choice("crop", "every picture is square, or nearly so")
    return Choice("crop", f"the middle square cuts off {share:.0%} of a picture, on average")


def image_size(sizes: Sequence[tuple[int, int]], fit: str) -> Choice:
    """Return the default, or less where half of the pictures are too small for it: the side that fills the square."""
    side = statistics.median_low(max(size) if fit == "pad" else min(size) for size in sizes)
    if side < IMAGE_SIZE:
        return Choice(SMALL_SIZE, f"half of them are at most {side} pixels a side; enlarging them teaches nothing")
    return Choice(IMAGE_SIZE, "the default; 128 takes four times as long")
