"""Whose pictures a model learned from, first and last, as its config.json tells; in any version, from anywhere."""

from collections.abc import Mapping
from typing import Any

from gan.data.datasets import DATASETS, DOWNLOADED
from gan.publishing.credits import credits_of


def learned_from(config: Mapping[str, Any]) -> str:
    """Return the name of the data set that a model learned from, "" where its config.json does not say."""
    data, train = (part if isinstance(part := config.get(key), Mapping) else {} for key in ("data", "train"))
    return str(data.get("name") or train.get("recipe") or "").partition("-")[0]


def learned_before(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the other data sets that the networks had learned from when its training began, once each."""
    told = config.get("learned_before")
    names = [name for name in told if isinstance(name, str) and name in DATASETS] if isinstance(told, list) else []
    return tuple(name for name in dict.fromkeys(names) if name == "folder" or name != learned_from(config))


def made_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what tells the pictures of a training from others; () where its config.json does not say.

    Of a known data set it is the name; of somebody's folder, the fingerprint of its pictures.
    """
    source, data = learned_from(config), config.get("data")
    if source in DOWNLOADED:
        return (source,)
    fingerprint = data.get("fingerprint") if isinstance(data, Mapping) else None
    return (source, fingerprint) if isinstance(fingerprint, str) else ()


def learned_from_these(config: Mapping[str, Any], dataset: str, fingerprint: str) -> bool:
    """Return whether a model learned, at last, from that data set; of a folder, from pictures of that fingerprint."""
    return made_of(config) == made_of({"data": {"name": dataset, "fingerprint": fingerprint}})


def handed_on(config: Mapping[str, Any], dataset: str, fingerprint: str) -> list[str]:
    """Return the `learned_before` of a run on such pictures that begins with the networks of a config.json."""
    last = name if (name := learned_from(config)) in DATASETS else "folder"
    known = [*learned_before(config), *([] if learned_from_these(config, dataset, fingerprint) else [last])]
    return [name for name in dict.fromkeys(known) if name == "folder" or name != dataset]


def author_of(config: Mapping[str, Any]) -> str:
    """Return who made all the pictures that a model learned from, "" where nobody says so or others did, too."""
    others = learned_from(config) in DOWNLOADED or learned_before(config)
    return "" if others else credits_of(config).get("author", "")


def owner_of(config: Mapping[str, Any]) -> str:
    """Return whose the pictures are that a model learned from, in clauses without a full stop."""
    known = DATASETS.get(learned_from(config), DATASETS["folder"])
    author = "" if known.slug else credits_of(config).get("author")
    clauses = [f"The pictures are by {author}"] if author else [known.owner, known.trademark]
    for earlier in map(DATASETS.__getitem__, learned_before(config)):
        clauses += [f"the model's networks had learned from {earlier.source} before", earlier.trademark]
    return "; ".join(filter(None, clauses))


def trademarks_of(config: Mapping[str, Any]) -> list[str]:
    """Return the trademarks that the pictures show, in clauses without a full stop."""
    names = (learned_from(config), *learned_before(config))
    return [DATASETS[name].trademark for name in names if name in DATASETS and DATASETS[name].trademark]
