"""Files that are written whole or not at all."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gan.errors import UserError
from gan.files import PART, alone_in, cache_folder, clear_parts, read_json, write_atomically, write_json


def test_a_write_that_fails_leaves_the_old_content_and_no_trace(tmp_path: Path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for content, room in ((b"new", "1 kB"), (bytes(2_500_000), "3 MB")):
        with pytest.raises(UserError, match=f"disk is full. Free {room} at the least"):
            write_atomically(path, content)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_folders_are_made_and_one_that_cannot_be_is_an_error(tmp_path: Path):
    write_json(tmp_path / "a" / "b" / "c.json", {"x": 1})
    assert read_json(tmp_path / "a" / "b" / "c.json") == {"x": 1}
    with pytest.raises(UserError, match="cannot be made"):
        write_json(tmp_path / "a" / "b" / "c.json" / "d.json", {})


def test_a_half_written_file_that_is_a_link_leads_nowhere(tmp_path: Path):
    (tmp_path / "theirs").write_text("precious")
    (tmp_path / f"file{PART}").symlink_to(tmp_path / "theirs")
    write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "theirs").read_text() == "precious" and (tmp_path / "file").read_bytes() == b"new"


WRITES = """
import sys
from pathlib import Path
from gan.files import write_atomically
for _ in range(40):
    write_atomically(Path(sys.argv[1]), sys.argv[2].encode() * 2_000_000)
"""


def test_several_processes_may_write_one_file(tmp_path: Path):
    path = tmp_path / "file"
    writers = [subprocess.Popen([sys.executable, "-c", WRITES, path, sign]) for sign in "ab"]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert set(path.read_bytes()) in ({ord("a")}, {ord("b")}) and list(tmp_path.iterdir()) == [path]


def test_what_is_half_written_is_cleared_away_as_far_as_can_be(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / f"file{PART}0123abcd").touch()
    (tmp_path / f"folder{PART}").mkdir()
    clear_parts(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", f"folder{PART}"]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOLCK, "No locks available"), NotImplementedError("no flock")], ids=str
)
def test_a_file_system_without_locks_is_used_without_and_it_is_said(error, tmp_path: Path, monkeypatch, capsys):
    def acquire(lock):
        raise error

    monkeypatch.setattr("filelock.FileLock.acquire", acquire)
    with alone_in(tmp_path / "run"):
        assert "knows no locks" in capsys.readouterr().err
    monkeypatch.setattr("filelock.FileLock.acquire", lambda lock: os.mkdir("/proc/none"))
    with pytest.raises(UserError, match="cannot be written to"), alone_in(tmp_path / "run"):
        pass


@pytest.mark.parametrize(
    ("content", "reason"), [("{", "not valid JSON"), ("[1]", "no JSON object"), (None, "cannot be read")]
)
def test_json_that_is_none_is_an_error_with_its_name(tmp_path: Path, content: str | None, reason: str):
    path = tmp_path / "config.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match=rf"config\.json: .*{reason}"):
        read_json(path)


def test_a_pipe_where_json_is_looked_for_is_an_error_and_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "config.json")
    with pytest.raises(UserError, match=r"config\.json: is no plain file"):
        read_json(tmp_path / "config.json")


def test_a_monstrous_json_is_not_read(tmp_path: Path):
    (tmp_path / "config.json").touch()
    os.truncate(tmp_path / "config.json", 10**10)
    with pytest.raises(UserError, match="at most 20,000,000"):
        read_json(tmp_path / "config.json")


def test_without_a_home_it_says_what_to_name(tmp_path: Path, monkeypatch):
    def nobody(_):
        raise KeyError

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)  # as in a container whose user has no entry
    with pytest.raises(UserError, match=r"no home folder.*XDG_CACHE_HOME"):
        cache_folder()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "gan-studio"


def test_a_file_that_somebody_looks_at_is_replaced_a_little_later(tmp_path, monkeypatch):
    """As on Windows, where it cannot be replaced meanwhile."""
    (tmp_path / "a").write_bytes(b"old")
    replace, tries = os.replace, []

    def busy(*paths):
        tries.append(paths)
        if len(tries) < 3:
            raise PermissionError(13, "The process cannot access the file")
        replace(*paths)

    monkeypatch.setattr("gan.files.os.replace", busy)
    with pytest.raises(UserError, match="cannot be written"):
        write_atomically(tmp_path / "a", b"new")
    monkeypatch.setattr("gan.files.PATIENCE", 0.2)
    write_atomically(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new" and len(tries) == 3
