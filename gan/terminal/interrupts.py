"""Ctrl-C while Python still imports: an entry point asks for its quiet end before it imports anything else."""

import signal
import sys


def end_quietly() -> None:
    """Let Ctrl-C end the program with status 130 and without a traceback, unless it is ignored or heeded already."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda number, _: sys.exit(128 + number))
