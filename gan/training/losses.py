"""Adversarial losses, a row of LOSSES each, and the gradient penalty: pure functions of logits, with their formulas.

Logits have shape (N,); every function returns one scalar. `real_logits` of a generator loss are a constant.
torch is imported where it computes, so that a command line can name the losses at once.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor


class Loss(NamedTuple):
    """An adversarial loss: what D minimises and what G minimises, as functions of (real_logits, fake_logits)."""

    discriminator: "Callable[[Tensor, Tensor], Tensor]"
    generator: "Callable[[Tensor, Tensor], Tensor]"
    pairs: bool  # it compares each fake with a real picture, so that a logit alone says nothing


def softplus(logits: "Tensor") -> "Tensor":
    """Return log(1 + exp(logits)), element by element; softplus(-x) is -log(sigmoid(x))."""
    from torch.nn.functional import softplus

    return softplus(logits)


def bce_discriminator(real_logits: "Tensor", fake_logits: "Tensor") -> "Tensor":
    """The reports' BCELoss on a sigmoid, on logits (Goodfellow et al. 2014, equation 1)."""
    # -log(sigmoid(D(x))) - log(1 - sigmoid(D(G(z))))
    return softplus(-real_logits).mean() + softplus(fake_logits).mean()


def bce_generator(real_logits: "Tensor", fake_logits: "Tensor") -> "Tensor":
    """The non-saturating generator loss (Goodfellow et al. 2014, section 3)."""
    return softplus(-fake_logits).mean()  # -log(sigmoid(D(G(z))))


def relativistic_discriminator(real_logits: "Tensor", fake_logits: "Tensor") -> "Tensor":
    """Relativistic pairing loss (RpGAN; Huang et al. 2024, "The GAN is dead", equation 2)."""
    return softplus(fake_logits - real_logits).mean()  # -log(sigmoid(D(x) - D(G(z))))


def relativistic_generator(real_logits: "Tensor", fake_logits: "Tensor") -> "Tensor":
    """The same pairing, the other way round."""
    return softplus(real_logits - fake_logits).mean()  # -log(sigmoid(D(G(z)) - D(x)))


LOSSES = {
    "bce": Loss(bce_discriminator, bce_generator, pairs=False),
    "relativistic": Loss(relativistic_discriminator, relativistic_generator, pairs=True),
}


def gradient_penalty(images: "Tensor", logits: "Tensor") -> "Tensor":
    """Return E[|grad_x D(x)|^2] / 2 for the images (N, 3, H, W) that gave the logits; not for their condition.

    On reals it is R1 (Mescheder et al. 2018, equation 9), on fakes R2; to be weighted by gamma. Where each picture has
    several logits, of patches, it is that of their sum, over their number.
    """
    import torch

    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradient[:, -3:].float().square().sum(dim=(1, 2, 3)).sum() / (2 * logits.numel())
