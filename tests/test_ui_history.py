"""The Training tab: what it shows of a folder's records, to programs and to people."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from served import EPOCHS, pixels, plant, tiny_model

from gan.ui.history import curves_of, film, grid_of
from gan.ui.loaded import load_models
from gan.ui.through_training import creature_of


def load(folder):
    """Return the one model in the folder."""
    (model,), _ = load_models([folder])
    return model


# --- what is shown -----------------------------------------------------------------------------------------------


def test_changes_of_stage_are_marked_even_where_the_history_does_not_name_them(tmp_path):
    model = load(plant(tmp_path / "alpha", 1, EPOCHS))
    for line, settings in zip(model.history, [(2e-4, 0.5)] * 2 + [(1e-4, 0.5)] * 2 + [(1e-4, 0.3)] * 2, strict=True):
        line["lr"], line["beta1"] = settings
    model.history[3]["event"] = "rollback: D has won"
    assert curves_of(model)["marks"] == [
        {"epoch": 3, "text": "stage: lr 0.0001, beta1 0.5"},
        {"epoch": 4, "text": "rollback: D has won"},
        {"epoch": 5, "text": "stage: lr 0.0001, beta1 0.3"},
    ]


def test_the_reading_fits_the_loss(tmp_path):
    folder = plant(tmp_path / "alpha", 1, EPOCHS)
    assert "only the distance" in curves_of(load(folder))["reading"][1]
    (folder / "config.json").unlink()
    assert "only the distance" not in curves_of(load(folder))["reading"][1]


def test_a_creature_is_drawn_by_each_snapshot_and_by_the_model(tmp_path):
    model = load(plant(tmp_path / "alpha", 1, EPOCHS))
    found = creature_of(model, 7)
    assert [stage["epoch"] for stage in found["stages"]] == [1, 3, 6] and found["missing"] == []
    assert found["stages"][0]["images_seen"] == 40 and found["seed"] == 7
    assert found["image"] != creature_of(model, 8)["image"]


def test_a_damaged_or_vanished_snapshot_is_named_and_the_others_shown(tmp_path):
    folder = plant(tmp_path / "alpha", 1, (1, 2, 3, 6))
    model = load(folder)
    (folder / "snapshots" / "epoch-0001.safetensors").write_bytes(b"nonsense")
    (folder / "snapshots" / "epoch-0002.safetensors").unlink()
    found = creature_of(model, 7)
    assert [stage["epoch"] for stage in found["stages"]] == [3, 6] and found["missing"] == [1, 2]


def test_a_model_without_snapshots_shows_itself_alone():
    assert creature_of(tiny_model("bare"), 1)["stages"] == [{"epoch": None, "images_seen": None}]


@pytest.mark.parametrize("kind", ["mp4", "webp"])
def test_a_film_has_each_grid_and_says_how_far_it_is(tmp_path, kind):
    *progress, last = film(load(plant(tmp_path / "alpha", 1, EPOCHS)), kind)
    assert [message["done"] for message in progress] == [0, 1, 2] and all(message["of"] == 3 for message in progress)
    assert last["name"] == f"alpha-training.{kind}" and last["data"]


def test_a_damaged_grid_is_left_out_of_the_film_and_named_on_the_page(tmp_path):
    folder = plant(tmp_path / "alpha", 1, EPOCHS)
    (folder / "samples" / "epoch-0003.webp").write_bytes(b"nonsense")
    model = load(folder)
    assert len(list(film(model, "webp"))) == 3  # two steps and the file
    assert grid_of(model, 3)["epoch"] == 3


# --- programs ----------------------------------------------------------------------------------------------------


def test_history_without_arguments_is_that_of_the_first_model(client):
    grid, history = client.predict(api_name="/history")
    assert pixels(grid).shape == (512, 512, 3)
    assert history["model"] == "alpha" and history["epoch"] == 6 and history["epochs"] == list(EPOCHS)
    assert [line["epoch"] for line in history["lines"]] == [1, 2, 3, 4, 5, 6]


def test_history_takes_the_nearest_grid_and_says_which(client):
    first, answer = client.predict(model="alpha", epoch=2, api_name="/history")
    assert answer["epoch"] == 1
    last, answer = client.predict(epoch=500, api_name="/history")
    assert answer["epoch"] == 6
    assert np.abs(pixels(first) - pixels(last)).max() > 10
    nothing, answer = client.predict(model="bare", api_name="/history")
    assert nothing is None and answer == {"model": "bare", "epoch": None, "epochs": [], "lines": []}


@pytest.mark.parametrize(
    "arguments, says", [({"epoch": "last"}, "Epoch must be a whole number"), ({"model": "no"}, "There is no model")]
)
def test_bad_arguments_of_history_get_a_sentence(client, arguments, says):
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match=says):
        client.predict(api_name="/history", **arguments)


# --- people ------------------------------------------------------------------------------------------------------


@pytest.fixture
def training(visit, server):
    page = visit(server.url)
    page.get_by_role("tab", name="Training").click()
    page.locator(".stages canvas").first.wait_for()
    return page


def wait_for_epoch(page, epoch):
    page.wait_for_function("epoch => document.querySelector('.samples')?.dataset.epoch === epoch", arg=str(epoch))


def test_grids_by_epoch_and_curves_that_follow_them(training):
    image = training.locator(".samples img")
    wait_for_epoch(training, 6)
    last = image.get_attribute("src")
    training.get_by_role("slider", name="Epoch").focus()
    training.keyboard.press("Home")
    wait_for_epoch(training, 1)
    assert image.get_attribute("src") != last and "after epoch 1," in image.get_attribute("alt")
    assert image.evaluate("image => image.naturalWidth") == 512
    assert training.get_by_text("Epoch 1 of 6").is_visible() and training.get_by_text("40 pictures seen").is_visible()

    assert training.locator(".curves path").count() == 5
    legend = training.locator(".curves .legend li").all_inner_texts()
    assert [text.split("\n")[0].rstrip(" 0123456789.") for text in legend] == [
        "Loss_D", "Loss_G", "D(x)", "D(G(z)) before", "D(G(z)) after",
    ]  # fmt: skip
    assert "1.000" in legend[0]  # Loss_D of epoch 1
    training.locator(".plot").first.focus()
    training.keyboard.press("ArrowRight")
    assert "0.500" in training.locator(".curves .legend li").first.inner_text()


def test_the_epochs_play_to_the_end_and_begin_again(training):
    play = training.locator(".track .play")
    play.click()  # at the last epoch: from the first on
    wait_for_epoch(training, 1)
    wait_for_epoch(training, 6)
    training.get_by_role("button", name="Play").wait_for()
    play.click()
    wait_for_epoch(training, 3)
    play.click()
    training.get_by_role("button", name="Play").wait_for()


def test_a_click_into_the_grid_follows_that_seed(training):
    box = training.locator(".cells").bounding_box()
    training.locator(".cells").click(position={"x": box["width"] * 0.4, "y": box["height"] * 0.3})
    training.wait_for_function("document.querySelector('.creature').dataset.seed === '19'")  # row 2, column 3
    assert training.locator("#creature-seed").input_value() == "19"
    training.locator(".cells").focus()
    training.keyboard.press("ArrowDown")
    training.keyboard.press("Enter")
    training.wait_for_function("document.querySelector('.creature').dataset.seed === '27'")


def test_one_creature_ends_as_the_model_draws_it(training, client):
    training.locator("#creature-seed").fill("41")
    training.wait_for_function("document.querySelector('.creature').dataset.seed === '41'")
    url = training.locator(".stages canvas").last.evaluate("canvas => canvas.toDataURL('image/png')")
    import base64

    shown = pixels(io.BytesIO(base64.b64decode(url.split(",")[1])))
    _, ((single),) = client.predict(seed=41, count=1, api_name="/generate")
    assert np.abs(shown - pixels(single["image"])).max() <= 1
    assert training.locator(".stages strong").all_inner_texts() == ["Epoch 1", "Epoch 3", "Epoch 6"]


def test_real_pictures_are_shown_where_they_are(training):
    assert training.get_by_role("img", name="real pictures that alpha was trained on").is_visible()
    training.get_by_label("bare").check()
    training.get_by_text("They are never part of a published model.").wait_for()
    training.get_by_text("This model came without a record of its training.").wait_for()
    training.get_by_text("No curves").wait_for()
    assert not training.get_by_role("slider", name="Epoch").is_visible()
    assert training.get_by_text("no earlier snapshots").is_visible()


def test_the_film_can_be_saved(training):
    with training.expect_download() as download:
        training.get_by_role("button", name="Save film, WebP").click()
    assert download.value.suggested_filename == "alpha-training.webp"
    with Image.open(download.value.path()) as saved:
        assert saved.size == (512, 512) and saved.n_frames >= len(EPOCHS)


def test_a_link_rebuilds_epoch_and_seed(training, visit, server):
    training.get_by_role("slider", name="Epoch").focus()
    training.keyboard.press("Home")
    training.locator("#creature-seed").fill("5")
    training.wait_for_url(re.compile("epoch=1&seed=5"))
    other = visit(training.url)
    wait_for_epoch(other, 1)
    other.wait_for_function("document.querySelector('.creature')?.dataset.seed === '5'")
    assert other.locator(".samples img").get_attribute("src") == training.locator(".samples img").get_attribute("src")


def test_a_link_takes_the_nearest_epoch_and_a_bad_one_gets_a_sentence(visit, server):
    page = visit(f"{server.url}?tab=training&model=alpha&epoch=4")
    wait_for_epoch(page, 3)
    page = visit(f"{server.url}?tab=training&model=alpha&epoch=last")
    page.get_by_text("Epoch must be a whole number").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_in_one_direction_alone(visit, server, scheme):
    page = visit(f"{server.url}?tab=training", 390, 844, device_scale_factor=2, color_scheme=scheme)
    page.locator(".plot svg").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
