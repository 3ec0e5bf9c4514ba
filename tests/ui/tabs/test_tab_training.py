"""The Training tab: what it shows of a folder's records, to programs and to people."""

import base64
import io

import av
import gradio as gr
import numpy as np
import pytest
from PIL import Image, ImageSequence
from served import (
    EPOCHS,
    differ,
    measurement,
    open_tab,
    picture_in_hand,
    pixels,
    plant,
    recipe_of,
    scrub,
    tiny_model,
    wait_for_address,
    wait_for_picture,
    wait_for_seeds,
)

from gan.checkpoints import save_network
from gan.config import REMARKS
from gan.files import read_json, write_json
from gan.folder import read_history, write_history, write_metrics
from gan.models import Generator
from gan.ui.film import film
from gan.ui.loaded import load_models
from gan.ui.specimen import Specimen
from gan.ui.tabs.about import facts_of
from gan.ui.tabs.training import curves_of, nearest, player_of, reals_of, strip_of
from gan.ui.through_training import way_of


def unannealed(folder):
    """Let the folder's run have learned at the learning rate of its stages."""
    described = read_json(folder / "config.json")
    del described["train"]["anneal"]  # as in folders from before there was any
    write_json(folder / "config.json", described)
    return folder


def load(folder):
    """Return the one model in the folder."""
    (model,), _ = load_models([folder])
    return model


# --- what is shown -----------------------------------------------------------------------------------------------


def test_changes_of_stage_are_marked_even_where_the_history_does_not_name_them(tmp_path):
    model = load(unannealed(plant(tmp_path / "alpha", 1, EPOCHS)))
    for line, settings in zip(model.history, [(2e-4, 0.5)] * 2 + [(1e-4, 0.5)] * 2 + [(1e-4, 0.3)] * 2, strict=True):
        line["lr"], line["beta1"] = settings
    model.history[3]["event"] = "rollback: D has won"
    assert curves_of(model)["marks"] == [
        {"epoch": 3, "text": "stage: lr 0.0001, beta1 0.5"},
        {"epoch": 4, "text": "rollback: D has won"},
        {"epoch": 5, "text": "stage: lr 0.0001, beta1 0.3"},
    ]


def test_marks_survive_holes_and_tell_of_the_first_line_and_of_two_things_at_once(tmp_path):
    model = load(plant(tmp_path / "alpha", 1, EPOCHS))
    settings = [(2e-4, 0.5), (None, None), (2e-4, 0.5), (None, 0.3), (1e-4, None), (1e-4, 0.3)]
    events = ["started from alpha", None, None, "rollback: D has won", "stage 2: lr 0.0001, beta1 0.3", None]
    for line, (lr, beta1), event in zip(model.history, settings, events, strict=True):
        line.update(lr=lr, beta1=beta1, event=event)
    assert curves_of(model)["marks"] == [
        {"epoch": 1, "text": "started from alpha"},
        {"epoch": 4, "text": "rollback: D has won; stage: lr 0.0002, beta1 0.3"},
        {"epoch": 5, "text": "stage 2: lr 0.0001, beta1 0.3"},
    ]


def test_what_a_report_remarks_is_marked_in_a_run_of_its_recipe_that_has_come_so_far(tmp_path, monkeypatch):
    monkeypatch.setitem(REMARKS, "pokemon-report", {4: "the report: “it stalls”", 400: "the report: “it still does”"})
    folder = plant(tmp_path / "alpha", 1, EPOCHS)
    described = read_json(folder / "config.json")
    for recipe, marks in [("pokemon-report", [{"epoch": 4, "text": "the report: “it stalls”"}]), ("pokemon", [])]:
        write_json(folder / "config.json", described | {"train": {"recipe": recipe}})
        model = load(folder)
        assert [mark for mark in curves_of(model)["marks"] if "report" in mark["text"]] == marks


def test_what_was_measured_stands_at_its_epoch(tmp_path):
    folder = plant(tmp_path / "alpha", 1, EPOCHS)
    assert curves_of(load(folder))["kid"] == [None] * 6
    odd = [
        measurement(3, "low"),
        measurement(2, True),
        {"epoch": "3", "kid_train": 1.0},
        measurement(99, 5.0),
        measurement(3, 1e300),
    ]
    other = measurement(3, 5.0, generated=50)  # does not compare
    write_metrics(folder, [other, measurement(1, 300.0), measurement(6, 90.0), measurement(6, 80.5), *odd])
    curves = curves_of(load(folder))
    assert curves["kid"] == [300.0, None, None, None, None, 80.5]
    assert "compares 2,000 drawn pictures with 40 real ones" in curves["reading"]["kid"]
    assert "two halves of the real ones have 0.1" in curves["reading"]["kid"]


def test_a_roll_back_is_no_new_stage(tmp_path):
    folder = unannealed(plant(tmp_path / "alpha", 1, EPOCHS))
    lines = read_history(folder)
    for line, lr in zip(lines, [2e-4, 2e-4, 1e-4, 1e-4, 5e-5, 5e-5], strict=True):
        line |= {"lr": lr, "beta1": 0.5}
    lines[1]["event"] = "rolled back from epoch 4: it collapsed; now learning rate 0.0001, augmentation color"
    lines[1]["event"] = "; ".join([lines[1]["event"]] * 5)
    write_history(folder, lines)
    assert curves_of(load(folder))["marks"] == [
        {"epoch": 2, "text": lines[1]["event"]},
        {"epoch": 5, "text": "stage: lr 5e-05, beta1 0.5"},
    ]


def test_a_learning_rate_that_falls_with_every_epoch_is_no_new_stage(tmp_path):
    folder = plant(tmp_path / "alpha", 1, EPOCHS)
    lines = read_history(folder)  # of a recipe that anneals
    for line, lr, beta1 in zip(lines, [2e-4, 2e-4, 1.9e-4, 1.5e-4, 1e-4, 2e-5], [0.5] * 4 + [0.3] * 2, strict=True):
        line |= {"lr": lr, "beta1": beta1}
    write_history(folder, lines)
    assert curves_of(load(folder))["marks"] == [{"epoch": 5, "text": "stage: lr 0.0001, beta1 0.3"}]


def test_the_reading_fits_the_loss(tmp_path):
    folder = plant(tmp_path / "alpha", 1, EPOCHS)
    assert "only the distance" in curves_of(load(folder))["reading"]["verdict"]
    (folder / "config.json").unlink()
    assert "only the distance" not in curves_of(load(folder))["reading"]["verdict"]


def way_through(model, seed=7):
    """Return the labels of a seed's way through training, and all that is known of it."""
    found = way_of(model, Specimen(seed).z(model))
    return [cell["label"] for cell in found["cells"]], found


def test_a_picture_is_drawn_by_each_snapshot_and_by_the_model(tmp_path):
    model = load(plant(tmp_path / "alpha", 1, EPOCHS))
    labels, found = way_through(model)
    assert labels == ["epoch 1", "epoch 3", "epoch 6"] and not found["empty"]
    assert found["cells"][0]["alt"] == "epoch 1, 40 pictures seen"
    assert found["image"] != way_through(model, 8)[1]["image"]


def test_a_damaged_or_vanished_snapshot_is_named_and_the_others_shown(tmp_path):
    folder = plant(tmp_path / "alpha", 1, (1, 2, 3, 6))
    model = load(folder)
    (folder / "snapshots" / "epoch-0001.safetensors").write_bytes(b"nonsense")
    (folder / "snapshots" / "epoch-0002.safetensors").unlink()
    labels, found = way_through(model)
    assert labels == ["epoch 3", "epoch 6"] and "2 epochs" in found["empty"]


def test_a_snapshot_of_another_network_is_left_out(tmp_path):
    folder = plant(tmp_path / "alpha", 1, EPOCHS)
    save_network(folder / "snapshots" / "epoch-0003.safetensors", Generator(base_channels=8, image_size=32))
    save_network(folder / "snapshots" / "epoch-0001.safetensors", Generator(z_dim=20, base_channels=8))
    assert way_through(load(folder))[0] == ["epoch 6"]


def test_a_snapshot_that_is_written_anew_is_read_anew(tmp_path):
    folder = plant(tmp_path / "alpha", 1, EPOCHS)
    model = load(folder)
    before = way_through(model)[1]["image"]
    save_network(folder / "snapshots" / "epoch-0003.safetensors", Generator(base_channels=8))
    assert way_through(model)[1]["image"] != before


def test_a_model_without_snapshots_shows_itself_alone():
    assert way_through(tiny_model("bare"), 1)[0] == ["now"]


def test_a_picture_of_the_grids_needs_no_snapshots_and_another_one_does(tmp_path):
    model = load(plant(tmp_path / "alpha", 1, EPOCHS))
    assert strip_of(model, Specimen(63))["cells"] == []
    for specimen in (Specimen(64), Specimen(5, amounts=(1.0,))):
        assert len(strip_of(model, specimen)["cells"]) == 3


def test_what_was_seen_before_the_run_counts(tmp_path):
    folder = plant(tmp_path / "alpha", 1, EPOCHS)
    assert player_of(load(folder), Specimen(5), 0, False)["labels"][0] == "epoch 1, 40 pictures seen"
    write_json(folder / "config.json", read_json(folder / "config.json") | {"images_before": 1000})
    model = load(folder)
    assert way_through(model)[1]["cells"][0]["alt"] == "epoch 1, 1,040 pictures seen"
    assert facts_of(model)["Trained"] == "epoch 6, 1,240 pictures seen"
    told = player_of(model, Specimen(5), 0, False)
    assert told["labels"] == [f"epoch {epoch}, {1000 + 40 * epoch:,} pictures seen" for epoch in EPOCHS]
    assert told["cell"] == 5 and player_of(load(folder), Specimen(99), 0, False)["cell"] is None


@pytest.mark.parametrize("asked, found", [(0, 1), (1, 1), (4, 3), (100, 6)])
def test_the_grid_nearest_to_an_epoch_is_shown(asked, found):
    assert nearest(EPOCHS, asked) == found and nearest([], asked) is None and nearest(EPOCHS, None) == 6


def test_real_pictures_are_shown_to_those_who_may_see_them(tmp_path):
    model = load(plant(tmp_path / "alpha", 1, EPOCHS))
    assert "data:image/webp" in reals_of(model, True)
    assert "data:" not in reals_of(model, False) and "--show-reals" in reals_of(model, False)
    assert reals_of(tiny_model("bare"), True) == ""


@pytest.mark.parametrize("kind", ["mp4", "webp"])
def test_a_film_has_each_grid_with_its_epoch_and_says_how_far_it_is(tmp_path, kind):
    *progress, last = film(load(plant(tmp_path / "alpha", 1, EPOCHS)), kind)
    assert [message["done"] for message in progress] == [0, 1, 2] and all(message["of"] == 3 for message in progress)
    assert last["name"] == f"alpha-training.{kind}"
    frames = frames_in(last, kind)
    assert len(frames) == 8 and frames[0].shape == (540, 512, 3)  # the last grid is shown six times
    assert differ(frames[0][:512], frames[1][:512]) > 30 > differ(frames[2], frames[7])
    assert differ(frames[0][512:], frames[1][512:]) > 30  # the words beneath


def frames_in(sent, kind):
    """Return the frames of the file in a message to the page, as arrays."""
    content = io.BytesIO(base64.b64decode(sent["data"]))
    if kind == "webp":
        return [pixels_of(frame) for frame in ImageSequence.Iterator(Image.open(content))]
    with av.open(content) as film:
        return [pixels_of(frame.to_image()) for frame in film.decode(video=0)]


def pixels_of(image):
    return np.asarray(image.convert("RGB")).astype(int)


def test_damaged_grids_and_those_of_another_size_are_left_out_of_the_film(tmp_path):
    folder = plant(tmp_path / "alpha", 1, (1, 3, 4, 6))
    (folder / "samples" / "epoch-0001.webp").write_bytes(b"RIFF....WEBPnonsense")
    Image.new("RGB", (64, 64)).save(folder / "samples" / "epoch-0006.webp")
    *_, last = film(load(folder), "webp")
    frames = frames_in(last, "webp")
    assert len(frames) == 7 and {frame.shape for frame in frames} == {(540, 512, 3)}


@pytest.mark.parametrize("epochs", [(), (1,)])
def test_without_a_grid_that_can_be_read_a_film_is_a_sentence(tmp_path, epochs):
    folder = plant(tmp_path / "alpha", 1, epochs)
    for path in folder.glob("samples/*"):
        path.write_bytes(b"RIFF....WEBPnonsense")
    with pytest.raises(gr.Error, match="sample grids"):
        list(film(load(folder), "webp"))


# --- programs ----------------------------------------------------------------------------------------------------


def test_history_without_arguments_is_that_of_the_first_model(client):
    grid, history = client.predict(api_name="/history")
    assert pixels(grid).shape == (512, 512, 3)
    assert history["model"] == "alpha" and history["epoch"] == 6 and history["epochs"] == list(EPOCHS)
    assert [line["epoch"] for line in history["lines"]] == [1, 2, 3, 4, 5, 6]


def test_history_gives_the_grid_of_the_epoch_asked_for(client):
    first, answer = client.predict(model="alpha", epoch=1, api_name="/history")
    assert answer["epoch"] == 1
    last, answer = client.predict(epoch=6, api_name="/history")
    assert answer["epoch"] == 6
    assert np.abs(pixels(first) - pixels(last)).max() > 10
    nothing, answer = client.predict(model="bare", api_name="/history")
    assert nothing is None and answer == {"model": "bare", "epoch": None, "epochs": [], "lines": []}


@pytest.mark.parametrize(
    "arguments, says",
    [
        ({"epoch": "last"}, "Epoch must be a whole number"),
        ({"model": "no"}, "There is no model"),
        ({"epoch": 2}, "alpha has no sample grid of epoch 2, the nearest is that of epoch 1."),
        ({"epoch": 500}, "alpha has no sample grid of epoch 500, the nearest is that of epoch 6."),
        ({"model": "bare", "epoch": 1}, "bare has no sample grid of epoch 1, nor of any other."),
    ],
)
def test_bad_arguments_of_history_get_a_sentence(client, arguments, says):
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match=says):
        client.predict(api_name="/history", **arguments)


# --- people ------------------------------------------------------------------------------------------------------


@pytest.fixture
def training(visit, server):
    """The Training tab at its first epoch; nothing plays by itself under reduced motion."""
    page = visit(f"{server.url}?tab=training&seed=5", reduced_motion="reduce")
    page.locator("#film output", has_text="epoch 1, 40 pictures seen").wait_for()
    return page


def cell(grid, seed):
    """Return one picture of a sample grid."""
    row, column = divmod(seed, 8)
    return grid[64 * row : 64 * (row + 1), 64 * column : 64 * (column + 1)]


def test_the_stage_shows_the_picture_at_each_epoch_and_the_curves_follow(training, client):
    for frame, epoch in enumerate(EPOCHS):
        scrub(training, "film", frame)
        training.locator("#film output", has_text=f"epoch {epoch}, ").wait_for()
        training.locator("#curves .at").get_by_text(f"epoch {epoch}", exact=True).first.wait_for()
        grid, _ = client.predict(epoch=epoch, api_name="/history")
        training.wait_for_timeout(300)
        assert differ(picture_in_hand(training), cell(pixels(grid), 5)) <= 1
        wait_for_address(training, f"epoch={epoch}")


def test_a_click_into_the_grid_or_arrow_keys_follow_another_seed_at_this_epoch(training, client):
    training.locator("#film .frame-room").click(position={"x": 3, "y": 3})
    wait_for_picture(training, seed=0)
    training.locator("#film .frame-room").focus()
    training.keyboard.press("ArrowDown")
    wait_for_picture(training, seed=8)
    grid, _ = client.predict(epoch=EPOCHS[0], api_name="/history")
    training.wait_for_timeout(300)  # in which the picture as it is today would be shown
    assert differ(picture_in_hand(training), cell(pixels(grid), 8)) <= 1


def test_a_click_on_a_curve_goes_to_that_epoch(training):
    training.locator("#curves .plot").first.focus()
    training.keyboard.press("End")
    training.keyboard.press("Enter")
    training.locator("#film output", has_text="epoch 6, 240 pictures seen").wait_for()
    wait_for_address(training, "epoch=6")


def test_the_film_plays_on_opening_and_the_picture_is_itself_again_elsewhere(visit, server, client):
    page = visit(f"{server.url}?seed=5")
    wait_for_picture(page, seed=5)
    page.locator("#to-training").click()
    page.locator("#film output", has_text="epoch 6").wait_for()
    page.locator("#film .play", has_text="Play").wait_for()
    open_tab(page, "Generate")
    assert recipe_of(page)["seed"] == 5
    _, ((single),) = client.predict(seed=5, count=1, api_name="/generate")
    page.wait_for_timeout(300)
    assert differ(picture_in_hand(page), pixels(single["image"])) <= 1


def test_a_model_without_a_record_says_so(visit, server):
    page = visit(f"{server.url}?model=bare&tab=training")
    page.locator("#film .empty", has_text="This model came without a record of its training").wait_for()
    page.locator("#curves .empty", has_text="No curves").wait_for()


def test_the_film_can_be_saved(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, 1, 24)
    open_tab(page, "Training")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save film, WEBP").click()
    assert download.value.suggested_filename == "alpha-training.webp"
