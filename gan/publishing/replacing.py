"""The model that a promotion finds in its place: whether it may be replaced, and that it is never lost halfway."""

import os
import re
import shutil
from pathlib import Path
from typing import Any

from gan.checkpoints import BEGAN_WITH, CONTINUES, GENERATOR_FILE, images_before_run, images_seen, read_described
from gan.config import NO_FLAG
from gan.errors import UserError
from gan.flags import RESUMABLE
from gan.folder import CHART_FILE, PICTURES_FILE, footprint, read_history
from gan.hub.contents import PUBLISHED
from gan.publishing.release import PRIVATE

# Files that systems leave in folders, of which nobody knows.
LEFT_BEHIND = re.compile(r"\.DS_Store|\._.*|\.directory|\.nfs.*|Thumbs\.db|desktop\.ini")


def check_replaceable(target: Path, source: Path, replace: bool, further: bool) -> None:
    """Raise UserError where something would be lost that was not asked for; `further` is what `is_further` says."""
    if not os.path.lexists(target) or (target.is_dir() and not any(target.iterdir())):
        return
    if not (target / GENERATOR_FILE).is_file():
        raise UserError(f"{target}: is there already and is no model; choose another NAME")
    if replace:
        return
    files = [path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir()]
    strange = [name for name in files if not _is_ours(name)]
    if strange:
        raise UserError(
            f"{target}: holds {strange[0]}, too, which no promotion wrote; take it out of there, or give --replace, "
            "which deletes the folder"
        )
    if not further:
        raise UserError(
            f"{target}: is another model than {source}, or a later state of it; choose another NAME, or give "
            "--replace, which deletes it"
        )


def _is_ours(name: str) -> bool:
    left_behind = LEFT_BEHIND.fullmatch(name.rpartition("/")[2])
    return bool(left_behind or name in (PICTURES_FILE, CHART_FILE) or PUBLISHED.fullmatch(name))


def is_further(run: Path, checkpoint: Path) -> bool:
    """Whether the checkpoint is the run as it was or is: they began with the same epoch, and it has seen no more."""
    try:
        now, before = (read_described(folder) for folder in (run, checkpoint))
    except UserError:  # a damaged config.json says nothing
        return False
    lines = [_first_of_run(run, now), _first_of_run(checkpoint, before)]
    if not all(lines) or images_seen(now) < images_seen(before):
        return False
    first, other = map(footprint, lines)
    return first == other or (_was_cut_short(other, first) and _asked_for(before) == _asked_for(now))


def goes_on_with(run: Path, checkpoint: Path) -> bool:
    """Whether the run, or a checkpoint of it, began with the networks of this checkpoint, at the end of its record."""
    history = read_history(checkpoint)
    return bool(history) and read_described(run).get(BEGAN_WITH) == footprint(history[-1])


def _first_of_run(folder: Path, described: dict[str, Any]) -> dict[str, Any]:
    """Return the first line that the run wrote which is described, as it wrote it; {} where there is none."""
    began = described.get(CONTINUES)
    began = began if isinstance(began, dict) else {}
    own = (line for line in read_history(folder) if line["epoch"] > began.get("epoch", 0))
    return moved(next(own, {}), {name: -count for name, count in began.items()})


def moved(line: dict[str, Any], by: dict[str, int]) -> dict[str, Any]:
    """Return a line of a record with its counts further by so much each."""
    return line | {name: line[name] + count for name, count in by.items() if isinstance(line.get(name), int)}


def _was_cut_short(line: list[Any], later: list[Any]) -> bool:
    """Whether the run was stopped in this epoch and has gone on with it since; both as FOOTPRINT has it."""
    (epoch, seen), (later_epoch, later_seen) = line[:2], later[:2]
    return epoch == later_epoch and isinstance(seen, int) and isinstance(later_seen, int) and seen < later_seen


def _asked_for(described: dict[str, Any]) -> list[Any]:
    """Return what a config.json says of a run that stays as it is when the run goes on."""
    train, data = (part if isinstance(part := described.get(name), dict) else {} for name in ("train", "data"))
    stays = {name: value for name, value in train.items() if name not in RESUMABLE | {*PRIVATE, *NO_FLAG}}
    return [stays, data.get("fingerprint"), images_before_run(described)]


def replace_folder(target: Path, staged: Path) -> None:
    """Put the new folder in its place; the old one is kept until it stands."""
    kept = _kept(target)
    if os.path.lexists(target):
        kept.parent.mkdir()
        target.rename(kept)
    try:
        staged.rename(target)
    finally:
        put_back(target)


def put_back(target: Path) -> None:
    """Give a model its place again that a promotion took away without getting to the end; else delete what it kept."""
    kept = _kept(target)
    if os.path.lexists(kept) and not os.path.lexists(target):
        kept.rename(target)
    shutil.rmtree(kept.parent, ignore_errors=True)


def _kept(target: Path) -> Path:
    return target.with_name(f".{target.name}.old.part") / target.name
