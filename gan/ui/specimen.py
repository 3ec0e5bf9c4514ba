"""A specimen: what one picture is a function of, beside the weights. Read from what is sent, written into links."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gan.latent import MAX_SEED, edit, sample_z, truncate
from gan.ui.arguments import DEFAULT_SEED, DEFAULT_TRUNCATION, read_fraction, read_number, read_whole, refuse
from gan.ui.loaded import LoadedModel

MAX_EDIT = 10.0  # furthest that a direction or a coordinate may be moved


@dataclass(frozen=True)
class Specimen:
    """One picture of a model: z is truncation * z(seed) + sum of amounts along directions + offsets."""

    seed: int
    truncation: float = DEFAULT_TRUNCATION
    amounts: tuple[float, ...] = ()  # along the principal directions
    offsets: tuple[tuple[int, float], ...] = ()  # (coordinate of z from 0, what is added)

    def z(self, model: LoadedModel) -> Tensor:
        """Return the latent, (z_dim,)."""
        z = truncate(sample_z([self.seed], model.generator.z_dim)[0], self.truncation)
        return edit(z, model.directions, self.amounts, dict(self.offsets))

    def recipe(self, model: LoadedModel) -> dict[str, Any]:
        """Return what a link and a saved PNG say: enough to draw the same picture again."""
        amounts = {f"d{k}": amount for k, amount in enumerate(self.amounts, 1) if amount}
        offsets = {f"z{i}": amount for i, amount in self.offsets if amount}
        return model.label() | {"seed": self.seed, "truncation": self.truncation} | amounts | offsets


def read_specimen(model: LoadedModel, values: Any) -> Specimen:
    """Read {"seed", "truncation", "d1" ... along directions, "z0" ... for coordinates}, all of it optional."""
    if not isinstance(values, Mapping):
        values = {}
    amounts, offsets = [0.0] * len(model.directions), {}
    for key, value in values.items():
        name = re.fullmatch(r"([dz])(\d{1,4})", str(key))
        if name is None:
            continue
        count = len(amounts) if name[1] == "d" else model.generator.z_dim
        place = int(name[2]) - (name[1] == "d")
        if not 0 <= place < count:
            kind = "directions, d1 to d" if name[1] == "d" else "coordinates, z0 to z"
            raise refuse(f"{key} is none of this model’s {kind}{count - (name[1] == 'z')}.")
        amount = read_number(value, f"{key}", -MAX_EDIT, MAX_EDIT, 0.0)
        if name[1] == "d":
            amounts[place] = amount
        elif amount:
            offsets[place] = amount
    return Specimen(
        read_whole(values.get("seed"), "Seed", 0, MAX_SEED, DEFAULT_SEED),
        read_fraction(values.get("truncation"), "Truncation", DEFAULT_TRUNCATION),
        tuple(amounts) if any(amounts) else (),
        tuple(sorted(offsets.items())),
    )


def stack(model: LoadedModel, specimens: list[Specimen]) -> Tensor:
    """Return the latents of several specimens, (N, z_dim)."""
    return torch.stack([specimen.z(model) for specimen in specimens])
