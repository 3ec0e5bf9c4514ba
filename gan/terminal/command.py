"""The parser of every command: it answers a mistake with what may have been meant, not with all of its usage."""

import argparse
import re
import sys
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, NoReturn

from gan.errors import printable

UNKNOWN = "unrecognized arguments: "  # how argparse begins
CHOICE = re.compile(r"invalid choice: '(.*?)' \(choose from (.*)\)")  # and what it says of a value


class Command(argparse.ArgumentParser):
    """A command line that answers a mistake, its verbs' too, in a line; its description stands as it is written.

    A comment behind a command, as READMEs have them, is left out, as by most shells: zsh and cmd hand its words on.
    """

    def __init__(self, **how: Any) -> None:
        super().__init__(**{"formatter_class": argparse.RawDescriptionHelpFormatter, **how})

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse what stands before a comment."""
        given = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(given[: given.index("#")] if "#" in given else given, namespace)

    def error(self, message: str) -> NoReturn:
        """End the program with status 2 and one sentence."""
        words = message.removeprefix(UNKNOWN).split() if message.startswith(UNKNOWN) else []
        unknown = [word.partition("=")[0] for word in words if word.startswith("-")]
        sentences = [_not_there(flag, sorted(_flags(self))) for flag in unknown]
        if words and not unknown:
            sentences = [f"{printable(words[0])!r} is one word too many; a name with blanks stands in quotes"]
        said = "; ".join(sentences) or message + _meant_choice(message)
        self.exit(2, f"{self.prog.split()[0]}: {said} (--help tells what there is)\n")


def _not_there(flag: str, flags: list[str]) -> str:
    return f"there is no {printable(flag)}" + _meant(flag, flags)


def _meant_choice(message: str) -> str:
    """Return which of a flag's choices may have been meant, where argparse says that another was given."""
    found = CHOICE.search(message)
    return _meant(found[1], re.findall(r"'([^']+)'", found[2])) if found else ""


def _meant(word: str, known: list[str]) -> str:
    meant = get_close_matches(word, known, n=1, cutoff=0.7)
    return f"; did you mean {meant[0]}?" if meant else ""


def _flags(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield the flags of a parser and of its verbs."""
    for action in parser._actions:
        yield from (flag for flag in action.option_strings if flag.startswith("--"))
        if isinstance(action, argparse._SubParsersAction):
            for verb in action.choices.values():
                yield from _flags(verb)
