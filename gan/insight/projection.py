"""Projection: the latent whose picture is the nearest that a generator can draw to a given picture, or to a drawing.

Pure functions of networks in eval mode and of pictures; under `torch.autocast` they compute in its precision.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from gan.latent import sample_z
from gan.models import Generator
from gan.translation.lines import xdog

LR = 0.1  # of Adam, on z; of the last round it falls along half a cosine
BETAS, EPSILON = (0.9, 0.999), 1e-8  # of Adam
EVERY = 5  # steps from one report to the next
SHELL = 0.01  # what the squared distance of z to where latents lie weighs: |z| is the root of z_dim, or nearly
REDUCED = (1, 2, 4)  # so many times lines are reduced before they are compared, so that near misses count, too
LINE_SIGMA = 0.5

Distance = Callable[[Tensor], Tensor]  # pictures (N, 3, S, S) in [-1, 1] -> how far each is from its target, (N,)


class Round(NamedTuple):
    """So many latents, the best of those before, for so many steps."""

    starts: int
    steps: int


ROUNDS = (Round(12, 30), Round(3, 90))


class Attempt(NamedTuple):
    """The best so far."""

    step: int  # of `of`
    of: int
    z: Tensor  # (z_dim,)
    residual: float  # as `residual_of` has it for a picture


def project(generator: Generator, image: Tensor, rounds: Sequence[Round] = ROUNDS) -> Iterator[Attempt]:
    """Yield, every fifth step and at the end, the latent that draws a picture (3, S, S) in [-1, 1] best so far.

    Colours alone tell how far it is: D's maps besides took more than twice the time and came no nearer. A picture
    of another size raises ValueError. Whoever has seen enough closes the generator.
    """
    _check_size(generator, image)
    return _search(generator, colours(image[None]), 127.5, rounds)


def find_drawn(generator: Generator, drawing: Tensor, rounds: Sequence[Round] = ROUNDS) -> Iterator[Attempt]:
    """Yield, as `project` does, the latent whose picture has the lines of a drawing (1, S, S), 1 paper and -1 ink.

    The residual is the mean difference of the lines, 0 to 255.
    """
    _check_size(generator, drawing)
    return _search(generator, lines(drawing[None] * 0.5 + 0.5), 255, rounds)


def project_all(
    generator: Generator, images: Tensor, steps: int = 200, batch_size: int = 16, first_seed: int = 0
) -> Iterator[Tensor]:
    """Yield the latents (B, z_dim) of pictures (N, 3, S, S) in [-1, 1], a batch at a time, from one start each.

    Picture i begins at the seed `first_seed + i`, so that neither the batch size nor what came before decides.
    """
    _check_size(generator, images)
    for start in range(0, len(images), batch_size):
        targets = images[start : start + batch_size]
        seeds = range(first_seed + start, first_seed + start + len(targets))
        descent = Descent(generator, colours(targets), sample_z(seeds, generator.z_dim), steps, falling=True)
        for _ in range(steps):
            descent.step()
        yield descent.z.detach()


def residual_of(image: Tensor, target: Tensor) -> float:
    """Return how far a picture (3, S, S) in [-1, 1] is from another: the mean difference of colours, 0 to 255."""
    return float(colours(target[None])(image[None])) * 127.5


class Descent:
    """Adam (Kingma and Ba 2015, algorithm 1) on latents (N, z_dim), each by itself, towards pictures less distant.

    torch.optim has it, too, but takes two seconds to import its compiler before the first step.
    """

    def __init__(self, generator: Generator, distance: Distance, z: Tensor, steps: int, falling: bool) -> None:
        self.generator, self.distance, self.steps, self.falling = generator, distance, steps, falling
        self.z = z.clone().requires_grad_()
        self.taken = 0
        self.mean, self.square = torch.zeros_like(z), torch.zeros_like(z)  # of the gradients, as they come

    def step(self) -> tuple[Tensor, Tensor, Tensor]:
        """Take a step; return what was before it: latents, their pictures, and their losses (N,)."""
        lr = LR * (1 + math.cos(math.pi * self.taken / self.steps)) / 2 if self.falling else LR
        with torch.enable_grad():
            images = self.generator(self.z).float()
            loss = self.distance(images) + SHELL * (self.z.norm(dim=1) - math.sqrt(self.generator.z_dim)).square()
            (gradient,) = torch.autograd.grad(loss.sum(), self.z)  # of the networks' weights none is computed
        before = self.z.detach()
        self.z = (before - lr * self._direction(gradient)).requires_grad_()
        return before, images.detach(), loss.detach()

    def _direction(self, gradient: Tensor) -> Tensor:
        """Return the mean of the gradients over the root of their mean square, both unbiased."""
        self.taken += 1
        self.mean.lerp_(gradient, 1 - BETAS[0])
        self.square.lerp_(gradient.square(), 1 - BETAS[1])
        mean, square = (
            so_far / (1 - beta**self.taken) for so_far, beta in zip((self.mean, self.square), BETAS, strict=True)
        )
        return mean / (square.sqrt() + EPSILON)


def _search(generator: Generator, distance: Distance, unit: float, rounds: Sequence[Round]) -> Iterator[Attempt]:
    """Go down from the first seeds, then go on from the best of them; yield the best so far, every fifth step.

    Its residual is its distance, in which one level is a `unit`-th.
    """
    of, taken = sum(each.steps for each in rounds), 0
    z = sample_z(range(rounds[0].starts), generator.z_dim)
    best, least = Attempt(0, of, z[0], math.inf), math.inf
    for number, (starts, steps) in enumerate(rounds):
        descent = Descent(generator, distance, z[:starts], steps, falling=number == len(rounds) - 1)
        for _ in range(steps):
            z, images, losses = descent.step()
            taken += 1
            first = int(losses.argmin())
            if losses[first] < least:
                least = float(losses[first])
                best = Attempt(taken, of, z[first], unit * float(distance(images[first : first + 1])))
            if taken % EVERY == 0 or taken == of:
                yield best._replace(step=taken)
        z = z[losses.argsort()]


def colours(targets: Tensor) -> Distance:
    """Return the distance to pictures (N, 3, S, S), or (1, 3, S, S) for all: L1."""
    return lambda images: (images - targets).abs().mean(dim=(1, 2, 3))


def lines(drawn: Tensor) -> Distance:
    """Return the distance of pictures' lines to drawn ones (1, 1, S, S) in [0, 1], 1 paper; near misses count less."""

    def distance(images: Tensor) -> Tensor:
        off = xdog(images, LINE_SIGMA) - drawn
        return sum((avg_pool2d(off, by).abs().mean(dim=(1, 2, 3)) for by in REDUCED), off.new_zeros(1)) / len(REDUCED)

    return distance


def _check_size(generator: Generator, image: Tensor) -> None:
    side = generator.image_size
    if image.shape[-2:] != (side, side):
        raise ValueError(f"the picture has {tuple(image.shape[-2:])} pixels; this generator draws {side} x {side}")
