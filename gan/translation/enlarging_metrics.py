"""What is measured of a network that enlarges pictures, a row of METRICS each, beside the usual ways."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from gan.metrics import Metric, kid, kid_row, speed
from gan.translation import measures
from gan.translation.baselines import ENLARGERS
from gan.translation.measures import mean

FLOOR = ("kid", "count")
NETWORK = "network"  # its name among the ways to enlarge
EXPLAINED = (
    "KID is that of large pictures: of real ones that were kept from training, reduced and brought back, and of a "
    "generator's pictures enlarged, each against real ones trained on; PSNR and Lab are against the real ones "
    "themselves. ± is one standard error. lanczos is sharpened, anime4k is pyanime4k's acnet-gan. Consistency is how "
    "far an enlarged picture, reduced again, is from the small one."
)


class Way(NamedTuple):
    """How one way of enlarging answers."""

    results: Sequence[np.ndarray]  # real pictures brought back, uint8 (H, W, 3)
    features: Tensor  # of these, (N, F)
    of_generated: Tensor | None  # features of generated pictures enlarged, where there is a generator


class Evidence(NamedTuple):
    """All that the rows look at."""

    pictures: Sequence[np.ndarray]  # kept from training, uint8 (H, W, 3)
    ways: Mapping[str, Way]  # NETWORK and the ENLARGERS that are installed
    real: Tensor  # features of the pictures trained on
    off: tuple[float, float]  # the largest and the mean difference of a result reduced again, of 255
    milliseconds: float
    threads: int


def _suffix(way: str) -> str:
    return "" if way == NETWORK else f"_{way}"


def _title(what: str, way: str) -> str:
    return what if way == NETWORK else f"{what}, {way}"


def _kid_row(way: str, generated: bool) -> Metric:
    """Return the row of a way's KID, on generated pictures or on real ones brought back."""
    name = "kid_generated" if generated else "kid_train"
    error = "kid_generated_standard_error" if generated else "kid_standard_error"
    key, error = name + _suffix(way), error + _suffix(way)
    what = "generated pictures" if generated else "real pictures"

    def function(seen: Evidence) -> tuple[float, float] | None:
        fake = way in seen.ways and (seen.ways[way].of_generated if generated else seen.ways[way].features)
        return kid(seen.real, fake) if isinstance(fake, Tensor) else None

    ours = way == NETWORK
    title = _title(f"KID × 1000 of {what}", way)
    return kid_row(function, key, error, title, hub={key: "kid"} if ours else {}, required=ours and not generated)


def _row(key: str, title: str, digits: int, each: Callable[[np.ndarray, np.ndarray], float | None], way: str) -> Metric:
    """Return the row of a way's mean of a figure of each result and its real picture."""
    name = key + _suffix(way)

    def function(seen: Evidence) -> float | None:
        if way not in seen.ways:
            return None
        return mean(each(*pair) for pair in zip(seen.ways[way].results, seen.pictures, strict=True))

    return Metric(function, {name: digits}, lambda line: (_title(title, way), f"{line[name]:.1f}"))


def _lab_error(result: np.ndarray, picture: np.ndarray) -> float | None:
    return measures.lab_error(result, picture, np.ones(picture.shape[:2], bool))


WAYS = (NETWORK, *ENLARGERS)
METRICS = (
    *(_kid_row(way, generated=True) for way in WAYS),
    *(_kid_row(way, generated=False) for way in WAYS),
    *(_row("psnr", "PSNR of real pictures, dB", 2, measures.psnr, way) for way in WAYS),
    *(_row("lab_error", "off the real pictures, in Lab", 2, _lab_error, way) for way in WAYS),
    Metric(
        lambda seen: seen.off,
        {"consistency_largest": 2, "consistency_mean": 3},
        lambda line: (
            "consistency, of 255",
            f"{line['consistency_largest']:.1f} at most, {line['consistency_mean']:.2f} on average",
        ),
    ),
    speed("one picture enlarged"),
)


def counts(line: dict[str, Any]) -> dict[str, str]:
    """Return in words what a line was measured on, and its floor."""
    floor = line["floor"]
    made = f"{line['enlarged']:,} generated, " if isinstance(line.get("enlarged"), int) else ""
    return {
        "pictures": f"{made}{line['generated']:,} real brought back, {line['real']:,} real to compare with",
        "the real ones as they are against the others": f"KID × 1000 {floor['kid']:.1f}",
    }
