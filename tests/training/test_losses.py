"""Losses against numbers worked out by hand, and the penalty against an analytic gradient."""

import math

import pytest
import torch

from gan.training.losses import LOSSES, gradient_penalty

REAL = torch.tensor([2.0, -1.0])
FAKE = torch.tensor([0.5, -3.0])


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def mean(*values: float) -> float:
    return sum(values) / len(values)


def test_bce_is_the_reports_bceloss_on_a_sigmoid():
    criterion = torch.nn.BCELoss()
    expected = criterion(REAL.sigmoid(), torch.ones(2)) + criterion(FAKE.sigmoid(), torch.zeros(2))
    assert LOSSES["bce"].discriminator(REAL, FAKE).item() == pytest.approx(expected.item(), rel=1e-6)
    expected = criterion(FAKE.sigmoid(), torch.ones(2))
    assert LOSSES["bce"].generator(REAL, FAKE).item() == pytest.approx(expected.item(), rel=1e-6)


def test_bce_stays_finite_where_a_sigmoid_saturates():
    assert LOSSES["bce"].discriminator(torch.tensor([-200.0]), torch.tensor([200.0])).item() == pytest.approx(400.0)


def test_relativistic_pairs_each_real_with_its_fake():
    d = mean(-math.log(sigmoid(2.0 - 0.5)), -math.log(sigmoid(-1.0 + 3.0)))
    g = mean(-math.log(sigmoid(0.5 - 2.0)), -math.log(sigmoid(-3.0 + 1.0)))
    assert LOSSES["relativistic"].discriminator(REAL, FAKE).item() == pytest.approx(d, rel=1e-6)
    assert LOSSES["relativistic"].generator(REAL, FAKE).item() == pytest.approx(g, rel=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_a_better_discriminator_has_a_lower_loss_and_a_better_generator_too(name: str):
    good, poor = torch.tensor([0.5]), torch.tensor([-0.5])
    assert LOSSES[name].discriminator(good, poor) < LOSSES[name].discriminator(poor, good)
    assert LOSSES[name].generator(poor, good) < LOSSES[name].generator(good, poor)


def test_gradient_penalty_of_a_linear_critic_is_half_its_squared_weight():
    weight = torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(0))
    images = torch.randn(5, 3, 4, 4, requires_grad=True)
    penalty = gradient_penalty(images, (images * weight).sum(dim=(1, 2, 3)))
    assert penalty.item() == pytest.approx(weight.square().sum().item() / 2, rel=1e-5)


def test_gradient_penalty_averages_over_pictures_and_reaches_the_weights():
    scale = torch.tensor(3.0, requires_grad=True)
    images = torch.tensor([1.0, 2.0]).reshape(2, 1, 1, 1).requires_grad_()
    penalty = gradient_penalty(images, (scale * images.square()).flatten())  # gradient 2 * scale * x
    assert penalty.item() == pytest.approx(mean(6.0**2, 12.0**2) / 2)
    penalty.backward()
    assert scale.grad.item() == pytest.approx(2 * penalty.item() / 3.0)
