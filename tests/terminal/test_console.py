"""Streams that cannot fail: readers that go away, full disks, closed and foreign streams, unknown characters."""

import io
import os
import sys

import pytest
from tqdm import tqdm

from gan.terminal.console import make_unfailing


def reader_gone():
    """Return the writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "w")


def full_disk():
    return os.fdopen(os.open("/dev/full", os.O_WRONLY), "w")


def for_reading():
    return os.fdopen(os.open("/dev/null", os.O_RDONLY), "w")


@pytest.fixture
def streams(monkeypatch):
    """Return a function that makes these the program's streams, unfailing."""

    def take(out, err=None):
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err or io.StringIO())
        make_unfailing()
        return sys.stdout

    return take


@pytest.mark.parametrize("broken", [reader_gone, full_disk, for_reading], ids=lambda broken: broken.__name__)
def test_where_a_write_fails_what_is_to_come_goes_nowhere(broken, streams):
    with broken() as stream:
        streams(stream, stream)
        for _ in range(3):
            print("said to nobody")
            print("said to nobody", file=sys.stderr, end="", flush=True)
        sys.stdout.writelines(["a\n", "b\n"])
        with tqdm(total=2, file=sys.stderr) as bar:
            bar.update()
            tqdm.write("beside the bar")


def test_a_line_in_the_midst_of_another_is_left_out_and_the_other_arrives(streams):
    class Signalled(io.StringIO):
        def write(self, text):
            if text == "inner":
                raise RuntimeError("reentrant call inside <_io.BufferedWriter name='<stderr>'>")
            return super().write(text)

    out = Signalled()
    streams(out)
    for text in ("outer ", "inner", "still outer"):
        sys.stdout.write(text)
    assert out.getvalue() == "outer still outer"


def test_what_the_terminal_does_not_know_is_written_out(streams):
    raw = io.BytesIO()
    streams(io.TextIOWrapper(raw, encoding="cp1252"))
    print("ポケ é \udce9")
    assert raw.getvalue() == b"\\u30dd\\u30b1 \xe9 \\udce9" + os.linesep.encode()


def test_a_notebooks_stream_and_a_closed_one_will_do(streams):
    out = io.StringIO()
    streams(out)
    make_unfailing()  # a second time
    print("once")
    assert out.getvalue() == "once\n"
    out.close()
    print("into the void")
    silent = streams(out)
    print("into the void")
    silent.close()


def test_each_line_is_in_the_log_at_once(streams, tmp_path):
    with open(tmp_path / "log", "w") as log:
        streams(log)
        print("a line")
        assert (tmp_path / "log").read_text() == "a line\n"


@pytest.mark.parametrize("out, err", [("|", "|"), ("closed", "closed"), ("/dev/full", "/dev/full")])
def test_python_ends_as_if_all_had_been_read(out, err, launch):
    """No "Exception ignored ... BrokenPipeError", no status 120; what is opened later is not taken for the log."""
    code = """
import os, sys
from gan.terminal.console import make_unfailing

make_unfailing()
print("x" * 100_000); print("not ended by a new line", end="")
with open("file", "w") as file:
    assert file.fileno() > 2
    os.system("echo of a child; echo of a child >&2")
sys.exit(130)
"""
    redirect = {"|": "exec 2> err 1> >(exit)", "closed": "exec >&- 2>&- <&-", "/dev/full": "exec 2> err > /dev/full"}[
        out
    ]
    wrapped = (
        f"import os; os.execvp('bash', ['bash', '-c', {redirect!r} + '; exec {sys.executable} -c \"$0\"', {code!r}])"
    )
    with launch("-c", wrapped) as launched:
        assert launched.result() == (130, "", "")
        folder = launched.out.parent
    assert (folder / "file").read_bytes() == b""
    assert not (folder / "err").exists() or (folder / "err").read_text() == "of a child\n"
