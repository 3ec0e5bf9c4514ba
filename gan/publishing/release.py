"""The gate for what leaves the machine: each file of a checkpoint folder, read once and checked by its kind.

A folder may come from a stranger. So no link in it is followed, text is written again from what was understood of it,
and weights and pictures go on only if these very bytes load as a network of ours or decode as a sample grid.
"""

import io
import os
from pathlib import Path

from gan.checkpoints import (
    DISCRIMINATOR_FILE,
    GENERATOR_FILE,
    load_discriminator,
    load_judge,
    load_network,
    load_with_digest,
    read_described,
    task_of,
)
from gan.errors import UserError, quoted
from gan.files import entries, is_there, read_json, write_atomically, write_json
from gan.folder import (
    HISTORY_FILE,
    ITERATIONS_FILE,
    MAX_ITERATIONS,
    METRICS_FILE,
    NEIGHBOURS_FILE,
    OPINION_FILE,
    SAMPLES,
    SNAPSHOTS,
    read_history,
    read_iterations,
    read_metrics,
    write_history,
    write_iterations,
    write_metrics,
)
from gan.hub.contents import PUBLISHED, most_bytes
from gan.images import open_rgb
from gan.insight.neighbours import Neighbours
from gan.insight.opinion import Opinions
from gan.publishing.card import CARD_FILE
from gan.publishing.credits import CREDITS
from gan.tasks import TASKS

# Of the training config: paths and habits of one machine, and what config.json has in the open.
PRIVATE = ("data", "out", "init_from", "reconstructions", "device", *CREDITS)


def files_to_pass(folder: Path) -> list[str]:
    """Return the names of the files that make up a checkpoint or can be taken from a run, sorted, without the card.

    A link among them, or anything else that is no ordinary file, raises UserError, and so does a folder that cannot be
    read.
    """
    places = [folder, folder / SNAPSHOTS] if _grids_stay(folder) else [folder, folder / SAMPLES, folder / SNAPSHOTS]
    paths = [path for place in places for path in entries(place)]
    names = sorted(path.relative_to(folder).as_posix() for path in paths)
    names = [name for name in names if PUBLISHED.fullmatch(name) and name != CARD_FILE]
    for name in names:
        own_file(folder, name)
    return names


def _grids_stay(folder: Path) -> bool:
    """Whether the folder's sample grids show real pictures, which never leave the machine."""
    try:
        return TASKS[task_of(read_described(folder))].shows_reals
    except UserError:  # which is told where its config.json is passed
        return True


def own_file(folder: Path, name: str) -> Path:
    """Return the path of an ordinary file that lies in the folder itself; anything else raises UserError.

    The folder may be reached through a link, as its owner named it; below it none is followed.
    """
    path = folder / name
    if os.path.realpath(path) != os.path.join(os.path.realpath(folder), *Path(name).parts):
        raise UserError(
            f"{path}: leads elsewhere through a link, and what leaves this machine lies in the folder itself; "
            "put the file in its place, or delete the link"
        )
    if not (is_there(path) and path.is_file()):
        raise UserError(f"{path}: is no ordinary file, so it is not passed on; delete it")
    return path


def pass_file(folder: Path, name: str, target: Path) -> None:
    """Write the file of that name, one of `files_to_pass`, to `target`; what is not of its kind raises UserError."""
    source = own_file(folder, name)
    if source.suffix == ".webp":
        write_atomically(target, _grid_alone(source, _read(source)))
    elif source.name == NEIGHBOURS_FILE:
        Neighbours.load(source).save(target)
    elif source.name == OPINION_FILE:
        write_json(target, Opinions.read(read_json(source), source)._asdict())
    elif source.suffix == ".safetensors":
        _pass_network(source, target, task_of(read_described(folder)))
    else:
        _pass_text(source, target)


def _read(source: Path) -> bytes:
    """Return the file's bytes; one that would not come back from the Hub, as it is too large, raises UserError."""
    limit = most_bytes(source.name)
    try:
        with open(source, "rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise UserError(f"{source}: cannot be read ({error.strerror})") from error
    if len(content) > limit:
        raise UserError(f"{source}: is far too large for a file of this kind")
    return content


def _pass_text(source: Path, target: Path) -> None:
    try:
        if source.name == HISTORY_FILE:
            _pass_history(source, target)
        elif source.name == ITERATIONS_FILE:
            write_iterations(target.parent, read_iterations(source.parent)[-MAX_ITERATIONS:])
        elif source.name == METRICS_FILE:
            write_metrics(target.parent, read_metrics(source.parent))
        else:
            write_json(target, read_json(source))
    except (ValueError, ArithmeticError, RecursionError) as error:  # numbers of 5,000 digits, a thousand brackets
        raise UserError(f"{source}: holds what no run writes ({error})") from error


def _pass_history(source: Path, target: Path) -> None:
    """Write the history again; one too long to come back from the Hub loses every other line, but not its ends."""
    lines = read_history(source.parent)
    write_history(target.parent, lines)
    while target.stat().st_size > most_bytes(target.name) and len(lines) > 2:
        lines = [*lines[:1], *lines[1:][::-2][::-1]]
        write_history(target.parent, lines)


def _pass_network(source: Path, target: Path, task: str) -> None:
    """Copy the weights, so that the measurements of their digest stay theirs, and load the copy."""
    write_atomically(target, _read(source))
    try:
        if source.name != DISCRIMINATOR_FILE:
            load_with_digest(target, task)
        elif task == "generate":
            load_discriminator(target)
        else:
            load_judge(target, task)
    except UserError as error:
        target.unlink()
        raise UserError(error.args[0].replace(str(target), str(source))) from error


def _grid_alone(source: Path, content: bytes) -> bytes:
    """Return the WebP file with its picture and nothing else: no notes, no profile, nothing behind its end.

    One that train.py wrote comes back as it is. Raises UserError where no grid can be decoded.
    """
    place = 12
    while content[place : place + 4] not in (b"VP8 ", b"VP8L") and place < len(content):
        place += _chunk_bytes(content, place)
    body = b"WEBP" + content[place : place + _chunk_bytes(content, place)]
    alone = b"RIFF" + len(body).to_bytes(4, "little") + body
    try:
        open_rgb(io.BytesIO(alone))
    except Exception as error:  # PIL raises a dozen kinds
        raise UserError(f"{source}: is no sample grid in WebP, or damaged; delete it") from error
    return alone


def _chunk_bytes(content: bytes, place: int) -> int:
    """Return the length of a RIFF chunk: its name, its size, and as many bytes, filled up to an even number."""
    size = int.from_bytes(content[place + 4 : place + 8], "little")
    return 8 + size + size % 2


def require_checkpoint(folder: Path) -> list[str]:
    """Return the names of the files that may go, without the card, which is written anew.

    Raise UserError where the folder is no checkpoint, is damaged, or is a run, whose config names paths.
    """
    files = files_to_pass(folder)
    if GENERATOR_FILE not in files:
        raise UserError(f"{folder}: has no {GENERATOR_FILE}; publish a folder of checkpoints/ (python -m gan.promote)")
    load_network(folder)
    train = read_described(folder).get("train")
    if isinstance(train, dict) and train.get("out"):
        raise UserError(
            f"{folder}: is a run, not a checkpoint; python -m gan.promote {quoted(folder)} NAME makes one of it"
        )
    return files
