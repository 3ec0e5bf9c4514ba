"""What a run writes for people to see: history, sample grids, real pictures; and how many it keeps."""

import json
import math
import os
from collections.abc import Iterable
from contextlib import nullcontext, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import Tensor

from gan import metrics
from gan.errors import UserError
from gan.files import entries, is_there, write_atomically
from gan.images import encode_png, encode_webp, make_grid, side_by_side
from gan.tasks import TASKS

HISTORY_FILE = "history.jsonl"
ITERATIONS_FILE = "iterations.jsonl"
LOG_FILE = "log.txt"
METRICS_FILE = "metrics.jsonl"
NEIGHBOURS_FILE = "neighbours.safetensors"
OPINION_FILE = "opinion.json"
PICTURES_FILE = "pictures.json"  # where the training pictures lie on this machine, which it never leaves
SAMPLES = "samples"
SNAPSHOTS = "snapshots"
GRIDS = "grids"  # what SAMPLES has, as PNG, where that is asked for
SUFFIXES = {SAMPLES: "webp", SNAPSHOTS: "safetensors", GRIDS: "png"}
REALS_FILE = "reals.webp"
CHART_FILE = "losses.png"
FIGURE_FILE = "figure.png"
MAX_ITERATIONS = 2_000  # whose losses are kept, evenly over the run
MAX_SAMPLES = 60
MAX_SNAPSHOTS = 8  # of a run; a published folder holds fewer
MAX_LINES_BYTES = 16_000_000  # that are read of a file of lines, from its end; a line of history has some 250
# Of a line of history: what no other training has to five digits.
FOOTPRINT = ("epoch", "images_seen", "loss_d", "loss_g", "d_real", "d_fake_before", "d_fake_after")
# Of a line of metrics.jsonl: what must be equal for two lines to compare.
PROTOCOL = ("task", "generated", "real", "data", "extractor", "resize")


def read_history(folder: str | Path) -> list[dict[str, Any]]:
    """Return the lines of history.jsonl that tell of an epoch, oldest first; none if there is no such file.

    Of a history of more than MAX_LINES_BYTES, some 60,000 epochs, these are the last ones.
    """
    return [line for line in _read_lines(Path(folder, HISTORY_FILE)) if isinstance(line.get("epoch"), int)]


def footprint(line: dict[str, Any]) -> list[Any]:
    """Return what tells a line of history from those of every other training, as a config.json can hold it."""
    return [line.get(key) for key in FOOTPRINT]


def read_iterations(folder: str | Path) -> list[dict[str, Any]]:
    """Return the lines of iterations.jsonl, which have iteration, loss_d and loss_g; none if there is no such file."""
    lines = _read_lines(Path(folder, ITERATIONS_FILE))
    return [line for line in lines if all(is_figure(line.get(name)) for name in ("iteration", "loss_d", "loss_g"))]


def read_metrics(folder: str | Path) -> list[dict[str, Any]]:
    """Return the lines of metrics.jsonl that are measurements, oldest first; none if there is no such file.

    A line is one if it has the figures of every metric that is required; others it may have or lack.
    """
    return [line for line in _read_lines(Path(folder, METRICS_FILE)) if _is_measurement(line)]


def rows_of(line: dict[str, Any]) -> Any:
    """Return the module with the METRICS of a line's task, and what is said of them; one unknown raises KeyError."""
    return import_module(TASKS[line.get("task", "generate")].metrics)


def _is_measurement(line: dict[str, Any]) -> bool:
    if line.get("task", "generate") not in list(TASKS):  # a list: what no dictionary could hold is not in it, either
        return False
    rows, floor = rows_of(line), line.get("floor")
    values = [line.get(name) for name in ("generated", "real")]
    values += [floor.get(name) for name in rows.FLOOR] if isinstance(floor, dict) else [None]
    ages = [line.get(name, 0) for name in ("epoch", "images_seen")]
    plain = all(isinstance(age, int) for age in ages) and isinstance(line.get("weights", ""), str)
    whole = all(_holds(line, metric) for metric in rows.METRICS if metric.required)
    return plain and whole and all(map(is_figure, [*values, *ages]))


def metrics_in(line: dict[str, Any]) -> list[metrics.Metric]:
    """Return the metrics whose figures the line has: an older line lacks newer metrics."""
    return [metric for metric in rows_of(line).METRICS if _holds(line, metric)]


def _holds(line: dict[str, Any], metric: metrics.Metric) -> bool:
    return all(is_figure(line.get(metrics.key_in(line, key))) for key in metric.digits)


def is_figure(value: Any) -> bool:
    """Whether this is a finite number, and one that JavaScript can hold."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53


def same_protocol(lines: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return the measurements in groups whose figures compare with one another, in the order of their first lines."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        groups.setdefault(json.dumps([line.get(name) for name in PROTOCOL]), []).append(line)
    return list(groups.values())


def _read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the JSON objects of a file of lines; other lines, such as one cut off by a crash, are passed over.

    A file that cannot be read raises UserError.
    """
    if not (is_there(path) and path.is_file()):
        return []
    lines = []
    try:
        with open(path, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - MAX_LINES_BYTES))
            content = file.read(MAX_LINES_BYTES)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    for text in content.decode("utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict):
            lines.append(line)
    return lines


def write_history(folder: str | Path, lines: list[dict[str, Any]]) -> None:
    """Replace history.jsonl by these lines; where it holds them already it keeps its time, of the last epoch's end."""
    path = Path(folder, HISTORY_FILE)
    if not path.is_file() or read_history(folder) != lines:
        _write_lines(path, lines)


def write_iterations(folder: str | Path, lines: list[dict[str, Any]]) -> None:
    """Replace iterations.jsonl by these lines."""
    _write_lines(Path(folder, ITERATIONS_FILE), lines)


def write_metrics(folder: str | Path, lines: list[dict[str, Any]]) -> None:
    """Replace metrics.jsonl by these lines."""
    _write_lines(Path(folder, METRICS_FILE), lines)


def _write_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    write_atomically(path, "".join(json.dumps(line) + "\n" for line in lines).encode())


def kept_epochs(last: int, limit: int) -> set[int]:
    """Return the epochs of 1 to `last` to keep a file of: the first, the last, and an even spread between.

    The stride is a power of two, so that what a longer run keeps is part of what a shorter one kept.
    """
    stride = 1
    while last // stride + 2 > limit:
        stride *= 2
    return {epoch for epoch in (1, *range(stride, last + 1, stride), last) if epoch >= 1}


def thinned(epochs: Iterable[int], limit: int) -> list[int]:
    """Return at most `limit` of these epochs, in order: where they are crowded they go, the first and last never."""
    kept = sorted(epochs)
    while len(kept) > limit:
        gaps = [later - earlier for earlier, later in zip(kept, kept[2:], strict=False)]
        del kept[gaps.index(min(gaps)) + 1]
    return kept


def epoch_file(folder: str | Path, kind: str, epoch: int) -> Path:
    """Return the path of an epoch's file of a kind, one of SUFFIXES."""
    return Path(folder, kind, f"epoch-{epoch:04d}.{SUFFIXES[kind]}")


def list_epochs(folder: str | Path, kind: str) -> dict[int, Path]:
    """Return the sample grids or snapshots in the folder by epoch, in order; raise UserError where one may not look."""
    found = {}
    for path in entries(Path(folder, kind)):
        number = path.stem.removeprefix("epoch-")
        if number.isdecimal() and path == epoch_file(folder, kind, int(number)):
            found[int(number)] = path
    return dict(sorted(found.items()))


def prune_epochs(folder: str | Path, kind: str, keep: set[int]) -> None:
    """Delete the files of every other epoch; on Windows one that somebody looks at stays, as it must."""
    for epoch, path in list_epochs(folder, kind).items():
        if epoch not in keep:
            with suppress(PermissionError) if os.name == "nt" else nullcontext():
                path.unlink(missing_ok=True)


def write_grid(path: Path, images: Tensor, columns: int | None = None) -> None:
    """Write pictures (N, 3, H, W) in [-1, 1] as one grid: as .png pixel for pixel, else in WebP of at most 80 KB."""
    encode = encode_png if path.suffix == ".png" else encode_webp
    write_atomically(path, encode(make_grid(images, columns)))


def write_figure(folder: str | Path, reals: Tensor, made: Tensor, columns: int | None = None) -> None:
    """Write figure.png: real pictures beside made ones, (N, 3, H, W) in [-1, 1]. It shows them: it never leaves.

    Of the real ones it shows as many as fill whole rows.
    """
    in_a_row = math.ceil(math.sqrt(len(reals)))
    whole = reals[: len(reals) // in_a_row * in_a_row]
    pictures = {"Real pictures": make_grid(whole, in_a_row), "Generated pictures": make_grid(made, columns)}
    write_atomically(Path(folder, FIGURE_FILE), encode_png(side_by_side(pictures)))
