"""From the flags of train.py to the config of a run: a new one, or one that goes on."""

import math
import sys
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from gan.config import NO_FLAG, RECIPES, Stage, TrainConfig, flag_name, parse_stages, recipe_config
from gan.data.datasets import DOWNLOADED
from gan.errors import UserError, printable, quoted
from gan.files import read_json
from gan.hub.ids import is_id
from gan.publishing.credits import CREDITS, check_license
from gan.terminal.stopping import RANK
from gan.words import listed

# Fields of TrainConfig that a flag does not simply set, and why.
WORKED_OUT = {
    "recipe": "chosen first, by --dataset where it is not given",
    "dataset": "the recipe's own where it is not given",
    "data": "made absolute; of a copy of a data set it is a part",
    "out": "made absolute; named after the recipe where it is not given",
    "init_from": "made absolute, if it is no Hub id",
    "reconstructions": "made absolute",
    "images": "a budget, which stands against --epochs and --stages",
    "epochs": "a budget, which stands against --images",
    "stages": "read from text, or changed by --lr and --beta1",
}
# All others are set by the flag of their name, as it is.
FIELDS = tuple(field.name for field in fields(TrainConfig) if field.name not in NO_FLAG | WORKED_OUT)
# What may differ when a run goes on; anything else would make it another run.
RESUMABLE = {
    "resume",
    "data",
    "reconstructions",
    "images",
    "epochs",
    "stages",
    "device",
    "precision",
    "guard",
    "anneal",
    "grid_format",
    "now",
    *CREDITS,
}
# What a stage says of a run, so that a resumed one takes it as a stage.
OF_A_STAGE = ("lr", "beta1")
ADVISED_EPOCHS = 5  # of a stage in an advice
# What makes other networks, which no weights of a run fit.
SHAPING = {"task", "scale", "base_channels", "image_size", "d_norm", "minibatch_std"}
# What means nothing to any task but one.
OF_ONE_TASK = {
    **dict.fromkeys(("d_norm", "minibatch_std", "background"), "generate"),
    **dict.fromkeys(("scale", "reconstructions"), "upscale"),
}


def new_config(flags: dict[str, Any]) -> TrainConfig:
    """Return recipe + flags; what contradicts itself raises ValueError."""
    check_license(flags.get("license", ""))
    if "now" in flags:
        raise ValueError("--now lets the --stages of a resumed run begin with its next epoch; leave it out here")
    if "data" in flags and "dataset" not in flags and "recipe" not in flags:
        flags = {**flags, "dataset": "folder"}
    if "dataset" not in flags and "recipe" not in flags:
        raise ValueError(
            f"give pictures of your own, a folder or a .zip, or --dataset {listed(DOWNLOADED, 'or')} (or --resume RUN)"
        )
    if "data" in flags and "dataset" not in flags and flags["recipe"].partition("-")[0] != "folder":
        raise ValueError(
            f"say what --data is: --dataset {listed(DOWNLOADED, 'or')} (a copy of that data set), or --dataset folder"
        )
    recipe = _recipe(flags)
    if "augment" in flags:
        policy = "" if flags["augment"] == "none" else flags["augment"].replace(" ", "")
        flags = {**flags, "augment": policy}
    config = recipe_config(recipe, **{name: flags[name] for name in FIELDS if name in flags})
    if flags.get("dataset", config.dataset) == "folder" and "data" not in flags:
        raise ValueError("--dataset folder needs --data, a folder of pictures or a .zip")
    config = replace(
        config,
        dataset=flags.get("dataset", config.dataset),
        data=_data(flags.get("dataset", config.dataset), flags.get("data", "")),
        init_from=_hub_id_or_absolute(flags.get("init_from", "")),
        out=_absolute(flags.get("out", f"runs/{recipe}")),
        reconstructions=_absolute(flags.get("reconstructions", "")),
    )
    for name, task in OF_ONE_TASK.items():
        if name in flags and config.task != task:
            raise ValueError(
                f"{flag_name(name)} is of --task {task} alone, and this is --task {config.task}; leave it out"
            )
    if config.data and Path(config.out).is_relative_to(config.data):
        raise ValueError(f"--out {config.out} lies inside --data: the run's own files would become training pictures")
    return with_budget(with_schedule(config, flags), flags)


def _recipe(flags: dict[str, Any]) -> str:
    """Return the recipe that is asked for, or the best known for data set and task."""
    task = flags.get("task", "generate")
    if "recipe" in flags:
        asked = RECIPES.get(flags["recipe"], {}).get("task", "generate")
        if flags.get("task", asked) != asked:
            raise ValueError(f"--recipe {flags['recipe']} is for --task {asked}; leave out one of the two")
        return flags["recipe"]
    return flags["dataset"] if task == "generate" else f"{flags['dataset']}-{task}"


def with_schedule(config: TrainConfig, flags: dict[str, Any]) -> TrainConfig:
    """Apply --stages, or --lr and --beta1."""
    single = {name: flags[name] for name in OF_A_STAGE if name in flags}
    if "stages" in flags:
        if single:
            raise ValueError("--stages names lr and beta1 itself; leave out --lr and --beta1")
        return replace(config, stages=parse_stages(flags["stages"]), images=flags.get("images", 0))
    if single and len(config.stages) > 1:
        raise ValueError(f"{config.recipe} has {len(config.stages)} stages; give --stages instead of --lr and --beta1")
    return replace(config, stages=(*config.stages[:-1], replace(config.stages[-1], **single)))


def with_budget(config: TrainConfig, flags: dict[str, Any]) -> TrainConfig:
    """Apply --images or --epochs."""
    if "images" in flags or "epochs" in flags:
        name = "images" if "images" in flags else "epochs"
        if flags[name] < 1:
            raise ValueError(f"--{name} is {flags[name]}; it must be at least 1")
    if "images" in flags:
        return replace(config, images=flags["images"])
    return config.with_epochs(flags["epochs"]) if "epochs" in flags else config


def resumed_config(flags: dict[str, Any]) -> TrainConfig:
    """Return the config of the run to resume, extended by the flags that a resumed run may be given."""
    from gan.checkpoints import CONFIG_FILE  # with torch: slow

    check_license(flags.get("license", ""))
    fixed = sorted(set(flags) - RESUMABLE - set(OF_A_STAGE))
    if fixed:
        names = ", ".join(map(flag_name, fixed))
        kept = "" if SHAPING.intersection(fixed) else ", with --init-from to keep its weights"
        raise ValueError(f"{names} cannot change in a resumed run; start a new one{kept}")
    folder = Path(flags["resume"])
    path = folder / CONFIG_FILE
    try:
        there = path.is_file()
    except OSError as error:  # a folder that one may not enter, a name that none can have
        raise UserError(f"{folder}: cannot be read ({error.strerror})") from error
    if not there:
        raise UserError(
            f"{folder}: holds no run ({CONFIG_FILE} is missing). --resume takes a folder that train.py made."
        )
    described = read_json(path)
    try:
        config = TrainConfig.from_dict(described.get("train", {}))
    except ValueError as error:
        raise UserError(f"{path}: describes no run of this version ({printable(error)})") from error
    if flags.keys() & set(OF_A_STAGE):
        raise ValueError(_as_a_stage(config, flags))
    changes = {name: flags[name] for name in FIELDS if name in flags}
    if {"anneal", "stages"} <= flags.keys():
        raise ValueError("stages that are appended keep the rate that they name; leave out --anneal, or --stages")
    if "anneal" in flags:  # of today's budget, whatever was appended before
        changes |= {"annealed_epochs": 0, "annealed_budget": 0}
    data = _absolute(flags.get("data", config.data))
    if Path(data).name != Path(config.data).name:  # by its name it is what the run began with, all of it
        data = _data(config.dataset, data, least=_picture_count(described))
    reconstructions = _absolute(flags.get("reconstructions", config.reconstructions))
    config = replace(config, out=_absolute(folder), data=data, reconstructions=reconstructions, **changes)
    if "stages" in flags:
        budget: dict[str, int] = {name: flags[name] for name in ("images", "epochs") if name in flags}
        config = with_appended_stages(config, parse_stages(flags["stages"]), described, folder, "now" in flags, budget)
    elif "now" in flags:
        raise ValueError("--now says when --stages begin; give them, too, as in --stages 5:1e-4:0.5")
    return with_budget(config, flags)


def with_appended_stages(
    config: TrainConfig,
    stages: tuple[Stage, ...],
    described: dict[str, Any],
    folder: Path,
    now: bool = False,
    budget: dict[str, int] | None = None,
) -> TrainConfig:
    """Let a run go on with these stages: behind its budget or, `now`, with the next epoch, in place of what was left.

    `budget` is the new one, images or epochs, where the stages do not say it. What they name is the learning rate:
    annealing belongs to what they are appended to.
    Where it is still busy with just these, the command was repeated after a stop.
    """
    pictures, seen = _picture_count(described), described.get("images_seen", 0)
    if not (pictures and type(seen) is int):
        raise UserError(f"{folder}: this run has not begun, so there is nothing to append stages to")
    seen = _seen_by_state(folder, seen)
    begun, end = math.ceil(seen / pictures), config.epochs_in_all(pictures)
    before, last = config.stages[: -len(stages)], config.stages[-len(stages) :]
    repeated = bool(before) and last == stages and seen < config.budget(pictures)
    if repeated and (not now or begun >= sum(stage.epochs for stage in before)):
        _remark("these stages are appended already; going on with them")
        return config
    if begun < end and not now:
        _remark(f"these stages begin behind epoch {end}, the end of the budget; with --now, behind epoch {begun}")
    behind = begun if now else end
    longer = config.with_more_stages(stages, behind, **budget or {})
    if not (config.anneal and behind):
        return longer
    until = min(config.annealed_epochs or behind, behind)
    return replace(longer, annealed_epochs=until, annealed_budget=config.annealed_budget or config.budget(pictures))


def _remark(sentence: str) -> None:
    """Say something once, beside what may be read by a program."""
    if RANK == 0:
        print(sentence, file=sys.stderr)


def _seen_by_state(folder: Path, published: int) -> int:
    """Return how many pictures a run has seen by its newest state, which may be ahead of what it has published."""
    from gan.checkpoints import list_states
    from gan.training.run import STATES

    return max([published, *(int(path.name.split("-")[1]) for path in list_states(folder / STATES)[:1])])


def _as_a_stage(config: TrainConfig, flags: dict[str, Any]) -> str:
    """Say with which command a run goes on at another learning rate or beta1."""
    names = " and ".join(flag_name(name) for name in OF_A_STAGE if name in flags)
    if "stages" in flags:
        return f"--stages names lr and beta1 itself; leave out {names}"
    stage = replace(config.stages[-1], **{name: flags[name] for name in OF_A_STAGE if name in flags})
    stages = f"--stages {ADVISED_EPOCHS}:{stage.lr:g}:{stage.beta1:g} --now"
    return (
        f"{names} cannot change in the midst of a stage; a stage of its own does it, here of {ADVISED_EPOCHS} epochs: "
        f"python train.py --resume {quoted(flags['resume'])} {stages}"
    )


def _picture_count(described: dict[str, Any]) -> int:
    """Return how many pictures a run is trained on by its config.json; 0 where that does not say."""
    data = described.get("data")
    pictures = data.get("pictures") if isinstance(data, dict) else None
    return pictures if type(pictures) is int and pictures > 0 else 0


def _data(dataset: str, path: str, least: int = 0) -> str:
    """Return where to read the pictures; of a data set as Kaggle hands it out, that is a part with `least` files."""
    from gan.data.download import own_copy  # with the formats of pictures: slow

    with suppress(UserError):  # what cannot be read is told when it is to be read
        return str(own_copy(dataset, Path(_absolute(path)), least)) if path else ""
    return _absolute(path)


def _absolute(path: str | Path) -> str:
    try:
        return str(Path(path).expanduser().resolve()) if path else ""
    except (RuntimeError, OSError) as error:  # ~somebody, links in a circle, a working folder that was deleted
        raise UserError(f"{path}: {error}") from error


def _hub_id_or_absolute(source: str) -> str:
    return source if is_id(source) else _absolute(source)
