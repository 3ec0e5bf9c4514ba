"""Measure generators against real pictures: one JSON line each, printed and appended to metrics.jsonl beside them.

python -m gan.evaluate checkpoints/pokemon --data pokemon.zip
python -m gan.evaluate runs/anime --data anime.zip --count 2000 --snapshots --weights inception.pth

A CPU takes some 17 pictures/s with two cores: once for the real ones (they are kept), each time for the generated.
"""

from gan.interrupts import end_quietly

if __name__ == "__main__":
    end_quietly()

import argparse
import hashlib
import io
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from gan.config import FITS
from gan.console import make_unfailing
from gan.errors import UserError
from gan.installed import check_installed
from gan.scratch import exit_tidily_on_signals

COUNT = 10_000  # generated pictures, and real ones at most
BATCH = 32  # pictures at a time through the extractor
LEAST = 50  # pictures on either side: fewer say nothing
SQUARE = {"crop": "middle square to the model's size", "pad": "whole in a white square of the model's size"}  # by fit
RESIZE = "from there to 299 pixels, bilinear as in TensorFlow 1"


class Subject(NamedTuple):
    """A generator to be measured, and what its folder says of it now: a run that goes on replaces its files."""

    folder: Path
    name: str  # of the file, inside its folder
    generator: Any
    weights: str  # digest of the file
    age: dict[str, int]  # epoch and images_seen, as far as they are known
    fit: str
    dataset: str  # what it was trained on; "" where that is not known
    trained_on: str | None  # the fingerprint of these pictures, likewise


def read_subjects(source: str, snapshots: bool = False) -> list[Subject]:
    """Return the generator of a folder or a file, with those of the folder's snapshots before it if asked for.

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


def _read_subject(file: Path) -> Subject:
    from gan.checkpoints import CONFIG_FILE, load_with_digest, read_described

    generator, weights = load_with_digest(file)
    folder = home_of(file)
    described = read_described(folder)
    train, data = (part if isinstance(part := described.get(key), dict) else {} for key in ("train", "data"))
    fit = train.get("fit", "crop")
    if fit not in FITS:
        raise UserError(f"{folder / CONFIG_FILE}: has the fit {fit!r}; this version knows {' and '.join(FITS)}")
    name = f"{file.parent.name}/{file.name}" if folder != file.parent else file.name
    age, dataset, trained_on = _age(file, described), str(data.get("name", "")), data.get("fingerprint")
    return Subject(folder, name, generator, weights, age, fit, dataset, trained_on)


def evaluate(
    subjects: list[Subject], data: str, weights: str | None, count: int = COUNT, real_count: int = COUNT
) -> Iterator[dict]:
    """Yield the measurements of each subject; raise UserError for data or numbers that cannot be used."""
    from gan.data.download import own_copy
    from gan.metrics import floor, load_extractor, measure

    extract = load_extractor(weights)
    reals: dict[tuple[int, str, Path], Any] = {}  # by picture size, fit and place: features, fingerprint, floor
    for subject in subjects:
        started = time.monotonic()
        seen = subject.generator.image_size, subject.fit, own_copy(subject.dataset, Path(data))
        if seen not in reals:
            real, fingerprint = _real_features(extract, *seen, real_count)
            reals[seen] = real, fingerprint, floor(real)
        real, fingerprint, real_floor = reals[seen]
        fake = extract(_shown(_generated(subject.generator, count), count, subject.name))
        yield {
            **measure(real, fake),
            "generated": count,
            "real": len(real),
            "floor": real_floor,
            "seeds": f"0-{count - 1}",
            "extractor": extract.name,
            "resize": f"{SQUARE[subject.fit]}; {RESIZE}",
            "weights": subject.weights,
            "file": subject.name,
            "data": fingerprint,
            **subject.age,
            "seconds": round(time.monotonic() - started, 1),
        }


def _real_features(extract: Any, image_size: int, fit: str, data: Path, limit: int) -> tuple[Any, str]:
    """Return the features of at most `limit` pictures, evenly by sorted name, and the fingerprint of all of them."""
    import torch

    from gan.data.scan import read_pictures
    from gan.files import cache_folder, write_atomically

    pictures = read_pictures(data, image_size, fit=fit)
    images = pictures.images
    if len(images) < LEAST:
        raise UserError(f"{data}: holds {len(images)} pictures; {LEAST} are the least that can be measured against")
    if len(images) > limit:
        images = images[torch.linspace(0, len(images) - 1, limit).round().long()]
    key = hashlib.sha256(f"{pictures.fingerprint} {image_size} {fit} {len(images)} {extract.name}".encode())
    cache = cache_folder() / f"{key.hexdigest()[:24]}.pt"
    with suppress(Exception):  # it is not there, or damaged, which torch tells in a dozen ways
        return torch.load(cache, weights_only=True), pictures.fingerprint
    features = extract(_shown(images.split(BATCH), len(images), "real pictures"))
    buffer = io.BytesIO()
    torch.save(features, buffer)
    write_atomically(cache, buffer.getvalue())
    return features, pictures.fingerprint


def _generated(generator: Any, count: int) -> Iterator[Any]:
    """Yield the pictures of seeds 0 to count - 1 at truncation 1, in batches of uint8 (N, 3, H, W)."""
    import torch

    from gan.images import to_uint8
    from gan.latent import sample_z

    for start in range(0, count, BATCH):
        with torch.inference_mode():
            seeds = range(start, min(start + BATCH, count))
            yield to_uint8(generator(sample_z(seeds, generator.z_dim)))


def _shown(batches: Iterable[Any], count: int, what: str) -> Iterator[Any]:
    """Yield the batches with a progress bar over pictures on standard error."""
    from tqdm import tqdm

    with tqdm(total=count, unit="picture", desc=what, leave=False) as bar:
        for batch in batches:
            yield batch
            bar.update(len(batch))


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
    parser = argparse.ArgumentParser(
        prog="gan.evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", metavar="CHECKPOINT_OR_RUN", help="a folder, or one .safetensors file")
    parser.add_argument("--data", required=True, metavar="ZIP", help="the real pictures: folder or .zip")
    parser.add_argument("--weights", metavar="FILE", help="FID's Inception; without it, 91 MB are downloaded once")
    parser.add_argument(
        "--count", type=int, default=COUNT, metavar="N", help="generated pictures (default %(default)s)"
    )
    parser.add_argument(
        "--real-count", type=int, default=COUNT, metavar="N", help="real pictures at most (default %(default)s)"
    )
    parser.add_argument("--snapshots", action="store_true", help="measure the run's earlier generators, too")
    options = parser.parse_args(arguments)
    for name in ("count", "real_count"):
        if getattr(options, name) < LEAST:
            parser.error(f"argument --{name.replace('_', '-')}: {LEAST} pictures are the least that say anything")
    try:
        check_installed()
        subjects = read_subjects(options.source, options.snapshots)
        lines = evaluate(subjects, options.data, options.weights, options.count, options.real_count)
        for subject, line in zip(subjects, lines, strict=True):
            if subject.trained_on not in (None, line["data"]):
                print(f"{options.data} holds other pictures than {subject.name} was trained on", file=sys.stderr)
            print(json.dumps(line), flush=True)
            _append(subject.folder, line)
    except UserError as error:
        print(f"gan.evaluate: {error}", file=sys.stderr)
        return 2
    return 0


def _append(folder: Path, line: dict[str, Any]) -> None:
    """Add the line to the folder's metrics.jsonl, and to its card."""
    from gan.card import CARD_FILE, write_card
    from gan.folder import METRICS_FILE

    path = folder / METRICS_FILE
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error
    if (folder / CARD_FILE).is_file():  # a checkpoint, whose card tells of the measurement, too
        write_card(folder)


if __name__ == "__main__":
    exit_tidily_on_signals()
    sys.exit(main())
