"""A checkpoint's discriminator as a critic of pictures: where there is one, in eval mode, and its maps on the way."""

from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn

from gan.checkpoints import DISCRIMINATOR_FILE, load_discriminator
from gan.errors import UserError
from gan.files import is_there
from gan.models import Discriminator


def load_critic(folder: str | Path) -> Discriminator:
    """Return the discriminator of a checkpoint folder in eval mode, nothing of it to be learned.

    Raises UserError where there is none.
    """
    if not is_there(Path(folder, DISCRIMINATOR_FILE)):
        raise UserError(f"{folder}: came without a {DISCRIMINATOR_FILE}, so nobody knows what it was judged by")
    critic = load_discriminator(folder).eval().requires_grad_(False)
    return critic.to(memory_format=torch.channels_last)


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
