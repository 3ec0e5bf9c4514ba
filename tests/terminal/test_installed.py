"""What people meet who have not installed what the README begins with, or who have an older Python."""

import ast
import re
import subprocess
import sys

import pytest
from served import ROOT

from gan.errors import UserError
from gan.terminal.installed import check_installed


def test_all_that_the_requirements_name_is_here():
    check_installed()


def test_what_is_missing_or_too_old_is_named_and_nothing_else(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("# a comment\n--extra-index-url https://e.org/cpu\nnot-here==1.0\nnumpy>=99.1,<100\npillow>=1\n")
    with pytest.raises(UserError, match=r"too old: not-here, numpy \S+ \(at least 99\.1\)\. .* pip install -r"):
        check_installed(file)


def test_a_package_without_a_list_of_what_it_needs_asks_for_nothing(tmp_path):
    check_installed(tmp_path / "requirements.txt")


@pytest.mark.parametrize("command", ["app.py", "train.py --check", "-m gan.promote a b", "-m gan.evaluate a --data b",
                                     "-m gan.publish model a b/c"])  # fmt: skip
def test_every_entry_point_says_what_is_not_installed(command):
    bare = subprocess.run([sys.executable, "-S", *command.split()], cwd=ROOT, capture_output=True, text=True)
    assert bare.returncode == 2 and bare.stdout == ""
    assert re.fullmatch(
        r"[\w.]+: not installed, or too old: torch, gradio, .* pip install -r requirements\.txt\n", bare.stderr
    )


def test_an_older_python_is_named_and_can_read_as_far_as_that():
    for name in ("app.py", "train.py", "gan/__init__.py", "gan/promote.py", "gan/evaluate.py", "gan/publish.py"):
        ast.parse((ROOT / name).read_text(encoding="utf-8"), feature_version=(3, 8))
    script = "import sys; sys.version_info = (3, 10, 4, 'final', 0); import gan"
    old = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert old.returncode == 2
    assert old.stderr == "GAN Studio needs Python 3.11 or 3.12, and this is 3.10: see Start in README.md.\n"
