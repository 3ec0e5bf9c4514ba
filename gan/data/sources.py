"""Where pictures come from: the files of a folder or a .zip, and what reads each of them within bounds."""

import os
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import NamedTuple

from gan.data.decode import MAX_PIXELS, BadPicture
from gan.errors import UserError, printable

MAX_FILE_BYTES = 4 * MAX_PIXELS  # the largest picture allowed, uncompressed
ALONE_BYTES = 32_000_000  # larger files are held one at a time, so that memory stays small
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # zipfile unpacks others without a limit of memory
# How files begin that people take for a .zip.
ARCHIVES = {b"Rar!": "RAR", b"7z\xbc\xaf": "7z", b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zX": "xz"}
PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")
PAGES = (b"<!doctype", b"<html")
_alone = threading.Lock()


class Entry(NamedTuple):
    """A file of a source."""

    name: str  # "/" between folders
    content: Callable[[], AbstractContextManager[bytes]]  # a context, as large files take turns; raises BadPicture


@contextmanager
def opened(source: Path) -> Iterator[list[Entry]]:
    """Yield the files of a folder, a .zip or a folder in a .zip, as in a.zip/jpg, in no order.

    Raises UserError where that cannot be read, or is damaged so that files are missing.
    """
    path, inner = _whole(source)
    if path.is_dir():
        yield _folder_files(path)
        return
    with _archive(path) as archive:
        names = [(_plain(name), info) for name, info in _named(archive) if not name.endswith("/")]
        if not any(name.startswith(inner) for name, _ in names) and inner:
            raise UserError(f"{path} holds no folder {inner}")
        yield [
            Entry(name.removeprefix(inner), partial(_zip_content, archive, info))
            for name, info in names
            if name.startswith(inner)
        ]


def hidden(name: str) -> bool:
    """Tell what systems leave beside pictures: dot files and __MACOSX."""
    return any(part == "__MACOSX" or (part[:1] == "." and part.strip(".")) for part in name.split("/"))


def folders_named(source: Path, name: str) -> list[str]:
    """Return the outermost folders of that name that hold files, in a folder or a .zip; raise UserError as `opened`."""
    with opened(source) as files:
        paths = [file.name.split("/")[:-1] for file in files if not hidden(file.name)]
    return sorted({"/".join(path[: path.index(name) + 1]) for path in paths if name in path})


def _whole(source: Path) -> tuple[Path, str]:
    """Return the folder or file on the disk, and which of its folders is meant: "" for all of it, or "jpg/"."""
    for path in (source, *source.parents):
        try:
            mode = path.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise UserError(f"{source} cannot be read: {error.strerror}") from None
        if stat.S_ISREG(mode):
            return path, f"{source.relative_to(path).as_posix()}/" if path != source else ""
        if path == source and stat.S_ISDIR(mode):
            return path, ""
        if path == source:  # opening a pipe would wait for ever
            raise UserError(f"{source} is a pipe or a device; --data takes a folder of pictures or a .zip")
        break
    raise UserError(f"{source} does not exist; --data takes a folder of pictures or a .zip")


# --- folders ---------------------------------------------------------------------------------------------


def _folder_files(root: Path) -> list[Entry]:
    def stop(error: OSError) -> None:
        raise UserError(f"the folder {error.filename} cannot be read: {error.strerror}; mend that or move it away")

    files, visited = [], set()
    for folder, folders, names in os.walk(root, onerror=stop, followlinks=True):
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in visited:  # linked twice, or a loop of links
            folders.clear()
            continue
        visited.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not hidden(name))  # by name: which of two links comes first
        paths = [Path(folder, name) for name in names]
        files += [Entry(path.relative_to(root).as_posix(), partial(_file_content, path)) for path in paths]
    return files


@contextmanager
def _file_content(path: Path) -> Iterator[bytes]:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
        raise BadPicture("not a regular file")
    with _room_for(status.st_size):
        yield path.read_bytes()


def _room_for(size: int) -> AbstractContextManager:
    """Return a context for holding so many bytes; raise BadPicture where no picture has as many."""
    if not 0 < size <= MAX_FILE_BYTES:
        raise BadPicture(f"file over {MAX_FILE_BYTES // 10**6} MB" if size else "empty file")
    return _alone if size > ALONE_BYTES else nullcontext()


# --- .zip files ------------------------------------------------------------------------------------------


def _archive(path: Path) -> zipfile.ZipFile:
    """Open a .zip; raise UserError where it is none, or its directory does not name all of its files."""
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UserError(
            f"{path} is a .zip with names that are not the UTF-8 they claim to be; unpack it first"
        ) from None
    except Exception as error:  # a damaged directory raises nearly anything
        raise UserError(f"{path} {_what_else(path, error)}") from None
    found = len(archive.infolist())
    said = _entries_said(path, found)
    if said != found:
        archive.close()
        raise UserError(f"{path} is a damaged .zip (it names {found} of its {said} files); copy or download it again")
    return archive


def _what_else(path: Path, error: Exception) -> str:
    """Say what a file is that is no .zip, and what to do."""
    with open(path, "rb") as file:
        start = file.read(512)
    kinds = [kind for magic, kind in ARCHIVES.items() if start.startswith(magic)]
    if start[257:262] == b"ustar":
        kinds.append("tar")
    if kinds:
        return f"is packed as {kinds[0]}, not as .zip; unpack it and give the folder"
    if start.startswith(PICTURES):
        return "is a single picture; --data takes a folder of pictures or a .zip"
    if start.lstrip().lower().startswith(PAGES):
        return "is a web page, as a failed download leaves it; download the .zip again"
    if path.suffix.lower() == ".zip":
        return f"is a damaged .zip ({printable(error)}); copy or download it again"
    return "is neither a folder nor a .zip"


def _entries_said(path: Path, found: int) -> int:
    """Return how many entries a .zip has by the record at its end; those `found`, where that cannot say otherwise."""
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - 2**16 - 98))  # two records, a locator and the longest comment
        tail = file.read()
    end = tail.rfind(b"PK\5\6")
    if tail[max(0, end - 20) : end].startswith(b"PK\6\7"):  # Zip64, whose own record lies before that locator
        return int.from_bytes(tail[end - 44 : end - 36], "little")
    said = int.from_bytes(tail[end + 10 : end + 12], "little")
    # Tools without Zip64 stop at the 65,535 that two bytes can count to, or begin anew.
    return found if said == 2**16 - 1 < found or (found - said) % 2**16 == 0 else said


def _named(archive: zipfile.ZipFile) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """Yield what a .zip holds with its name, a slash between folders, for which Windows puts a backslash.

    In a name of Shift-JIS, Big5 or GBK, which no flag tells of, a backslash may be half of a sign.
    """
    for info in archive.infolist():
        name = info.orig_filename.partition("\0")[0]
        known = info.flag_bits & 0x800 or name.isascii()  # UTF-8, or what all of these have in common
        yield name.replace("\\", "/") if known else name, info


def _plain(name: str) -> str:
    """Return a name in a .zip as one in a folder: some begin with a dot or a slash."""
    return "/".join(part for part in name.split("/") if part not in ("", "."))


@contextmanager
def _zip_content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    if info.flag_bits & 1:
        raise BadPicture("encrypted; unpack the .zip with its password first")
    if info.compress_type not in METHODS:
        names = zipfile.compressor_names  # type: ignore[attr-defined]  # it is there, but its stubs do not say so
        method = names.get(info.compress_type, "a rare method")
        raise BadPicture(f"packed by {method}, which is not read here; unpack the .zip and give the folder")
    with _room_for(info.file_size):
        yield _unpacked(archive, info)


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(info) as file:
            return file.read(info.file_size)  # told how much, it unpacks no more than that, whatever is packed
    except Exception as error:  # checksum, zlib, header: whatever it is, it is the .zip's
        raise BadPicture(f"cannot be unpacked ({printable(error)})") from None
