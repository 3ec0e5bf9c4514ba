"""Projection: nearer at every report, to the picture that was meant, whatever the networks are."""

import pytest
import torch

from gan.insight.projection import Descent, Round, find_drawn, project, project_all, residual_of
from gan.latent import sample_z
from gan.models import Generator
from gan.translation.lines import xdog

pytestmark = pytest.mark.usefixtures("one_thread")
SHORT = (Round(6, 20), Round(2, 40))


@pytest.fixture(scope="module")
def generator():
    """One whose pictures differ: what is not trained yet draws nearly the same grey for every latent."""
    torch.manual_seed(0)
    network = Generator(z_dim=8, base_channels=8, image_size=32).eval().requires_grad_(False)
    for value in network.parameters():
        if value.dim() == 4:
            value.mul_(10)
    return network


def drawn(generator, *seeds):
    with torch.inference_mode():
        return generator(sample_z(seeds, generator.z_dim)).clone()


def test_a_generated_picture_is_found_much_nearer_than_any_of_many_seeds(generator):
    (target,) = drawn(generator, 1_000)
    attempts = list(project(generator, target, SHORT))
    nearest = min(residual_of(image, target) for image in drawn(generator, *range(512)))
    assert attempts[-1].residual < nearest / 2
    with torch.inference_mode():
        image = generator(attempts[-1].z[None])[0]
    assert residual_of(image, target) == pytest.approx(attempts[-1].residual, abs=0.5)


@pytest.mark.parametrize("falling", [False, True])
def test_the_descent_is_that_of_adam(generator, falling):
    (target,) = drawn(generator, 9)
    begin = sample_z([1, 2], generator.z_dim)

    def distance(images):
        return (images - target).square().mean(dim=(1, 2, 3))

    descent = Descent(generator, distance, begin, 20, falling)
    z = begin.clone().requires_grad_()
    adam = torch.optim.Adam([z], lr=0.1)
    falls = torch.optim.lr_scheduler.CosineAnnealingLR(adam, 20) if falling else None
    for _ in range(15):
        descent.step()
        adam.zero_grad()
        (distance(generator(z)) + 0.01 * (z.norm(dim=1) - 8**0.5).square()).sum().backward()
        adam.step()
        if falls:
            falls.step()
    assert (descent.z - z).abs().max() < 1e-4


def test_it_tells_how_far_it_is_every_fifth_step_and_may_be_stopped(generator):
    (target,) = drawn(generator, 7)
    attempts = list(project(generator, target, (Round(2, 7), Round(1, 6))))
    assert [(attempt.step, attempt.of) for attempt in attempts] == [(5, 13), (10, 13), (13, 13)]
    assert attempts[-1].residual <= attempts[0].residual
    search = project(generator, target, SHORT)
    assert torch.equal(next(search).z, next(project(generator, target, SHORT)).z)  # a function of its inputs
    search.close()


def test_it_leaves_networks_as_they_are(generator):
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    generator.requires_grad_(True)
    list(project(generator, drawn(generator, 7)[0], (Round(2, 5),)))
    assert all(torch.equal(value, before[name]) for name, value in generator.state_dict().items())
    assert all(value.grad is None for value in generator.parameters())
    generator.requires_grad_(False)


def test_many_pictures_come_near_at_once_whatever_the_batch(generator):
    targets = drawn(generator, *range(1_000, 1_006))
    z = torch.cat(list(project_all(generator, targets, steps=60, batch_size=4)))
    alone = torch.cat(list(project_all(generator, targets, steps=60, batch_size=6)))
    assert z.shape == (6, 8)
    assert torch.allclose(z, alone, atol=0.05)
    with torch.inference_mode():
        images = generator(z)
    far = [residual_of(*pair) for pair in zip(drawn(generator, *range(6)), targets, strict=True)]
    near = [residual_of(*pair) for pair in zip(images, targets, strict=True)]
    assert sum(near) < sum(far) / 2


def test_a_drawing_finds_a_picture_with_its_lines(generator):
    target = drawn(generator, 1_000)
    lines = xdog(target, 0.5)
    *_, best = find_drawn(generator, lines[0] * 2 - 1, SHORT)
    with torch.inference_mode():
        found, others = generator(best.z[None]), generator(sample_z(range(64), generator.z_dim))
    off, usual = ((xdog(images, 0.5) - lines).abs().mean(dim=(1, 2, 3)) for images in (found, others))
    assert off < usual.min()


def test_a_picture_of_another_size_is_refused(generator):
    with pytest.raises(ValueError, match=r"has \(64, 64\) pixels; this generator draws 32 x 32"):
        next(project(generator, torch.zeros(3, 64, 64)))
