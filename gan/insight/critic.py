"""A discriminator as a critic of pictures: its maps on the way to its logit."""

from itertools import pairwise

from torch import Tensor, nn

from gan.models import Discriminator


def maps_of(critic: Discriminator, images: Tensor) -> list[Tensor]:
    """Return the critic's maps of pictures (N, 3, S, S) in [-1, 1], one for each halving: the last (N, C, 4, 4)."""
    maps = []
    for begin, end in pairwise([0, *_ends(critic)]):
        images = critic.main[begin:end](images)
        maps.append(images)
    return maps


def _ends(critic: Discriminator) -> list[int]:
    """Return where each halving ends, behind its activation."""
    return [place + 1 for place, layer in enumerate(critic.main) if isinstance(layer, nn.LeakyReLU)]
