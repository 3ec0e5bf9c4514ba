"""Training pictures at hand: the note of where they lie, and pictures that are others than it says."""

import pytest
from PIL import Image
from served import plant, plant_insight

from gan.checkpoints import load_critic
from gan.files import read_json, write_json
from gan.folder import PICTURES_FILE
from gan.insight.kept import neighbours_in
from gan.insight.whereabouts import pictures_at_hand
from gan.publishing.release import files_to_pass

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def folder(tmp_path):
    return plant_insight(plant(tmp_path / "alpha", 1, (1,)), tmp_path / "pictures")


def at_hand(folder, *numbers):
    return pictures_at_hand(folder, numbers, neighbours_in(folder), load_critic(folder))


def test_pictures_are_found_by_their_numbers(folder, tmp_path):
    found = at_hand(folder, 7, 2)
    for picture, name in zip(found, ("7.png", "2.png"), strict=True):
        with Image.open(tmp_path / "pictures" / name) as image:
            assert image.tobytes() == picture.permute(1, 2, 0).contiguous().numpy().tobytes()


def test_a_picture_that_is_another_than_the_one_described_is_not_shown(folder, tmp_path):
    Image.effect_noise((64, 64), 90).convert("RGB").save(tmp_path / "pictures" / "7.png")
    assert len(at_hand(folder, 2, 3)) == 2
    assert at_hand(folder, 7) == [] == at_hand(folder, 2, 7)


@pytest.mark.parametrize(
    "change",
    [
        {"data": "/nowhere"},
        {"data": 5},
        {"names": []},
        {"names": {"1": 2}},
        {"names": [5] * 99},
    ],
)
def test_a_note_that_says_anything_shows_nothing(folder, change):
    write_json(folder / PICTURES_FILE, read_json(folder / PICTURES_FILE) | change)
    assert at_hand(folder, 1) == []
    (folder / PICTURES_FILE).write_text("[[[")
    assert at_hand(folder, 1) == []


def test_the_note_never_leaves_the_machine(folder):
    assert PICTURES_FILE not in files_to_pass(folder)
