"""The baselines, with known answers: what floods regions, what enlarging leaves."""

import numpy as np
import pytest
from translation.drawn import LARGE, SMALL, drawn

from gan.translation.baselines import ENLARGERS, LIBRARIES, enlargers, flood_fill

RED, BLUE = (200, 30, 30), (30, 60, 200)


@pytest.mark.parametrize("shade", [0, 255])
def test_nothing_is_flooded_where_all_is_ink_or_paper(shade):
    blank = np.full((64, 64), shade, np.uint8)
    assert flood_fill(blank, np.array([RED])).shape == (64, 64, 3)


def test_the_largest_region_gets_the_first_colour_and_the_outside_stays_white():
    picture = flood_fill(drawn(LARGE, SMALL), np.array([RED, BLUE]))
    assert [tuple(picture[at]) for at in ((60, 40), (45, 100), (5, 5), (60, 10))] == [
        RED,
        BLUE,
        (255, 255, 255),
        (0, 0, 0),
    ]


def test_a_hint_has_its_region_and_the_palette_the_others():
    hints, mask = np.full((128, 128, 3), 255, np.uint8), np.zeros((128, 128), bool)
    for columns, colour in ((slice(20, 30), BLUE), (slice(30, 33), RED)):  # more of blue
        hints[60:64, columns], mask[60:64, columns] = colour, True
    picture = flood_fill(drawn(LARGE, SMALL), np.array([RED]), hints, mask)
    assert tuple(picture[100, 60]) == BLUE and tuple(picture[45, 100]) == RED


def test_without_a_wish_it_is_grey():
    picture = flood_fill(drawn(LARGE))
    assert np.ptp(picture[60, 40]) == 0 and 100 < picture[60, 40, 0] < 200


@pytest.mark.parametrize("name", [name for name in ENLARGERS if name not in LIBRARIES])
def test_an_enlarged_flat_picture_is_flat_and_an_edge_stays_in_its_place(name):
    flat = np.full((16, 12, 3), (10, 120, 250), np.uint8)
    assert (ENLARGERS[name](flat, 4) == flat.repeat(4, 0).repeat(4, 1)).all()
    edge = flat.copy()
    edge[8:] = 0
    large = ENLARGERS[name](edge, 4).astype(int)
    assert large.shape == (64, 48, 3) and large[24, :, 1].min() > 100 and large[40, :, 1].max() < 20


def test_what_is_not_installed_is_not_offered(monkeypatch):
    monkeypatch.setattr("gan.translation.baselines.find_spec", lambda name: None)
    assert enlargers() == ["bicubic", "lanczos"]
    monkeypatch.setattr("gan.translation.baselines.find_spec", lambda name: object())
    assert list(enlargers()) == list(ENLARGERS)
