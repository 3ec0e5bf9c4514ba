"""What suits a stranger's pictures: the table at its borders, equal batches, small pictures, and too few."""

import math

import pytest

from gan.config import recipe_config
from gan.errors import UserError
from gan.sizing import TABLE, choose

ALL = "color,translation,cutout"


def values(sizes):
    return {name: choice.value for name, choice in choose(sizes).items()}


@pytest.mark.parametrize(
    ("count", "batch_size", "augment", "images"),
    [
        (10, 10, ALL, 100_000),
        (99, 15, ALL, 100_000),
        (100, 32, ALL, 300_000),
        (2_999, 32, ALL, 300_000),
        (3_000, 64, ALL, 600_000),
        (49_999, 64, ALL, 600_000),
        (50_000, 64, "color,translation", 1_000_000),
    ],
)
def test_a_number_of_pictures_decides(count, batch_size, augment, images):
    chosen = values([(64, 64)] * count)
    assert chosen == {"batch_size": batch_size, "augment": augment, "image_size": 64, "images": images}
    recipe_config("folder", **chosen)  # is valid


@pytest.mark.parametrize("count", range(10, 100))
def test_the_batches_of_few_pictures_are_nearly_equal(count):
    size = values([(64, 64)] * count)["batch_size"]
    last = count % size or size
    assert size <= 16 and size - last < math.ceil(count / size) and last >= 5


@pytest.mark.parametrize("count", [0, 1, 9])
def test_fewer_than_ten_are_refused(count):
    with pytest.raises(UserError, match=rf"^{count} different pictures? (is|are) too few: .* 10 it can only copy; add"):
        choose([(64, 64)] * count)


def test_small_pictures_are_not_enlarged():
    assert choose([(32, 32)] * 20)["image_size"].value == 32
    assert choose([(500, 40)] * 20)["image_size"].value == 32  # it is the shorter side that is used
    assert choose([(63, 63)] * 10 + [(900, 900)] * 10)["image_size"].value == 32
    assert choose([(63, 63)] * 10 + [(64, 90)] * 11)["image_size"].value == 64
    assert "at most 40 pixels" in choose([(500, 40)] * 20)["image_size"].why


def test_every_row_has_its_numbers_and_reasons():
    assert [row.below for row in TABLE] == sorted(row.below for row in TABLE) and TABLE[-1].below == math.inf
    for count in (10, 200, 5_000, 60_000):
        assert all(choice.why for choice in choose([(64, 64)] * count).values())
