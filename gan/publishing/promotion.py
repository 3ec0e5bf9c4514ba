"""From a run, or from weights of elsewhere, to a folder of checkpoints/: what `python -m gan.promote` does."""

import re
from collections.abc import Mapping
from pathlib import Path

from gan.checkpoints import CONFIG_FILE, GENERATOR_FILE, read_described
from gan.errors import UserError
from gan.files import is_there, write_json
from gan.publishing import CHECKPOINTS
from gan.publishing.card import hand_written, write_card
from gan.publishing.credits import credits_of
from gan.publishing.joining import join, past_of
from gan.publishing.replacing import check_replaceable, is_further, put_back, replace_folder
from gan.publishing.staging import copy_run, import_weights, keep_insight, same_network, write_insight
from gan.scratch import Scratch

NOTED = "credits_of_run"  # in config.json, what the run said of itself when it was promoted


def promote(
    source: str | Path,
    name: str,
    into: str | Path = CHECKPOINTS,
    best: bool = False,
    replace: bool = False,
    discriminator: str | Path = "",
    credits: Mapping[str, str] | None = None,
    look_deeper: bool = True,
) -> Path:
    """Build the checkpoint folder beside its place, then put it there; return it.

    `best` takes the snapshot of the run whose KID is lowest instead of the last. A model that is there already is
    replaced where it is an earlier state of this run or what the run began with, or with `replace`; where the run began
    with a checkpoint's networks, on the same pictures, its record stands behind that one's. With weights from elsewhere
    may come their `discriminator`'s. The `credits` and the sections that a person wrote into the card stay when an
    earlier state is replaced. To `look_deeper` takes seconds to minutes: where the training pictures are, what tells of
    copies and of the critic's opinions is written. Raises UserError where the model is another, where the run has
    nothing to show or no measurement yet, or the name is no plain folder name.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}", name):
        raise UserError(f"{name!r} is no name for a checkpoint; use letters, digits, '.', '_' and '-'")
    source, target = Path(source), Path(into, name)
    if not is_there(source):
        raise UserError(f"{source}: no such run; train.py writes runs into runs/")
    try:
        put_back(target)
        before = target if is_further(source, target) else None
        past = past_of(source, before) if source.is_dir() else None
        if past and past.whole and past.folder.resolve() == target.resolve():
            before = target  # the run goes on with what is there
        with Scratch(f".{name}.", target.parent, ".part") as part:
            staged = part / name  # the card is titled after its folder
            staged.mkdir()
            if source.is_dir():
                if discriminator:
                    raise UserError(f"{source}: is a run, which has its own discriminator; leave out --discriminator")
                copy_run(source, staged, best, None if past else before)
                if past:
                    join(staged, past, before)
            else:
                import_weights(source, discriminator, staged)
            check_replaceable(target, source, replace, further=before is not None)
            add_credits(staged, before, credits or {})
            if before:
                keep_insight(before, staged)
            if look_deeper and source.is_dir():
                write_insight(source, staged)
            write_card(staged, hand_written(before) if before else "")
            replace_folder(target, staged)
    except OSError as error:  # shutil's own kind has no strerror
        raise UserError(f"{source} cannot be copied to {target}: {error.strerror or error}") from error
    return target


def add_credits(staged: Path, before: Path | None, credits: Mapping[str, str]) -> None:
    """Let the folder's config.json have these credits, those of an earlier state of it, and the run's own, in turn.

    What the run says of itself is noted, so that where it says something else the next time, that counts. What a person
    wrote into the earlier config.json by hand stays, too.
    """
    described = read_described(staged)
    own, told = credits_of(described), read_described(before) if before else {}
    noted = told.get(NOTED)
    noted = noted if isinstance(noted, dict) else own
    changed = {name: text for name, text in own.items() if noted.get(name) != text}
    stays = ["picked"]
    if before and same_network(GENERATOR_FILE, before, staged):
        stays.append("directions")  # which are the weights' own
    by_hand = {name: told[name] for name in stays if name in told}
    note = {NOTED: own} if "train" in described else {}
    write_json(staged / CONFIG_FILE, described | by_hand | credits_of(told) | changed | dict(credits) | note)
