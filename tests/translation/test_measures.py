"""The measures of one result, with known answers: perfect, grey, shifted, bled."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from gan.translation import measures
from gan.translation.baselines import flood_fill

WHITE, RED, BLUE = (255, 255, 255), (200, 30, 30), (30, 60, 200)


@pytest.fixture
def figure():
    """A drawing of a box, the picture of it in red on white, and what is inside."""
    drawing = Image.new("L", (128, 128), 255)
    ImageDraw.Draw(drawing).rectangle((20, 20, 100, 100), outline=0, width=2)
    drawing = np.asarray(drawing)
    inside = np.zeros((128, 128), bool)
    inside[20:101, 20:101] = True
    return drawing, flood_fill(drawing, np.array([RED])), inside


def flat(colour, side=128):
    return np.full((side, side, 3), colour, np.uint8)


def test_a_perfect_result_is_off_by_nothing(figure):
    drawing, picture, inside = figure
    assert measures.lab_error(picture, picture, inside) == 0
    assert measures.psnr(picture, picture) == 100
    assert measures.outside_level(picture, drawing, inside) == 255
    assert measures.line_recall(picture, drawing) == 1
    assert measures.palette_distance(picture, inside, drawing, np.array([RED] * 5)) < measures.BIN
    assert measures.variance_within(picture, drawing) == pytest.approx(0, abs=1e-6)


def test_black_and_white_are_a_hundred_apart():
    everywhere = np.ones((128, 128), bool)
    assert measures.lab_error(flat(0), flat(255), everywhere) == pytest.approx(100, abs=0.1)
    assert measures.lab_error(flat(0), flat(255), ~everywhere) is None


def test_psnr_is_of_the_mean_square():
    assert measures.psnr(flat(100), flat(110)) == pytest.approx(20 * np.log10(25.5))


def test_hints_are_compared_where_they_lie_beside_the_lines(figure):
    drawing, picture, _ = figure
    mask = np.zeros((128, 128), bool)
    mask[50:60, 10:40] = True  # over the line, which no hint can colour, and beyond it
    hints = picture.copy()
    hints[mask & (drawing < 255)] = BLUE
    assert measures.hint_error(picture, drawing, hints, mask) == 0
    hints[mask] = np.clip(picture[mask].astype(int) - 10, 0, 255)
    assert measures.hint_error(picture, drawing, hints, mask) == 10
    assert measures.hint_error(picture, drawing, hints, np.zeros_like(mask)) is None


def test_lines_that_are_not_there_are_missed_and_those_a_pixel_off_are_not(figure):
    drawing, picture, _ = figure
    assert measures.line_recall(np.roll(picture, 2, axis=1), drawing) == 1
    assert measures.line_recall(flat(RED), drawing) == 0
    half = picture.copy()
    half[:, 64:] = 255
    assert measures.line_recall(half, drawing) == pytest.approx(0.5, abs=0.05)


def test_grey_has_no_colourfulness_and_a_rainbow_has_much(figure):
    _, picture, inside = figure
    assert measures.colourfulness(flat(128), inside) == 0
    one = measures.colourfulness(flat(RED), inside)
    assert one == pytest.approx(0.3 * np.hypot(170, 85))
    half = flat(RED)
    half[:, 64:] = BLUE
    assert measures.colourfulness(half, inside) > 1.5 * one
    assert measures.colourfulness(picture, np.zeros_like(inside)) is None


def test_the_outside_is_what_lies_apart_from_figure_and_lines(figure):
    drawing, picture, inside = figure
    tinted = picture.copy()
    tinted[~inside] = 240
    assert measures.outside_level(tinted, drawing, inside) == 240
    beyond = drawing.copy()
    beyond[5:8, 5:60] = 0  # drawn beyond the figure: no fault of who colours it
    assert measures.outside_level(np.minimum(picture, beyond[..., None]), beyond, inside) == 255
    assert measures.outside_level(picture, drawing, np.ones_like(inside)) is None


def test_the_distance_to_a_palette_is_what_colours_must_move(figure):
    drawing, picture, inside = figure
    asked = np.array([RED, BLUE])
    half = picture.copy()
    half[60:][inside[60:] & (drawing[60:] == 255)] = BLUE
    far = measures.palette_distance(picture, inside, drawing, asked)  # half of it would have to move
    apart = measures.lab_error(flat(RED), flat(BLUE), inside)
    assert far == pytest.approx(apart / 2, rel=0.1)
    assert measures.palette_distance(half, inside, drawing, asked) < far / 4


def test_colours_that_run_over_a_region_vary_in_it(figure):
    drawing, picture, _ = figure
    bled = picture.copy()
    bled[22:60, 22:99] = BLUE
    assert measures.variance_within(bled, drawing) > 1000
    assert measures.variance_within(picture, np.full_like(drawing, 255)) is None


def test_proposals_that_are_one_do_not_vary(figure):
    _, picture, inside = figure
    assert measures.variety([picture] * 4, inside) == 0
    assert measures.variety([flat(0), flat(255), flat(0)], inside) == pytest.approx(200 / 3, abs=0.1)


def test_a_mean_is_of_what_could_be_measured():
    assert measures.mean([1.0, None, 3.0]) == 2 and measures.mean([None]) is None
