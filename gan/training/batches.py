"""From pictures in memory to seeded batches: every picture once per epoch, in an order that can be repeated."""

import math

import numpy as np
import torch
from torch import Tensor

from gan.images import from_uint8
from gan.training import distributed


class Batches:
    """Every picture once per epoch, in an order that is a pure function of (seed, epoch).

    `images` are (N, 3, S, S) uint8, or have further channels that go with these. On CUDA they move to the GPU's memory,
    unless they would fill more than half of what is free there: then each batch moves alone. `flip` mirrors each with
    probability 1/2. Of several processes, each takes its share of every batch.
    """

    def __init__(self, images: Tensor, batch_size: int, seed: int, flip: bool, device: torch.device) -> None:
        self._images = images.permute(0, 2, 3, 1).contiguous()  # (N, S, S, 3): a picture's bytes side by side
        self._device = torch.device(device)
        if self._device.type == "cuda" and images.nbytes <= torch.cuda.mem_get_info(self._device)[0] // 2:
            self._images = self._images.to(self._device)
        self.nbytes = images.nbytes
        self._count, self._batch_size, self._seed, self._flip = len(images), batch_size, seed, flip
        self.arrange(torch.arange(self._count))
        self.batches_per_epoch = math.ceil(len(images) / batch_size)  # the last one may be smaller

    def arrange(self, rows: Tensor) -> None:
        """Take the pictures from now on as if they had come in the order of these rows, (N,) int64."""
        self._rows = rows.to(self._images.device)
        self._epoch, self._order = -1, self._rows

    def sample(self, count: int) -> Tensor:
        """Return the three colours of so many pictures (all, if there are fewer), evenly spaced and never mirrored."""
        rows = torch.linspace(0, len(self._images) - 1, min(count, len(self._images)), device=self._images.device)
        rows = self._rows[rows.round().long()]
        return from_uint8(self._images[rows, ..., :3].to(self._device).permute(0, 3, 1, 2))

    def size(self, index: int) -> int:
        """Return how many pictures batch `index` of an epoch has, the shares of all processes together."""
        return min(self._batch_size, self._count - index * self._batch_size)

    def take(self, epoch: int, index: int, rng: torch.Generator) -> Tensor:
        """Return batch `index` of an epoch, (B, C, S, S) float32 in [-1, 1], channels_last, on the device.

        Of several processes, each gets its own share of B pictures. Only flips draw from `rng`, a generator on that
        device. Raises IndexError past the end of the epoch.
        """
        if not 0 <= index < self.batches_per_epoch:
            raise IndexError(f"batch {index} of an epoch of {self.batches_per_epoch}")
        if epoch != self._epoch:  # drawn and copied once per epoch, so that no batch waits for the host
            order = np.random.default_rng([self._seed, epoch]).permutation(len(self._images))
            self._epoch, self._order = epoch, self._rows[torch.from_numpy(order).to(self._rows.device)]
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        batch = self._images.index_select(0, distributed.own_share(rows)).to(self._device)  # (B, S, S, 3)
        if self._flip:
            mirror = torch.rand(len(batch), 1, 1, 1, generator=rng, device=self._device) < 0.5
            batch = torch.where(mirror, batch.flip(2), batch)
        return from_uint8(batch.permute(0, 3, 1, 2))


def rows_in_order(now: Tensor, then: Tensor) -> Tensor:
    """Return which row of `now` each row of `then` is, (N,) int64; both (N, 8), the same rows in whatever order."""
    rows: dict[bytes, list[int]] = {}
    for row, digest in enumerate(now.numpy()):
        rows.setdefault(digest.tobytes(), []).append(row)
    return torch.tensor([rows[digest.tobytes()].pop(0) for digest in then.numpy()])
