"""Turn a run into checkpoints/NAME, the folder that the demo shows and the Hub gets.

python -m gan.promote runs/pokemon pokemon
python -m gan.promote netG.pth mine        # weights in the layout of PyTorch's DCGAN tutorial
"""

import argparse
import re
import shutil
import sys
from pathlib import Path

from gan.errors import UserError

CHECKPOINTS = Path(__file__).resolve().parents[1] / "checkpoints"  # where app.py looks
PUBLISHED_SNAPSHOTS = 2  # earlier generators in the folder, 7 MB each at 64 pixels
PRIVATE = ("data", "out", "init_from", "device")  # of the training config: paths and habits of one machine


def promote(source: str | Path, name: str, into: str | Path = CHECKPOINTS) -> Path:
    """Build the checkpoint folder beside its place, then put it there; return it.

    Raises UserError where the run has nothing to show yet or the name is no plain folder name.
    """
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
        (_copy_run if source.is_dir() else _import_weights)(source, staged)
        _write_card(staged)
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


def _copy_run(run: Path, target: Path) -> None:
    from gan.checkpoints import CONFIG_FILE, DISCRIMINATOR_FILE, GENERATOR_FILE, load_generator
    from gan.files import read_json, write_json
    from gan.records import HISTORY_FILE, SAMPLES, SNAPSHOTS, list_epochs

    if not (run / GENERATOR_FILE).is_file():
        raise UserError(f"{run}: has no {GENERATOR_FILE} yet; train on with python train.py --resume {run}")
    load_generator(run)  # a damaged file is never promoted
    config = read_json(run / CONFIG_FILE)
    if "train" not in config or "epoch" not in config:
        raise UserError(f"{run}: is no run that train.py made; its {CONFIG_FILE} does not say how it was trained")
    config["train"] = {key: value for key, value in config["train"].items() if key not in PRIVATE}
    write_json(target / CONFIG_FILE, config)
    for file in (GENERATOR_FILE, DISCRIMINATOR_FILE, HISTORY_FILE, "metrics.jsonl"):
        if (run / file).is_file():
            shutil.copy(run / file, target / file)
    shutil.copytree(run / SAMPLES, target / SAMPLES)
    snapshots = list_epochs(run, SNAPSHOTS)
    for epoch in telling_epochs([epoch for epoch in snapshots if epoch < config["epoch"]], config["epoch"]):
        (target / SNAPSHOTS).mkdir(exist_ok=True)
        shutil.copy(snapshots[epoch], target / SNAPSHOTS)


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


def _write_card(folder: Path) -> None:
    from gan.card import card_text
    from gan.files import write_atomically

    write_atomically(folder / "README.md", card_text(folder).encode())


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", metavar="RUN", help="folder that train.py made, or a .pth of the tutorial's layout")
    parser.add_argument("name", metavar="NAME", help="what the demo calls it")
    parser.add_argument(
        "--into", default=CHECKPOINTS, metavar="FOLDER", help="default: the checkpoints/ that app.py shows"
    )
    options = parser.parse_args(arguments)
    try:
        print(f"{promote(options.source, options.name, options.into)}: show it with python app.py")
    except UserError as error:
        print(f"gan.promote: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
