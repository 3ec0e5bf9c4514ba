"""Ctrl-C in the first moments of a command, while it imports what it needs."""

import signal
import subprocess
import sys

import pytest
from served import ROOT

PRESSED = """
import runpy, signal, sys

class AtFirstSight:
    def find_spec(self, name, *_):
        if name == "argparse":  # the first that every command imports, and none of the heavy ones
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, AtFirstSight())
command, = sys.argv[1:]
sys.argv = [command, "--help"]
run = runpy.run_path if command.endswith(".py") else runpy.run_module
run(command, run_name="__main__")
"""


@pytest.mark.parametrize(
    "command",
    [
        "train.py",
        "app.py",
        "gan.evaluate",
        "gan.models",
        "gan.promote",
        "gan.publish",
        "gan.translation.colorize",
        "gan.insight.reconstruct",
    ],
)
def test_ctrl_c_while_a_command_imports_ends_it_quietly(command):
    ended = subprocess.run([sys.executable, "-c", PRESSED, command], cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (128 + signal.SIGINT, "", "")


def test_where_ctrl_c_is_ignored_it_stays_so():
    ignoring = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n{PRESSED}"
    ended = subprocess.run([sys.executable, "-c", ignoring, "gan.promote"], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0 and "usage" in ended.stdout
