"""A specimen: what one picture is a function of, beside the weights. Read from what is sent, written into links."""

import base64
import binascii
import random
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan.latent import MAX_SEED, edit, sample_z, tame, truncate
from gan.ui.arguments import DEFAULT_SEED, read_fields, read_fraction, read_number, read_whole, refuse
from gan.ui.loaded import LoadedModel

MAX_EDIT = 10.0  # furthest that a direction or a coordinate may be moved
MAX_LATENT = 100.0  # furthest that a number of a latent may lie from 0
ROLLED = 10_000  # below which a rolled seed lies: numbers that people can say


@dataclass(frozen=True)
class Specimen:
    """One picture of a model: z is that of a seed, or a latent of its own; then come amounts along directions, offsets.

    A seed's z is truncation * tame(z(seed), wildness): the first is what links made before wildness say.
    """

    seed: int = DEFAULT_SEED
    truncation: float = 1.0
    amounts: tuple[float, ...] = ()  # along the principal directions
    offsets: tuple[tuple[int, float], ...] = ()  # (coordinate of z from 0, what is added)
    wildness: float = 1.0
    latent: tuple[float, ...] = ()  # in place of the seed's, for a picture between others

    def z(self, model: LoadedModel) -> Tensor:
        """Return the latent, (z_dim,)."""
        if self.latent:
            z = torch.tensor(self.latent)
        else:
            z = truncate(tame(sample_z([self.seed], model.generator.z_dim)[0], self.wildness), self.truncation)
        return edit(z, model.directions, self.amounts, dict(self.offsets))

    @property
    def plain(self) -> "Specimen":
        """The picture without its edits."""
        return Specimen(self.seed, self.truncation, wildness=self.wildness, latent=self.latent)

    def recipe(self, model: LoadedModel) -> dict[str, Any]:
        """Return what a link and a saved PNG say: enough to draw the same picture again."""
        amounts = {f"d{k}": amount for k, amount in enumerate(self.amounts, 1) if amount}
        offsets = {f"z{i}": amount for i, amount in self.offsets if amount}
        if self.latent:
            return model.label() | {"latent": write_latent(self.latent)} | amounts | offsets
        tamed = {"truncation": self.truncation} if self.truncation != 1 else {}
        tamed |= {"wildness": self.wildness} if self.wildness != 1 else {}
        return model.label() | {"seed": self.seed} | tamed | amounts | offsets


def roll() -> int:
    """Return a seed that nobody chose."""
    return random.randrange(ROLLED)


def read_specimen(model: LoadedModel, values: Any) -> Specimen:
    """Read {"seed", "wildness", "truncation", "latent", "d1" ... along directions, "z0" ... for coordinates}.

    All of it is optional.
    """
    values = read_fields(values)
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
        read_fraction(values.get("truncation"), "Truncation", 1.0),
        tuple(amounts) if any(amounts) else (),
        tuple(sorted(offsets.items())),
        read_fraction(values.get("wildness"), "Wildness", 1.0),
        read_latent(values.get("latent"), model.generator.z_dim),
    )


def within(model: LoadedModel, values: Any) -> dict[str, Any]:
    """Return the values without those of directions, coordinates and latents that this model does not have."""
    values = read_fields(values)
    ours = {f"d{k}" for k in range(1, len(model.directions) + 1)} | {f"z{i}" for i in range(model.generator.z_dim)}
    ours |= {"seed", "truncation", "wildness"}
    if values.get("model") in (None, model.name) or values.get("weights") == model.weights:
        ours.add("latent")
    return {key: value for key, value in values.items() if key in ours}


def write_latent(latent: tuple[float, ...]) -> str:
    """Return a latent as text that a link can hold: its float32 in base64, URLs' kind."""
    return base64.urlsafe_b64encode(np.asarray(latent, "<f4").tobytes()).decode().rstrip("=")


def read_latent(text: Any, z_dim: int) -> tuple[float, ...]:
    """Return the latent that a text holds, () for None; of another length, or too far out, it is refused."""
    if text is None:
        return ()
    damaged = refuse(f"The latent of this picture is damaged: it should be {z_dim} numbers, written as this page does.")
    if not isinstance(text, str) or not re.fullmatch(r"[\w-]*", text, re.ASCII):
        raise damaged
    try:
        latent = np.frombuffer(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "<f4")
    except (binascii.Error, ValueError):
        raise damaged from None
    if len(latent) != z_dim or not np.all(np.abs(latent) <= MAX_LATENT):
        raise damaged
    return tuple(map(float, latent))


def stack(model: LoadedModel, specimens: list[Specimen]) -> Tensor:
    """Return the latents of several specimens, (N, z_dim)."""
    return torch.stack([specimen.z(model) for specimen in specimens])
