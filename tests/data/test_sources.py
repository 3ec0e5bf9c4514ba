"""Folders and .zip files as people have them: odd, damaged, hostile, or something else altogether."""

import bz2
import gzip
import os
import socket
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from gan.data import sources
from gan.data.decode import BadPicture
from gan.data.sources import folders_named, opened
from gan.errors import UserError


def zipped(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def contents(source: Path) -> dict[str, bytes]:
    """Return all that is read, by name."""
    found = {}
    with opened(source) as entries:
        for entry in entries:
            with entry.content() as content:
                found[entry.name] = content
    return found


def many(count: int = 60) -> dict[str, bytes]:
    return {f"set/{i}.png": bytes([i]) * 100 for i in range(count)}


def refused(source: Path) -> str:
    with pytest.raises(UserError) as caught, opened(source):
        pass
    assert str(source) in str(caught.value)
    return str(caught.value)


# --- what is no source ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"Rar!\x1a\x07\x01\0", "is packed as RAR, not as .zip; unpack it"),
        (b"7z\xbc\xaf'\x1c", "packed as 7z"),
        (gzip.compress(b"x", mtime=0), "packed as gzip"),
        (bz2.compress(b"x"), "packed as bzip2"),
        (b"\xfd7zXZ\0", "packed as xz"),
        (b"pictures/".ljust(257, b"\0") + b"ustar\0", "packed as tar"),
        (b"\x89PNG\r\n\x1a\n", "is a single picture; --data takes a folder"),
        (b"\xff\xd8\xff\xe0", "is a single picture"),
        (b"\n<!DOCTYPE html><html>", "is a web page, as a failed download leaves it"),
        (b"PK\3\4", "damaged .zip"),
    ],
)
def test_a_file_that_is_no_zip_is_called_what_it_is(tmp_path, start, words):
    (tmp_path / "a.zip").write_bytes(start + bytes(100))
    assert words in refused(tmp_path / "a.zip")


def test_pipes_devices_and_sockets_are_refused_at_once(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        for path in ("pipe", "socket", "/dev/null", "/dev/zero"):
            assert "is a pipe or a device; --data takes a folder" in refused(Path(path))


def test_what_may_not_be_looked_at_is_a_sentence(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    assert "cannot be read: Permission denied" in refused(tmp_path / "a.zip")


# --- .zip files -------------------------------------------------------------------------------------------


def test_backslashes_between_folders_are_slashes(tmp_path):
    files = {"pics\\a\\1.png": b"1", "pics\\empty\\": b"", "__MACOSX\\pics\\._1.png": b"x"}
    source = zipped(tmp_path / "a.zip", files)
    assert contents(source).keys() == {"pics/a/1.png", "__MACOSX/pics/._1.png"}
    assert contents(source / "pics") == {"a/1.png": b"1"}
    assert folders_named(source, "pics") == ["pics"]


def test_names_that_begin_at_the_folder_itself_or_at_the_root(tmp_path):
    source = zipped(tmp_path / "a.zip", {"./": b"", "./jpg/1.png": b"1", "/jpg//2.png": b"2"})
    assert contents(source / folders_named(source, "jpg")[0]) == {"1.png": b"1", "2.png": b"2"}


def test_a_folder_in_a_zip_is_a_source(tmp_path):
    source = zipped(tmp_path / "a.zip", {"one/1.png": b"1", "one/sub/2.png": b"2", "oneness/3.png": b"3"})
    assert contents(source / "one") == {"1.png": b"1", "sub/2.png": b"2"}
    with pytest.raises(UserError, match=r"a\.zip holds no folder two/"), opened(source / "two"):
        pass
    assert "does not exist" in refused(tmp_path / "none.zip" / "one")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_a_limit_are_not_read(tmp_path, method):
    with pytest.raises(BadPicture, match=r"packed by (bzip2|lzma), which is not read here; unpack the \.zip"):
        contents(zipped(tmp_path / "a.zip", {"a.png": b"x" * 1000}, method))


def test_no_more_is_unpacked_than_the_directory_says(tmp_path):
    path = zipped(tmp_path / "a.zip", {"a.png": bytes(30_000_000)})
    content = bytearray(path.read_bytes())
    directory = content.rindex(b"PK\1\2")
    content[directory + 24 : directory + 28] = (1000).to_bytes(4, "little")
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(BadPicture, match="cannot be unpacked"):
        contents(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_large_files_are_held_one_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "ALONE_BYTES", 50)
    path = zipped(tmp_path / "a.zip", many(2))
    with opened(path) as entries, entries[0].content():
        assert sources._alone.locked()
    assert not sources._alone.locked()


def damaged(content: bytes, entry: int, field: int, value: int) -> bytes:
    """Flip bits in a byte of the directory's line of that entry."""
    place = -1
    for _ in range(entry + 1):
        place = content.index(b"PK\1\2", place + 1)
    changed = bytearray(content)
    changed[place + field] ^= value
    return bytes(changed)


@pytest.mark.parametrize(("field", "value"), [(33, 0x40), (29, 0x40)], ids=["comment", "name"])
def test_a_directory_that_swallows_its_files_is_damaged(tmp_path, field, value):
    path = zipped(tmp_path / "a.zip", many())
    path.write_bytes(damaged(path.read_bytes(), 6, field, value))
    assert "is a damaged .zip (it names 7 of its 60 files); copy or download it again" in refused(path)


def test_other_lengths_of_the_directory_are_no_damage(tmp_path, monkeypatch):
    plain = zipped(tmp_path / "plain.zip", many())
    assert len(contents(plain)) == 60
    (tmp_path / "prepended.zip").write_bytes(b"MZ" + bytes(5000) + plain.read_bytes())
    assert len(contents(tmp_path / "prepended.zip")) == 60
    with zipfile.ZipFile(plain, "a") as archive:
        archive.comment = b"a comment " * 6_000
    assert len(contents(plain)) == 60
    empty = zipped(tmp_path / "empty.zip", {})
    assert contents(empty) == {}


def test_zip64_says_how_many_files_there_are(tmp_path, monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 10)
    path = zipped(tmp_path / "a.zip", many())
    content = path.read_bytes()
    assert b"PK\6\6" in content and len(contents(path)) == 60
    path.write_bytes(damaged(content, 6, 33, 0x40))
    assert "it names 7 of its 60 files" in refused(path)


def test_two_bytes_can_count_to_65535_alone(tmp_path):
    path = tmp_path / "a.zip"

    def said(count: int, found: int) -> int:
        path.write_bytes(b"PK\5\6" + struct.pack("<4H2IH", 0, 0, count, count, 0, 0, 0))
        return sources._entries_said(path, found)

    assert said(65_540 % 2**16, 65_540) == said(2**16 - 1, 65_540) == 65_540  # begun anew, or stopped
    assert said(7, 65_540) == said(7, 8) == said(7, 6) == 7


def test_names_that_are_not_the_utf8_they_claim_to_be(tmp_path):
    path = zipped(tmp_path / "a.zip", {"ü.png": b"x"})
    path.write_bytes(path.read_bytes().replace("ü".encode(), b"\xc3("))
    assert "names that are not the UTF-8 they claim to be; unpack it" in refused(path)


def test_names_of_other_alphabets_are_read(tmp_path):
    path = zipped(tmp_path / "a.zip", {"aa.png": b"x"})
    path.write_bytes(path.read_bytes().replace(b"aa.png", b"\x83\x5c.png"))  # Shift JIS
    ((name, content),) = contents(path).items()
    assert content == b"x"
    assert name.endswith("\\.png") and not sources.hidden(name)  # the backslash is half of a sign


# --- the folder that is meant -----------------------------------------------------------------------------


def test_folders_are_found_by_name_where_they_are_outermost(tmp_path):
    names = ["x/images/1.png", "x/images/images/2.png", "__MACOSX/images/._1.png", "y/3.png", "images.png"]
    source = zipped(tmp_path / "a.zip", dict.fromkeys(names, b"x"))
    assert folders_named(source, "images") == ["x/images"]
    with zipfile.ZipFile(source) as archive:
        archive.extractall(tmp_path / "folder")
    assert folders_named(tmp_path / "folder", "images") == ["x/images"]
    assert folders_named(tmp_path / "folder", "none") == []


def test_a_hidden_folder_is_not_entered(tmp_path, monkeypatch):
    """As .Trashes of a memory card, which nobody may read."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").touch()
    (tmp_path / ".Trashes" / "501").mkdir(parents=True)
    walked, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda place: walked.append(Path(place).name) or scandir(place))
    with opened(tmp_path) as files:
        assert [file.name for file in files] == ["pictures/a.png"]
    assert ".Trashes" not in walked and "pictures" in walked
