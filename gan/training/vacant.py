"""Whether a folder is free for a new run."""

from contextlib import suppress
from pathlib import Path

from gan.config import TrainConfig
from gan.errors import UserError, quoted
from gan.files import LOCK_FILE, PART, read_json

# What a run writes before it has learned anything, so that it may begin anew.
UNTOUCHED = {LOCK_FILE, "config.json", "log.txt", "reals.webp"}


def refuse_used_folder(config: TrainConfig, again: bool) -> None:
    """Raise UserError where a new run would write over something; started `again`, it may find its own work."""
    folder = Path(config.out)
    try:
        entries = {path.name.partition(PART)[0] for path in folder.iterdir()} if folder.is_dir() else set()
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror}); choose another --out") from error
    if entries <= UNTOUCHED and (LOCK_FILE in entries or not entries):
        return
    if {LOCK_FILE, "config.json"} <= entries:
        if again and holds_run_of(config):
            return
        raise UserError(f"{folder} holds a run already; go on with --resume {quoted(folder)}, or choose another --out")
    raise UserError(f"{folder} holds other files; choose another --out, a folder that is empty or not there yet")


def holds_run_of(config: TrainConfig) -> bool:
    """Return whether the run in the config's folder began with this command, as far as recipe and pictures tell."""
    with suppress(UserError, KeyError, TypeError, ValueError):
        run = TrainConfig.from_dict(read_json(Path(config.out, "config.json"))["train"])
        return all(getattr(run, name) == getattr(config, name) for name in ("recipe", "dataset", "data", "seed"))
    return False
