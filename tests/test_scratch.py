"""Folders for work in progress: gone when it is done, swept when a kill prevented that, nobody else's touched."""

import errno
import os
import signal
import subprocess
import sys
import time

import pytest
from served import ROOT

from gan.errors import UserError
from gan.files import LOCK_FILE
from gan.scratch import BEING_MADE, FORGOTTEN, Scratch

WORK = """
import sys, time
from pathlib import Path
from gan.files import LOCK_FILE
from gan.scratch import Scratch, exit_tidily_on_signals
exit_tidily_on_signals()
with Scratch("gan-test-", Path(sys.argv[1])) as place:
    (place / "half a model").touch()
    print(place, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def at_work(tmp_path):
    """A process that works in a folder of its own, and that folder's path."""
    command = [sys.executable, "-c", WORK, tmp_path]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield process, tmp_path / process.stdout.readline().strip()
        process.kill()


def age(folder, seconds):
    then = time.time() - seconds
    os.utime(folder, (then, then))


def test_it_is_there_for_the_work_alone(tmp_path):
    with Scratch("gan-test-", tmp_path, ".part") as place:
        (place / "sub").mkdir()
        assert place.parent == tmp_path and place.name.startswith("gan-test-") and place.suffix == ".part"
    assert not list(tmp_path.iterdir())


def test_a_file_system_without_locks_has_room_for_it_too(tmp_path, monkeypatch):
    def acquire(lock):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("filelock.FileLock.acquire", acquire)
    with Scratch("gan-test-", tmp_path) as place:
        assert place.is_dir()
        age(place, FORGOTTEN - 1)
        with Scratch("gan-test-", tmp_path):
            assert place.is_dir()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_work_tidily(number, at_work):
    process, place = at_work
    process.send_signal(number)
    assert process.wait(20) == 128 + number and not place.exists()


def test_what_a_kill_leaves_is_swept_by_the_next_and_what_is_at_work_stays(at_work, tmp_path):
    process, place = at_work
    age(place, BEING_MADE + 1)
    with Scratch("gan-test-", tmp_path):
        assert (place / "half a model").is_file()
    process.kill()
    process.wait()
    assert place.exists()
    with Scratch("gan-test-", tmp_path):
        assert not place.exists()


def test_nobody_elses_is_touched(tmp_path):
    theirs = tmp_path / "precious"
    theirs.mkdir()
    (tmp_path / "gan-test-linklink").symlink_to(theirs)
    kept = {"gan-test-young123": 0, "gan-test-nolock12": FORGOTTEN / 2, "gan-test-short": 9 * FORGOTTEN}
    kept |= {"gan-other-abcdefgh": 9 * FORGOTTEN, "gan-test-CAPITALS": 9 * FORGOTTEN, "precious": 9 * FORGOTTEN}
    for name, seconds in kept.items():
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "work").touch()
        age(tmp_path / name, seconds)
    (tmp_path / "gan-test-youlock1").mkdir()
    (tmp_path / "gan-test-youlock1" / LOCK_FILE).touch()
    (tmp_path / "gan-test-oldnoloc").mkdir()  # as earlier versions left them
    age(tmp_path / "gan-test-oldnoloc", FORGOTTEN + 60)
    with Scratch("gan-test-", tmp_path):
        assert not (tmp_path / "gan-test-oldnoloc").exists()
    assert {path.name for path in tmp_path.iterdir()} == {*kept, "gan-test-linklink", "gan-test-youlock1"}
    assert all((tmp_path / name / "work").is_file() for name in kept)


def test_without_a_place_to_write_it_says_so(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"file: .*cannot be made"):
        Scratch("gan-test-", tmp_path / "file")
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("tempfile._candidate_tempdir_list", lambda: [str(tmp_path / "nowhere")])
    with pytest.raises(UserError, match="TMPDIR"):
        Scratch("gan-test-")


@pytest.mark.parametrize("command", ["publish model nowhere tester/mine", "promote . mine"])
def test_without_a_temporary_folder_a_command_says_so_before_torch_is_asked_for(command, tmp_path):
    script = "import sys, tempfile; tempfile._candidate_tempdir_list = lambda: []; from gan import publish, promote; "
    verb, *arguments = command.split()
    script += f"status = {verb}.main({[*arguments]!r}); assert 'torch' not in sys.modules; sys.exit(status)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "TMPDIR" in done.stderr, done.stderr
