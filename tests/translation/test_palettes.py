"""Palettes that stand for many differ most."""

from gan.translation.palettes import most_apart

RED, BLUE, GREEN, PINK = ([[200, 0, 0]] * 5, [[0, 0, 200]] * 5, [[0, 200, 0]] * 5, [[210, 30, 30]] * 5)


def test_each_next_palette_is_far_from_those_before():
    chosen = most_apart([RED, PINK, RED, BLUE, PINK, GREEN], 3)
    assert {3, 5} <= set(chosen) and len(set(chosen)) == 3


def test_of_fewer_all_are_taken():
    assert sorted(most_apart([RED, BLUE], 5)) == [0, 1] and most_apart([RED], 1) == [0]
