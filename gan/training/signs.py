"""Is the training collapsing? What a window of it shows, and when that is bad enough to say or do something.

Four signs, each cheap on a CPU: the generated pictures have come to resemble one another, or left the real ones
behind; the discriminator has won; the generator paints in extremes alone. (Losses that are not finite end an epoch at
once, and are not seen here.)
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import conv2d, leaky_relu

WINDOW_IMAGES = 8_000  # pictures seen between two looks, at the least; a look is taken at the end of an epoch
PATIENCE = 2  # bad windows in a row before anything is done, and again after as many more
MOST_SOFTENINGS = 5  # a run that collapses after these, too, is left alone
LEAST_OF_BEST = 0.8  # of the widest spread that the run has had
LEAST_SPREAD = 0.25  # of the reals' spread, once the generator has had time to begin:
BEGUN_IMAGES = 40_000
MOST_OF_BEST = 3.0  # of the smallest drift that the run has had, but at the least:
MOST_DRIFT = 0.3
MOST_GAP = 0.9
MOST_SATURATION = 0.3
EXTREME = 0.99  # of [-1, 1]: tanh has no slope left there
WIDTHS = (3, 32, 64, 128)  # channels of the random convolutions


class Seen(NamedTuple):
    """What a window shows, as the history has it."""

    spread: float | None  # of the generated pictures, over that of the real ones; None: of few it says nothing
    drift: float
    gap: float
    saturation: float  # over that of the real ones


@dataclass
class Memory:
    """What the guard remembers of a run between its looks."""

    since: int = 0  # images_seen at the end of the last window
    bad: int = 0  # bad windows in a row
    best_spread: float = 0.0  # the widest that the generated pictures were, as a share of the real ones' spread
    best_drift: float = math.inf  # the nearest that they were to the real ones

    def window_complete(self, images_seen: int) -> bool:
        """Whether enough was seen since the last look."""
        return images_seen - self.since >= WINDOW_IMAGES

    def close_window(self, images_seen: int, spread_ratio: float | None, drift: float, bad: bool) -> bool:
        """Begin the next window; return whether PATIENCE of them were bad since the last good one or the last act."""
        self.since = images_seen
        self.best_spread = self.best_spread if spread_ratio is None else max(self.best_spread, spread_ratio)
        self.best_drift = min(self.best_drift, drift)
        self.bad = self.bad + 1 if bad else 0
        return bad and self.bad % PATIENCE == 0


def spread(points: Tensor) -> float:
    """Return how far apart pictures of these features (N, F) are: the median distance of each to its nearest other one.

    A few shapes painted again and again give a small value.
    """
    distances = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    distances.fill_diagonal_(math.inf)
    return float(distances.min(dim=1).values.median())


def drift(reals: Tensor, fakes: Tensor) -> float:
    """Return how far the mean of features (N, F) of generated pictures is from that of real ones.

    In squared deviations of the real ones, the mean over the features. Stripes and blots give a large value.
    """
    return float(((fakes.mean(dim=0) - reals.mean(dim=0)) / reals.std(dim=0).clamp_min(1e-6)).square().mean())


def features(images: Tensor) -> Tensor:
    """Return what fixed random convolutions see in pictures (N, 3, H, W): means and deviations of 128 maps, (N, 256).

    Random features tell textures and shapes apart well enough, whatever the pictures (Naeem et al. 2020, section 3.3).
    """
    rng = torch.Generator().manual_seed(0)
    maps = images.float()
    for before, after in pairwise(WIDTHS):
        weight = torch.randn(after, before, 4, 4, generator=rng) / math.sqrt(8 * before)  # He et al. 2015
        maps = leaky_relu(conv2d(maps, weight.to(maps.device), stride=2, padding=1), 0.2)
    return torch.cat((maps.mean(dim=(2, 3)), maps.std(dim=(2, 3))), dim=1)


def saturation(images: Tensor) -> float:
    """Return the share of colour values (N, 3, H, W) at either end of [-1, 1]."""
    return float((images.abs() > EXTREME).float().mean())


def gap(lines: Sequence[Mapping[str, float]], pairs: bool) -> float:
    """Return how surely the discriminator tells real from generated in these lines of history: 0 chance, 1 always.

    It is D(x) - D(G(z)). A discriminator whose loss pairs judges pairs alone, so there it is the same difference made
    of the pair's probability p, 2 p - 1, with log p its mean as the loss has it.
    """
    gaps = [2 * math.exp(-line["loss_d"]) - 1 if pairs else line["d_real"] - line["d_fake_before"] for line in lines]
    return sum(gaps) / len(gaps)


def complaints(
    guard: Memory,
    images_seen: int,
    spread_ratio: float | None,
    drift: float,
    gap: float,
    excess_saturation: float,
) -> list[str]:
    """Return a sentence's part per sign that is bad; the ratio is to the reals' spread, the excess over their share.

    A ratio that is None is not bad.
    """
    found = []
    begun = images_seen >= BEGUN_IMAGES
    least = max(LEAST_OF_BEST * guard.best_spread, LEAST_SPREAD * begun)
    most = max(MOST_OF_BEST * guard.best_drift, MOST_DRIFT)
    if spread_ratio is not None and not spread_ratio >= least:  # so that NaN is bad, too
        found.append(
            f"the generated pictures differ from one another {spread_ratio:.0%} as much as real ones do "
            f"(they did {guard.best_spread:.0%})"
        )
    if not drift <= most:
        found.append(
            f"the generated pictures have left the real ones behind (drift {drift:.2f}, {guard.best_drift:.2f} at best)"
        )
    if gap > MOST_GAP:
        found.append(f"the discriminator tells them from real ones almost always (gap {gap:.2f})")
    if excess_saturation > MOST_SATURATION:
        found.append(f"{excess_saturation:.0%} more of their colours are extreme than of the real ones")
    return found
