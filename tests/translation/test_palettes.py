"""Palettes that stand for many differ most."""

import pytest

from gan.translation.palettes import hexes, most_apart, named_in

RED, BLUE, GREEN, PINK = ([[200, 0, 0]] * 5, [[0, 0, 200]] * 5, [[0, 200, 0]] * 5, [[210, 30, 30]] * 5)


def test_each_next_palette_is_far_from_those_before():
    chosen = most_apart([RED, PINK, RED, BLUE, PINK, GREEN], 3)
    assert {3, 5} <= set(chosen) and len(set(chosen)) == 3


def test_of_fewer_all_are_taken():
    assert sorted(most_apart([RED, BLUE], 5)) == [0, 1] and most_apart([RED], 1) == [0]


def test_a_config_names_palettes_as_they_are_written():
    palettes = [RED, BLUE[:2]]
    told = named_in({"palettes": ["-".join(hexes(palette)) for palette in palettes]})
    assert [[list(colour) for colour in palette] for palette in told] == palettes


@pytest.mark.parametrize("junk", [None, "e23d28", ["red"], [5], [[["e23d28"]]], {"a": 1}, ["e23d28-"], ["E23D28"]])
def test_what_names_no_palettes_names_none(junk):
    assert named_in({"palettes": junk}) == () and named_in({}) == ()
