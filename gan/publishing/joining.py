"""The record of a run that began with a checkpoint's networks, on the same pictures: behind what that one has, as one.

So its film and its curves go back to the first pictures that the networks ever saw.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from gan.checkpoints import BEGAN_WITH, CONFIG_FILE, CONTINUES, images_before_run, read_described, task_of
from gan.errors import UserError
from gan.files import read_json, write_json
from gan.folder import (
    ITERATIONS_FILE,
    MAX_SAMPLES,
    SAMPLES,
    SNAPSHOTS,
    epoch_file,
    footprint,
    is_figure,
    list_epochs,
    prune_epochs,
    read_history,
    read_iterations,
    read_metrics,
    thinned,
    write_history,
    write_iterations,
    write_metrics,
)
from gan.hub.fetching import fetched
from gan.hub.ids import is_id
from gan.publishing import release
from gan.publishing.provenance import made_of
from gan.publishing.replacing import moved

BEGAN = "new run: it goes on from here"  # the curves show what stands before the colon


class Past(NamedTuple):
    """The record that a run goes on with, up to where the run began."""

    folder: Path
    described: dict[str, Any]
    history: list[dict[str, Any]]
    whole: bool  # nothing came after that

    @property
    def began(self) -> dict[str, int]:
        """How far the record had come when the run began."""
        last = self.history[-1]
        return {name: last.get(name, 0) for name in ("epoch", "images_seen", "iteration")}

    @property
    def seconds(self) -> float:
        """How long it had taken."""
        seen, told = self.began["images_seen"], self.described.get(CONTINUES)
        if isinstance(told, dict) and told.get("images_seen") == seen and is_figure(told.get("seconds")):
            return told["seconds"]  # of itself: behind it stands an earlier state of the run, at another speed
        return _number(self.described, "seconds") * seen / max(_number(self.described, "images_seen"), 1)


def past_of(run: Path, before: Path | None) -> Past | None:
    """Return what a run goes on with: the record of the checkpoint that it began with, where that is still to be had.

    `before` is an earlier state of the run that is promoted already, behind that very record.
    """
    described = read_described(run)
    began = images_before_run(described)
    for place in _places(described, before) if began else ():  # a run from nothing has no past
        try:
            theirs, history = read_described(place), read_history(place)
        except UserError:  # it is gone
            continue
        seen = began - _number(theirs, "images_before")  # by the record itself
        ends = [number for number, line in enumerate(history, 1) if line.get("images_seen") == seen]
        if not ends or task_of(theirs) != task_of(described) or not made_of(theirs) == made_of(described) != ():
            continue
        past = Past(place, theirs, history[: ends[0]], ends[0] == len(history))
        if _is_meant(past, described, sure=place == before):
            return past
    return None


def _is_meant(past: Past, described: dict[str, Any], sure: bool) -> bool:
    """Whether the run began there: another training on the same pictures has lines of as many, too."""
    if BEGAN_WITH in described:
        return described[BEGAN_WITH] == footprint(past.history[-1])
    return sure or past.whole  # older runs do not say what they began with


def _places(described: dict[str, Any], before: Path | None) -> Iterator[Path]:
    """Yield where the record may lie that a run began with."""
    train = described.get("train")
    init_from = str(train.get("init_from") or "") if isinstance(train, dict) else ""
    with suppress(UserError):  # without a place for what is fetched
        place = fetched(init_from) if is_id(init_from) else Path(init_from)
        if init_from and place:
            yield place
    if before:
        yield before


def _number(described: dict[str, Any], name: str) -> int | float:
    value: Any = described.get(name)
    return value if is_figure(value) else 0


def join(staged: Path, past: Past, before: Path | None) -> None:
    """Put a run's record, which was staged alone, behind its past; `before` is what is promoted already."""
    described, began = read_json(staged / CONFIG_FILE), past.began
    own = [moved(line, began) for line in read_history(staged)]
    own[:1] = [line | {"event": "; ".join(filter(None, (BEGAN, line.get("event"))))} for line in own[:1]]
    write_history(staged, [*past.history, *own])
    iterations = [line for line in read_iterations(past.folder) if line["iteration"] < began["iteration"]]
    if iterations:
        write_iterations(staged, [*iterations, *(moved(line, began) for line in read_iterations(staged))])
    else:  # of a past without, the run's own would stand in its place
        (staged / ITERATIONS_FILE).unlink(missing_ok=True)
    last = described["epoch"] + began["epoch"]
    reach = last if before else began["epoch"]  # what came after that says nothing of these weights
    known = [line for line in read_metrics(before or past.folder) if line.get("epoch", 0) <= reach]
    own = [moved(line, began) for line in read_metrics(staged)]
    if known or own:
        write_metrics(staged, [*known, *(line for line in own if line not in known)])
    _join_files(staged, past)
    whole = {
        "epoch": last,
        "images_seen": described["images_seen"] + began["images_seen"],
        "images_before": _number(past.described, "images_before"),
        "seconds": round(described["seconds"] + past.seconds),
        CONTINUES: began | {"seconds": round(past.seconds)},
    }
    if "discriminator_epoch" in described:
        whole["discriminator_epoch"] = described["discriminator_epoch"] + began["epoch"]
    write_json(staged / CONFIG_FILE, described | whole)


def _join_files(staged: Path, past: Past) -> None:
    """Let the grids of both stand in one row, MAX_SAMPLES of them; of snapshots the past's tell more of the way."""
    began = past.began["epoch"]
    for number, path in reversed(list_epochs(staged, SAMPLES).items()):
        path.rename(epoch_file(staged, SAMPLES, number + began))
    for path in list_epochs(staged, SNAPSHOTS).values():
        path.unlink()
    names = set(release.files_to_pass(past.folder))
    for kind in (SAMPLES, SNAPSHOTS):
        for number, path in list_epochs(past.folder, kind).items():
            name = path.relative_to(past.folder).as_posix()
            if number <= began and name in names:
                release.pass_file(past.folder, name, staged / name)
    prune_epochs(staged, SAMPLES, set(thinned(list_epochs(staged, SAMPLES), MAX_SAMPLES)))
