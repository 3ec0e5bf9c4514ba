"""Whose a model is: its title, its author, its licence and a word about it, as flags and config.json have them."""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

from gan.errors import UserError, escape

MOST = {"title": 80, "author": 120, "license": 120, "about": 2_000}  # name -> characters at most
CREDITS = {  # name -> what its flag is for
    "title": 'what the model is called where it is shown, as in "Moss creatures"',
    "author": "who made it and, of a folder of pictures, whose these are",
    "license": 'how weights and pictures may be used: cc-by-4.0, cc0-1.0, mit, ... or in words, "ask me first"',
    "about": "a few sentences for its card",
}
FEW = 200  # pictures; of fewer, a generator paints near-copies: a judgement, not measured
# What the Hub knows by name (its docs, repositories-licenses.md), but for single models'; any other is told in words.
HUB_LICENSES = {
    *("afl-3.0", "agpl-3.0", "apache-2.0", "artistic-2.0", "bsd", "bsd-2-clause", "bsd-3-clause"),
    *("bsd-3-clause-clear", "bsl-1.0", "c-uda", "cc", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0"),
    *("cc-by-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0"),
    *("cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0"),
    *("cdla-permissive-1.0", "cdla-permissive-2.0", "cdla-sharing-1.0", "creativeml-openrail-m", "ecl-2.0"),
    *("epl-1.0", "epl-2.0", "etalab-2.0", "eupl-1.1", "eupl-1.2", "gfdl", "gpl", "gpl-2.0", "gpl-3.0", "isc"),
    *("lgpl", "lgpl-2.1", "lgpl-3.0", "lgpl-lr", "lppl-1.3c", "mit", "mpl-2.0", "ms-pl", "ncsa", "odbl"),
    *("odc-by", "ofl-1.1", "openrail", "openrail++", "osl-3.0", "pddl", "postgresql", "unlicense", "wtfpl"),
    *("zlib"),
}


def checked(name: str, text: str) -> str:
    """Return the text of a credit as it is kept; one that is too long, or of too many lines, raises ValueError."""
    text = text.strip()
    if len(text) > MOST[name]:
        raise ValueError(f"--{name} has {len(text):,} characters; it may have {MOST[name]:,}")
    if name != "about" and len(text.splitlines()) > 1:
        raise ValueError(f"--{name} has several lines; it takes one, and --about takes more")
    return text


def check_license(text: str) -> None:
    """Raise ValueError for what is nearly a licence that the Hub knows by name."""
    known = _identifier(text)
    if known in HUB_LICENSES or re.search(r"\s", text):
        return
    versions = sorted(name for name in HUB_LICENSES if re.fullmatch(re.escape(known) + r"-[\d.]+", name))
    if meant := versions[-1:] or get_close_matches(known, sorted(HUB_LICENSES), 1, 0.8):
        raise ValueError(
            f"--license {text}: no licence is known by that name; did you mean {meant[0]}? In words, as in "
            '"ask me first", it may say anything'
        )


def _identifier(text: str) -> str:
    return re.sub(r"[\s_]+", "-", text.lower())


def add_flags(parser: Any) -> None:
    """Give an argument parser a flag for each credit."""
    group = parser.add_argument_group("whose it is")
    for name, purpose in CREDITS.items():
        group.add_argument(f"--{name}", default="", metavar="TEXT", help=purpose)


def given(flags: Mapping[str, Any]) -> dict[str, str]:
    """Return the credits among a command's flags; one that is none raises UserError."""
    try:
        texts = {name: checked(name, flags.get(name) or "") for name in CREDITS}
        check_license(texts["license"])
    except ValueError as error:
        raise UserError(str(error)) from error
    return {name: text for name, text in texts.items() if text}


def credits_of(described: Mapping[str, Any]) -> dict[str, str]:
    """Return the credits in a config.json; a stranger's that no flag could have set are passed over."""
    found = {}
    for name in CREDITS:
        text = described.get(name)
        if not isinstance(text, str) or not text.strip():
            continue
        try:
            found[name] = "\n".join(map(escape, checked(name, text).splitlines()))
        except ValueError:
            continue
    return found


def credits_for(models: Collection[Mapping[str, Any]], told: Mapping[str, str] | None) -> dict[str, str]:
    """Return the credits of what holds these models, by their config.json: a single one's own, then those told."""
    own = credits_of(next(iter(models))) if len(models) == 1 else {}
    return {**own, **(told or {})}


def hub_license(text: str) -> dict[str, str]:
    """Return a licence as the Hub's front matter has it: an identifier it knows, or "other" and a name."""
    known = _identifier(text)
    if known in HUB_LICENSES:
        return {"license": known}
    return {"license": "other", "license_name": re.sub(r"[^a-z0-9.]+", "-", known).strip("-")[:60] or "as-told"}


def near_copies(described: Mapping[str, Any]) -> str:
    """Return a warning where a generator learned from few pictures, "" where from many or where nobody knows."""
    data = described.get("data")
    count = data.get("pictures") if isinstance(data, Mapping) else None
    if described.get("task", "generate") != "generate" or type(count) is not int or not 0 < count < FEW:
        return ""
    return (
        f"It learned from {count} pictures: a model of so few paints near-copies of them, so that whoever has it can "
        "see what they showed."
    )
