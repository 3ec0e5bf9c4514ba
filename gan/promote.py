"""Turn a run into checkpoints/NAME, the folder that the demo shows and the Hub gets.

python -m gan.promote runs/pokemon pokemon
python -m gan.promote runs/pokemon pokemon --best      # the snapshot with the lowest KID, as gan.evaluate measured it
python -m gan.promote netG.pth mine        # weights in the layout of PyTorch's DCGAN tutorial
"""

import argparse
import re
import shutil
import sys
from pathlib import Path

from gan.errors import UserError
from gan.hub import is_id
from gan.installed import check_installed

CHECKPOINTS = Path(__file__).resolve().parents[1] / "checkpoints"  # where app.py looks
PUBLISHED_SNAPSHOTS = 2  # earlier generators in the folder, 7 MB each at 64 pixels
AGE = {"epoch", "images_seen"}  # of a measurement and of a config.json
PRIVATE = ("data", "out", "init_from", "device")  # of the training config: paths and habits of one machine


def promote(source: str | Path, name: str, into: str | Path = CHECKPOINTS, best: bool = False) -> Path:
    """Build the checkpoint folder beside its place, then put it there; return it.

    `best` takes the snapshot of the run whose KID is lowest instead of the last. Raises UserError where the run has
    nothing to show or no measurement yet, or the name is no plain folder name.
    """
    from gan.card import write_card

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}", name):
        raise UserError(f"{name!r} is no name for a checkpoint; use letters, digits, '.', '_' and '-'")
    source, target = Path(source), Path(into, name)
    if not source.exists():
        raise UserError(f"{source}: no such run; train.py writes runs into runs/")
    part = target.with_name(f".{name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        staged = part / name  # the card is titled after its folder
        staged.mkdir(parents=True)
        if source.is_dir():
            _copy_run(source, staged, best)
        else:
            _import_weights(source, staged)
        write_card(staged)
        _replace(target, staged, part / "replaced")
    except OSError as error:  # shutil's own kind has no strerror
        raise UserError(f"{source} cannot be copied to {target}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def _replace(target: Path, staged: Path, replaced: Path) -> None:
    if target.exists():
        target.rename(replaced)
    try:
        staged.rename(target)
    except OSError:
        if replaced.exists():
            replaced.rename(target)
        raise


def _copy_run(run: Path, target: Path, best: bool) -> None:
    from gan.checkpoints import CONFIG_FILE, DISCRIMINATOR_FILE, GENERATOR_FILE, load_generator
    from gan.files import read_json, write_json
    from gan.records import SAMPLES, SNAPSHOTS, list_epochs, read_history, read_metrics, write_history, write_metrics

    if not (run / GENERATOR_FILE).is_file():
        raise UserError(f"{run}: has no {GENERATOR_FILE} yet; train on with python train.py --resume {run}")
    load_generator(run)  # a damaged file is never promoted
    config = read_json(run / CONFIG_FILE)
    if "train" not in config or "epoch" not in config:
        raise UserError(f"{run}: is no run that train.py made; its {CONFIG_FILE} does not say how it was trained")
    private = {name for name in PRIVATE if not is_id(str(config["train"].get(name)))}  # the Hub's names are everyone's
    config["train"] = {key: value for key, value in config["train"].items() if key not in private}
    weights = run / GENERATOR_FILE
    if best:
        weights, age = best_measured(run)
        load_generator(weights)
        seconds = config["seconds"] * age["images_seen"] / max(config["images_seen"], 1)
        config |= {**age, "seconds": round(seconds), "discriminator_epoch": config["epoch"]}
    shutil.copy(weights, target / GENERATOR_FILE)
    if (run / DISCRIMINATOR_FILE).is_file():
        shutil.copy(run / DISCRIMINATOR_FILE, target / DISCRIMINATOR_FILE)
    write_json(target / CONFIG_FILE, config)

    # Its past, as far as it goes: what came after the chosen weights says nothing of them.
    epoch = config["epoch"]
    write_history(target, [line for line in read_history(run) if line["epoch"] <= epoch])
    metrics = [line for line in read_metrics(run) if line.get("epoch", 0) <= epoch]
    if metrics:
        write_metrics(target, metrics)
    (target / SAMPLES).mkdir()
    for number, grid in list_epochs(run, SAMPLES).items():
        if number <= epoch:
            shutil.copy(grid, target / SAMPLES)
    snapshots = list_epochs(run, SNAPSHOTS)
    for number in telling_epochs([number for number in snapshots if number < epoch], epoch):
        (target / SNAPSHOTS).mkdir(exist_ok=True)
        shutil.copy(snapshots[number], target / SNAPSHOTS)


def best_measured(run: Path) -> tuple[Path, dict[str, int]]:
    """Return the weights file of the run with the lowest KID in its metrics.jsonl, and its epoch and images_seen.

    Raises UserError where its files were not all measured in the same way. Of several ways that of most pictures
    counts, of several measurements of a file the last.
    """
    from gan.checkpoints import GENERATOR_FILE, weights_digest
    from gan.records import SNAPSHOTS, list_epochs, read_metrics, same_protocol

    files = {weights_digest(file): file for file in (*list_epochs(run, SNAPSHOTS).values(), run / GENERATOR_FILE)}
    of_these = [line for line in read_metrics(run) if line.get("weights") in files and line.keys() >= AGE]
    ways = [{line["weights"]: line for line in lines} for lines in same_protocol(of_these)]
    whole = [way for way in ways if len(way) == len(files)]
    if not whole:
        most = max(map(len, ways), default=0)
        raise UserError(
            f"{run}: of its {len(files)} generators {most} are measured in the same way; "
            f"python -m gan.evaluate {run} --snapshots --data ZIP measures all of them"
        )
    lines = max((list(way.values()) for way in whole), key=lambda lines: lines[0]["generated"])
    best = min(lines, key=lambda line: line["kid_train"])
    return files[best["weights"]], {key: best[key] for key in AGE}


def telling_epochs(earlier: list[int], last: int) -> list[int]:
    """Choose the earlier snapshots that show most of the way: the first, and the one nearest a quarter of it."""
    chosen = {min(earlier, key=lambda epoch: abs(epoch - goal)) for goal in (1, last / 4)} if earlier else set()
    return sorted(chosen)[:PUBLISHED_SNAPSHOTS]


def _import_weights(source: Path, target: Path) -> None:
    from gan.checkpoints import CONFIG_FILE, GENERATOR_FILE, import_tutorial_weights, load_generator, save_network
    from gan.files import write_json

    generator = (load_generator if source.suffix == ".safetensors" else import_tutorial_weights)(source)
    save_network(target / GENERATOR_FILE, generator)
    write_json(target / CONFIG_FILE, {"generator": generator.arguments()})


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", metavar="RUN", help="folder that train.py made, or a .pth of the tutorial's layout")
    parser.add_argument("name", metavar="NAME", help="what the demo calls it")
    parser.add_argument(
        "--into", default=CHECKPOINTS, metavar="FOLDER", help="default: the checkpoints/ that app.py shows"
    )
    parser.add_argument("--best", action="store_true", help="of the measured snapshots, the one with the lowest KID")
    options = parser.parse_args(arguments)
    try:
        check_installed()
        print(f"{promote(options.source, options.name, options.into, options.best)}: show it with python app.py")
    except UserError as error:
        print(f"gan.promote: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
