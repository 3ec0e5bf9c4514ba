"""Words for people that follow from numbers and lists."""

from collections.abc import Sequence


def counted(number: int, thing: str, several: str = "") -> str:
    """Return a number with what it counts, as in "2,000 threads"; `several` is a plural that takes more than an s."""
    return f"{number:,} {thing if number == 1 else several or thing + 's'}"


def listed(names: Sequence[str], word: str) -> str:
    """Return two names or more as a sentence has them: "a, b or c"."""
    return f"{', '.join(names[:-1])} {word} {names[-1]}"
