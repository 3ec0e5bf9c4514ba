"""What a command line answers to a mistake: a sentence with what may have been meant, instead of all of its usage."""

import re
import sys
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from gan.errors import printable

UNKNOWN = "unrecognized arguments: "  # how argparse begins
CHOICE = re.compile(r"invalid choice: '(.*?)' \(choose from (.*)\)")  # and what it says of a value


def answer_in_words(parser: Any, prog: str = "") -> None:
    """Let an argument parser, and those of its verbs, answer a mistake in a line; `prog` is the command's name.

    A comment behind a command, as READMEs have them, is left out, as by most shells: zsh and cmd hand its words on.
    """
    flags = sorted(_flags(parser))
    name = prog or parser.prog
    parse = parser.parse_known_args

    def parse_known_args(arguments: Sequence[str] | None = None, namespace: Any = None) -> Any:
        given = list(sys.argv[1:] if arguments is None else arguments)
        return parse(given[: given.index("#")] if "#" in given else given, namespace)

    def error(message: str) -> None:
        words = message.removeprefix(UNKNOWN).split() if message.startswith(UNKNOWN) else []
        unknown = [word.partition("=")[0] for word in words if word.startswith("-")]
        sentences = [_not_there(flag, flags) for flag in unknown]
        if words and not unknown:
            sentences = [f"{printable(words[0])!r} is one word too many; a name with blanks stands in quotes"]
        said = "; ".join(sentences) or message + _meant_choice(message)
        parser.exit(2, f"{name}: {said} (--help tells what there is)\n")

    parser.error, parser.parse_known_args = error, parse_known_args
    for verb in _verbs(parser):
        answer_in_words(verb, name)


def _not_there(flag: str, flags: list[str]) -> str:
    return f"there is no {printable(flag)}" + _meant(flag, flags)


def _meant_choice(message: str) -> str:
    """Return which of a flag's choices may have been meant, where argparse says that another was given."""
    found = CHOICE.search(message)
    return _meant(found[1], re.findall(r"'([^']+)'", found[2])) if found else ""


def _meant(word: str, known: list[str]) -> str:
    meant = get_close_matches(word, known, n=1, cutoff=0.7)
    return f"; did you mean {meant[0]}?" if meant else ""


def _flags(parser: Any) -> Iterator[str]:
    """Yield the flags of a parser and of its verbs."""
    for action in parser._actions:
        yield from (flag for flag in action.option_strings if flag.startswith("--"))
    for verb in _verbs(parser):
        yield from _flags(verb)


def _verbs(parser: Any) -> Iterator[Any]:
    for action in parser._actions:
        if isinstance(action.choices, dict) and action.dest == "verb":
            yield from action.choices.values()
