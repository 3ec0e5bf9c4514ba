"""What is measured of a network that colours drawings, a row of METRICS each, beside flood fill."""

import statistics
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from gan.metrics import Metric, kid, kid_row, speed
from gan.translation import measures
from gan.translation.measures import mean

FLOOR = ("kid", "count")
WHITE = 250  # the least, of 255, that an outside is on average where it counts as white
EXPLAINED = (
    "On pictures that were kept from training, drawn in every style, coloured with hints and a palette of their own "
    "colours unless it says otherwise; against them stands flood fill: each enclosed region in one colour, from the "
    "same hints and palette, between the lines as they are drawn. ± is one standard error; differences in Lab are "
    "CIE76, of which 2 is just seen."
)


class Trial(NamedTuple):
    """A drawing of a real picture, and what is asked for: (H, W, 3) and (H, W), uint8, masks bool."""

    picture: np.ndarray
    inside: np.ndarray
    drawing: np.ndarray
    hints: np.ndarray
    mask: np.ndarray
    palette: np.ndarray  # (5, 3)
    others: Sequence[np.ndarray]  # palettes of other pictures, where proposals are asked for


class Answers(NamedTuple):
    """How one way of colouring answers the trials: pictures uint8 (H, W, 3)."""

    given: Sequence[np.ndarray]  # a picture a trial, with hints and palette
    bare: Sequence[np.ndarray]  # with lines alone
    proposals: Sequence[Sequence[np.ndarray]]  # for the first trials: a picture for each of their other palettes
    features: Tensor  # of `given`, (N, F)
    shown: Tensor  # features of the same as people see them, the drawn lines over the colours


class Evidence(NamedTuple):
    """All that the rows look at."""

    trials: Sequence[Trial]
    pictures: int  # each is drawn as often; the first trials are one drawing of each
    network: Answers
    flood_fill: Answers
    perfect: Tensor  # features of the real pictures under the drawn lines, as perfect colours would be seen
    real: Tensor  # features of the pictures trained on
    milliseconds: float
    threads: int


Value = float | None


def _kid(seen: Evidence, features: Tensor) -> tuple[float, float]:
    """Return the mean KID of the rounds, and the error of one: KID wants pictures that do not depend on each other,
    and drawings of one picture are much alike.
    """
    rounds = [kid(seen.real, part) for part in features.split(seen.pictures)]
    return statistics.fmean(value for value, _ in rounds), rounds[0][1]


def _of_both(function: Callable[[Evidence, Answers], Value]) -> Callable[[Evidence], tuple[Value, Value]]:
    """Return the function of the network's answers and of flood fill's."""
    return lambda seen: (function(seen, seen.network), function(seen, seen.flood_fill))


def _hint_error(seen: Evidence, answers: Answers) -> Value:
    pairs = zip(answers.given, seen.trials, strict=True)
    return mean(measures.hint_error(result, trial.drawing, trial.hints, trial.mask) for result, trial in pairs)


def _lab_error(seen: Evidence, answers: Answers) -> Value:
    pairs = zip(answers.given, seen.trials, strict=True)
    return mean(measures.lab_error(result, trial.picture, trial.inside) for result, trial in pairs)


def _line_recall(seen: Evidence, answers: Sequence[np.ndarray]) -> Value:
    pairs = zip(answers, seen.trials, strict=True)
    return mean(measures.line_recall(result, trial.drawing) for result, trial in pairs)


def _colourfulness(seen: Evidence) -> Value:
    pairs = zip(seen.network.bare, seen.trials, strict=True)
    ours = mean(measures.colourfulness(result, trial.inside) for result, trial in pairs)
    real = mean(measures.colourfulness(trial.picture, trial.inside) for trial in seen.trials)
    return ours / real if ours is not None and real else None


def _outside_white(seen: Evidence, answers: Answers) -> Value:
    pairs = zip(answers.given, seen.trials, strict=True)
    levels = (measures.outside_level(result, trial.drawing, trial.inside) for result, trial in pairs)
    return mean(None if level is None else float(level > WHITE) for level in levels)


def _palette_distance(seen: Evidence, answers: Answers) -> Value:
    return mean(
        measures.palette_distance(result, trial.inside, trial.drawing, palette)
        for results, trial in zip(answers.proposals, seen.trials[: seen.pictures], strict=True)
        for result, palette in zip(results, trial.others, strict=True)
    )


def _real_palette_distance(seen: Evidence) -> Value:
    return mean(
        measures.palette_distance(trial.picture, trial.inside, trial.drawing, trial.palette)
        for trial in seen.trials[: seen.pictures]
    )


def _variety(seen: Evidence, answers: Answers) -> Value:
    pairs = zip(answers.proposals, seen.trials[: seen.pictures], strict=True)
    return mean(measures.variety(results, trial.inside) for results, trial in pairs)


def _bleed(seen: Evidence) -> Value:
    pairs = zip(seen.network.given, seen.trials, strict=True)
    ours = mean(measures.variance_within(result, trial.drawing) for result, trial in pairs)
    real = mean(measures.variance_within(trial.picture, trial.drawing) for trial in seen.trials)
    return ours / real if ours is not None and real else None


def _beside(title: str, key: str) -> Callable[[dict[str, Any]], tuple[str, str]]:
    """Return the words of a figure with flood fill's beside it."""
    return lambda line: (title, f"{line[key]:.1f} (flood fill {line[f'{key}_flood_fill']:.1f})")


METRICS = (
    kid_row(
        lambda seen: _kid(seen, seen.network.features),
        "kid_train",
        "kid_standard_error",
        "KID × 1000",
        hub={"kid_train": "kid"},
        required=True,
    ),
    kid_row(
        lambda seen: _kid(seen, seen.network.shown),
        "kid_lines_kept",
        "kid_lines_kept_standard_error",
        "KID × 1000 with the drawn lines over the colours",
    ),
    kid_row(
        lambda seen: _kid(seen, seen.perfect),
        "kid_lines_kept_perfect",
        "kid_perfect_standard_error",
        "KID × 1000 of the real pictures under the drawn lines, as perfect colours would have",
    ),
    kid_row(
        lambda seen: _kid(seen, seen.flood_fill.features),
        "kid_train_flood_fill",
        "kid_flood_fill_standard_error",
        "KID × 1000 of flood fill",
    ),
    Metric(
        _of_both(_hint_error),
        {"hint_error": 2, "hint_error_flood_fill": 2},
        _beside("off the colours hinted at, of 255", "hint_error"),
    ),
    Metric(
        _of_both(_lab_error),
        {"lab_error": 2, "lab_error_flood_fill": 2},
        _beside("off the real colours, in Lab", "lab_error"),
    ),
    Metric(
        lambda seen: (
            *(_line_recall(seen, answers.given) for answers in (seen.network, seen.flood_fill)),
            _line_recall(seen, [trial.picture for trial in seen.trials]),
        ),
        {"line_recall": 4, "line_recall_flood_fill": 4, "line_recall_real": 4},
        lambda line: (
            "share of the ink that is a line in the result",
            f"{line['line_recall']:.2f} (flood fill {line['line_recall_flood_fill']:.2f}, "
            f"in the real pictures {line['line_recall_real']:.2f})",
        ),
    ),
    Metric(
        _colourfulness,
        {"colourfulness": 4},
        lambda line: ("colourfulness over that of real pictures, from lines alone", f"{line['colourfulness']:.2f}"),
    ),
    Metric(
        _of_both(_outside_white),
        {"outside_white": 4, "outside_white_flood_fill": 4},
        lambda line: (
            "pictures whose outside stays white",
            f"{line['outside_white']:.1%} (flood fill {line['outside_white_flood_fill']:.1%})",
        ),
    ),
    Metric(
        lambda seen: (*_of_both(_palette_distance)(seen), _real_palette_distance(seen)),
        {"palette_distance": 2, "palette_distance_flood_fill": 2, "palette_distance_real": 2},
        lambda line: (
            "off another picture's palette, in Lab",
            f"{line['palette_distance']:.1f} (flood fill {line['palette_distance_flood_fill']:.1f}, "
            f"real pictures off their own {line['palette_distance_real']:.1f})",
        ),
    ),
    Metric(
        _of_both(_variety),
        {"variety": 2, "variety_flood_fill": 2},
        _beside("between proposals of four palettes, in Lab", "variety"),
    ),
    Metric(
        _bleed,
        {"bleed": 4},
        lambda line: ("colours' variance inside enclosed regions over that of real pictures", f"{line['bleed']:.2f}"),
    ),
    speed("one drawing coloured"),
)


def counts(line: dict[str, Any]) -> dict[str, str]:
    """Return in words what a line was measured on, and its floor."""
    floor = line["floor"]
    return {
        "pictures": f"{line['generated']:,} drawings of {floor['count']:,} pictures, {line['real']:,} real",
        "the real ones of these drawings against the others": f"KID × 1000 {floor['kid']:.1f}",
    }
