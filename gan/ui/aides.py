"""Networks beside the generators, which colour drawings or enlarge pictures: found at the start, read when needed."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from torch import nn

from gan.checkpoints import load_with_digest, read_described
from gan.data.datasets import DATASETS
from gan.errors import UserError, escape, printable
from gan.publishing.provenance import learned_before, learned_from, made_of
from gan.told import title_of
from gan.ui.arguments import refuse
from gan.ui.loaded import LoadedModel


class Aide:
    """A checkpoint folder of such a task. Its weights are read once, when somebody first needs them."""

    def __init__(self, folder: Path, described: dict[str, Any]) -> None:
        self.folder, self.described, self.task = folder, described, described["task"]
        self.name = printable(folder.name)
        self._read: tuple[Any, str] | None = None
        self._one_at_a_time = Lock()

    @property
    def source(self) -> str:
        """The name of the data set that it learned from."""
        return learned_from(self.described)

    @property
    def learned(self) -> str:
        """What it learned from, for people."""
        known = DATASETS.get(self.source, DATASETS["folder"])
        last = known.source if known.slug else title_of(self.described, known.source)
        return " and then ".join([*(DATASETS[name].source for name in learned_before(self.described)), last])

    @property
    def size(self) -> int:
        """Pixels a side of its pictures; 0 where its folder does not say."""
        arguments = self.described.get("generator")
        size = arguments.get("image_size") if isinstance(arguments, Mapping) else None
        return size if isinstance(size, int) else 0

    @property
    def network(self) -> Any:
        """The network, in eval mode; what cannot be read is refused with a sentence."""
        return self._content()[0]

    @property
    def weights(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of its weights."""
        return self._content()[1]

    def _content(self) -> tuple[nn.Module, str]:
        with self._one_at_a_time:
            if self._read is None:
                try:
                    self._read = load_with_digest(self.folder, self.task)
                except UserError as error:
                    fault = str(error).replace(escape(f"{self.folder.parent}/"), "")
                    raise refuse(f"This needs a network that cannot be read: {fault}.") from error
            return self._read


class Aides:
    """Those in some folders, as gan.ui.loaded finds them; of two that would do as well, the first is taken."""

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        self.all = [Aide(folder, read_described(folder)) for folder in folders]

    def colourer(self, model: LoadedModel) -> Aide | None:
        """Return what colours drawings: of the model's own data, else the largest; None where there is none."""
        any_will_do = (aide for aide in self.all if aide.task == "colorize")
        return self.of("colorize", model) or max(any_will_do, key=lambda aide: aide.size, default=None)

    def enlarger(self, model: LoadedModel | Aide) -> Aide | None:
        """Return what enlarges a network's pictures; None where nothing learned that from the network's own data."""
        return self.of("upscale", model)

    def of(self, task: str, model: LoadedModel | Aide) -> Aide | None:
        """Return the first of a task that learned from the network's own data."""
        source = made_of(model.described)
        return next((aide for aide in self.all if aide.task == task and made_of(aide.described) == source != ()), None)

    def can_colour(self) -> bool:
        """Return whether any of them colours drawings."""
        return any(aide.task == "colorize" for aide in self.all)

    def can_enlarge(self, models: Sequence[LoadedModel]) -> bool:
        """Return whether any of the models' pictures can be enlarged."""
        return any(self.enlarger(model) for model in models)
