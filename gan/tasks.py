"""What networks can learn from a folder of pictures, a row of TASKS each. Plain data, no torch."""

from collections.abc import Callable
from typing import Any, NamedTuple


class TaskRow(NamedTuple):
    """One task of the one training loop."""

    network: str  # what it trains, in words
    home: str  # the module whose TASK says how
    exam: str  # the module whose Exam measures it
    metrics: str  # the module whose METRICS are what is measured
    show: str  # what to do with a checkpoint of it
    holds_out: bool  # whether some pictures are kept from training, to be measured on
    shows_reals: bool  # whether its sample grids show real pictures, so that they stay on this machine
    picture_size: Callable[[Any], int]  # pixels a side of the pictures that it reads, of a TrainConfig


TASKS = {
    "generate": TaskRow(
        "a generator of pictures",
        "gan.training.generate",
        "gan.generated",
        "gan.metrics",
        "show it with python app.py --checkpoint FOLDER",
        holds_out=False,
        shows_reals=False,
        picture_size=lambda config: config.image_size,
    ),
    "colorize": TaskRow(  # read larger, so that zooming in by a quarter stays sharp
        "a network that colours drawings",
        "gan.translation.coloring",
        "gan.translation.coloring_exam",
        "gan.translation.coloring_metrics",
        "colour with python -m gan.translation.colorize DRAWING RESULT --checkpoint FOLDER",
        holds_out=True,
        shows_reals=False,  # drawings of them, and what became of these
        picture_size=lambda config: config.image_size * 5 // 4,
    ),
    "upscale": TaskRow(
        "a network that enlarges pictures",
        "gan.translation.enlarging",
        "gan.translation.enlarging_exam",
        "gan.translation.enlarging_metrics",
        "its card says how to enlarge with it from Python",
        holds_out=True,
        shows_reals=True,
        picture_size=lambda config: config.image_size * config.scale,
    ),
}
