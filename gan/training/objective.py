"""What D and what G minimise, side by side: the whole adversarial objective. Its terms are in gan.training.losses.

`judge` is D: pictures (N, 3, H, W), as D is shown them, to logits (N,). `gamma` weighs the gradient penalty; 0: none.
A task may show D what a picture was made from as further channels before its three, and ask for a logit a patch.
"""

from collections.abc import Callable

from torch import Tensor

from gan.training.losses import Loss, gradient_penalty

Judge = Callable[[Tensor], Tensor]


def discriminator_objective(
    judge: Judge, loss: Loss, reals: Tensor, fakes: Tensor, gamma: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return what D minimises, the adversarial loss in it, and the logits (N,) of reals and of fakes.

    It pushes the logits of reals up and of fakes down; the penalty pushes D's slope at these pictures down.
    """
    real_logits = judge(reals)  # (N,)
    fake_logits = judge(fakes)  # (N,)
    adversarial = objective = loss.discriminator(real_logits, fake_logits)
    if gamma:
        penalty = gradient_penalty(reals, real_logits)  # R1
        if loss.pairs:
            penalty = penalty + gradient_penalty(fakes, fake_logits)  # R2
        objective = adversarial + gamma * penalty
    return objective, adversarial, real_logits, fake_logits


def generator_objective(judge: Judge, loss: Loss, real_logits: Tensor, fakes: Tensor) -> tuple[Tensor, Tensor]:
    """Return what G minimises, and the logits (N,) of its fakes.

    It pushes the logits of fakes up, before a D that stands still; a loss that pairs pushes them above those of reals,
    which D gave in its own update: asking it again costs a fifteenth of a step.
    """
    fake_logits = judge(fakes)  # (N,)
    return loss.generator(real_logits, fake_logits), fake_logits
