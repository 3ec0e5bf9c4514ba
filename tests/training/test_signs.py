"""The guard's signs on pictures and figures whose answer is known."""

import math

import pytest
import torch
from torch.nn.functional import interpolate

from gan.training.signs import PATIENCE, WINDOW_IMAGES, Memory, complaints, drift, features, gap, saturation, spread


def blobs(count, seed=0):
    """Smooth random pictures, (count, 3, 64, 64) in [-1, 1]."""
    rng = torch.Generator().manual_seed(seed)
    return interpolate(torch.rand(count, 3, 4, 4, generator=rng) * 2 - 1, size=64, mode="bilinear")


def test_the_spread_of_equal_pictures_is_nothing():
    assert spread(features(blobs(1).expand(32, -1, -1, -1))) == 0


def test_the_spread_is_the_median_distance_to_the_nearest_other_picture():
    places = torch.tensor([[0.0], [0.1], [0.3], [0.6], [1.0]])  # nearest: 0.1, 0.1, 0.2, 0.3, 0.4
    assert spread(places) == pytest.approx(0.2)


def test_a_few_modes_have_a_small_spread_though_they_lie_far_apart():
    modes = blobs(4).repeat(32, 1, 1, 1)
    jitter = 0.05 * blobs(128, seed=1)
    assert spread(features(modes + jitter)) < 0.1 * spread(features(blobs(128, seed=2)))


def test_one_pattern_in_many_shades_has_a_small_spread():
    pattern = interpolate(blobs(1)[:, :, :16, :16], size=32, mode="nearest").repeat(1, 1, 2, 2)
    shades = 0.2 * blobs(64, seed=4).mean(dim=(1, 2, 3), keepdim=True)
    assert spread(features(pattern + shades)) < 0.5 * spread(features(blobs(64)))


def test_the_drift_is_the_squared_distance_of_the_means_in_deviations():
    reals = torch.tensor([[0.0, 0.0], [2.0, 20.0]])  # deviations 1.41 and 14.1
    assert drift(reals, reals) == 0
    assert drift(reals, reals + torch.tensor([2.0, 0.0])) == pytest.approx(1.0)


def test_stripes_drift_far_from_blobs():
    stripes = torch.ones(64, 3, 64, 64)
    stripes[:, :, ::4] = -1
    assert drift(features(blobs(64)), features(blobs(64, seed=5))) < 0.3
    assert drift(features(blobs(64)), features(0.3 * blobs(64, seed=5) + 0.7 * stripes)) > 1


@pytest.mark.parametrize("side", [32, 64, 128])
def test_features_are_fixed_and_take_every_size(side):
    pictures = interpolate(blobs(4), size=side)
    assert features(pictures).shape == (4, 256)
    assert torch.equal(features(pictures), features(pictures))


def test_saturation_counts_both_ends():
    images = torch.tensor([-1.0, 1.0, 0.995, 0.98, 0.0, -0.5]).view(1, 3, 1, 2)
    assert saturation(images) == pytest.approx(0.5)


def test_the_gap_is_a_mean_of_differences():
    lines = [{"loss_d": 0.0, "d_real": 0.9, "d_fake_before": 0.1}, {"loss_d": 0.0, "d_real": 0.7, "d_fake_before": 0.5}]
    assert gap(lines, pairs=False) == pytest.approx(0.5)


@pytest.mark.parametrize(("loss", "expected"), [(math.log(2), 0), (0, 1), (-math.log(0.75), 0.5)])
def test_the_gap_of_pairs_comes_from_the_loss(loss, expected):
    """The outputs on their own may sit anywhere and mean nothing."""
    assert gap([{"loss_d": loss, "d_real": 0.99, "d_fake_before": 0.98}], pairs=True) == pytest.approx(expected)


def complain(spread_ratio=0.9, drift=0.1, gap=0.4, excess_saturation=0.0, best=0.9, images_seen=100_000):
    memory = Memory(best_spread=best, best_drift=0.1)
    return complaints(memory, images_seen, spread_ratio, drift, gap, excess_saturation)


def test_of_few_pictures_variety_is_not_judged():
    assert complain(spread_ratio=None) == [] and len(complain(spread_ratio=None, drift=0.4)) == 1
    memory = Memory(best_spread=0.5, best_drift=0.1)
    memory.close_window(WINDOW_IMAGES, None, 0.05, bad=False)
    assert (memory.best_spread, memory.best_drift) == (0.5, 0.05)


@pytest.mark.parametrize(
    ("signs", "word"),
    [
        ({"spread_ratio": 0.6}, "differ"),
        ({"drift": 0.4}, "left the real"),
        ({"gap": 0.91}, "almost always"),
        ({"excess_saturation": 0.5}, "extreme"),
    ],
)
def test_each_sign_has_its_own_complaint(signs, word):
    (found,) = complain(**signs)
    assert word in found
    assert complain() == complain(0.73, 0.29, 0.89, 0.29) == []
    assert len(complain(0.1, 2.0, 0.95, 0.5)) == 4


def test_a_generator_is_held_against_its_own_best_and_given_time_to_begin():
    assert complain(0.1, best=0.0, images_seen=8_000) == []
    assert len(complain(0.1, best=0.1, images_seen=40_000)) == 1
    assert complain(0.41, best=0.5) == []
    assert len(complain(0.4, best=0.6)) == 1


def test_a_spread_that_is_no_number_is_bad():
    assert len(complain(math.nan)) == 1
    assert len(complain(drift=math.nan)) == 1


def test_it_acts_after_so_many_bad_windows_in_a_row_and_again_after_as_many_more():
    """A run that is already bad may yet get worse: a training that D had long won has collapsed altogether."""
    guard = Memory()
    row = [False, True, False, *[True] * 5, False, False, True, True]
    acted = [guard.close_window(i, 0.5, 0.2, bad) for i, bad in enumerate(row)]
    assert PATIENCE == 2 and [i for i, act in enumerate(acted) if act] == [4, 6, 11]


def test_a_window_is_complete_after_so_many_pictures_since_the_last():
    guard = Memory()
    assert not guard.window_complete(7_999) and guard.window_complete(8_000)
    guard.close_window(WINDOW_IMAGES + 500, 0.5, 0.2, bad=False)
    guard.close_window(WINDOW_IMAGES + 500, 0.3, 0.3, bad=False)
    assert (guard.best_spread, guard.best_drift) == (0.5, 0.2)
    assert not guard.window_complete(2 * WINDOW_IMAGES) and guard.window_complete(2 * WINDOW_IMAGES + 500)
