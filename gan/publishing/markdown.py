"""Words of strangers and of people as Markdown that shows them and does nothing else: text, code, a Python literal."""

import json
import re
from collections.abc import Mapping

from gan.errors import escape, printable

# What Markdown, as the Hub reads it, makes more of than text: marks, HTML, mathematics, addresses that become links.
MARKS = re.compile(r"[\\`*_\[\]<>|&~#!$:@]|(?<=www)\.", re.IGNORECASE)


def plain(text: object) -> str:
    """Return a stranger's words as Markdown that shows them, on one line, and does nothing else."""
    return MARKS.sub(r"\\\g<0>", printable(text))


def paragraphs(text: str) -> str:
    """Return a person's words of several lines as Markdown that shows them, a blank line between paragraphs."""
    return "\n\n".join(MARKS.sub(r"\\\g<0>", line.strip()) for line in text.splitlines() if line.strip())


def introduction(credits: Mapping[str, str]) -> str:
    """Return by whom something is and what its maker says of it, as Markdown that ends in a blank line, or ""."""
    words = [f"By {plain(credits['author'])}."] if "author" in credits else []
    words += [paragraphs(credits["about"])] if "about" in credits else []
    return "".join(f"{word}\n\n" for word in words)


def python_string(text: str) -> str:
    """Return the text as a literal for Python, of characters that can be shown."""
    return escape(json.dumps(text, ensure_ascii=False))


def in_code(text: object) -> str:
    """Return a stranger's words for a span of code, which ends at the first backtick."""
    return printable(text).replace("`", "'")
