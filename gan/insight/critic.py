"""A discriminator as a critic of pictures: its last maps on the way to its logit."""

from torch import Tensor, nn

from gan.models import Discriminator


def last_maps(critic: Discriminator, images: Tensor) -> Tensor:
    """Return the critic's maps (N, C, 4, 4) of pictures (N, 3, S, S) in [-1, 1] after its last halving."""
    last = max(place for place, layer in enumerate(critic.main) if isinstance(layer, nn.LeakyReLU))
    return critic.main[: last + 1](images)
