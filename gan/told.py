"""What a checkpoint folder tells people, the page with a server and the one without: names, curves, events.

A folder may come from a stranger, so that everything is checked, made printable and bounded here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from gan.config import REMARKS
from gan.errors import printable
from gan.folder import is_figure, kept_epochs, same_protocol
from gan.latent import MAX_SEED
from gan.training.losses import LOSSES

DIRECTIONS = 8  # principal directions that Explore offers, on both pages, so that links mean the same
MAX_EPOCH = 10**9
MAX_TITLE = 40  # characters of a model's title, and of a direction's name
MAX_PICKED = 64
MAX_LINES = 2_000  # of a history, evenly, beside those of epochs that something is kept of
MAX_MARKS = 200  # the newest events of a history, and the newest measurements; a run has some dozen
MAX_EVENT = 2000  # characters; a roll back takes some 250, and a state may see five
CURVES = ("loss_d", "loss_g", "d_real", "d_fake_before", "d_fake_after")
NUMBERS = ("epoch", "images_seen", "images_per_second", *CURVES, "lr", "beta1")  # of a line of history.jsonl

# How to read the curves.
COMPETE = (
    "The generator draws and the discriminator tells drawn from real; each loss says how badly one of them is doing, "
    "and while neither runs away both still learn."
)
ABSOLUTE = (
    "D(x) is how real the real pictures look to it and D(G(z)) how real the drawn ones do: close together it can "
    "hardly tell, one near 1 and the other near 0 it has won and the drawing stops getting better."
)
PAIRED = (
    "This discriminator learned by comparing drawn with real, so only the distance between D(x) and D(G(z)) says "
    "something: close together it can hardly tell, far apart it has won."
)
MEASURED = (
    "KID (the kernel Inception distance) compares {generated:,} drawn pictures with {real:,} real ones, lower is "
    "better; two halves of the real ones have {floor[kid]:.1f}."
)


def title_of(described: Mapping[str, Any], name: str) -> str:
    """Return what a model is called for people: its config.json says it, or it is the folder's name."""
    return _text(described.get("title")) or name


def picked_in(described: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the seeds whose pictures somebody picked by hand, as config.json names them; () where it does not."""
    seeds = described.get("picked")
    fine = isinstance(seeds, list) and all(type(seed) is int and 0 <= seed <= MAX_SEED for seed in seeds)
    return tuple(seeds[:MAX_PICKED]) if fine and isinstance(seeds, list) else ()


def direction_names(described: Mapping[str, Any], count: int) -> tuple[str, ...]:
    """Return a name for each of `count` directions: one given by hand in config.json, or its number."""
    given = described.get("directions")
    names = [_text(name) for name in given[:count]] if isinstance(given, list) else []
    numbered = [f"Direction {k}" for k in range(1, count + 1)]
    return tuple(name or number for name, number in zip_longest(names, numbered))


def seen_before(described: Mapping[str, Any]) -> int:
    """Return how many pictures the networks had seen before the first line of the folder's history."""
    before = described.get("images_before")
    return before if isinstance(before, int) and 0 < before <= MAX_EPOCH else 0


def seen_at(history: Iterable[Mapping[str, Any]], described: Mapping[str, Any]) -> dict[int, int | None]:
    """Return how many pictures the networks had seen after each epoch, those before this history, too.

    None where the history does not say.
    """
    before = seen_before(described)
    return {line["epoch"]: None if line["images_seen"] is None else line["images_seen"] + before for line in history}


def moment(epoch: int, seen: int | None) -> str:
    """Return, in words, how far a training had come."""
    return f"epoch {epoch}" + ("" if seen is None else f", {seen:,} pictures seen")


def curve_values(
    history: Sequence[Mapping[str, Any]], described: Mapping[str, Any], measured: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what curves.js draws: a list per curve, the epochs at which something happened, how to read it all."""
    kid = {line.get("epoch"): line["kid_train"] for line in measured}
    return {key: [line[key] for line in history] for key in ("epoch", *CURVES)} | {
        "kid": [kid.get(line["epoch"]) for line in history],
        "marks": list(marks(history, described)),
        "reading": reading(described, measured),
    }


def trained(described: Mapping[str, Any], what: str) -> str:
    """Return what config.json says of the training, as text; "" where it does not."""
    train = described.get("train")
    return str(train.get(what)) if isinstance(train, Mapping) else ""


def pairs(described: Mapping[str, Any]) -> bool:
    """Return whether the loss of the training pairs; False where the folder does not say."""
    loss = trained(described, "loss")
    return loss in LOSSES and LOSSES[loss].pairs


def reading(described: Mapping[str, Any], measured: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return how to read the curves of a training, in sentences; "" of what was not measured."""
    return {
        "losses": COMPETE,
        "verdict": PAIRED if pairs(described) else ABSOLUTE,
        "kid": MEASURED.format(**measured[-1]) if measured else "",
    }


def cleaned(lines: Iterable[dict[str, Any]], wanted: set[int]) -> tuple[dict[str, Any], ...]:
    """Return the last line of each epoch, in order: figures that JavaScript knows, or None, and events as text.

    Of a long history some MAX_LINES are kept, evenly, with the `wanted` epochs and the newest MAX_MARKS events.
    """
    by_epoch = {line["epoch"]: line for line in lines if is_figure(line["epoch"]) and 0 <= line["epoch"] <= MAX_EPOCH}
    epochs = sorted(by_epoch)
    even = kept_epochs(len(epochs), MAX_LINES)
    events = set([epoch for epoch in epochs if by_epoch[epoch].get("event")][-MAX_MARKS:])
    kept = {epoch for number, epoch in enumerate(epochs, 1) if number in even} | events | wanted
    return tuple(_cleaned(by_epoch[epoch], epoch in events) for epoch in epochs if epoch in kept)


def comparable(metrics: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the newest of the measurements that compare with one another, oldest first."""
    return max(reversed(same_protocol(list(metrics))), key=len, default=[])[-MAX_MARKS:]


def marks(history: Iterable[Mapping[str, Any]], described: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the events of the history, the changes of stage that it does not name itself, and a report's remarks."""
    remarks = REMARKS.get(trained(described, "recipe"), {})
    settings: dict[str, float] = {}
    softened = False  # by the guard, which its own event tells of
    annealed = _anneals(described)  # so that the learning rate falls with every epoch
    for line in history:
        now = settings | {key: line[key] for key in ("lr", "beta1") if line.get(key) is not None}
        texts = [str(line["event"])] if line.get("event") else []
        changed = any(now[key] != settings[key] for key in settings if not (annealed and key == "lr"))
        if changed and not softened and not any(text.startswith("stage") for text in texts):
            texts.append("stage: " + ", ".join(f"{key} {value:g}" for key, value in now.items()))
        texts += [remarks[line["epoch"]]] if line["epoch"] in remarks else []
        if texts:
            yield {"epoch": line["epoch"], "text": "; ".join(texts)}
        settings, softened = now, "rolled back" in str(line.get("event"))


def _anneals(described: Mapping[str, Any]) -> bool:
    train = described.get("train")
    return isinstance(train, Mapping) and bool(train.get("anneal"))


def _finite(value: Any) -> int | float | None:
    """Return a number as it is; None for anything else, and for one that JavaScript cannot hold."""
    return value if is_figure(value) else None


def _cleaned(line: dict[str, Any], eventful: bool) -> dict[str, Any]:
    event = str(line["event"]).encode("utf-8", "replace").decode()[:MAX_EVENT] if eventful else None
    return {key: _finite(line.get(key)) for key in NUMBERS} | {"event": event}


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        return ""
    text = printable(value)
    return text if len(text) <= MAX_TITLE else f"{text[: MAX_TITLE - 1]}…"
