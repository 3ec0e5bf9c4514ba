"""What networks can learn from a folder of pictures, a row of TASKS each. Plain data, no torch."""

from typing import NamedTuple


class Row(NamedTuple):
    """One task of the one training loop."""

    network: str  # what it trains, in words
    home: str  # the module whose TASK says how
    holds_out: bool  # whether some pictures are kept from training, to be measured on


TASKS = {
    "generate": Row("a generator of pictures", "gan.training.generate", holds_out=False),
    "colorize": Row("a network that colours drawings", "gan.translation.coloring", holds_out=True),
    "upscale": Row("a network that enlarges pictures", "gan.translation.enlarging", holds_out=True),
}
