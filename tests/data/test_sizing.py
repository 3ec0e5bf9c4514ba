"""What suits a stranger's pictures: the table at its borders, equal batches, small pictures, and too few."""

import math

import pytest

from gan.config import SUITED, recipe_config
from gan.data.sizing import SIZES, TABLE, batch_size, choose
from gan.errors import UserError
from gan.tasks import TASKS

ALL = "color,translation,cutout"


def values(sizes):
    return {name: choice.value for name, choice in choose(sizes).items()}


@pytest.mark.parametrize(
    ("count", "batch_size", "augment", "images"),
    [
        (10, 10, ALL, 100_000),
        (99, 15, ALL, 100_000),
        (100, 28, ALL, 300_000),
        (2_999, 32, ALL, 300_000),
        (3_000, 64, ALL, 600_000),
        (49_999, 63, ALL, 600_000),
        (50_000, 63, "color,translation", 1_000_000),
    ],
)
def test_a_number_of_pictures_decides(count, batch_size, augment, images):
    chosen = values([(64, 64)] * count)
    assert chosen == {"batch_size": batch_size, "augment": augment, "image_size": 64, "fit": "crop", "images": images}
    recipe_config("folder", **chosen)  # is valid
    assert set(chosen) == set(SUITED["folder"])


@pytest.mark.parametrize(("first", "after", "most"), [(10, 100, 16), (100, 3_000, 32), (3_000, 3_200, 64)])
def test_the_last_batch_of_an_epoch_is_half_full_at_least(first, after, most):
    row = next(row for row in TABLE if first < row.below)
    for count in range(first, after):
        size = batch_size(count, row)
        last = count % size or size
        assert most * 0.6 < size <= most and 2 * last >= size
    assert values([(64, 64)] * first)["batch_size"] == batch_size(first, row)


@pytest.mark.parametrize("count", [0, 1, 9])
def test_fewer_than_ten_are_refused(count):
    with pytest.raises(UserError, match=rf"^{count} different pictures? (is|are) too few: .* 10 it can only copy; add"):
        choose([(64, 64)] * count)


def test_small_pictures_are_not_enlarged():
    assert choose([(32, 32)] * 20)["image_size"].value == 32
    assert choose([(70, 40)] * 20)["image_size"].value == 32  # it is the shorter side that is used
    assert choose([(63, 63)] * 10 + [(900, 900)] * 10)["image_size"].value == 32
    assert choose([(63, 63)] * 10 + [(64, 90)] * 11)["image_size"].value == 64
    assert "at most 40 pixels" in choose([(70, 40)] * 20)["image_size"].why


def test_the_longer_side_counts_where_pictures_are_padded():
    assert choose([(500, 40)] * 20)["image_size"].value == 64
    assert choose([(500, 40)] * 20, "crop")["image_size"].value == 32
    assert choose([(70, 40)] * 20, "pad")["image_size"].value == 64
    assert choose([(60, 20)] * 20)["image_size"].value == 32


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        ([(64, 64)] * 20, "crop: every picture is square, or nearly so"),
        ([(100, 100)] * 10 + [(97, 100), (100, 97)] * 5, "crop: every picture is square, or nearly so"),
        ([(100, 100)] * 19 + [(300, 100)], "crop: the middle square cuts off 3% of a picture, on average"),
        ([(400, 300)] * 20, "crop: the middle square cuts off 25% of a picture, on average"),
        ([(101, 200)] * 20, "crop: the middle square cuts off 50% of a picture, on average"),
        ([(100, 200)] * 20, "pad: the middle square would cut off 50% of a picture, on average"),
        ([(100, 400), (400, 100)] * 10, "pad: the middle square would cut off 75% of a picture, on average"),
        ([(100, 100)] * 10 + [(100, 1000)] * 10, "crop: the middle square cuts off 45% of a picture, on average"),
        ([(100, 100)] * 8 + [(100, 1000)] * 12, "pad: the middle square would cut off 54% of a picture, on average"),
    ],
)
def test_pictures_that_would_lose_half_of_their_area_are_padded(sizes, text):
    assert choose(sizes)["fit"].text() == text


@pytest.mark.parametrize(
    ("task", "side", "fields"),
    [
        ("colorize", 40, {"image_size": 64}),
        ("colorize", 127, {"image_size": 64}),
        ("colorize", 128, {"image_size": 128}),
        ("colorize", 900, {"image_size": 128}),
        ("upscale", 40, {"image_size": 32, "scale": 2}),
        ("upscale", 127, {"image_size": 32, "scale": 2}),
        ("upscale", 128, {"image_size": 64, "scale": 2}),
        ("upscale", 255, {"image_size": 64, "scale": 2}),
        ("upscale", 256, {"image_size": 64, "scale": 4}),
    ],
)
def test_a_task_takes_the_largest_size_that_the_pictures_have(task, side, fields):
    chosen = choose([(side, side + 3)] * 20, task=task)
    assert {name: choice.value for name, choice in chosen.items()} == {**fields, "fit": "crop"}
    assert all(choice.why for choice in chosen.values())
    recipe_config(f"folder-{task}", **fields)  # is valid
    assert set(chosen) == set(SUITED[f"folder-{task}"]) and set(SIZES) == set(TASKS)


def test_a_task_pads_pictures_twice_as_tall_as_wide():
    chosen = choose([(64, 128)] * 20, task="colorize")
    assert (chosen["fit"].value, chosen["image_size"].value) == ("pad", 128)


def test_every_row_has_its_numbers_and_reasons():
    assert [row.below for row in TABLE] == sorted(row.below for row in TABLE) and TABLE[-1].below == math.inf
    for count in (10, 200, 5_000, 60_000):
        assert all(choice.why for choice in choose([(64, 64)] * count).values())
