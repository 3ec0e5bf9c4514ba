"""The one exception that stands for a user's mistake or a machine's limit, and what makes any text fit to be shown."""

import os
import re
import shlex
import unicodedata

JOINERS = "\u200c\u200d"
MAX_SHOWN = 200  # characters of a stranger's text in a sentence


class UserError(Exception):
    """Something the person at the keyboard can mend; the message says what, where and how.

    Entry points print the message without a traceback and exit with status 2. It may quote files and names of
    strangers: what it prints never steers a terminal.
    """

    def __str__(self) -> str:
        return "\n".join(map(escape, super().__str__().split("\n")))


def escape(text: str) -> str:
    """Write out what cannot be printed, or would steer the terminal, as \\x1b and the like.

    Any blank becomes a plain one; the two joiners stay, which words of some scripts and many emoji are spelled with.
    """
    return "".join(map(_shown, text))


def _shown(char: str) -> str:
    if char.isprintable() or char in JOINERS:
        return char
    return " " if unicodedata.category(char) == "Zs" else char.encode("unicode_escape").decode()


def printable(text: object) -> str:
    """Return a stranger's text as one short line that can be shown anywhere."""
    line = escape(str(text)[: MAX_SHOWN + 1])  # a megabyte takes its time
    return line if len(line) <= MAX_SHOWN else f"{line[:MAX_SHOWN]}..."


def in_words(error: BaseException) -> str:
    """Return what an exception says; of the system's own, the file and the reason, without a number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def quoted(path: object) -> str:
    """Return a path as one word of a command that can be pasted into a shell, blanks and all."""
    text = str(path)
    if os.name == "nt":  # whose file names have no quotes
        return text if re.fullmatch(r"[\w.:\\/-]+", text) else f'"{text}"'
    return shlex.quote(text)
