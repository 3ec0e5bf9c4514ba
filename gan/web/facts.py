"""What page.json says of a model: names, directions, a picture to compare the page's own with, how it was trained."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from gan.card import learned_from
from gan.checkpoints import load_with_digest, read_described
from gan.config import REMARKS
from gan.data.datasets import DATASETS
from gan.errors import printable
from gan.folder import is_figure, kept_epochs, read_history, read_metrics, same_protocol
from gan.images import to_uint8
from gan.latent import MAX_SEED, principal_directions, sample_z
from gan.training.losses import LOSSES

DIRECTIONS = 8  # as many as the demo offers, so that its links mean the same here
PROOF_SEED = 1  # whose picture the page draws first, to see whether it draws as Python does
MAX_TITLE, MAX_PICKED, MAX_LINES = 40, 64, 2_000  # as the demo has it: characters, seeds, epochs
CURVES = ("loss_d", "loss_g", "d_real", "d_fake_before", "d_fake_after")


def facts_of(name: str, folder: Path, source: Path) -> dict[str, Any]:
    """Return what page.json says of the model whose weights are in `folder` and whose record is in `source`."""
    generator, digest = load_with_digest(folder)
    directions, _ = principal_directions(generator.get_parameter("main.0.weight"), DIRECTIONS)
    with torch.inference_mode():
        picture = to_uint8(generator(sample_z([PROOF_SEED], generator.z_dim)))[0].permute(1, 2, 0).contiguous()
    described = read_described(source)
    known = DATASETS.get(learned_from(described))
    return {
        "name": name,
        "title": title_of(described, name),
        "picked": _picked(described),
        "weights": digest,
        "learned": "".join(f"{words}. " for words in (known.owner, known.trademark) if words).strip() if known else "",
        "directions": [[float(value) for value in direction] for direction in directions],
        "names": _names(described, len(directions)),
        "proof": {"seed": PROOF_SEED, "pixels": base64.b64encode(picture.numpy().tobytes()).decode()},
        "curves": _curves(source, described),
    }


def title_of(described: Mapping[str, Any], name: str) -> str:
    """Return what a model is called for people: its config.json says it, or it is the folder's name."""
    return _text(described.get("title")) or name


def _text(value: Any) -> str:
    return printable(value)[:MAX_TITLE] if isinstance(value, str) and value.strip() else ""


def _picked(described: Mapping[str, Any]) -> list[int]:
    seeds = described.get("picked")
    fine = isinstance(seeds, list) and all(type(seed) is int and 0 <= seed <= MAX_SEED for seed in seeds)
    return seeds[:MAX_PICKED] if fine and isinstance(seeds, list) else []


def _names(described: Mapping[str, Any], count: int) -> list[str]:
    given = described.get("directions")
    names = [_text(name) for name in given] if isinstance(given, list) else []
    return [name or f"Direction {k}" for k, name in enumerate([*names, *[""] * count][:count], 1)]


def _curves(folder: Path, described: Mapping[str, Any]) -> dict[str, Any]:
    """Return a list per curve, how many pictures had been seen at each epoch, what happened when."""
    lines = {line["epoch"]: line for line in read_history(folder) if line["epoch"] >= 0 and is_figure(line["epoch"])}
    kept = kept_epochs(len(lines), MAX_LINES)
    epochs = [epoch for number, epoch in enumerate(sorted(lines), 1) if number in kept or lines[epoch].get("event")]
    measured: list[dict[str, Any]] = max(reversed(same_protocol(read_metrics(folder))), key=len, default=[])
    kid = {line.get("epoch"): line.get("kid_train") for line in measured}
    before = _number(described.get("images_before")) or 0
    seen = {epoch: _number(lines[epoch].get("images_seen")) for epoch in epochs}
    train = described.get("train")
    train = train if isinstance(train, Mapping) else {}
    loss = train.get("loss")
    return {key: [_number(lines[epoch].get(key)) for epoch in epochs] for key in CURVES} | {
        "epoch": epochs,
        "seen": {epoch: count + before for epoch, count in seen.items() if count},
        "kid": [_number(kid.get(epoch)) for epoch in epochs],
        "measured": {key: measured[-1].get(key) for key in ("generated", "real", "floor")} if measured else None,
        "pairs": loss in LOSSES and LOSSES[loss].pairs,
        "marks": list(_marks([lines[epoch] for epoch in epochs], REMARKS.get(str(train.get("recipe")), {}))),
    }


def _marks(lines: Iterable[Mapping[str, Any]], remarks: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    """Yield the events of the history, the changes of stage that it does not name itself, and a report's remarks."""
    settings: dict[str, float] = {}
    softened = False  # by the guard, which its own event tells of
    for line in lines:
        now = settings | {key: line[key] for key in ("lr", "beta1") if is_figure(line.get(key))}
        texts = [str(line["event"])[:2_000]] if line.get("event") else []
        changed = any(now[key] != settings[key] for key in settings)
        if changed and not softened and not any(text.startswith("stage") for text in texts):
            texts.append("stage: " + ", ".join(f"{key} {value:g}" for key, value in now.items()))
        texts += [remarks[line["epoch"]]] if line["epoch"] in remarks else []
        if texts:
            yield {"epoch": line["epoch"], "text": "; ".join(texts)}
        settings, softened = now, "rolled back" in str(line.get("event"))


def _number(value: Any) -> int | float | None:
    return value if is_figure(value) else None
