"""Where a checkpoint's training pictures lie on this machine: a note in its folder that is never passed on."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from gan.data.decode import Frame, decode
from gan.data.sources import opened
from gan.files import read_json, write_json
from gan.folder import PICTURES_FILE
from gan.insight.neighbours import Neighbours, is_described
from gan.models import Discriminator


def note_whereabouts(
    folder: Path, source: str | Path, names: Sequence[str], fit: str, background: str = "white"
) -> None:
    """Note where the training pictures lie, and what they are called, in the order of their numbers."""
    place = str(Path(source).expanduser().absolute())
    write_json(folder / PICTURES_FILE, {"data": place, "names": list(names), "fit": fit, "background": background})


def pictures_at_hand(
    folder: Path, numbers: Sequence[int], neighbours: Neighbours, critic: Discriminator
) -> list[Tensor]:
    """Return the training pictures of these numbers (from 1), uint8 (3, S, S) each; [] where they are not at hand.

    A picture counts only where its descriptor is the one that is known of that number: the note may be old, or a
    stranger's.
    """
    try:
        told = read_json(folder / PICTURES_FILE)
        names = [told["names"][number - 1] for number in numbers]
        frame = Frame(critic.image_size, told["fit"], told.get("background", "white"))
        with opened(Path(told["data"])) as files:
            entries = {entry.name: entry for entry in files if entry.name in names}
            found = []
            for name in names:
                with entries[name].content() as content:
                    found.append(torch.tensor(decode(content, frame).pixels).permute(2, 0, 1))
    except Exception:  # none, or one that says anything at all; and Pillow raises dozens of kinds
        return []
    same = [is_described(neighbours, critic, *pair) for pair in zip(found, numbers, strict=True)]
    return found if all(same) else []
