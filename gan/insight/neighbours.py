"""Is it a copy? How near a picture is to its nearest training picture, by descriptors that no picture comes back from.

A descriptor is what a discriminator's last maps say of the four quarters of a picture, in at most 64 numbers. Copies
are looked for as they are, mirrored, and shifted by some pixels.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import save
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from gan.errors import UserError
from gan.files import read_bytes, write_atomically
from gan.images import from_uint8
from gan.insight.critic import last_maps
from gan.models import Discriminator
from gan.weights import parse_safetensors

NUMBERS = 64  # of a descriptor, a byte each
TELLING = 6  # rows to a number: with more numbers those it is fitted to are all equally far apart, and others stand out
WIDEST = 4.0  # standard deviations that a byte reaches to
FITTED = 2_000  # pictures that the descriptor is fitted to, and their mirror images
SHIFT = 3 / 64  # of the side, in each direction
NEXT = 9  # the nearest picture's distance counts in parts of that of the ninth
USUAL = 1_000  # training pictures that show what is usual
NEAR = 0.01  # what is nearer than so many of them are to their nearest is near
SAME = 6  # of 127: by less do the numbers of one picture differ that were computed in two precisions
FEW = 0.1  # below which a rank is worth a word
LEAST = 20  # pictures: among fewer nothing is usual
BATCH = 64
MAX_BYTES = 200_000_000  # of a file; 36,000 pictures take 4.8 million
CLOSE = (
    "Near a training picture, which stands out as nearer than all others: hardly {rank:.0%} of them have one that "
    "stands out so."
)
NEARER = "No sign of a copy, though one training picture stands out as nearer: for {rank:.0%} of them one does as much."
USUALLY = "No sign of a copy: no training picture stands out as nearer than the others."
MISSES = (
    "It finds copies as they are, mirrored or shifted, also in other hues. It misses most that are blurred and some "
    "that are cut to another size, and it knows nothing of parts, styles and ideas."
)


class Neighbours(NamedTuple):
    """The descriptors of training pictures, in the natural order of their names, as neighbours.safetensors has them."""

    descriptors: Tensor  # (N, 2, K) int8: of the picture, and of its mirror image
    basis: Tensor  # (K, F) int8: features -> numbers
    scale: Tensor  # (K,) float32, of the basis' rows
    mean: Tensor  # (F,) float32, of the features
    usual: Tensor  # (M,) float32, ascending: how close training pictures are to their nearest other one
    judged_by: Tensor  # (8,) uint8: how the sha256 of the discriminator's file begins

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        write_atomically(path, save({name: value.contiguous() for name, value in self._asdict().items()}))

    @classmethod
    def load(cls, path: Path) -> "Neighbours":
        """Read what `save` wrote; whatever else is there raises UserError."""
        tensors = parse_safetensors(read_bytes(path, MAX_BYTES), path)
        if tensors.keys() != {*cls._fields} or not cls(**tensors)._is_whole():
            raise UserError(
                f"{path}: holds no descriptors; python -m gan.evaluate CHECKPOINT --neighbours --data ZIP makes them"
            )
        return cls(**tensors)

    def _is_whole(self) -> bool:
        kinds = [torch.int8, torch.int8, torch.float32, torch.float32, torch.float32, torch.uint8]
        if [value.dtype for value in self] != kinds or [value.dim() for value in self] != [3, 2, 1, 1, 1, 1]:
            return False
        (count, ways, numbers), (rows, features) = self.descriptors.shape, self.basis.shape
        sizes = ways == 2 and count >= LEAST and numbers == rows == len(self.scale) and features == len(self.mean)
        finite = all(value.isfinite().all() for value in (self.scale, self.mean, self.usual))
        return sizes and len(self.judged_by) == 8 and 0 < rows <= NUMBERS and len(self.usual) > 0 and bool(finite)


class Verdict(NamedTuple):
    """How near a picture is to training pictures."""

    numbers: tuple[int, ...]  # the three nearest, from 1, in the natural order of the files' names
    among: int  # training pictures
    distance: float  # to the nearest
    closeness: float  # that in parts of the distance to the ninth: 0 is a copy, 1 is no nearer than others
    rank: float  # share of training pictures that are closer to their own nearest

    @property
    def is_near(self) -> bool:
        """Whether hardly a real picture is as close to another."""
        return self.rank < NEAR

    def sentence(self) -> str:
        """Return the verdict for people; what it cannot know is said by MISSES."""
        if self.is_near:
            return CLOSE.format(rank=max(NEAR, 1 / self.among))
        return NEARER.format(rank=self.rank) if self.rank < FEW else USUALLY


def features(critic: Discriminator, images: Tensor) -> Tensor:
    """Return what the critic's last maps say of each quarter of pictures (N, 3, S, S) in [-1, 1]: (N, 4 C)."""
    with torch.inference_mode():
        return avg_pool2d(last_maps(critic, images).float(), 2).flatten(1)


def describe(
    critic: Discriminator, judged_by: str, images: Tensor, progress: Callable[[Iterator], Iterator] = iter
) -> Neighbours:
    """Return the descriptors of training pictures uint8 (N, 3, S, S), in the order of their names.

    `judged_by` is the name of the critic's file, as `weights_digest` has it. `progress` is shown the batches as they
    come. Fewer than LEAST pictures raise UserError.
    """
    if len(images) < LEAST:
        raise UserError(f"{len(images)} training pictures are too few to say what is usual among them")
    rows = torch.linspace(0, len(images) - 1, min(FITTED, len(images))).round().long()
    chosen = from_uint8(images[rows])
    both = torch.cat([features(critic, part) for part in (*chosen.split(BATCH), *chosen.flip(3).split(BATCH))])
    fitted = _fitted(both)._replace(judged_by=torch.tensor(list(bytes.fromhex(judged_by)), dtype=torch.uint8))
    descriptors = []
    for batch in progress(iter(images.split(BATCH))):
        shown = from_uint8(batch)
        ways = [_bytes(fitted, features(critic, way)) for way in (shown, shown.flip(3))]
        descriptors.append(torch.stack(ways, dim=1))
    found = fitted._replace(descriptors=torch.cat(descriptors))
    rows = torch.linspace(0, len(images) - 1, min(USUAL, len(images))).round().long()
    usual = torch.tensor([_closeness(found, _distances(found, critic, images[row], row)) for row in rows.tolist()])
    return found._replace(usual=usual.sort().values)


def verdicts(neighbours: Neighbours, critic: Discriminator, images: Tensor) -> list[Verdict]:
    """Return the verdict on each picture uint8 (N, 3, S, S): as it is saved and shown."""
    found = []
    for image in images:
        distances = _distances(neighbours, critic, image)
        closeness = _closeness(neighbours, distances)
        nearest = distances.topk(3, largest=False)
        rank = float((neighbours.usual < closeness).float().mean())
        numbers = tuple(row + 1 for row in nearest.indices.tolist())
        found.append(Verdict(numbers, len(distances), float(nearest.values[0]), closeness, rank))
    return found


def is_described(neighbours: Neighbours, critic: Discriminator, image: Tensor, number: int) -> bool:
    """Return whether the descriptor of that number (from 1) is the one of a picture uint8 (3, S, S)."""
    asked = _numbers(neighbours, features(critic, from_uint8(image)[None]))[0]
    return float((asked - neighbours.descriptors[number - 1, 0]).abs().mean()) < SAME


def histogram(neighbours: Neighbours, bins: int = 40) -> list[int]:
    """Return how many training pictures are as close to their nearest, in equal steps from 0 to 1."""
    return torch.histc(neighbours.usual, bins, 0, 1).int().tolist()


def _fitted(both: Tensor) -> Neighbours:
    """Return what turns features (M, F) into numbers of variance 1 each, the telling ones; descriptors are none yet."""
    mean = both.mean(dim=0)
    values, vectors = torch.linalg.eigh(torch.cov(both.T.double()))
    count = min(NUMBERS, len(both) // TELLING, int((values > values[-1] * 1e-5).sum()))
    basis = (vectors / values.clamp_min(1e-30).sqrt()).T.flip(0)[:count].float()  # (K, F)
    scale = basis.abs().amax(dim=1) / 127
    none = torch.empty(0, dtype=torch.uint8)
    return Neighbours(none, (basis / scale[:, None]).round().to(torch.int8), scale, mean, none, none)


def _numbers(neighbours: Neighbours, found: Tensor) -> Tensor:
    """Return features (N, F) as numbers (N, K), 127 being WIDEST standard deviations."""
    basis = neighbours.basis.float() * neighbours.scale[:, None]
    return ((found - neighbours.mean) @ basis.T * (127 / WIDEST)).clamp(-127, 127)


def _bytes(neighbours: Neighbours, found: Tensor) -> Tensor:
    return _numbers(neighbours, found).round().to(torch.int8)


def _distances(neighbours: Neighbours, critic: Discriminator, image: Tensor, itself: int | None = None) -> Tensor:
    """Return how far a picture uint8 (3, S, S) is from each training picture, (N,); from `itself` infinitely far.

    It is moved about, and the training picture mirrored: the least distance counts.
    """
    asked = _numbers(neighbours, features(critic, _moved(from_uint8(image)[None])))
    known = neighbours.descriptors.flatten(0, 1).float()
    distances = torch.cdist(asked, known).amin(dim=0).view(-1, 2).amin(dim=1) * (WIDEST / 127)
    if itself is not None:
        distances[itself] = torch.inf
    return distances


def _moved(image: Tensor) -> Tensor:
    """Return a picture (1, 3, S, S) as it is and shifted in eight directions, (9, 3, S, S); its rim is drawn out."""
    side = image.shape[-1]
    step = max(1, round(SHIFT * side))
    wide = pad(image, (step,) * 4, mode="replicate")
    places = [(top, left) for top in (0, step, 2 * step) for left in (0, step, 2 * step)]
    return torch.cat([wide[..., top : top + side, left : left + side] for top, left in places])


def _closeness(neighbours: Neighbours, distances: Tensor) -> float:
    """Return the distance to the nearest in parts of that to the ninth; 0 for a copy, however many there are of it."""
    nearest = distances.topk(NEXT, largest=False).values
    is_copy = nearest[0] < SAME * len(neighbours.scale) ** 0.5 * WIDEST / 127
    return 0.0 if is_copy else float(nearest[0] / nearest[-1])
