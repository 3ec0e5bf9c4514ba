"""A file of reconstructions: what a generator makes of real pictures, by projection, and which pictures these are."""

import json
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import save
from torch import Tensor

from gan.errors import UserError, quoted
from gan.files import read_bytes, write_atomically
from gan.weights import parse_safetensors

MAX_BYTES = 2_000_000_000  # of a file; a picture of 64 pixels takes 12,700


TENSORS = ("images", "z", "order", "made_by")  # what a file has of them


class Reconstructions(NamedTuple):
    """Pictures as a generator draws them."""

    images: Tensor  # (N, 3, S, S) uint8
    z: Tensor  # (N, z_dim) float32
    order: Tensor  # (N, 8) uint8, how the sha256 of each real picture's file begins
    made_by: Tensor  # (8,) uint8, how the sha256 of the generator's file begins
    names: tuple[str, ...] = ()
    steps: int = 0  # of the search for each; 0: of a file that does not say

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        tensors = {name: getattr(self, name).contiguous() for name in TENSORS}
        write_atomically(path, save(tensors, {"names": json.dumps(self.names), "steps": str(self.steps)}))

    @classmethod
    def load(cls, path: Path) -> "Reconstructions":
        """Read what `save` wrote, without the names; whatever else is there raises UserError."""
        content = read_bytes(path, MAX_BYTES)
        tensors = parse_safetensors(content, path)
        if tensors.keys() != {*TENSORS}:
            raise UserError(f"{path}: holds no reconstructions; python -m gan.insight.reconstruct makes them")
        images, z, order, made_by = (tensors[name] for name in TENSORS)
        found = cls(images, z, order, made_by, steps=_steps_in(content))
        count = len(order)
        kinds = [images.dtype, z.dtype, order.dtype, made_by.dtype] == [torch.uint8, torch.float32, *[torch.uint8] * 2]
        shapes = images.dim() == 4 and images.shape[:2] == (count, 3) and images.shape[2] == images.shape[3]
        if not (kinds and shapes and z.dim() == 2 and len(z) == count and order.shape[1:] == made_by.shape == (8,)):
            raise UserError(f"{path}: its reconstructions are of another kind; make them anew")
        return found

    def of(self, order: Tensor, side: int, path: Path) -> Tensor:
        """Return the reconstructions, (M, 3, side, side), of the pictures whose files begin so, (M, 8) uint8.

        Raises UserError where one of them is not there, or where they are of another size.
        """
        if self.images.shape[-1] != side:
            raise UserError(
                f"{path}: its pictures have {self.images.shape[-1]} pixels a side, and this run needs {side}"
            )
        rows = {digest.tobytes(): row for row, digest in enumerate(self.order.numpy())}
        found = [rows.get(digest.tobytes(), -1) for digest in order.numpy()]
        if missing := found.count(-1):
            raise UserError(
                f"{path}: lacks {missing} of {len(found)} training pictures; make the rest with "
                f"python -m gan.insight.reconstruct CHECKPOINT --data PICTURES --out {quoted(path)}"
            )
        return self.images[found]


def _steps_in(content: bytes) -> int:
    """Return how many steps a file of reconstructions says that it was made with; 0 where it does not say."""
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    steps = header.get("__metadata__", {}).get("steps", "0")
    return int(steps) if steps.isdecimal() else 0
