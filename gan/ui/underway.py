"""How far the run in a folder is, in a sentence; models that were published are no runs any more."""

import os
import statistics
import time
from pathlib import Path

from filelock import FileLock, Timeout

from gan.checkpoints import CONFIG_FILE
from gan.config import TrainConfig
from gan.errors import UserError
from gan.files import LOCK_FILE, read_json
from gan.folder import HISTORY_FILE
from gan.training.pace import duration
from gan.ui.loaded import LoadedModel

RECENT = 5  # epochs whose speed is that of the epochs to come
NOTHING_YET = (
    "{name}: nothing to show yet. Training has begun, and the pictures are here once it has come to the end of an "
    "epoch: reload the page then."
)
NOTHING = "{name}: nothing to show. Training was stopped before the end of its first epoch; --resume goes on with it."


def standing(model: LoadedModel) -> str:
    """Return how far the run is that the model is of, and whether it goes on; "" for one at its end, or for no run."""
    training = _is_held(model.folder / LOCK_FILE)
    if not model.weights:
        return (NOTHING_YET if training else NOTHING).format(name=model.name)
    last = model.history[-1] if model.history else {}
    if training is None or last.get("images_seen") is None:
        return ""
    budget, epochs = _plan(model.folder)
    place = f"epoch {last['epoch']}" + (f" of {epochs}" if epochs else "")
    if training:
        left = _seconds_left(model, budget)
        return f"The run is at {place}, still training" + (f", about {duration(left)} to go." if left > 0 else ".")
    return f"The run was stopped at {place}." if last["images_seen"] < budget else ""


def _is_held(lock: Path) -> bool | None:
    """Whether a training holds the lock of its run's folder; None where there is none, or where that cannot be seen."""
    if not os.path.isfile(lock):
        return None
    try:
        with FileLock(lock, timeout=0, preserve_lock_file=True):
            return False
    except Timeout:
        return True
    except OSError:
        return None


def _plan(folder: Path) -> tuple[int, int]:
    """Return how many pictures and epochs the run is to see in all; zeros where its folder does not say."""
    try:
        described = read_json(folder / CONFIG_FILE)
        pictures = described["data"]["pictures"]
        config = TrainConfig.from_dict(described["train"])
        return config.budget(pictures), config.epochs_in_all(pictures)
    except (UserError, LookupError, TypeError, ValueError, ArithmeticError, AttributeError):
        return 0, 0


def _seconds_left(model: LoadedModel, budget: int) -> float:
    """Return how long the run will take from now on at the speed of its last epochs; 0 where that is not known."""
    speeds = [line["images_per_second"] for line in model.history[-RECENT:] if line["images_per_second"]]
    if not speeds:
        return 0
    left = (budget - model.history[-1]["images_seen"]) / statistics.median(speeds)
    return left - (time.time() - (model.folder / HISTORY_FILE).stat().st_mtime)
