"""The averaged generator that is shown, saved and measured: its update, and its BatchNorm statistics."""

import copy

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn


def ema_decay(batch_size: int, half_life_images: float, images_seen: int) -> float:
    """Return the weight that the average keeps in one step.

    The half-life is at most a twentieth of what was seen, so that the noise of the start is soon forgotten
    (StyleGAN2-ADA's ramp-up).
    """
    half_life = min(half_life_images, images_seen / 20)
    return 0.5 ** (batch_size / half_life) if half_life > 0 else 0.0


@torch.no_grad()
def update_ema(average: nn.Module, model: nn.Module, decay: float) -> None:
    """Move parameters and floating buffers of the average towards the model's; counters are copied."""
    ours, theirs = average.state_dict(), model.state_dict()
    if ours.keys() != theirs.keys():
        raise ValueError("the average and the model differ in their parameters")
    floating = [name for name, value in ours.items() if value.is_floating_point()]
    torch._foreach_lerp_([ours[name] for name in floating], [theirs[name] for name in floating], 1.0 - decay)
    for name in ours.keys() - set(floating):
        ours[name].copy_(theirs[name])


def with_fresh_statistics(generator: nn.Module, z: Tensor, batch_size: int = 64) -> nn.Module:
    """Return a copy in eval mode whose BatchNorm statistics are those of its own activations on z (N, z_dim).

    Averaged weights do not fit averaged statistics, so these are measured anew: the mean over batches of each
    batch's mean and unbiased variance.
    """
    generator = copy.deepcopy(generator).requires_grad_(False)
    update_bn(z.split(batch_size), generator)
    return generator.eval()
