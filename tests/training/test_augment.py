"""Augmentation: what each transform may change, how far, and that gradients pass."""

import pytest
import torch

from gan.training.augment import POLICIES, affine, augment, color, cutout, translation

ALL = "color,translation,cutout,affine"


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(n: int = 8, side: int = 16) -> torch.Tensor:
    return torch.rand(n, 3, side, side, generator=rng(1)) * 2 - 1


@pytest.mark.parametrize("name", POLICIES)
def test_a_transform_keeps_the_shape_changes_pictures_and_follows_its_generator(name: str):
    images = pictures()
    changed = augment(images, name, rng())
    assert changed.shape == images.shape and changed.dtype == images.dtype
    assert not torch.equal(changed, images)
    assert torch.equal(changed, augment(images, name, rng()))
    assert not torch.equal(changed, augment(images, name, rng(1)))


def test_an_empty_policy_changes_nothing():
    images = pictures()
    assert augment(images, "", rng()) is images


def test_color_is_brightness_saturation_and_contrast_within_their_ranges():
    images = pictures(500, 8)
    changed = color(images, rng())
    shift = (changed - images).mean(dim=(1, 2, 3))  # saturation and contrast keep the mean
    assert -0.5 <= shift.min() < -0.45 and 0.45 < shift.max() <= 0.5
    grey, grey_before = changed.mean(1), images.mean(1)
    contrast = grey.std(dim=(1, 2)) / grey_before.std(dim=(1, 2))
    assert 0.499 <= contrast.min() < 0.55 and 1.45 < contrast.max() <= 1.501
    chroma = (changed - grey[:, None]).std(dim=(1, 2, 3)) / (images - grey_before[:, None]).std(dim=(1, 2, 3))
    saturation = chroma / contrast
    assert 0 <= saturation.min() < 0.1 and 1.9 < saturation.max() <= 2.001


def test_translation_shifts_by_at_most_an_eighth_and_fills_with_zero():
    side = 16
    images = torch.zeros(400, 1, side, side)
    images[:, :, 8, 8] = 1.0
    moved = translation(images, rng())
    n, _, rows, columns = moved.nonzero(as_tuple=True)
    assert len(n) == 400 and moved.sum() == 400  # one pixel each, none lost, none doubled
    assert sorted(set((rows - 8).tolist())) == [-2, -1, 0, 1, 2]
    assert sorted(set((columns - 8).tolist())) == [-2, -1, 0, 1, 2]
    rim = translation(torch.ones(50, 3, side, side), rng())
    kept = (rim == 1).all(1).sum(dim=(1, 2))
    assert ((rim == 0) | (rim == 1)).all() and kept.min() == 14 * 14 and kept.max() == 16 * 16


def test_cutout_blanks_at_most_a_square_of_half_the_side():
    holes = cutout(torch.ones(400, 3, 16, 16), rng()) == 0
    assert (holes.all(1) == holes.any(1)).all()  # all channels alike
    area = holes[:, 0].sum(dim=(1, 2))
    assert area.max() == 64 and area.min() >= 16


def test_affine_turns_and_scales_about_the_middle_within_its_ranges():
    side = 64
    images = torch.zeros(400, 2, side, side)
    images[:, 0, 28:36, 28:36] = 1.0  # in the middle, 8 pixels wide
    images[:, 1, 30:34, 46:50] = 1.0  # to the right of it, by 16 pixels
    moved = affine(images, rng())
    still = ((moved - images).abs().amax(dim=(1, 2, 3)) < 1e-4).float().mean()
    assert 0.4 < still < 0.6  # half of them, by chance
    scale = moved[:, 0].sum(dim=(1, 2)).sqrt() / 8
    assert 0.69 < scale.min() < 0.75 and 1.36 < scale.max() < 1.44
    places = torch.arange(side) - 31.5
    weight = moved[:, 1] / moved[:, 1].sum(dim=(1, 2), keepdim=True)
    right, down = (weight.sum(1) * places).sum(1), (weight.sum(2) * places).sum(1)
    assert torch.allclose(torch.hypot(right, down), 16 * scale, rtol=0.06)
    angle = torch.atan2(down, right) * 180 / torch.pi
    assert -22.6 < angle.min() < -20 and 20 < angle.max() < 22.6


def test_gradients_pass_through_the_whole_policy():
    images = pictures().requires_grad_()
    weight = torch.randn(images.shape, generator=rng(2))
    (augment(images, ALL, rng()) * weight).sum().backward()
    assert torch.isfinite(images.grad).all()
    assert (images.grad != 0).any(dim=(1, 2, 3)).all()


@pytest.mark.parametrize("name", POLICIES)
def test_gradients_are_those_of_finite_differences(name: str):
    images = torch.rand(2, 3, 4, 4, dtype=torch.float64, generator=rng(3)).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: augment(x, name, rng()), images)


def test_second_gradients_pass_as_the_penalty_needs_them():
    images = torch.rand(2, 3, 4, 4, dtype=torch.float64, generator=rng(3)).requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x: augment(x, ALL, rng()).square(), images)
