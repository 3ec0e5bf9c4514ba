"""Files written whole or not at all, and JSON read with errors for people."""

import errno
import json
import os
from pathlib import Path
from typing import Any

from gan.errors import UserError

PART = ".gan-part"  # behind the name of a file that is being written
LOCK = ".lock"  # in a run's folder from its first moment, held by the training that writes to it


def write_atomically(path: Path, content: bytes) -> None:
    """Write a temporary file, flush it to the disk and rename it; a reader sees the old content or the new.

    A full disk or a folder without permission raises UserError and leaves no trace.
    """
    temporary = path.with_name(f"{path.name}{PART}")
    make_folder(path.parent)
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(f"{path}: the disk is full. Free {len(content) / 1e6:.0f} MB, then resume.") from error
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error


def make_folder(path: Path) -> None:
    """Make the folder and those above it; where that cannot be, raise UserError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path}: the folder cannot be made ({error.strerror})") from error


def cache_folder() -> Path:
    """Return the folder for what can be had again; XDG_CACHE_HOME may move it."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "gan-studio")


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write a JSON object, indented for people."""
    write_atomically(path, (json.dumps(values, indent=2) + "\n").encode())


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in the file; a missing or damaged file raises UserError."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: is not valid JSON ({error})") from error
    if not isinstance(values, dict):
        raise UserError(f"{path}: holds no JSON object")
    return values


def clear_parts(folder: Path) -> None:
    """Delete what a killed process left half-written in the folder and in those right below it."""
    for part in (*folder.glob(f"*{PART}"), *folder.glob(f"*/*{PART}")):
        part.unlink(missing_ok=True)
