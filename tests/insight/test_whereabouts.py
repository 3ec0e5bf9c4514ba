"""Training pictures at hand: the note of where they lie, and pictures that are others than it says."""

import pytest
import torch
from PIL import Image
from served import plant, plant_insight

from gan.checkpoints import load_critic
from gan.errors import UserError
from gan.files import read_json, write_json
from gan.folder import PICTURES_FILE
from gan.insight.kept import neighbours_in
from gan.insight.record import training_pictures, write_neighbours, write_whereabouts
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


def test_pictures_on_another_background_are_those_that_were_trained_on(folder, tmp_path):
    described = read_json(folder / "config.json")
    described["train"], described["data"] = {"background": "black"}, {"name": "folder"}
    write_json(folder / "config.json", described)
    sprites = tmp_path / "sprites"
    sprites.mkdir()
    for number in range(60):  # white on nothing: on white they would be blank
        sprite = Image.new("RGBA", (64, 64))
        sprite.paste((255, 255, 255, 255), (number // 4, 8, 40 + number % 20, 56))
        sprite.save(sprites / f"{number}.png")
    pictures = training_pictures(folder, sprites, 64)
    assert (pictures.images[:, :, 0, 63] == 0).all() and (pictures.images[:, :, 30, 20] == 255).all()
    write_neighbours(folder, pictures.images)
    write_whereabouts(folder, pictures)
    assert torch.equal(torch.stack(at_hand(folder, 3, 8)), pictures.images[[2, 7]])
    for wrong in ({"fit": "stretch"}, {"background": "none"}):
        write_json(folder / "config.json", described | {"train": wrong})
        with pytest.raises(UserError, match=r"config\.json: has the"):
            training_pictures(folder, sprites, 64)


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
