"""A way through pictures: from stop to stop, frame by frame."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from gan.images import to_pil
from gan.latent import lerp, slerp
from gan.ui.arguments import read_choice, read_flag, read_whole, refuse
from gan.ui.loaded import LoadedModel
from gan.ui.specimen import Specimen

METHODS = {"slerp": slerp, "lerp": lerp}
MAX_STOPS = 8
STEPS = (2, 120, 30)  # fewest, most, to begin with
MAX_FRAMES = 480
BATCH = 64  # latents that a generator is given at a time


@dataclass(frozen=True)
class Way:
    """From stop to stop, `steps` equal steps each; a loop leads back to the first stop without repeating its frame."""

    stops: tuple[Specimen, ...]
    steps: int = STEPS[2]
    method: str = "slerp"
    loop: bool = False

    def legs(self) -> int:
        """Return how many ways from one stop to the next there are."""
        return len(self.stops) - (not self.loop)

    def positions(self) -> list[float]:
        """Return where each frame lies: at 0 the first stop, at 1 the second, at 1.5 halfway to the third."""
        return [frame / self.steps for frame in range(self.legs() * self.steps + (not self.loop))]

    def latents(self, model: LoadedModel) -> Tensor:
        """Return the latent of each frame, (N, z_dim); those at whole positions are the stops' own, to the bit."""
        ends = [stop.z(model) for stop in self.stops]
        return torch.stack([self._between(ends, frame) for frame in range(len(self.positions()))])

    def _between(self, ends: Sequence[Tensor], frame: int) -> Tensor:
        """Return a frame's latent; `ends` are the stops'."""
        leg, step = divmod(frame, self.steps)
        return METHODS[self.method](ends[leg], ends[(leg + 1) % len(ends)], step / self.steps)

    def batches(self, model: LoadedModel) -> Iterator[Tensor]:
        """Draw the frames, in order: some (N, 3, H, W) in [-1, 1] at a time."""
        return map(model.draw, self.latents(model).split(BATCH))

    def frames(self, model: LoadedModel, change: Callable[[Tensor], Tensor] | None = None) -> Iterator[Image.Image]:
        """Draw the frames, in order, one by one; `change` makes other pictures of them."""
        for images in self.batches(model):
            yield from map(to_pil, change(images) if change else images)

    def at(self, model: LoadedModel, frame: int) -> Specimen:
        """Return the picture of a frame: a stop, or one between stops, which has a latent of its own."""
        frame = min(max(frame, 0), len(self.positions()) - 1)
        leg, step = divmod(frame, self.steps)
        if step == 0:
            return self.stops[leg % len(self.stops)]
        return Specimen(latent=tuple(self._between([stop.z(model) for stop in self.stops], frame).tolist()))


def read_way(stops: Sequence[Specimen], steps: Any, method: Any, loop: Any) -> Way:
    """Return the way through 2 to 8 stops; what is None takes its default."""
    if not 2 <= len(stops) <= MAX_STOPS:
        raise refuse(f"An interpolation needs 2 to {MAX_STOPS} pictures.")
    way = Way(
        tuple(stops),
        read_whole(steps, "Frames per leg", *STEPS),
        read_choice(method, "The method", list(METHODS), "slerp"),
        read_flag(loop, "Closed loop", False),
    )
    if len(way.positions()) > MAX_FRAMES:
        most = (MAX_FRAMES - (not way.loop)) // way.legs()
        raise refuse(
            f"An interpolation has at most {MAX_FRAMES} frames. "
            f"With these {len(way.stops)} seeds take at most {most} frames per leg, or take fewer seeds."
        )
    return way
