"""What networks can learn from a folder of pictures, a row of TASKS each. Plain data, no torch."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One task of the one training loop."""

    network: str  # what it trains, in words
    home: str  # the module whose TASK says how
    holds_out: bool  # whether some pictures are kept from training, to be measured on
    picture_size: Callable[[Any], int]  # pixels a side of the pictures that it reads, of a TrainConfig


TASKS = {
    "generate": Row(
        "a generator of pictures",
        "gan.training.generate",
        holds_out=False,
        picture_size=lambda config: config.image_size,
    ),
    "colorize": Row(  # read larger, so that zooming in by a quarter stays sharp
        "a network that colours drawings",
        "gan.translation.coloring",
        holds_out=True,
        picture_size=lambda config: config.image_size * 5 // 4,
    ),
    "upscale": Row(
        "a network that enlarges pictures",
        "gan.translation.enlarging",
        holds_out=True,
        picture_size=lambda config: config.image_size * config.scale,
    ),
}
