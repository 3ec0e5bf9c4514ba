"""The command that trains such a model again, from what its config.json says of the training.

That may be a stranger's: into the command goes only what a TrainConfig takes, quoted for the shell.
"""

from dataclasses import fields
from typing import Any

from gan.config import NO_FLAG, SUITED, TrainConfig, flag_with_value, recipe_config
from gan.hub.ids import HUB_ID
from gan.publishing.credits import CREDITS

# Fields of the training's config that the command in a card does not repeat, and why.
NOT_DECISIVE = NO_FLAG | {
    "recipe": "what the others are compared with, so the command begins with it",
    "dataset": "the command begins with it",
    "data": "a place on one machine",
    "out": "a place on one machine",
    "init_from": "told where it is on the Hub; else a place on one machine",
    "reconstructions": "a file on one machine; the table says that there was one",
    "device": "what the machine had",
    "grid_format": "how grids are stored",
    **dict.fromkeys(CREDITS, "told in the card's own words"),
}
BUDGET = {"images", "epochs"}  # one of them is given, unless the stages say it all
# All others decide a result.
DECISIVE = tuple(field.name for field in fields(TrainConfig) if field.name not in NOT_DECISIVE)


def retraining_command(train: dict[str, Any], before: int) -> str:
    """Return the command that trains such a model: its recipe, and a flag for all that would be otherwise.

    What a run began from is named where it is on the Hub; `before` are the pictures that it had seen already.
    """
    try:
        made = TrainConfig.from_dict({name: train[name] for name in ("recipe", "dataset", *DECISIVE) if name in train})
        usual = recipe_config(made.recipe)
    except (ValueError, TypeError, KeyError):  # of another version, or no run's at all
        return ""
    if train.get("annealed_epochs"):  # stages were appended to what anneals: no single command trains so
        return ""
    began_from = str(train.get("init_from"))
    words = ["python train.py", f"--dataset {made.dataset}"]
    best = made.dataset if made.task == "generate" else f"{made.dataset}-{made.task}"
    if made.task != "generate":
        words.append(f"--task {made.task}")
    if made.recipe != best:
        words.append(f"--recipe {made.recipe}")
    if made.dataset == "folder":
        words.append("--data PICTURES")
    if before:
        words.append(f"--init-from {began_from if HUB_ID.fullmatch(began_from) else 'CHECKPOINT'}")
    anew = set(SUITED.get(made.recipe, ()))  # chosen by the pictures, where no flag says so
    if made.stages != usual.stages:
        anew |= BUDGET  # a flag for stages takes the place of the recipe's budget
    for name in DECISIVE:
        value = getattr(made, name)
        if (value == getattr(usual, name) and name not in anew) or (name in BUDGET and not value):
            continue
        if name == "stages":
            value = ",".join(f"{stage.epochs}:{stage.lr:g}:{stage.beta1:g}" for stage in value)
        words.append(flag_with_value(name, value))
    return " ".join(words)
