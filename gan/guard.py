"""Is the training collapsing? What a window of it shows, and when that is bad enough to say or do something.

Three signs, each cheap on a CPU: the generated pictures resemble one another more than the real ones do, the
discriminator has won, or the generator paints in extremes alone. (Losses that are not finite end an epoch at once.)
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

WINDOW_IMAGES = 8_000  # pictures seen between two looks, at the least; a look is taken at the end of an epoch
COUNT = 256  # pictures looked at, generated and real
SEEDS = range(20_000, 20_000 + COUNT)  # the latents of the generated ones
PATIENCE = 2  # bad windows in a row before anything is done
MOST_SOFTENINGS = 5  # a run that collapses after these, too, is left alone
SIDE = 8  # pictures are compared at this size, where noise averages out
LEAST_SPREAD = 0.4
MOST_GAP = 0.9
MOST_SATURATION = 0.3
EXTREME = 0.99  # of [-1, 1]: tanh has no slope left there


@dataclass
class Guard:
    """What the guard remembers of a run between its looks."""

    since: int = 0  # images_seen at the end of the last window
    bad: int = 0  # bad windows in a row

    def window_complete(self, images_seen: int) -> bool:
        """Whether enough was seen since the last look."""
        return images_seen - self.since >= WINDOW_IMAGES

    def close_window(self, images_seen: int, bad: bool) -> bool:
        """Begin the next window; return whether so many in a row were bad by now that it is time to act."""
        self.since = images_seen
        self.bad = self.bad + 1 if bad else 0
        return self.bad == PATIENCE


def spread(images: Tensor) -> float:
    """Return how far apart the pictures (N, 3, H, W) are: the median distance of each to its nearest other one.

    At 8 x 8 pixels, Euclidean. Few shapes painted again and again give a small value, and so does noise.
    """
    points = adaptive_avg_pool2d(images, SIDE).flatten(1)  # (N, 3 * SIDE * SIDE)
    distances = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    distances.fill_diagonal_(math.inf)
    return float(distances.min(dim=1).values.median())


def saturation(images: Tensor) -> float:
    """Return the share of colour values (N, 3, H, W) at either end of [-1, 1]."""
    return float((images.abs() > EXTREME).float().mean())


def gap(lines: Sequence[Mapping[str, float]], relativistic: bool) -> float:
    """Return how surely the discriminator tells real from generated in these lines of history: 0 chance, 1 always.

    It is D(x) - D(G(z)). A relativistic discriminator judges pairs alone, so there it is the same difference made
    of the pair's probability p, 2 p - 1, with log p its mean as the loss has it.
    """
    gaps = [
        2 * math.exp(-line["loss_d"]) - 1 if relativistic else line["d_real"] - line["d_fake_before"] for line in lines
    ]
    return sum(gaps) / len(gaps)


def complaints(spread_ratio: float, gap: float, excess_saturation: float) -> list[str]:
    """Return a sentence's part per sign that is bad; the ratio is to the reals' spread, the excess over their share."""
    found = []
    if not spread_ratio >= LEAST_SPREAD:  # so that NaN is bad, too
        found.append(f"the generated pictures are {spread_ratio:.0%} as different from one another as the real ones")
    if gap > MOST_GAP:
        found.append(f"the discriminator tells them from real ones almost always (gap {gap:.2f})")
    if excess_saturation > MOST_SATURATION:
        found.append(f"{excess_saturation:.0%} more of their colours are extreme than of the real ones")
    return found
