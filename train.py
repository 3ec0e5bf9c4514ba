"""Train a DCGAN on a folder of pictures, on a GPU or on a laptop's CPU.

    python train.py --dataset pokemon                                 # downloads the pictures from Kaggle
    python train.py --dataset anime --data anime.zip --epochs 30
    python train.py my_pictures.zip                                   # your own: what suits them is chosen
    python train.py --dataset pokemon --task colorize                 # a network that colours drawings
    python train.py --resume runs/pokemon --images 600_000            # longer: from where the rate began to fall
    python train.py --dataset pokemon --push-to-hub USER/NAME         # the result goes to the Hugging Face Hub
    python train.py --smoke                                           # a minute on any machine: whether it all works
    torchrun --standalone --nproc-per-node 4 train.py --dataset anime # on four GPUs

Ctrl-C saves and stops; --resume goes on. The result is a folder: python -m gan.promote runs/pokemon NAME shows it
in the demo.
"""

from gan.terminal.interrupts import end_quietly

if __name__ == "__main__":
    end_quietly()

import argparse
import json
import os
import re
import signal
import sys
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan import config as options
from gan.config import CHOICES, TrainConfig, flag_name
from gan.data.datasets import DATASETS, DOWNLOADED
from gan.data.sizing import STARTS, choose
from gan.errors import UserError, quoted
from gan.flags import new_config, resumed_config
from gan.hub.contents import MODEL
from gan.hub.ids import parse_target
from gan.publishing.credits import CREDITS
from gan.scratch import temporary_folder
from gan.terminal.command import Command
from gan.terminal.console import make_unfailing
from gan.terminal.installed import check_installed
from gan.terminal.smoke import smoke_config, smoke_halves
from gan.terminal.stopping import RANK, UNDER_TORCHRUN, StopRequest
from gan.training.vacant import refuse_used_folder
from gan.words import listed

if TYPE_CHECKING:
    from gan.data.scan import Pictures, ScanReport
    from gan.publishing.pushing import Publisher

# What torchrun says: which process this is of its machine, how often they were started again, how many.
LOCAL_RANK = int(os.environ.get("LOCAL_RANK", 0))
RESTARTS = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0))
PROCESSES = int(os.environ.get("WORLD_SIZE", 1))
LET_THE_FIRST_SPEAK = 5.0  # seconds: torchrun kills the others when one process exits

NO_MEMORY = re.compile("out of memory|allocate memory|not enough memory", re.IGNORECASE)  # as CPU and MPS say it
KINDS = {field.name: field.type for field in fields(TrainConfig)}


def add_field(group: argparse._ActionsContainer, name: str, **more: Any) -> None:
    """Add the flag of a field of TrainConfig, of the field's kind and with its choices."""
    kind = KINDS[name]
    how: dict[str, Any] = {"type": kind, "choices": CHOICES.get(name)}
    if kind is bool:
        how = {"action": argparse.BooleanOptionalAction}
    group.add_argument(flag_name(name), dest=name, **{**how, **more})


def build_parser() -> argparse.ArgumentParser:
    """Return the command line; a flag that is not given leaves no trace, so that the recipe decides."""
    parser = Command(
        prog="train.py",
        description=__doc__,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    what = parser.add_argument_group("what to train on")
    what.add_argument(
        "pictures", nargs="?", metavar="FOLDER_OR_ZIP", help="the same as --data, of pictures of your own"
    )
    add_field(what, "dataset", help=f"{listed(DOWNLOADED, 'and')} are downloaded unless --data is given")
    add_field(what, "task", help="generate pictures (the default), colorize drawings, or upscale pictures")
    add_field(what, "data", metavar="FOLDER_OR_ZIP", help="pictures of your own, or an own copy of the data set")
    add_field(what, "keep_repeats", action="store_true", help="train on byte-identical repeats too")
    add_field(what, "fit", help="crop: the middle square of a picture; pad: all of it, on a square of the background")
    add_field(what, "background", metavar="COLOUR", help='behind transparency: white, black, grey, "#rrggbb" in quotes')

    how = parser.add_argument_group("how to train")
    add_field(how, "recipe", choices=options.RECIPES, help="default: the best known for the data set")
    budget = how.add_mutually_exclusive_group()
    add_field(budget, "images", metavar="N", help="budget in pictures seen, as in 300_000")
    add_field(budget, "epochs", metavar="N", help="budget in passes over the pictures")
    add_field(how, "stages", type=str, metavar="E:LR:B1,...", help='epochs:lr:beta1, as in "5:2e-4:0.5,5:1e-4:0.3"')
    add_field(how, "anneal", metavar="SHARE", help="of the budget, at its end: the learning rate falls")
    add_field(how, "batch_size", metavar="N")
    how.add_argument("--lr", type=float, help="Adam's learning rate, of a recipe of one stage")
    how.add_argument("--beta1", type=float, help="Adam's beta1, of a recipe of one stage")
    add_field(how, "loss")
    add_field(how, "r1_gamma", metavar="G", help="weight of the gradient penalty; 0: none")
    add_field(how, "d_norm", help="normalisation in the discriminator")
    add_field(how, "minibatch_std", help="show the discriminator how varied a batch is, too")
    add_field(how, "augment", metavar="POLICY", help=f'"{",".join(options.TRANSFORMS)}", some of them, or "none"')
    add_field(how, "flip", help="mirror half of the real pictures")
    add_field(how, "ema_half_life_images", metavar="N", help="in pictures; 0: no EMA")
    add_field(how, "base_channels", metavar="N", help="width of both networks; default: the recipe's")
    add_field(how, "image_size", help="pixels a side; default: the recipe's")
    add_field(how, "scale", help="of --task upscale; default: the recipe's")
    add_field(how, "reconstructions", metavar="FILE", help="of --task upscale: what gan.insight.reconstruct wrote")
    add_field(how, "seed")
    add_field(how, "guard", help="warn marks a collapse in the history, rollback undoes it")
    add_field(how, "init_from", metavar="CHECKPOINT", help="continue the networks of a checkpoint folder or Hub id")

    whose = parser.add_argument_group("whose it is")
    for name, purpose in CREDITS.items():
        add_field(whose, name, metavar="TEXT", help=purpose)

    where = parser.add_argument_group("where")
    add_field(where, "device")
    add_field(where, "precision", help="auto: bf16 where the hardware is fast at it")
    add_field(where, "out", metavar="RUN", help="folder of the run, default runs/RECIPE")
    add_field(where, "grid_format", help="png: write each 8 x 8 grid as PNG, too")
    where.add_argument("--resume", metavar="RUN", help="go on with a run; --images, --epochs or --stages extend it")
    where.add_argument("--now", action="store_true", help="--stages of a resumed run begin with its next epoch")
    where.add_argument("--push-to-hub", metavar="USER/NAME", help="push the result to the Hugging Face Hub")
    where.add_argument("--push-every", type=int, metavar="N", help="push after every N pictures, too")
    where.add_argument("--private", action="store_true", help="if the repository is made now, make it private")
    instead = where.add_mutually_exclusive_group()
    instead.add_argument("--check", action="store_true", help="scan the pictures, say what was found, and stop")
    instead.add_argument("--dry-run", action="store_true", help="print the resolved config and stop")
    instead.add_argument("--smoke", action="store_true", help="train, stop, resume and save a tiny model in a minute")
    return parser


def run_training(
    config: TrainConfig,
    stop: StopRequest,
    pictures: "Pictures | None" = None,
    publisher: "Publisher | None" = None,
    new: bool = False,
) -> int:
    """Train, with the other processes of torchrun if there are any, and push what comes of it; return the exit status.

    `pictures` are the config's, if they are read already. A `new` run raises UserError where the folder is used.
    """
    temporary_folder()  # torch asks for one when it makes its first optimizer
    import torch

    from gan.training import distributed
    from gan.training.loop import train

    try:
        with distributed.joined():
            (again,) = distributed.anywhere(RESTARTS > 0)  # torchrun counts on the machine that failed alone
            if new:
                distributed.by_first(lambda: refuse_used_folder(config, again))
            run = train(config, publisher.on_save if publisher else lambda folder: None, stop, pictures)
    except (RuntimeError, MemoryError) as error:  # of this process, of which the others know nothing
        if not (isinstance(error, torch.OutOfMemoryError | MemoryError) or NO_MEMORY.search(str(error))):
            raise
        print(f"train.py: {_too_little_memory(config, error)}", file=sys.stderr)
        return 2
    finally:
        stop.loop_is_over()
        if publisher:
            publisher.settle()
    if publisher and RANK == 0 and run.trainer.images_seen:
        print(publisher.finish(run.folder, run.finished))
    seen = f"{run.trainer.images_seen:,} pictures seen"
    if not run.finished:
        command = "torchrun ... train.py" if PROCESSES > 1 else "python train.py"
        pushing = f" {publisher.flags}" if publisher else ""
        print(f"stopped at {seen}. Go on with: {command} --resume {quoted(run.folder)}{pushing}")
        if UNDER_TORCHRUN:
            return 0  # what it would take for a crash, it would start again
        return 128 + (stop.signal or signal.SIGTERM)  # the signal may have gone to another process
    print(f"done: {seen}. Make a checkpoint of it with: python -m gan.promote {quoted(run.folder)} NAME")
    return 0


def _too_little_memory(config: TrainConfig, error: BaseException) -> str:
    """Return what to do where memory ran out, which says it in `error`."""
    said = (str(error).splitlines() or [""])[0][:200]
    out = "another --out"
    if Path(config.out, MODEL).is_file():
        out += f" and --init-from {quoted(config.out)}, which keeps what it has learned"
    return (
        f"there is too little memory for batches of {config.batch_size} ({said}); begin a new run with a smaller "
        f"--batch-size and {out}"
    )


def read_push(flags: dict[str, Any]) -> tuple[str, int, bool] | None:
    """Take the flags of pushing out of the flags; return what a Publisher takes, where they ask for one."""
    hub_id, every, private = (flags.pop(name, None) for name in ("push_to_hub", "push_every", "private"))
    if hub_id is None:
        if every or private:
            raise UserError("--push-every and --private say how to push; say where to: --push-to-hub USER/NAME")
        return None
    if every is not None and every < 1:
        raise UserError(f"--push-every is {every}; it must be at least 1")
    parse_target(hub_id)
    return hub_id, every or 0, bool(private)


def refuse_push(flags: dict[str, Any]) -> None:
    """Raise UserError where something is to be pushed that no training will make."""
    if read_push(flags):
        raise UserError("--push-to-hub pushes what a training made; leave it out here")


def with_pictures(flags: dict[str, Any]) -> dict[str, Any]:
    """Return the flags with pictures that were named without one as --data."""
    if "pictures" not in flags:
        return flags
    named = flags.pop("pictures")
    if "data" in flags:
        raise UserError(f"--data names the pictures already; leave out {quoted(named)}")
    if named in DATASETS and not Path(named).exists():
        raise UserError(f"{named} is a data set and no folder here; train on it with --dataset {named}")
    return {**flags, "data": named}


def suited(config: TrainConfig, flags: dict[str, Any], report: "ScanReport") -> tuple[TrainConfig, str]:
    """Let the number and sizes of the pictures choose what no flag does; return also what they chose, in words."""
    settled = {*flags, *(["images"] if flags.keys() & {"epochs", "stages"} else [])}
    chosen = {
        name: choice
        for name, choice in choose(report.sizes, flags.get("fit"), config.task).items()
        if name not in settled
    }
    lines = [f"  --{name.replace('_', '-')} {choice.text()}" for name, choice in chosen.items()]
    title = f"chosen for {report.used:,} pictures (give a flag to choose otherwise):"
    values: dict[str, Any] = {name: choice.value for name, choice in chosen.items()}
    config, start = replace(config, **values), STARTS[config.task]
    if start.fits(config) and not config.init_from:
        lines.append(start.text())
    return config, "\n".join([title, *lines])


def follows(config: TrainConfig, flags: dict[str, Any]) -> bool:
    """Return whether the pictures choose what no flag does."""
    return config.recipe in options.SUITED and "resume" not in flags


def settled(
    config: TrainConfig, flags: dict[str, Any], spill: Path | None
) -> tuple[TrainConfig, str, "Pictures | None"]:
    """Return the config as the pictures suit it, what they chose in words, and the pictures as far as they are read."""
    if not follows(config, flags):
        return config, "", None
    from gan.data.scan import pictures_of

    pictures = pictures_of(config, spill)
    config, choice = suited(config, flags, pictures.report)
    if (pictures.images.shape[-1], pictures.report.fit) != (config.picture_size, config.fit):
        return config, choice, None  # read before these were chosen; training reads them again
    return config, choice, pictures


def announce(config: TrainConfig, choice: str = "") -> None:
    """Say what run begins or goes on, and what its pictures chose."""
    print("\n".join(filter(None, [f"{config.summary()} (--dry-run prints every setting)", choice])), flush=True)


def read_flags(flags: dict[str, Any], smoke: bool = False) -> TrainConfig:
    """Return the config of the run that the flags ask for; flags that make no sense raise UserError."""
    try:
        if "resume" in flags:
            if smoke:
                raise ValueError("--smoke makes a run of its own; leave out --resume")
            return resumed_config(flags)
        if smoke and PROCESSES > 1:
            raise ValueError("--smoke tries one process; leave out torchrun")
        config = smoke_config(flags) if smoke else new_config(flags)
    except ValueError as error:
        raise UserError(str(error)) from error
    return config


def check(flags: dict[str, Any], stop: StopRequest) -> int:
    """--check: say what was found of the pictures and, for a recipe that follows them, what it would choose."""
    refuse_push(flags)
    config = read_flags(flags)
    from gan.data import holdout  # with torch: slow
    from gan.data.scan import pictures_of

    pictures, choice = pictures_of(config, spill=None), ""
    try:
        if follows(config, flags):
            config, choice = suited(config, flags, pictures.report)
    finally:  # too few pictures are an error, but what was found is told
        print(replace(pictures.report, fit=config.fit).text())
    trained_on, kept = holdout.of_task(config.task, config.dataset, pictures.names, pictures.order)
    told = [choice, holdout.told(kept), config.summary(), config.budget_line(len(trained_on))]
    print("\n".join(filter(None, told)))
    return 0


def plan(flags: dict[str, Any], stop: StopRequest) -> int:
    """--dry-run: print the resolved config, which alone can be piped on; what was chosen goes to standard error."""
    refuse_push(flags)
    config, choice, _ = settled(read_flags(flags), flags, spill=None)
    print(json.dumps(config.to_dict(), indent=2))
    if choice and RANK == 0:
        print(choice, file=sys.stderr)
    return 0


def smoke(flags: dict[str, Any], stop: StopRequest) -> int:
    """--smoke: train half of the budget, load the run again, train the other half."""
    from gan.checkpoints import load_network

    refuse_push(flags)
    config = read_flags(flags, smoke=True)
    announce(config)
    half, whole = smoke_halves(config)
    status = run_training(half, stop) or run_training(whole, stop)
    if status == 0:
        load_network(config.out)
        print(f"smoke test passed; look at {Path(config.out, 'samples')}")
    return status


def run(flags: dict[str, Any], stop: StopRequest) -> int:
    """Train a new run, or go on with one, and push it where that is asked for."""
    push = read_push(flags)
    config = read_flags(flags)
    new, alone = "resume" not in flags, PROCESSES == 1
    if new and alone:  # of several processes, the first looks once they have met
        refuse_used_folder(config, RESTARTS > 0)
    config, choice, pictures = settled(config, flags, spill=Path(config.out) if new and alone else None)
    announce(config, choice)
    publisher = None
    if push:
        temporary_folder()  # torch asks for one
        from gan.publishing.pushing import Publisher

        publisher = Publisher(*push)
        if RANK == 0:
            publisher.check()
    return run_training(config, stop, pictures if alone else None, publisher, new and not alone)


VERBS = {"check": check, "dry_run": plan, "smoke": smoke}  # flag -> what it does instead of a run


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    make_unfailing()
    parser = build_parser()
    flags = vars(parser.parse_args(arguments))
    verb = next((verb for name, verb in VERBS.items() if flags.pop(name, False)), run)
    stop = StopRequest()
    if RANK:  # the first process speaks for all
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, to stay open
    try:
        check_installed()
        return verb(with_pictures(flags), stop)
    except UserError as error:  # the same in all processes
        if LOCAL_RANK == 0:
            print(f"train.py: {error}", file=sys.stderr)
        else:
            time.sleep(LET_THE_FIRST_SPEAK)
        return 2


if __name__ == "__main__":
    sys.exit(main())
