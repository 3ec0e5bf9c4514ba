"""Files written whole or not at all, regular files read whole, and JSON with errors for people."""

import errno
import itertools
import json
import math
import os
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gan.errors import UserError

LOCK_FILE = ".lock"  # in a run's folder from its first moment, held by the training that writes to it
LOOK_SECONDS = 0.2  # in which another process may hold a run's lock to see whether anybody trains it
WITHOUT_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)
NOWHERE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)  # of a path that leads to nothing
PATIENCE = 2.0 if os.name == "nt" else 0.0  # seconds in which another program may look at a file to be replaced
PART = ".gan-part"  # behind the name of a file that is being written, before what tells its writer from others
MAX_JSON_BYTES = 20_000_000  # of one JSON object; a config.json has 1,000


def write_atomically(path: Path, content: bytes | bytearray) -> None:
    """Write a temporary file, flush it to the disk and rename it; a reader sees the old content or the new.

    A full disk or a folder without permission raises UserError and leaves no trace.
    """
    temporary = path.with_name(f"{path.name}{PART}{secrets.token_hex(4)}")  # another process may write it, too
    make_folder(path.parent)
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _put(temporary, path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(
                f"{path}: the disk is full. Free {_size(len(content))} at the least, then go on."
            ) from error
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error


def _put(temporary: Path, path: Path) -> None:
    """Rename a file; where somebody looks at what is to be replaced, as Windows forbids it meanwhile, wait a little."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            os.replace(temporary, path)
        except PermissionError:
            if time.monotonic() >= until:
                raise
            time.sleep(PATIENCE / 20)
        else:
            return


def _size(count: int) -> str:
    """Return a number of bytes, rounded up, for people."""
    return f"{math.ceil(count / 1e6)} MB" if count > 1e6 else f"{math.ceil(count / 1e3)} kB"


@contextmanager
def alone_in(folder: Path) -> Iterator["Held"]:
    """Hold the folder of a run, made where it is not there; a kill lets go of it.

    Raises UserError where another program holds it or nothing can be written. Where the file system knows no locks,
    as some of a network do not, it says so and does without.
    """
    held = Held(folder)
    try:
        yield held
    finally:
        held.let_go()


class Held:
    """The folder of a run that one training holds, wherever it is moved to while that goes on."""

    def __init__(self, folder: Path) -> None:
        self._hold(folder)

    def _hold(self, folder: Path) -> None:
        from filelock import FileLock, Timeout  # a tenth of a second to import

        make_folder(folder)
        lock = FileLock(folder / LOCK_FILE, timeout=LOOK_SECONDS, preserve_lock_file=True)  # it marks a run
        try:
            lock.acquire()
        except Timeout:
            raise UserError(f"{folder}: another training is writing to this run") from None
        except (OSError, NotImplementedError) as error:
            if isinstance(error, OSError) and error.errno not in (None, *WITHOUT_LOCKS):
                raise UserError(f"{folder}: cannot be written to ({error.strerror})") from error
            print(f"{folder}: its file system knows no locks; let no second training write there", file=sys.stderr)
        self._folder, self._lock = folder, lock
        self._known_by = _identity(folder / LOCK_FILE) if lock.is_locked else None
        self._place = _identity(folder)

    def where(self) -> Path:
        """Return where the folder is now: what is there under its old name may be another training's.

        A renamed one is found beside its old place. Where it is gone, a new one is made and held: in the old place, or
        beside what is there now. Raises UserError where that cannot be.
        """
        if self._known_by and not self._is_own(self._folder):
            before = self._folder
            renamed = next(filter(self._is_own, _folders_in(before.parent)), None)
            if renamed:
                self._folder = renamed
            else:
                self.let_go()
                self._hold(self._free_place())
            print(
                f"{before}: moved, deleted or without its {LOCK_FILE}; this run goes on in {self._folder}",
                file=sys.stderr,
            )
        return self._folder

    def _is_own(self, folder: Path) -> bool:
        return _identity(folder / LOCK_FILE) == self._known_by

    def _free_place(self) -> Path:
        """Return the old place if nothing is there, or this very folder without its lock; else name-2, name-3 ..."""
        folder = self._folder
        bare = _identity(folder) == self._place and not os.path.lexists(folder / LOCK_FILE)
        if bare or not os.path.lexists(folder):
            return folder
        others = (folder.with_name(f"{folder.name}-{number}") for number in itertools.count(2))
        return next(other for other in others if not os.path.lexists(other))

    def let_go(self) -> None:
        """Let others have the folder."""
        self._lock.release()
        self._known_by = None


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells an open file from all others, whatever it is called; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _folders_in(folder: Path) -> list[Path]:
    with suppress(OSError):  # it may be gone, too
        return sorted(folder.iterdir())
    return []


def make_folder(path: Path) -> None:
    """Make the folder and those above it; where that cannot be, raise UserError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path}: the folder cannot be made ({error.strerror})") from error


def is_there(path: Path) -> bool:
    """Return whether there is such a file or folder; where one may not look, raise UserError."""
    try:
        os.stat(path)
    except OSError as error:
        if error.errno in NOWHERE:
            return False
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError:  # a name that no file can have
        return False
    return True


def entries(folder: Path) -> list[Path]:
    """Return what is in the folder, sorted; nothing where there is none. Where one may not look, raise UserError."""
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        if error.errno in NOWHERE:
            return []
        raise UserError(f"{folder}: cannot be read ({error.strerror})") from error


def cache_folder() -> Path:
    """Return the folder for what can be had again; XDG_CACHE_HOME may move it. Without a home, raise UserError."""
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "gan-studio")
    except RuntimeError as error:
        raise UserError(
            "there is no home folder for downloads; name a folder in the variable XDG_CACHE_HOME"
        ) from error


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write a JSON object, indented for people."""
    write_atomically(path, (json.dumps(values, indent=2) + "\n").encode())


def read_bytes(path: Path, limit: int) -> bytes:
    """Return what the file holds; raise UserError where it cannot be read, is no plain file or exceeds `limit` bytes.

    What is no plain file, such as a pipe or a device, might keep its reader waiting for ever.
    """
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise UserError(f"{path}: is no plain file")
            if found.st_size > limit:
                raise UserError(f"{path}: has {found.st_size:,} bytes; such a file has at most {limit:,}")
            return file.read(found.st_size)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe would wait for its writer


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in the file; a missing or damaged file raises UserError."""
    try:
        values = json.loads(read_bytes(path, MAX_JSON_BYTES).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: is not valid JSON ({error})") from error
    if not isinstance(values, dict):
        raise UserError(f"{path}: holds no JSON object")
    return values


def clear_parts(folder: Path) -> None:
    """Delete what a killed process left half-written in the folder and in those right below it."""
    for part in (*folder.glob(f"*{PART}*"), *folder.glob(f"*/*{PART}*")):
        with suppress(OSError):  # what cannot be deleted is in nobody's way
            part.unlink()
