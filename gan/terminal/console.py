"""Standard output and error that cannot fail: a line that nobody can read any more ends no program."""

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, TextIO


def make_unfailing() -> None:
    """Make printing safe for the rest of the program: an entry point calls this first thing.

    A character that the terminal does not know is written as \\xe9 and the like. Where a write fails, as to a pipe that
    was closed, a terminal that is gone or a disk that is full, all that is to come goes nowhere. A stream that was
    closed before the start is a silent one.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):  # in order: each opens under its own number
        stream = getattr(sys, name)
        if stream is None or getattr(stream, "closed", False):
            stream = open(os.devnull, "w" if number else "r")  # noqa: SIM115, to stay open
            setattr(sys, name, stream)
        if number and not isinstance(stream, Unfailing):
            setattr(sys, name, Unfailing(stream))


class Both:
    """A text stream that writes everything to two."""

    def __init__(self, first: Any, second: Any) -> None:
        self._first, self._second = first, second

    def write(self, text: str) -> int:
        """Write the text to both; return its length."""
        self._second.write(text)
        return self._first.write(text)

    def flush(self) -> None:
        """Write out what both hold back."""
        self._second.flush()
        self._first.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._first, name)


class Unfailing:
    """A text stream, written out at each end of a line; its writes raise nothing."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text, if that can be; return its length."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        shown = text.encode(encoding, "backslashreplace").decode(encoding)
        self._attempt(lambda: self._stream.write(shown))
        if "\n" in text:  # a log file shows each line at once
            self.flush()
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write the texts one after another."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write out what is held back, if that can be."""
        self._attempt(self._stream.flush)

    def _attempt(self, action: Callable[[], Any]) -> None:
        try:
            action()
        except RuntimeError:  # of a signal's handler, which came in the midst of another write
            pass
        except (OSError, ValueError):  # ValueError: the stream was closed
            self._silence()

    def _silence(self) -> None:
        """Let the stream's file be one that takes everything, also what is held back until Python's end."""
        with suppress(OSError, ValueError, AttributeError):  # a stream without a file goes on failing in vain
            number = self._stream.fileno()
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), number)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
