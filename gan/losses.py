"""Adversarial losses and gradient penalties: pure functions of logits, the formula beside each.

Logits have shape (N,); every function returns one scalar. `real_logits` of a generator loss are a constant.
"""

import torch
from torch import Tensor
from torch.nn.functional import softplus


def bce_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """The reports' BCELoss on a sigmoid, on logits (Goodfellow et al. 2014, equation 1)."""
    # -log(sigmoid(D(x))) - log(1 - sigmoid(D(G(z))))
    return softplus(-real_logits).mean() + softplus(fake_logits).mean()


def bce_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """The non-saturating generator loss (Goodfellow et al. 2014, section 3)."""
    return softplus(-fake_logits).mean()  # -log(sigmoid(D(G(z))))


def relativistic_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Relativistic pairing loss (RpGAN; Huang et al. 2024, "The GAN is dead", equation 2)."""
    return softplus(fake_logits - real_logits).mean()  # -log(sigmoid(D(x) - D(G(z))))


def relativistic_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """The same pairing, the other way round."""
    return softplus(real_logits - fake_logits).mean()  # -log(sigmoid(D(G(z)) - D(x)))


DISCRIMINATOR_LOSS = {"bce": bce_discriminator, "relativistic": relativistic_discriminator}
GENERATOR_LOSS = {"bce": bce_generator, "relativistic": relativistic_generator}


def gradient_penalty(images: Tensor, logits: Tensor) -> Tensor:
    """Return E[|grad_x D(x)|^2] / 2 for the images (N, 3, H, W) that gave the logits.

    On reals it is R1 (Mescheder et al. 2018, equation 9), on fakes R2; to be weighted by gamma.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradient.float().square().sum(dim=(1, 2, 3)).mean() / 2
