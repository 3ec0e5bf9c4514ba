"""Folders for work in progress, deleted when it is done; what a kill left behind, the next one sweeps."""

import os
import re
import shutil
import signal
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gan.errors import UserError
from gan.files import LOCK_FILE, WITHOUT_LOCKS, make_folder

if TYPE_CHECKING:
    from filelock import FileLock

BEING_MADE = 60.0  # seconds in which a folder may be there and not locked yet
FORGOTTEN = 86_400.0  # seconds after which a folder without a lock, as earlier versions made them, is nobody's


class Scratch:
    """A folder of a new name in `where`, or in the temporary folder, until `close`; as a context it gives its path.

    It is called `prefix`, eight letters, `suffix`. Raises UserError where no folder can be made.
    """

    def __init__(self, prefix: str, where: Path | None = None, suffix: str = "") -> None:
        from filelock import FileLock  # not before it is sure to be installed

        place = temporary_folder() if where is None else where
        make_folder(place)
        _sweep(place, re.compile(f"{re.escape(prefix)}[a-z0-9_]{{8}}{re.escape(suffix)}"))
        try:
            self.path = Path(tempfile.mkdtemp(suffix, prefix, place))
            self._lock = FileLock(self.path / LOCK_FILE, thread_local=False)  # another thread may close it
            _hold(self._lock)
        except OSError as error:
            raise UserError(f"{place}: no folder can be made there ({error.strerror})") from error

    def close(self) -> None:
        """Delete the folder and all that is left in it."""
        self._lock.release()
        shutil.rmtree(self.path, ignore_errors=True)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.close()


def require_empty(out: Path) -> None:
    """Raise UserError where a folder holds something already."""
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise UserError(f"{out} holds something already; choose another, a folder that is empty or not there yet")


@contextmanager
def whole(out: Path, prefix: str) -> Iterator[Path]:
    """Give a folder whose content is in `out`, new or empty, in the end: all of it, or none after an error."""
    with Scratch(prefix, out) as staged:
        yield staged
        for path in staged.iterdir():
            if path.name != LOCK_FILE:
                path.rename(out / path.name)


def names_in(folder: Path) -> list[str]:
    """Return the names of all files in a folder and below, as they are written in it."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def temporary_folder() -> Path:
    """Return the folder for temporary files, without which torch cannot even be imported; else raise UserError."""
    try:
        return Path(tempfile.gettempdir())
    except OSError as error:
        raise UserError(
            "there is no temporary folder that can be written to; name one in the variable TMPDIR"
        ) from error


def _hold(lock: "FileLock") -> None:
    """Hold the lock where the file system knows any; where it knows none, nobody sweeps what has one."""
    try:
        lock.acquire()
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise


def _sweep(place: Path, name: re.Pattern[str]) -> None:
    for folder in place.iterdir() if os.access(place, os.R_OK) else ():
        if name.fullmatch(folder.name) and _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    """Whether the folder is ours, no link, and nobody works in it."""
    from filelock import FileLock, Timeout

    with suppress(OSError, Timeout):
        found = folder.lstat()
        ours = found.st_uid == getattr(os, "getuid", lambda: found.st_uid)()  # Windows has no such thing
        age = time.time() - found.st_mtime
        if not (ours and stat.S_ISDIR(found.st_mode) and age > BEING_MADE):
            return False
        if not (folder / LOCK_FILE).is_file():
            return age > FORGOTTEN
        with FileLock(folder / LOCK_FILE, timeout=0):
            return True
    return False


def exit_tidily_on_signals(leave: Callable[[int], None] = sys.exit) -> None:
    """Let Ctrl-C, SIGTERM and SIGHUP end the program by `leave(status)`, so that its folders are deleted."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number and signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, lambda number, _: leave(128 + number))
