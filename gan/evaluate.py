"""Measure generators against real pictures: one JSON line each, printed and appended to metrics.jsonl beside them.

python -m gan.evaluate checkpoints/pokemon --data pokemon.zip
python -m gan.evaluate runs/anime --data anime.zip --count 2000 --snapshots --weights inception.pth

A CPU takes some 13 pictures/s with two cores: once for the real ones (they are kept), each time for the generated.
"""

import argparse
import hashlib
import io
import json
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gan.config import FITS
from gan.errors import UserError

COUNT = 10_000  # generated pictures, and real ones at most
BATCH = 32  # pictures at a time through the extractor
LEAST = 50  # pictures on either side: fewer say nothing
SQUARE = {"crop": "middle square to the model's size", "pad": "whole in a white square of the model's size"}  # by fit
RESIZE = "from there to 299 pixels, bilinear as in TensorFlow 1"


def evaluate(
    files: list[Path], data: str, weights: str | None, count: int = COUNT, real_count: int = COUNT
) -> Iterator[dict]:
    """Yield the measurements of each weights file; raise UserError for files, data or numbers that cannot be used."""
    from gan.checkpoints import load_generator, weights_digest
    from gan.metrics import extractor_name, floor, load_extractor, measure

    generators = [load_generator(file) for file in files]  # a damaged one is found before an hour of measuring
    fits = [_fit(file) for file in files]
    extract = load_extractor(weights)
    reals: dict[tuple[int, str], Any] = {}  # by picture size and fit: features, fingerprint, floor
    for file, generator, fit in zip(files, generators, fits, strict=True):
        started = time.monotonic()
        seen = generator.image_size, fit
        if seen not in reals:
            real, fingerprint = _real_features(extract, data, *seen, real_count)
            reals[seen] = real, fingerprint, floor(real)
        real, fingerprint, real_floor = reals[seen]
        fake = extract(_shown(_generated(generator, count), count, file.name))
        found = measure(real, fake)
        yield {
            f"fid{_thousands(count)}_train": found.pop("fid"),
            "kid_train": found.pop("kid"),
            **found,
            "generated": count,
            "real": len(real),
            "floor": real_floor,
            "seeds": f"0-{count - 1}",
            "extractor": extractor_name(),
            "resize": f"{SQUARE[fit]}; {RESIZE}",
            "weights": weights_digest(file),
            "file": _within(file),
            "data": fingerprint,
            **_age(file),
            "seconds": round(time.monotonic() - started, 1),
        }


def _real_features(extract: Any, data: str, image_size: int, fit: str, limit: int) -> tuple[Any, str]:
    """Return the features of at most `limit` pictures, evenly by sorted name, and the fingerprint of all of them."""
    import torch

    from gan.data import read_pictures
    from gan.files import cache_folder, write_atomically
    from gan.metrics import extractor_name

    pictures = read_pictures(data, image_size, fit=fit)
    images = pictures.images
    if len(images) < LEAST:
        raise UserError(f"{data}: holds {len(images)} pictures; {LEAST} are the least that can be measured against")
    if len(images) > limit:
        images = images[torch.linspace(0, len(images) - 1, limit).round().long()]
    key = hashlib.sha256(f"{pictures.fingerprint} {image_size} {fit} {len(images)} {extractor_name()}".encode())
    cache = cache_folder() / f"{key.hexdigest()[:24]}.pt"
    if not cache.is_file():
        features = extract(_shown(images.split(BATCH), len(images), "real pictures"))
        buffer = io.BytesIO()
        torch.save(features, buffer)
        write_atomically(cache, buffer.getvalue())
    return torch.load(cache, weights_only=True), pictures.fingerprint


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


def _thousands(count: int) -> str:
    return f"{count // 1000}k" if count % 1000 == 0 else str(count)


def _within(file: Path) -> str:
    """Return the file's name inside its checkpoint or run folder."""
    return f"{file.parent.name}/{file.name}" if file.parent.name == "snapshots" else file.name


def _age(file: Path) -> dict[str, Any]:
    """Return epoch and pictures seen of a weights file, as far as its folder tells."""
    from gan.checkpoints import GENERATOR_FILE, read_described
    from gan.records import read_history

    folder = home_of(file)
    config = read_described(folder)
    if file.name == GENERATOR_FILE and config:
        return {key: config[key] for key in ("epoch", "images_seen") if key in config}
    number = file.stem.removeprefix("epoch-")
    lines = [line for line in read_history(folder) if number.isdecimal() and line.get("epoch") == int(number)]
    return {"epoch": int(number), "images_seen": lines[-1].get("images_seen")} if lines else {}


def _fit(file: Path) -> str:
    """Return how training made its pictures square; "crop" where no config beside the weights says it."""
    from gan.checkpoints import CONFIG_FILE, read_described

    train = read_described(home_of(file)).get("train")
    fit = train.get("fit", "crop") if isinstance(train, dict) else "crop"
    if fit not in FITS:
        raise UserError(f"{home_of(file) / CONFIG_FILE}: has the fit {fit!r}; this version knows {' and '.join(FITS)}")
    return fit


def home_of(file: Path) -> Path:
    """Return the checkpoint or run folder that a weights file belongs to."""
    return file.parent.parent if file.parent.name == "snapshots" else file.parent


def weights_files(source: str, snapshots: bool) -> list[Path]:
    """Return the weights file of a folder, with those of its snapshots before it where they are asked for."""
    from gan.checkpoints import GENERATOR_FILE
    from gan.records import SNAPSHOTS, list_epochs

    path = Path(source)
    if not path.is_dir():
        return [path]
    return [*(list_epochs(path, SNAPSHOTS).values() if snapshots else ()), path / GENERATOR_FILE]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
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
        files = weights_files(options.source, options.snapshots)
        for line in evaluate(files, options.data, options.weights, options.count, options.real_count):
            print(json.dumps(line), flush=True)
            _append(home_of(files[0]), line)
    except UserError as error:
        print(f"gan.evaluate: {error}", file=sys.stderr)
        return 2
    return 0


def _append(folder: Path, line: dict[str, Any]) -> None:
    from gan.records import METRICS_FILE

    path = folder / METRICS_FILE
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error


if __name__ == "__main__":
    sys.exit(main())
