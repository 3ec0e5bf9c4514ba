"""Turn a run into checkpoints/NAME, the folder that the demo shows and the Hub gets.

python -m gan.promote runs/pokemon mine                # again whenever the run has got further
python -m gan.promote runs/pokemon mine --best         # the snapshot with the lowest KID, as gan.evaluate measured it
python -m gan.promote netG.pth mine --replace          # weights in the layout of PyTorch's DCGAN tutorial
python -m gan.promote netG.pth mine --discriminator netD.pth       # both, so that train.py --init-from can go on
"""

from gan.terminal.interrupts import end_quietly

if __name__ == "__main__":
    end_quietly()

import argparse
import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gan.errors import UserError, quoted
from gan.files import is_there
from gan.flags import RESUMABLE
from gan.hub import PUBLISHED, is_id
from gan.publishing.credits import CREDITS, add_flags, credits_of, given, near_copies
from gan.scratch import Scratch, exit_tidily_on_signals, temporary_folder
from gan.tasks import TASKS
from gan.terminal.console import make_unfailing
from gan.terminal.installed import check_installed
from gan.terminal.mistyped import answer_in_words

CHECKPOINTS = Path(__file__).resolve().parents[1] / "checkpoints"  # where app.py looks
PUBLISHED_SNAPSHOTS = 2  # earlier generators in the folder, 7 MB each at 64 pixels
AGE = {"epoch", "images_seen"}  # of a measurement and of a config.json
# Of the training config: paths and habits of one machine, and what config.json has in the open.
PRIVATE = ("data", "out", "init_from", "reconstructions", "device", *CREDITS)
# Of a line of history: what no other training has to five digits.
FOOTPRINT = ("epoch", "images_seen", "loss_d", "loss_g", "d_real", "d_fake_before", "d_fake_after")


def promote(
    source: str | Path,
    name: str,
    into: str | Path = CHECKPOINTS,
    best: bool = False,
    replace: bool = False,
    discriminator: str | Path = "",
    credits: Mapping[str, str] | None = None,
    look_deeper: bool = True,
) -> Path:
    """Build the checkpoint folder beside its place, then put it there; return it.

    `best` takes the snapshot of the run whose KID is lowest instead of the last. A model that is there already is
    replaced where it is an earlier state of this run, or with `replace`. With weights from elsewhere may come their
    `discriminator`'s. The `credits` and the sections that a person wrote into the card stay when an earlier state is
    replaced. To `look_deeper` takes seconds to minutes: where the training pictures are, what tells of copies and of
    the critic's opinions is written. Raises UserError where the model is another, where the run has nothing to show or
    no measurement yet, or the name is no plain folder name.
    """
    temporary_folder()
    from gan.publishing.card import hand_written, write_card

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}", name):
        raise UserError(f"{name!r} is no name for a checkpoint; use letters, digits, '.', '_' and '-'")
    source, target = Path(source), Path(into, name)
    if not is_there(source):
        raise UserError(f"{source}: no such run; train.py writes runs into runs/")
    try:
        _put_back(target)
        with Scratch(f".{name}.", target.parent, ".part") as part:
            staged = part / name  # the card is titled after its folder
            staged.mkdir()
            if source.is_dir():
                if discriminator:
                    raise UserError(f"{source}: is a run, which has its own discriminator; leave out --discriminator")
                _copy_run(source, staged, best, before=target)
            else:
                _import_weights(source, discriminator, staged)
            _check_replaceable(target, source, replace)
            further = _is_further(source, target)
            _add_credits(staged, target if further else None, credits or {})
            if look_deeper and source.is_dir():
                _look_deeper(source, staged)
            write_card(staged, hand_written(target) if further else "")
            _replace(target, staged)
    except OSError as error:  # shutil's own kind has no strerror
        raise UserError(f"{source} cannot be copied to {target}: {error.strerror or error}") from error
    return target


# --- the model that is there already -------------------------------------------------------------------------------


def _check_replaceable(target: Path, source: Path, replace: bool) -> None:
    """Raise UserError where something would be lost that was not asked for."""
    from gan.checkpoints import GENERATOR_FILE

    if not os.path.lexists(target) or (target.is_dir() and not any(target.iterdir())):
        return
    if not (target / GENERATOR_FILE).is_file():
        raise UserError(f"{target}: is there already and is no model; choose another NAME")
    if replace:
        return
    strange = [path.name for path in target.rglob("*") if not (path.is_dir() or _is_ours(target, path))]
    if strange:
        raise UserError(
            f"{target}: holds {strange[0]}, too, which no promotion wrote; take it out of there, or give --replace, "
            "which deletes the folder"
        )
    if not _is_further(source, target):
        raise UserError(
            f"{target}: is another model than {source}, or a later state of it; choose another NAME, or give "
            "--replace, which deletes it"
        )


def _is_ours(folder: Path, path: Path) -> bool:
    from gan.folder import PICTURES_FILE

    name = path.relative_to(folder)
    hidden = any(part.startswith(".") for part in name.parts)  # as systems leave them behind
    return hidden or name.as_posix() == PICTURES_FILE or bool(PUBLISHED.fullmatch(name.as_posix()))


def _is_further(run: Path, checkpoint: Path) -> bool:
    """Whether the checkpoint is the run as it was or is: they began with the same epoch, and it has seen no more."""
    from gan.checkpoints import images_seen, read_described
    from gan.folder import read_history

    lines = [read_history(folder)[:1] for folder in (run, checkpoint)]
    try:
        now, before = (read_described(folder) for folder in (run, checkpoint))
    except UserError:  # a damaged config.json says nothing
        return False
    if not all(lines) or images_seen(now) < images_seen(before):
        return False
    first, other = ([line.get(key) for key in FOOTPRINT] for (line,) in lines)
    return first == other or (_was_cut_short(other, first) and _asked_for(before) == _asked_for(now))


def _was_cut_short(line: list[Any], later: list[Any]) -> bool:
    """Whether the run was stopped in this epoch and has gone on with it since; both as FOOTPRINT has it."""
    (epoch, seen), (later_epoch, later_seen) = line[:2], later[:2]
    return epoch == later_epoch and isinstance(seen, int) and isinstance(later_seen, int) and seen < later_seen


def _asked_for(described: dict[str, Any]) -> list[Any]:
    """Return what a config.json says of a run that stays as it is when the run goes on."""
    train, data = (part if isinstance(part := described.get(name), dict) else {} for name in ("train", "data"))
    stays = {name: value for name, value in train.items() if name not in RESUMABLE | {*PRIVATE}}
    return [stays, data.get("fingerprint"), described.get("images_before")]


def _replace(target: Path, staged: Path) -> None:
    """Put the new folder in its place; the old one is kept until it stands."""
    kept = _kept(target)
    if os.path.lexists(target):
        kept.parent.mkdir()
        target.rename(kept)
    try:
        staged.rename(target)
    finally:
        _put_back(target)


def _put_back(target: Path) -> None:
    """Give a model its place again that a promotion took away without getting to the end; else delete what it kept."""
    kept = _kept(target)
    if os.path.lexists(kept) and not os.path.lexists(target):
        kept.rename(target)
    shutil.rmtree(kept.parent, ignore_errors=True)


def _kept(target: Path) -> Path:
    return target.with_name(f".{target.name}.old.part") / target.name


# --- the new one ---------------------------------------------------------------------------------------------------


def _copy_run(run: Path, target: Path, best: bool, before: Path) -> None:
    """Copy through the gate what of a run is published; `before` is its checkpoint so far, if there is one."""
    from gan.checkpoints import CONFIG_FILE, DISCRIMINATOR_FILE, GENERATOR_FILE
    from gan.files import read_json, write_json
    from gan.folder import (
        SAMPLES,
        SNAPSHOTS,
        list_epochs,
        read_history,
        read_iterations,
        write_history,
        write_iterations,
        write_metrics,
    )
    from gan.publishing import release

    names = release.files_to_pass(run)
    if GENERATOR_FILE not in names:
        raise UserError(f"{run}: has no {GENERATOR_FILE} yet; train on with python train.py --resume {quoted(run)}")
    release.pass_file(run, GENERATOR_FILE, target / GENERATOR_FILE)  # a damaged file is never promoted
    config = read_json(run / CONFIG_FILE)
    numbers = [config.get(key) for key in ("epoch", "images_seen", "seconds")]
    if not isinstance(config.get("train"), dict) or not all(isinstance(number, int | float) for number in numbers):
        raise UserError(f"{run}: is no run that train.py made; its {CONFIG_FILE} does not say how it was trained")
    private = {name for name in PRIVATE if not is_id(str(config["train"].get(name)))}  # the Hub's names are everyone's
    config["train"] = {key: value for key, value in config["train"].items() if key not in private}
    if best:
        weights, age = best_measured(run)
        release.pass_file(run, weights.relative_to(run).as_posix(), target / GENERATOR_FILE)
        seconds = config["seconds"] * age["images_seen"] / max(config["images_seen"], 1)
        config |= {**age, "seconds": round(seconds), "discriminator_epoch": config["epoch"]}
    if DISCRIMINATOR_FILE in names:
        release.pass_file(run, DISCRIMINATOR_FILE, target / DISCRIMINATOR_FILE)
    write_json(target / CONFIG_FILE, config)

    # Its past, as far as it goes: what came after the chosen weights says nothing of them.
    epoch = config["epoch"]
    history = [line for line in read_history(run) if line["epoch"] <= epoch]
    write_history(target, history)
    last = history[-1].get("iteration", 0) if history else 0
    iterations = [line for line in read_iterations(run) if line["iteration"] < last]
    if iterations:
        write_iterations(target, iterations)
    metrics = [line for line in _measurements(run, before) if line.get("epoch", 0) <= epoch]
    if metrics:
        write_metrics(target, metrics)
    grids = list_epochs(run, SAMPLES)
    snapshots = list_epochs(run, SNAPSHOTS)
    chosen = [path for number, path in grids.items() if number <= epoch and path.relative_to(run).as_posix() in names]
    chosen += [
        snapshots[number] for number in telling_epochs([number for number in snapshots if number < epoch], epoch)
    ]
    for path in chosen:
        name = path.relative_to(run).as_posix()
        release.pass_file(run, name, target / name)


def _look_deeper(run: Path, target: Path) -> None:
    """Write what the pictures of a run tell of its generator, where they are; else say how that is done later."""
    from gan.checkpoints import DISCRIMINATOR_FILE, read_described, task_of
    from gan.insight import record

    described = read_described(run)
    train = described.get("train")
    data = train.get("data") if isinstance(train, dict) else None
    if task_of(described) != "generate" or not (target / DISCRIMINATOR_FILE).is_file():
        return
    try:
        side = described["generator"]["image_size"]
        pictures = record.training_pictures(target, Path(str(data)), side)
        record.write_neighbours(target, pictures.images)
        record.write_whereabouts(target, pictures)
        record.write_opinion(target, pictures.images)
    except (UserError, KeyError, TypeError) as error:
        reason = error if isinstance(error, UserError) else f"{run} does not say where its pictures are"
        print(
            f"{reason}: so nothing tells of copies and of the critic's opinion yet; later, "
            "python -m gan.evaluate CHECKPOINT --neighbours --opinion --data ZIP",
            file=sys.stderr,
        )


def _measurements(run: Path, before: Path) -> list[dict[str, Any]]:
    """Return the measurements of a run, and those that were made of its checkpoint, where that is its own."""
    from gan.folder import read_metrics

    lines = read_metrics(run)
    if _is_further(run, before):
        lines += [line for line in read_metrics(before) if line not in lines]
    return lines


def best_measured(run: Path) -> tuple[Path, dict[str, int]]:
    """Return the weights file of the run with the lowest KID in its metrics.jsonl, and its epoch and images_seen.

    Raises UserError where its files were not all measured in the same way. Of several ways that of most pictures
    counts, of several measurements of a file the last.
    """
    from gan.checkpoints import GENERATOR_FILE, weights_digest
    from gan.folder import SNAPSHOTS, list_epochs, read_metrics, same_protocol

    files = {weights_digest(file): file for file in (*list_epochs(run, SNAPSHOTS).values(), run / GENERATOR_FILE)}
    of_these = [line for line in read_metrics(run) if line.get("weights") in files and line.keys() >= AGE]
    ways = [{line["weights"]: line for line in lines} for lines in same_protocol(of_these)]
    whole = [way for way in ways if len(way) == len(files)]
    if not whole:
        most = max(map(len, ways), default=0)
        raise UserError(
            f"{run}: of its {len(files)} generators {most} are measured in the same way; "
            f"python -m gan.evaluate {quoted(run)} --snapshots --data ZIP measures all of them"
        )
    lines = max((list(way.values()) for way in whole), key=lambda lines: lines[0]["generated"])
    best = min(lines, key=lambda line: line["kid_train"])
    return files[best["weights"]], {key: best[key] for key in AGE}


def telling_epochs(earlier: list[int], last: int) -> list[int]:
    """Choose the earlier snapshots that show most of the way: the first, and the one nearest a quarter of it."""
    chosen = {min(earlier, key=lambda epoch: abs(epoch - goal)) for goal in (1, last / 4)} if earlier else set()
    return sorted(chosen)[:PUBLISHED_SNAPSHOTS]


def _import_weights(source: Path, judge: str | Path, target: Path) -> None:
    """Write the networks of files from elsewhere as a checkpoint; `judge` is the discriminator's, "" for none."""
    from gan import checkpoints
    from gan.files import write_json

    load = checkpoints.load_generator if source.suffix == ".safetensors" else checkpoints.import_tutorial_weights
    generator = load(source)
    checkpoints.save_network(target / checkpoints.GENERATOR_FILE, generator)
    described: dict[str, Any] = {"generator": generator.arguments()}
    if judge:
        lone = Path(judge).suffix == ".safetensors"
        discriminator = (checkpoints.load_discriminator if lone else checkpoints.import_tutorial_discriminator)(judge)
        sizes = [(network.base_channels, network.image_size) for network in (generator, discriminator)]
        if sizes[0] != sizes[1]:
            raise UserError(f"{judge}: is not of the size of {source}; the two did not train together")
        checkpoints.save_network(target / checkpoints.DISCRIMINATOR_FILE, discriminator)
        described["discriminator"] = discriminator.arguments()
    write_json(target / checkpoints.CONFIG_FILE, described)


def _add_credits(staged: Path, before: Path | None, credits: Mapping[str, str]) -> None:
    """Let the folder's config.json have these credits, those of an earlier state of it, and the run's own, in turn."""
    from gan.checkpoints import CONFIG_FILE, read_described
    from gan.files import write_json

    earlier = credits_of(read_described(before)) if before else {}
    write_json(staged / CONFIG_FILE, read_described(staged) | earlier | dict(credits))


def _next_step(folder: Path) -> str:
    from gan.checkpoints import read_described, task_of

    described = read_described(folder)
    show = TASKS[task_of(described)].show.replace("FOLDER", quoted(folder))
    return ". ".join(filter(None, [show, near_copies(described)]))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    make_unfailing()
    parser = argparse.ArgumentParser(
        prog="gan.promote", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", metavar="RUN", help="folder that train.py made, or a .pth of the tutorial's layout")
    parser.add_argument("name", metavar="NAME", help="what the demo calls it")
    parser.add_argument(
        "--into", default=CHECKPOINTS, metavar="FOLDER", help="default: the checkpoints/ that app.py shows"
    )
    parser.add_argument(
        "--discriminator", default="", metavar="FILE", help="of a .pth from elsewhere: its netD.pth, to train both on"
    )
    parser.add_argument("--best", action="store_true", help="of the measured snapshots, the one with the lowest KID")
    parser.add_argument(
        "--replace", action="store_true", help="delete the model of this name, where it is no earlier state of the run"
    )
    add_flags(parser)
    answer_in_words(parser)
    options = parser.parse_args(arguments)
    try:
        check_installed()
        flags = {name: value for name, value in vars(options).items() if name not in CREDITS}
        folder = promote(**flags, credits=given(vars(options)))
        print(f"{folder}: {_next_step(folder)}")
    except UserError as error:
        print(f"gan.promote: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    exit_tidily_on_signals()
    sys.exit(main())
