"""What a model on the Hub is called: USER/NAME or USER/NAME@revision, told from a folder's path."""

import re
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

from gan.errors import UserError

# A name begins and ends with a letter, a digit or an underscore.
HUB_ID = re.compile(
    r"(?P<repo>\b[\w.-]{1,96}\b/\b[\w.-]{1,96}\b(?<!\.git))(?:@(?P<revision>[\w./-]{1,200}))?", re.ASCII
)


def parse_id(text: str) -> tuple[str, str | None]:
    """Return repository and revision of "USER/NAME" or "USER/NAME@revision"; anything else raises UserError."""
    found = HUB_ID.fullmatch(text)
    if not found or ".." in text or "--" in text:
        raise UserError(f"{text!r} is no name on the Hub; it looks like USER/NAME or USER/NAME@revision")
    return found["repo"], found["revision"]


def parse_target(text: str) -> str:
    """Return the repository of "USER/NAME", where a push goes; a revision, or anything else, raises UserError."""
    repo, revision = parse_id(text)
    if revision:
        raise UserError(f"{text}: a push goes to USER/NAME, without @revision")
    return repo


def is_id(text: str) -> bool:
    """Whether the text can only mean a model on the Hub: it looks like an id, and its USER is no folder here."""
    is_file = text.endswith((".safetensors", ".pth"))
    return bool(HUB_ID.fullmatch(text)) and not Path(text).parent.exists() and not is_file


def folder_meant(text: str) -> str:
    """Return a question for whoever mistyped a path, " Is the folder runs/mine meant?"; "" where none is like it."""
    place = Path()
    for part in text.split("/"):
        similar = get_close_matches(part, _folders_in(place), n=1)
        if not similar:
            return ""
        place /= similar[0]
    return f" Is the folder {place} meant?"


def _folders_in(place: Path) -> list[str]:
    with suppress(OSError):
        return [path.name for path in place.iterdir() if path.is_dir()]
    return []
