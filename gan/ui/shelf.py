"""The models as the page shows them: each only read, and replaced as a whole when its folder has changed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from gan.checkpoints import CONFIG_FILE, GENERATOR_FILE
from gan.files import LOCK_FILE, is_there
from gan.folder import HISTORY_FILE, METRICS_FILE, REALS_FILE, SAMPLES, SNAPSHOTS
from gan.ui.loaded import LoadedModel, load_models

WATCHED = (GENERATOR_FILE, CONFIG_FILE, HISTORY_FILE, METRICS_FILE, REALS_FILE, SAMPLES, SNAPSHOTS)


class Shelf(Sequence[LoadedModel]):
    """Models in the order of their folders, whose names never change; `refresh` reads again what has changed."""

    def __init__(self, models: Sequence[LoadedModel]) -> None:
        self._models = list(models)
        # A run may have gone on since it was read: it is read once more.
        self._read = [None if (model.folder / LOCK_FILE).exists() else _state_of(model.folder) for model in models]
        self._one_at_a_time = Lock()

    def __getitem__(self, place: Any) -> Any:  # an index or a slice, as of a list
        return self._models[place]

    def __len__(self) -> int:
        return len(self._models)

    def refresh(self) -> None:
        """Replace the models whose folders have changed; one that cannot be read now stays as it was."""
        with self._one_at_a_time:
            for place, model in enumerate(self._models):
                state = _state_of(model.folder)  # before it is read: what is written meanwhile is seen next time
                if state == self._read[place]:
                    continue
                models, _ = load_models([model.folder])
                if models:
                    earlier = {*model.earlier, model.weights} if is_there(model.folder / LOCK_FILE) else ()
                    self._models[place] = replace(models[0], name=model.name, earlier=frozenset(earlier))
                self._read[place] = state


def _state_of(folder: Path) -> list[tuple[int, int] | None]:
    """Return when what the page shows of a folder was last written, and how large it is."""
    return [written(folder / name) for name in WATCHED]


def written(path: Path) -> tuple[int, int] | None:
    """Return when a file was last written, and how large it is; None where it cannot be seen."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
