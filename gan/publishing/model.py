"""A checkpoint folder as a model on the Hugging Face Hub."""

from collections.abc import Mapping
from pathlib import Path

from gan.checkpoints import CONFIG_FILE, images_seen
from gan.files import read_json, write_json
from gan.hub.contents import PUBLISHED
from gan.hub.fetching import texts_of
from gan.hub.ids import parse_target
from gan.hub.uploading import push
from gan.publishing import release
from gan.publishing.card import CARD_FILE, card_text, hand_written, own_sections, write_card
from gan.scratch import Scratch


def publish_model(folder: str | Path, hub_id: str, private: bool = False) -> str:
    """Push a checkpoint folder, tagged by the pictures it has seen; return the commit's id.

    Nothing but the design's files goes, and the card is written anew, but for the sections that a person wrote into the
    one in the folder or, under other headings, on the Hub. Raises UserError for a folder that is no
    checkpoint; Unreachable where the Hub was not there after several tries.
    """
    repo = parse_target(hub_id)
    folder = Path(folder)
    files = release.require_checkpoint(folder)
    card_text(folder, repo)  # raises before anything is asked of the Hub
    own_words = own_sections(hand_written(folder), *texts_of(repo, [CARD_FILE]))
    card, seen = card_text(folder, repo, own_words), images_seen(read_json(folder / CONFIG_FILE))
    age = f" after {seen:,} pictures" if seen else ""
    with Scratch("gan-publish-") as staged:
        for name in files:
            release.pass_file(folder, name, staged / name)
        (staged / CARD_FILE).write_text(card, encoding="utf-8")
        return push(
            staged,
            hub_id,
            files=[*files, CARD_FILE],
            owned=PUBLISHED,
            message=f"Publish {repo.split('/')[1]}{age}",
            tag=f"images-{seen}" if seen else None,
            private=private,
        )


def keep_credits(folder: Path, credits: Mapping[str, str]) -> None:
    """Put credits into a checkpoint folder's config.json and card, for this push and the next."""
    if credits:
        write_json(folder / CONFIG_FILE, {**read_json(folder / CONFIG_FILE), **credits})
        write_card(folder)
