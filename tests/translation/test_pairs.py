"""Pairs: what belongs together lies together, a seed gives a sample, to the bit, and conditions come as said."""

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import default_collate

from gan.translation import pairs
from gan.translation.pairs import sample_pair

SIZE = 64


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def creature() -> np.ndarray:
    """A blue ellipse with a red eye and a black outline on white, 128 pixels a side."""
    picture = np.full((128, 128, 3), 255, np.uint8)
    cv2.ellipse(picture, (64, 60), (44, 30), 0, 0, 360, (60, 90, 210), -1)
    cv2.ellipse(picture, (64, 60), (44, 30), 0, 0, 360, (0, 0, 0), 3)
    cv2.circle(picture, (84, 50), 8, (220, 40, 50), -1)
    return picture


def full_bleed() -> np.ndarray:
    picture = np.full((SIZE, SIZE, 3), (70, 120, 90), np.uint8)
    picture[16:48, 16:48] = (230, 190, 150)
    return picture


def test_a_pair_has_the_shapes_and_ranges_it_says():
    for seed in range(20):
        pair = sample_pair(creature(), SIZE, rng(seed))
        shapes = {name: getattr(pair, name).shape for name in pair._fields[:-1]}
        assert shapes == {
            "target": (3, SIZE, SIZE),
            "inside": (1, SIZE, SIZE),
            "drawing": (1, SIZE, SIZE),
            "hints": (3, SIZE, SIZE),
            "hint_mask": (1, SIZE, SIZE),
            "palette": (5, 3),
        }
        assert all(getattr(pair, name).dtype == np.uint8 for name in shapes)
        assert isinstance(pair.palette_given, bool)
        assert set(np.unique(pair.inside)) == {0, 255} and set(np.unique(pair.hint_mask)) <= {0, 255}
        assert (pair.target[:, pair.inside[0] == 0] == 255).all()
        assert (pair.hints[:, pair.hint_mask[0] == 0] == 255).all()


def test_a_seed_gives_the_same_sample_and_leaves_other_chance_alone():
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    for seed in range(10):
        one, other = (sample_pair(creature(), SIZE, rng(seed)) for _ in range(2))
        assert all(np.array_equal(*parts) for parts in zip(one, other, strict=True))
    assert torch.equal(before, torch.random.get_rng_state())
    assert not np.array_equal(one.target, sample_pair(creature(), SIZE, rng(99)).target)


def edges(target: np.ndarray) -> np.ndarray:
    return cv2.Canny(np.ascontiguousarray(target.transpose(1, 2, 0)), 60, 120)


def test_lines_of_the_drawing_lie_on_edges_of_the_target_and_round_what_is_inside():
    for seed in range(40):
        pair = sample_pair(creature(), SIZE, rng(seed))
        ink = pair.drawing[0] < int(pair.drawing.min()) / 2 + 110
        from_edge = cv2.distanceTransform(255 - edges(pair.target), cv2.DIST_L2, 3)
        assert np.median(from_edge[ink]) <= 2 and np.quantile(from_edge[ink], 0.95) < 6
        rim = cv2.morphologyEx(pair.inside[0], cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
        rim[[0, -1]] = rim[:, [0, -1]] = False
        from_ink = cv2.distanceTransform((~ink).astype(np.uint8), cv2.DIST_L2, 3)
        assert np.median(from_ink[rim]) <= 3
        dark = pair.target.max(axis=0) < 100
        assert pair.inside[0][dark].all()


@pytest.mark.slow
def test_flips_turns_and_scales_are_as_wide_as_they_should_be():
    inside = [sample_pair(creature(), SIZE, rng(seed)).inside[0] > 0 for seed in range(80)]
    areas = np.array([mask.sum() for mask in inside]) / (np.pi * 46 * 32 / 4)
    assert 0.6 < areas.min() < 0.85 and 1.2 < areas.max() < 1.75
    angles = []
    for mask in inside:
        y, x = np.nonzero(mask)
        spread = np.cov(x, y)
        angles.append(np.rad2deg(0.5 * np.arctan2(2 * spread[0, 1], spread[0, 0] - spread[1, 1])))
    assert min(angles) < -20 and max(angles) > 20


def test_no_white_comes_into_a_picture_that_goes_on_beyond_its_rim():
    for seed in range(30):
        target, inside = pairs._warped(full_bleed(), SIZE, rng(seed))
        assert inside.all() and target.max(axis=2).min() >= 119 and target.min(axis=2).max() <= 151


def test_no_dark_seam_where_the_turned_picture_ends():
    for seed in range(30):
        target, inside = pairs._warped(creature(), SIZE, rng(seed))
        far = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 3) > 2
        assert (target[far] == 255).all()


@pytest.mark.slow
def test_the_four_conditions_come_equally_often():
    samples = [sample_pair(full_bleed(), 32, rng(seed)) for seed in range(240)]
    given = [(pair.palette_given, bool(pair.hint_mask.any())) for pair in samples]
    for condition in ((False, False), (True, False), (False, True), (True, True)):
        assert 0.15 < given.count(condition) / 240 < 0.36  # hints may come out as none


@pytest.mark.slow
def test_hues_turn_in_four_of_ten_samples_and_hints_and_palette_with_them():
    turned = 0
    for seed in range(120):
        pair = sample_pair(creature(), SIZE, rng(seed))
        colours = pair.target[:, pair.inside[0] > 0].T.astype(int)
        vivid = colours[np.ptp(colours, axis=1) > 90]
        blue = (vivid.argmax(axis=1) == 2).mean()
        turned += blue < 0.5
        for colour in pair.palette.astype(int):
            assert np.abs(colours - colour).max(axis=1).min() <= 12
        for colour in np.unique(pair.hints[:, pair.hint_mask[0] > 0].T.astype(int), axis=0):
            assert np.abs(colours - colour).max(axis=1).min() <= 6
    assert 0.15 < turned / 120 < 0.4  # of four in ten, a third stays blue


@pytest.mark.parametrize("source", [16, 64, 100, 256])
def test_any_size_of_picture_gives_any_size_of_sample(source: int):
    picture = cv2.resize(creature(), (source, source), interpolation=cv2.INTER_AREA)
    picture.flags.writeable = False
    for size in (32, 128):
        assert sample_pair(picture, size, rng()).target.shape == (3, size, size)


@pytest.mark.parametrize("name", ["white", "black", "one colour", "dot", "noise"])
def test_no_picture_makes_a_sample_fail(name: str):
    plain = {"white": 255, "black": 0, "one colour": 90, "dot": 255, "noise": 0}
    picture = np.full((SIZE, SIZE, 3), plain[name], np.uint8)
    if name == "dot":
        picture[30, 30] = 0
    if name == "noise":
        picture = rng(1).integers(0, 256, picture.shape, np.uint8)
    for seed in range(10):
        sample_pair(picture, SIZE, rng(seed))


def test_samples_stack_into_a_batch_as_they_are():
    samples = [sample_pair(creature(), SIZE, rng(seed)) for seed in range(3)]
    batch = default_collate(samples)
    assert batch.target.shape == (3, 3, SIZE, SIZE) and batch.palette_given.dtype == torch.bool
    assert batch.palette_given.tolist() == [sample.palette_given for sample in samples]
    for tensor, array in zip(batch[:-1], samples[1][:-1], strict=True):
        assert tensor.dtype == torch.uint8 and np.array_equal(tensor[1].numpy(), array)
