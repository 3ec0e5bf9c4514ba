"""What page.json says of a model: names, directions, a picture to compare the page's own with, how it was trained."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from gan.checkpoints import load_with_digest, read_described
from gan.folder import read_history, read_metrics
from gan.images import to_uint8
from gan.latent import principal_directions, sample_z
from gan.publishing.provenance import owner_of
from gan.told import DIRECTIONS, cleaned, comparable, curve_values, direction_names, picked_in, seen_at, title_of

PROOF_SEED = 1  # whose picture the page draws first, to see whether it draws as Python does


def facts_of(name: str, folder: Path, source: Path) -> dict[str, Any]:
    """Return what page.json says of the model whose weights are in `folder` and whose record is in `source`."""
    generator, digest = load_with_digest(folder)
    directions, _ = principal_directions(generator.get_parameter("main.0.weight"), DIRECTIONS)
    with torch.inference_mode():
        picture = to_uint8(generator(sample_z([PROOF_SEED], generator.z_dim)))[0].permute(1, 2, 0).contiguous()
    described = read_described(source)
    return {
        "name": name,
        "title": title_of(described, name),
        "picked": list(picked_in(described)),
        "weights": digest,
        "learned": f"{owner_of(described)}.",
        "directions": [[float(value) for value in direction] for direction in directions],
        "names": list(direction_names(described, len(directions))),
        "proof": {"seed": PROOF_SEED, "pixels": base64.b64encode(picture.numpy().tobytes()).decode()},
        "curves": _curves(source, described),
    }


def _curves(folder: Path, described: Mapping[str, Any]) -> dict[str, Any]:
    """Return what curves.js draws, and how many pictures had been seen at each epoch."""
    measured = comparable(read_metrics(folder))
    lines = cleaned(read_history(folder), {line["epoch"] for line in measured if "epoch" in line})
    seen = {epoch: count for epoch, count in seen_at(lines, described).items() if count}
    return curve_values(lines, described, measured) | {"seen": seen}
