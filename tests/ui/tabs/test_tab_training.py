"""The Training tab: what it shows of a folder's records, to programs and to people."""

import base64
import io
import re
import shutil
from itertools import pairwise

import av
import gradio as gr
import numpy as np
import pytest
from PIL import Image, ImageSequence
from served import EPOCHS, Server, copy_app, differ, measurement, picture_on, pixels, plant, tiny_model

from gan.checkpoints import save_network
from gan.folder import REALS_FILE, SAMPLES, SNAPSHOTS, epoch_file, read_history, write_history, write_metrics
from gan.models import Generator
from gan.ui.film import film
from gan.ui.loaded import load_models
from gan.ui.tabs.training import curves_of
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
    assert "compares 2,000 drawn pictures with 40 real ones" in curves["reading"][2]
    assert "two halves of the real ones have 0.1" in curves["reading"][2]


def test_a_roll_back_is_no_new_stage(tmp_path):
    folder = plant(tmp_path / "alpha", 1, EPOCHS)
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


def test_a_snapshot_of_another_network_is_left_out(tmp_path):
    folder = plant(tmp_path / "alpha", 1, EPOCHS)
    save_network(folder / "snapshots" / "epoch-0003.safetensors", Generator(base_channels=8, image_size=32))
    save_network(folder / "snapshots" / "epoch-0001.safetensors", Generator(z_dim=20, base_channels=8))
    found = creature_of(load(folder), 7)
    assert [stage["epoch"] for stage in found["stages"]] == [6] and found["missing"] == [1, 3]


def test_a_snapshot_that_is_written_anew_is_read_anew(tmp_path):
    folder = plant(tmp_path / "alpha", 1, EPOCHS)
    model = load(folder)
    before = creature_of(model, 7)["image"]
    save_network(folder / "snapshots" / "epoch-0003.safetensors", Generator(base_channels=8))
    assert creature_of(model, 7)["image"] != before


def test_a_model_without_snapshots_shows_itself_alone():
    assert creature_of(tiny_model("bare"), 1)["stages"] == [{"epoch": None, "images_seen": None}]


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

MANY = tuple(range(1, 11))
ROLLBACK = "rollback: <b>D has won</b>, so the networks go back to where they were some epochs ago, at half the rate"
RECORD_STEPS = """() => {
    window.steps = [];
    const samples = document.querySelector(".samples");
    new MutationObserver(() => {
        const epoch = Number(samples.dataset.epoch);
        if (epoch !== window.steps.at(-1)?.[0]) window.steps.push([epoch, performance.now()]);
    }).observe(samples, { attributeFilter: ["data-epoch"] });
}"""


@pytest.fixture
def training(visit, server):
    return open_training(visit(server.url))


@pytest.fixture(scope="module")
def odd_server(tmp_path_factory):
    """The app with records of all kinds: long and eventful, of curves alone, of grids alone, damaged."""
    folder = copy_app(tmp_path_factory.mktemp("odd") / "copy")
    models = {name: folder / "checkpoints" / name for name in ("annals", "curves", "grids", "damaged")}
    for number, (name, model) in enumerate(models.items()):
        plant(model, number, MANY if name == "annals" else EPOCHS)
        (model / REALS_FILE).unlink()
    lines = read_history(models["annals"])
    for line in lines:
        line |= {"lr": 2e-4 if line["epoch"] < 4 else 1e-4, "beta1": 0.5}
    lines[6]["event"] = ROLLBACK
    write_history(models["annals"], lines)
    for part in (SAMPLES, SNAPSHOTS):
        shutil.rmtree(models["curves"] / part)
    (models["grids"] / "history.jsonl").unlink()
    (models["grids"] / "config.json").unlink()
    for part in (SAMPLES, SNAPSHOTS):
        epoch_file(models["damaged"], part, 3).write_bytes(b"RIFF....WEBPnonsense")
    server = Server(folder)
    yield server
    server.stop()
    assert "Traceback" not in server.log.read_text(), server.log.read_text()


def open_training(page):
    page.get_by_role("tab", name="Training").click()
    page.locator(".stages canvas").first.wait_for()
    return page


def epochs_slider(page):
    return page.get_by_role("slider", name="Epoch", exact=True)


def wait_for_epoch(page, epoch):
    page.wait_for_function("epoch => document.querySelector('.samples')?.dataset.epoch === epoch", arg=str(epoch))


def wait_for_creature(page, seed):
    page.wait_for_function("seed => document.querySelector('.creature')?.dataset.seed === seed", arg=str(seed))


def test_grids_by_epoch_and_curves_that_follow_them(training):
    image = training.locator(".samples img")
    wait_for_epoch(training, 6)
    last = image.get_attribute("src")
    epochs_slider(training).focus()
    training.keyboard.press("Home")
    wait_for_epoch(training, 1)
    assert image.get_attribute("src") != last and "after epoch 1," in image.get_attribute("alt")
    assert image.evaluate("image => image.naturalWidth") == 512
    assert epochs_slider(training).get_attribute("aria-valuetext") == "Epoch 1"
    assert training.get_by_text("Epoch 1 of 6").is_visible() and training.get_by_text("40 pictures seen").is_visible()

    assert training.locator(".curves path").count() == 6
    legend = training.locator(".curves .legend li").all_inner_texts()
    assert [text.split("\n")[0].rstrip(" 0123456789.") for text in legend] == [
        "Loss_D", "Loss_G", "D(x)", "D(G(z)) before", "D(G(z)) after", "KID ×",
    ]  # fmt: skip
    assert "1.000" in legend[0]  # Loss_D of epoch 1
    measured = training.locator(".plot").last
    assert measured.locator(".spot").count() == len(EPOCHS)
    assert "KID × 1000 from 100.0 to 16.7" in measured.get_attribute("aria-label")
    plot = training.locator(".plot").first
    plot.focus()
    training.keyboard.press("ArrowRight")
    assert "0.500" in training.locator(".curves .legend li").first.inner_text()
    assert plot.get_attribute("aria-valuetext") == "epoch 2, Loss_D 0.500, Loss_G 1.000"
    training.keyboard.press("End")
    assert plot.get_attribute("aria-valuenow") == "6"


def test_the_epochs_play_one_by_one_to_the_end_and_begin_again(visit, odd_server):
    page = open_training(visit(odd_server.url))
    wait_for_epoch(page, 10)
    page.evaluate(RECORD_STEPS)
    page.locator(".track .play").focus()
    page.keyboard.press("Space")  # at the last epoch: from the first on
    for seed in (5, 6, 7):  # another seed meanwhile neither stops nor hastens it
        page.locator("#creature-seed").fill(str(seed))
    wait_for_epoch(page, 10)
    page.get_by_role("button", name="Play", exact=True).wait_for()
    steps = page.evaluate("steps")
    assert [epoch for epoch, _ in steps] == list(MANY)
    assert min(after - before for (_, before), (_, after) in pairwise(steps)) > 150

    page.locator(".track .play").focus()
    page.keyboard.press("Enter")
    wait_for_epoch(page, 3)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Play", exact=True).wait_for()
    assert page.locator(".samples").get_attribute("data-epoch") != "10"


def test_a_click_into_the_grid_follows_that_seed(training):
    cells = training.locator(".cells")
    box = cells.bounding_box()
    cells.click(position={"x": box["width"] * 0.4, "y": box["height"] * 0.3})
    wait_for_creature(training, 19)  # row 2, column 3
    assert training.locator("#creature-seed").input_value() == "19"
    assert cells.locator("[aria-pressed=true]").get_attribute("aria-label") == "Seed 19"
    training.keyboard.press("ArrowDown")
    training.keyboard.press("ArrowRight")
    training.keyboard.press("Enter")
    wait_for_creature(training, 28)
    training.locator("#creature-seed").fill("64")
    wait_for_creature(training, 64)
    assert cells.locator("[aria-pressed=true]").count() == 0 and cells.locator("[tabindex='0']").count() == 1


def test_one_creature_ends_as_the_model_draws_it(training, client):
    training.locator("#creature-seed").fill("41")
    wait_for_creature(training, 41)
    shown = picture_on(training.locator(".stages canvas").last)
    _, ((single),) = client.predict(seed=41, count=1, api_name="/generate")
    assert differ(shown, pixels(single["image"])) <= 1
    assert training.locator(".stages strong").all_inner_texts() == ["Epoch 1", "Epoch 3", "Epoch 6"]


def test_the_creature_is_drawn_anew_for_another_seed_or_model_but_not_for_another_epoch(training):
    remember = "window.old = document.querySelector('.stages li')"
    training.evaluate(remember)
    epochs_slider(training).focus()
    training.keyboard.press("Home")
    wait_for_epoch(training, 1)
    training.locator(".creature .roll").click()
    training.wait_for_function("document.querySelector('.creature').dataset.seed !== '1'")
    assert not training.evaluate("old.isConnected")
    training.evaluate(remember)
    training.keyboard.press("Home")
    epochs_slider(training).focus()
    training.keyboard.press("End")
    wait_for_epoch(training, 6)
    assert training.evaluate("old.isConnected")
    training.get_by_label("bare").check()
    training.wait_for_function("!old.isConnected")


def test_what_is_no_seed_gets_a_sentence_and_goes(training):
    seed = training.locator("#creature-seed")
    seed.fill("-3")
    training.get_by_text("Seed must lie between 0 and").wait_for()
    seed.blur()
    assert seed.input_value() == "1"
    epochs_slider(training).focus()
    training.keyboard.press("Home")
    wait_for_epoch(training, 1)


def test_real_pictures_are_shown_where_they_are(training):
    training.get_by_role("img", name="real pictures that alpha was trained on").wait_for()
    training.get_by_label("bare").check()
    training.get_by_text("They are never part of a published model").wait_for()
    training.get_by_text("This model came without a record of its training.").wait_for()
    training.get_by_text("No curves").wait_for()
    assert not epochs_slider(training).is_visible()
    training.get_by_text("no earlier snapshots").wait_for()


def test_events_can_be_read_by_pointer_and_by_keyboard(visit, odd_server):
    page = open_training(visit(odd_server.url))
    events = page.locator(".events button")
    stage, rollback = "stage: lr 0.0001, beta1 0.5", ROLLBACK
    assert events.all_inner_texts() == [f"Epoch 4: {stage}", f"Epoch 7: {rollback}"]
    plot, at = page.locator(".plot").first, page.locator(".curves .at").first
    plot.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert plot.get_attribute("aria-valuetext").startswith(f"epoch 7, {rollback}, Loss_D ")
    events.first.focus()
    assert at.inner_text() == f"epoch 4, {stage}"
    line = page.locator(".mark line").first.bounding_box()
    page.mouse.move(line["x"] + 5, line["y"] + 20)  # beside it
    page.mouse.move(line["x"] + 4, line["y"] + 20)
    assert at.inner_text() == f"epoch 4, {stage}"
    page.mouse.move(0, 0)
    assert at.inner_text() == "epoch 10"
    width = page.locator(".curves").bounding_box()["width"]
    events.last.focus()
    for part in (".plot svg", ".events", "figcaption"):  # a long event makes nothing wider
        assert page.locator(f".curves {part}").first.bounding_box()["width"] <= width


def test_records_that_are_not_whole_show_what_they_have(visit, odd_server):
    page = open_training(visit(odd_server.url))
    page.get_by_label("curves").check()
    page.get_by_text("This model came without sample grids").wait_for()
    assert page.locator(".curves path").count() == 5
    assert not page.get_by_role("button", name="Save film").first.is_visible()

    page.get_by_label("grids").check()
    page.get_by_text("No curves").wait_for()
    wait_for_epoch(page, 6)
    assert page.locator(".samples img").is_visible()
    page.wait_for_function("document.querySelectorAll('.stages li').length === 4")
    assert page.locator(".stages strong").all_inner_texts() == ["Epoch 1", "Epoch 3", "Epoch 6", "As it is now"]

    page.get_by_label("damaged").check()
    page.get_by_text("What was kept of epoch 3 cannot be read").wait_for()
    epochs_slider(page).focus()
    page.keyboard.press("ArrowLeft")
    page.get_by_text("The sample grid of epoch 3 is damaged.").wait_for()
    assert not page.locator(".cells").is_visible()
    page.keyboard.press("ArrowLeft")
    wait_for_epoch(page, 1)
    page.locator(".samples img").wait_for()


def test_another_model_with_the_same_epochs_shows_its_own_grid_of_the_same_epoch(visit, odd_server):
    page = open_training(visit(f"{odd_server.url}?tab=training&model=grids&epoch=1"))
    wait_for_epoch(page, 1)
    page.get_by_label("damaged").check()
    page.get_by_role("img", name="drawn by damaged after epoch 1,").wait_for()


def test_the_film_can_be_saved(training):
    with training.expect_download() as download:
        training.get_by_role("button", name="Save film, WebP").click()
    assert download.value.suggested_filename == "alpha-training.webp"
    with Image.open(download.value.path()) as saved:
        assert saved.size == (512, 540) and saved.n_frames == 8


def test_a_link_rebuilds_epoch_and_seed(training, visit):
    epochs_slider(training).focus()
    training.keyboard.press("Home")
    training.locator("#creature-seed").fill("5")
    training.wait_for_url(re.compile("epoch=1&seed=5"))
    other = visit(training.url)
    wait_for_epoch(other, 1)
    wait_for_creature(other, 5)
    assert other.locator(".samples img").get_attribute("src") == training.locator(".samples img").get_attribute("src")


def test_a_link_takes_the_nearest_epoch_and_a_bad_one_gets_a_sentence(visit, server):
    page = visit(f"{server.url}?tab=training&model=alpha&epoch=4")
    wait_for_epoch(page, 3)
    page = visit(f"{server.url}?tab=training&model=alpha&epoch=last")
    page.get_by_text("Epoch must be a whole number").wait_for()


def test_a_link_to_a_model_without_a_record_works(visit, server):
    page = visit(f"{server.url}?tab=training&model=bare&epoch=4&seed=8")
    page.get_by_text("This model came without a record of its training.").wait_for()
    wait_for_creature(page, 8)
    assert page.locator(".stages strong").all_inner_texts() == ["As it is now"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_in_one_direction_alone_and_shows_the_creature_that_was_chosen(visit, odd_server, scheme):
    url = f"{odd_server.url}?tab=training"
    page = visit(url, 390, 844, device_scale_factor=2, color_scheme=scheme, reduced_motion="reduce")
    page.locator(".plot svg").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator(".cells button").nth(9).click()
    wait_for_creature(page, 9)
    box = page.locator(".stages").bounding_box()
    assert box["y"] >= 0 and box["y"] < 844
