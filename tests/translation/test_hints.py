"""Hints: a palette is the colours that are there; dabs lie inside, in calm places, in nearly their own colour."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from gan.translation.hints import CALM, MOST, OFF, palette_of, sample_hints
from gan.translation.inputs import marks_at

SIDE = 64
FIVE = np.array([(200, 40, 40), (40, 90, 200), (240, 210, 70), (30, 30, 30), (90, 170, 90)], np.uint8)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def striped() -> np.ndarray:
    """Five colours in columns of 20, 16, 12, 10 and 6 pixels."""
    return np.broadcast_to(np.repeat(FIVE, (20, 16, 12, 10, 6), axis=0), (SIDE, SIDE, 3)).copy()


def everywhere() -> np.ndarray:
    return np.ones((SIDE, SIDE), bool)


def test_a_picture_of_five_colours_has_them_as_its_palette_by_area():
    palette = palette_of(striped(), everywhere())
    assert palette.dtype == np.uint8 and np.array_equal(palette, FIVE)


def test_a_palette_is_found_under_noise_and_leaves_out_the_outside():
    noisy = (striped().astype(int) + rng().normal(0, 4, (SIDE, SIDE, 3))).round().clip(0, 255).astype(np.uint8)
    assert np.abs(palette_of(noisy, everywhere()).astype(int) - FIVE).max() < 12
    inside = everywhere()
    inside[:, :20] = False
    assert np.array_equal(palette_of(striped(), inside)[:4], FIVE[1:])


def test_two_blacks_take_one_place_and_a_small_vivid_spot_has_one():
    picture = np.full((SIDE, SIDE, 3), (240, 200, 160), np.uint8)
    picture[:10], picture[10:20] = (4, 4, 4), (14, 12, 12)
    picture[20:24], picture[40:46, 20:40], picture[60:] = (120, 80, 50), (230, 30, 60), (90, 140, 220)
    palette = palette_of(picture, everywhere()).astype(int)
    assert (palette.max(axis=1) < 30).sum() == 1
    assert np.abs(palette - (230, 30, 60)).max(axis=1).min() < 5


def test_fewer_colours_than_places_are_repeated_and_no_picture_fails():
    two = striped()
    two[:, 20:] = FIVE[1]
    assert np.array_equal(palette_of(two, everywhere()), FIVE[[1, 0, 1, 0, 1]])
    assert palette_of(striped(), everywhere(), colours=3).shape == (3, 3)
    assert (palette_of(striped(), ~everywhere()) == 255).all()
    noise = rng().integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    assert np.array_equal(palette_of(noise, everywhere()), palette_of(noise, everywhere()))


def test_a_hint_is_where_the_mask_is_in_nearly_the_colour_that_lies_there():
    inside = everywhere()
    inside[:, 58:] = False
    picture = striped()
    picture[:, 58:] = 255
    for seed in range(30):
        hints, mask = sample_hints(picture, inside, rng(seed))
        assert hints.shape == (SIDE, SIDE, 3) and hints.dtype == np.uint8
        assert mask.shape == (SIDE, SIDE) and mask.dtype == bool
        assert (hints[~mask] == 255).all()
        colours = hints[mask].astype(int)
        off = np.abs(colours[:, None] - FIVE[:4]).max(axis=2)
        assert (off.min(axis=1) <= OFF).all()
        at_home = np.abs(colours - picture[mask]).max(axis=1) <= OFF + CALM
        assert not mask.any() or at_home.mean() > 0.5


def test_hints_are_few_and_mostly_thin():
    flat = np.full((128, 128, 3), (90, 140, 60), np.uint8)
    colours, areas = [], []
    for seed in range(150):
        hints, mask = sample_hints(flat, np.ones((128, 128), bool), rng(seed))
        colours.append(len(np.unique(hints[mask], axis=0)))
        areas.append(mask.mean())
    counts = np.array(colours)
    assert counts.max() <= MOST and counts.min() == 0
    assert ((counts >= 1) & (counts <= 5)).mean() > 0.75
    assert 0.0003 < np.median(areas) < 0.02 and max(areas) > 0.02


@pytest.mark.parametrize("value", [0, 255, "noise", "dot"])
def test_hints_of_hostile_pictures(value):
    picture = np.full((SIDE, SIDE, 3), value if isinstance(value, int) else 255, np.uint8)
    inside = everywhere()
    if value == "noise":
        picture = rng().integers(0, 256, picture.shape, np.uint8)
    if value == "dot":
        picture[30, 30], inside = 0, ~everywhere()
        inside[30, 30] = True
    for seed in range(10):
        hints, mask = sample_hints(picture, inside, rng(seed))
        assert np.array_equal(hints, sample_hints(picture, inside, rng(seed))[0])
        assert (hints[~mask] == 255).all()
        assert isinstance(value, int) or not mask.any()  # nowhere is it calm


def test_clusters_move_to_their_means_before_they_are_ordered():
    lightness = np.repeat([0, 40, 60, 28], (45, 30, 14, 10))  # 28 joins 40 and 60, once their mean is known
    lab = np.stack([lightness, 0 * lightness, 0 * lightness], axis=1)[None].astype(np.float32)
    picture = (cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255).round().astype(np.uint8)
    palette = palette_of(picture, np.ones(picture.shape[:2], bool), colours=2)
    assert np.array_equal(palette, picture[0, [45, 0]])


@pytest.mark.parametrize("dot", [4, 6, 12, 40])
@pytest.mark.parametrize("corner", [(1000, 1000), (1004, 1011)])
def test_however_small_a_dot_on_a_large_sheet_counts(dot, corner):
    hints = Image.new("RGBA", (2048, 2048))
    ImageDraw.Draw(hints).rectangle((*corner, corner[0] + dot - 1, corner[1] + dot - 1), fill=(200, 30, 30))
    for side in (128, 64):
        marks = marks_at(hints, side)
        rows, columns = (marks[0, 3] > 0).nonzero().T.tolist()
        assert rows and all(abs(place * 2048 / side - 1000) < 64 for place in rows + columns)
        assert (marks[0, 0, rows, columns] * 127.5 + 127.5 - 200).abs().max() < 40


def test_what_a_soft_eraser_leaves_of_a_hint_is_none():
    hints = Image.new("RGBA", (512, 512), (255, 255, 255, 1))
    assert not (marks_at(hints, 128)[:, 3] > 0).any()
    ImageDraw.Draw(hints).rectangle((100, 100, 119, 119), fill=(200, 30, 30))
    marks = marks_at(hints, 128)
    assert 16 <= (marks[:, 3] > 0).sum() <= 36
    rows, columns = (marks[0, 3] > 0).nonzero().T
    assert (marks[0, 0, rows, columns] * 127.5 + 127.5 - 200).abs().max() < 3
