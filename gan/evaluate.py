"""Measure networks on real pictures: one JSON line each, printed and appended to metrics.jsonl beside them.

python -m gan.evaluate checkpoints/pokemon --data pokemon.zip
python -m gan.evaluate runs/anime --data anime.zip --count 2000 --snapshots --weights inception.pth
python -m gan.evaluate runs/pokemon-colorize --data pokemon.zip
python -m gan.evaluate runs/pokemon-upscale --data pokemon.zip --generator checkpoints/pokemon
python -m gan.evaluate checkpoints/pokemon --data pokemon.zip --neighbours --opinion    # measures nothing

A CPU takes some 17 pictures/s with two cores: once for the real ones (they are kept), each time for those that a
network made. Networks that colour or enlarge are measured on pictures that were kept from their training.
"""

from gan.terminal.interrupts import end_quietly

if __name__ == "__main__":
    end_quietly()

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan.data.datasets import DATASETS
from gan.errors import UserError
from gan.publishing import CHECKPOINTS
from gan.scratch import exit_tidily_on_signals
from gan.tasks import TASKS
from gan.terminal.command import Command
from gan.terminal.console import make_unfailing
from gan.terminal.installed import check_installed

if TYPE_CHECKING:
    from gan.exam import Asked, Exam, Subject

REAL_COUNT = 10_000  # real pictures at most
LEAST_REAL = 50  # fewer say nothing


def read_subjects(source: str, snapshots: bool = False) -> list["Subject"]:
    """Return the network of a folder or a file, with those of the folder's snapshots before it if asked for.

    A snapshot of equal weights is left out. Raises UserError where one of them is damaged.
    """
    from gan.checkpoints import GENERATOR_FILE
    from gan.folder import SNAPSHOTS, list_epochs

    path = Path(source)
    if not os.path.isdir(path):  # which, unlike the path's own, is False for a name that no file can have
        return [_read_subject(path)]
    earlier = list_epochs(path, SNAPSHOTS).values() if snapshots else ()
    subjects = [_read_subject(file) for file in (*earlier, path / GENERATOR_FILE)]
    return list({subject.weights: subject for subject in subjects}.values())


def _read_subject(file: Path) -> "Subject":
    from gan.checkpoints import CONFIG_FILE, load_with_digest, read_described, task_of
    from gan.data.scan import reading_of
    from gan.exam import Subject

    folder = home_of(file)
    described = read_described(folder)
    task = task_of(described)
    network, weights = load_with_digest(file, task)
    data = part if isinstance(part := described.get("data"), dict) else {}
    return Subject(
        **reading_of(described, folder / CONFIG_FILE),
        folder=folder,
        name=f"{file.parent.name}/{file.name}" if folder != file.parent else file.name,
        task=task,
        network=network,
        weights=weights,
        age=_age(file, described),
        dataset=str(data.get("name", "")),
        trained_on=data.get("fingerprint"),
    )


def evaluate(subjects: list["Subject"], asked: "Asked", weights: str | None) -> Iterator[dict]:
    """Yield the measurements of each subject; raise UserError for data or numbers that cannot be used."""
    from gan.metrics import load_extractor

    extract = load_extractor(weights)
    exams: dict[str, Exam] = {}  # by what they are for
    for subject in subjects:
        started = time.monotonic()
        pictures = [subject.fit, subject.background, subject.keep_repeats, subject.dataset]
        kind = json.dumps([subject.task, subject.network.arguments(), *pictures])
        if kind not in exams:
            exams[kind] = import_module(TASKS[subject.task].exam).Exam(subject, asked, extract)
        yield {
            **exams[kind].line(subject),
            "weights": subject.weights,
            "file": subject.name,
            **subject.age,
            "seconds": round(time.monotonic() - started, 1),
        }


def _age(file: Path, described: dict[str, Any]) -> dict[str, int]:
    """Return epoch and pictures seen of a weights file, as far as its folder tells."""
    from gan.checkpoints import GENERATOR_FILE
    from gan.folder import read_history

    if file.name == GENERATOR_FILE and described:
        lines = [described]
    else:
        number = file.stem.removeprefix("epoch-")
        lines = [line for line in read_history(home_of(file)) if str(line["epoch"]) == number.lstrip("0")]
    return {key: lines[-1][key] for key in ("epoch", "images_seen") if lines and key in lines[-1]}


def home_of(file: Path) -> Path:
    """Return the checkpoint or run folder that a weights file belongs to."""
    return file.parent.parent if file.parent.name == "snapshots" else file.parent


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    make_unfailing()
    parser = Command(prog="gan.evaluate", description=__doc__)
    parser.add_argument("source", metavar="CHECKPOINT_OR_RUN", help="a folder, or one .safetensors file")
    parser.add_argument("--data", required=True, metavar="ZIP", help="the real pictures: folder or .zip")
    parser.add_argument("--weights", metavar="FILE", help="FID's Inception; without it, 96 MB are downloaded once")
    parser.add_argument(
        "--count", type=int, metavar="N",
        help="generated pictures (default 10,000; 2,000 to enlarge); of a network that colours, pictures to draw and "
        "colour (default: all that were kept from training)",
    )  # fmt: skip
    parser.add_argument(
        "--real-count", type=int, default=REAL_COUNT, metavar="N", help="real pictures at most (default %(default)s)"
    )
    parser.add_argument("--snapshots", action="store_true", help="measure the run's earlier networks, too")
    parser.add_argument(
        "--generator", metavar="CHECKPOINT",
        help="whose pictures are enlarged (default: the bundled model of the same data set)",
    )  # fmt: skip
    parser.add_argument(
        "--neighbours", action="store_true", help="write descriptors of the training pictures, which tell of copies"
    )
    parser.add_argument(
        "--opinion", action="store_true", help="write how the discriminator judges generated and real pictures"
    )
    parser.add_argument(
        "--residuals", action="store_true", help="add to that how near projection comes to 100 real pictures (minutes)"
    )
    options = parser.parse_args(arguments)
    if options.real_count < LEAST_REAL:
        parser.error(f"argument --real-count: {LEAST_REAL} pictures are the least that say anything")
    try:
        check_installed()
        if options.neighbours or options.opinion or options.residuals:
            look_deeper(options)
            return 0
        subjects = read_subjects(options.source, options.snapshots)
        lines = evaluate(subjects, _asked(options, subjects[-1]), options.weights)
        for subject, line in zip(subjects, lines, strict=True):
            if subject.trained_on not in (None, line["data"]):
                other = f"{options.data} holds other pictures than {subject.name} was trained on"
                print(f"{other}; its card does not tell of this", file=sys.stderr)
            print(json.dumps(line), flush=True)
            _append(subject.folder, line)
    except UserError as error:
        print(f"gan.evaluate: {error}", file=sys.stderr)
        return 2
    return 0


def _asked(options: argparse.Namespace, subject: "Subject") -> "Asked":
    from gan.exam import Asked

    if options.generator and subject.task != "upscale":
        raise UserError(f"--generator is for a network that enlarges pictures; {options.source} holds none")
    return Asked(Path(options.data), options.count, options.real_count, options.generator or _bundled(subject))


def _bundled(subject: "Subject") -> str:
    """Return the bundled generator of a network's pictures, if it draws them as small as the network takes them."""
    from gan.checkpoints import read_described

    folder = CHECKPOINTS / subject.dataset
    if subject.task != "upscale" or subject.dataset not in DATASETS or not folder.is_dir():
        return ""
    side = read_described(folder).get("generator", {}).get("image_size")
    return str(folder) if side == subject.network.image_size else ""


def look_deeper(options: argparse.Namespace) -> None:
    """Write what was asked for into a generator's folder, and say so on its card."""
    from gan.checkpoints import load_generator
    from gan.folder import NEIGHBOURS_FILE, OPINION_FILE
    from gan.insight import record
    from gan.publishing.card import CARD_FILE, write_card

    folder = Path(options.source)
    if not folder.is_dir():
        raise UserError(
            f"{folder}: --neighbours, --opinion and --residuals are for a folder with a generator and its discriminator"
        )
    pictures = record.training_pictures(folder, Path(options.data), load_generator(folder).image_size)
    for wanted, write, name in (
        (options.neighbours, record.write_neighbours, NEIGHBOURS_FILE),
        (options.opinion, record.write_opinion, OPINION_FILE),
        (options.residuals, record.write_residuals, OPINION_FILE),
    ):
        if wanted:
            write(folder, pictures.images)
            print(folder / name)
    if options.neighbours:
        record.write_whereabouts(folder, pictures)
    if (folder / CARD_FILE).is_file():
        write_card(folder)


def _append(folder: Path, line: dict[str, Any]) -> None:
    """Add the line to the folder's metrics.jsonl, and to its card."""
    from gan.folder import METRICS_FILE
    from gan.publishing.card import CARD_FILE, write_card

    path = folder / METRICS_FILE
    try:
        whole = not path.is_file() or path.read_bytes().endswith(b"\n")
        with open(path, "a", encoding="utf-8") as file:  # behind a line that a full disk cut off, on one of its own
            file.write(("" if whole else "\n") + json.dumps(line) + "\n")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error
    if (folder / CARD_FILE).is_file():  # a checkpoint, whose card tells of the measurement, too
        write_card(folder)


if __name__ == "__main__":
    exit_tidily_on_signals()
    sys.exit(main())
