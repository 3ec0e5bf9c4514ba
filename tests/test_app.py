"""app.py as people and programs use it: a process of its own, gradio_client, and a real Chromium."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from gan.images import to_uint8
from gan.latent import sample_z

ROOT = Path(__file__).resolve().parent.parent
DEADLINE = 60  # seconds that a server may take to start on a busy machine
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
EPOCHS = (1, 3, 6)


# --- the command line ------------------------------------------------------------------------------------------


def test_help_imports_neither_torch_nor_gradio():
    script = (
        "import runpy, sys\n"
        "sys.argv = ['app.py', '--help']\n"
        "try:\n    runpy.run_path('app.py', run_name='__main__')\n"
        "except SystemExit as leaving:\n    assert leaving.code == 0\n"
        "assert not {'torch', 'gradio', 'numpy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--checkpoint" in done.stdout


def test_a_checkpoint_that_does_not_exist_is_one_sentence(tmp_path):
    status, out, err = run_app("--checkpoint", tmp_path / "nowhere")
    assert status == 2 and out == ""
    assert err.count("\n") == 1 and "nowhere" in err and "model.safetensors" in err


def test_a_busy_port_is_one_sentence():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        status, out, err = run_app("--port", port)
    assert status == 2 and out == ""
    assert err.count("\n") == 1 and str(port) in err and "--port" in err


@pytest.mark.parametrize("arguments", [("--port", "99999"), ("--port", "x"), ("--host", "no.such.host.invalid")])
def test_bad_addresses_end_with_status_2_and_no_traceback(arguments):
    status, _, err = run_app(*arguments)
    assert status == 2 and "Traceback" not in err


# --- programs ----------------------------------------------------------------------------------------------------


def test_the_named_events_can_be_called_without_arguments(client):
    events = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(events) == {"/generate", "/history"}
    assert all(parameter["parameter_has_default"] for event in events.values() for parameter in event["parameters"])

    grid, singles = client.predict(api_name="/generate")
    assert pixels(grid).shape == (256, 256, 3)
    assert [single["caption"] for single in singles] == [f"seed {seed}" for seed in range(1, 17)]

    grid, history = client.predict(api_name="/history")
    assert pixels(grid).shape == (512, 512, 3)
    assert history["model"] == "alpha" and history["epoch"] == 6 and history["epochs"] == list(EPOCHS)
    assert [line["epoch"] for line in history["lines"]] == [1, 2, 3, 4, 5, 6]


def test_a_picture_depends_on_its_seed_alone(client, server):
    def singles(**arguments):
        _, found = client.predict(api_name="/generate", **arguments)
        return [pixels(single["image"]) for single in found]

    many, (one,), (other,) = singles(seed=40, count=64), singles(seed=47, count=1), singles(seed=48, count=1)
    assert np.abs(many[7] - one).max() <= 1
    assert np.abs(other - one).max() > 10

    from gan.checkpoints import load_generator

    generator = load_generator(server.log.parent / "checkpoints" / "alpha")
    with torch.inference_mode():
        expected = to_uint8(generator(sample_z([47], generator.z_dim)))[0].permute(1, 2, 0).int().numpy()
    assert np.abs(one - expected).max() <= 1


def test_truncation_and_model_count(client):
    def one(**arguments):
        _, ((found),) = client.predict(api_name="/generate", count=1, **arguments)
        return pixels(found["image"])

    assert np.abs(one(seed=1, truncation=0) - one(seed=2, truncation=0)).max() == 0
    assert np.abs(one(seed=1, truncation=0.5) - one(seed=1)).max() > 10
    assert np.abs(one(seed=1, model="bare") - one(seed=1)).max() > 10
    assert np.abs(one(seed=None) - one(seed=1)).max() == 0


@pytest.mark.parametrize(
    "arguments, says",
    [
        ({"seed": -1}, "Seed must lie between 0 and 4,294,967,295"),
        ({"seed": 2**32}, "Seed must lie"),
        ({"seed": 1.5}, "Seed must be a whole number"),
        ({"seed": "seven"}, "Seed must be a whole number"),
        ({"seed": 2**32 - 1, "count": 2}, "or fewer pictures"),
        ({"count": 0}, "number of pictures must lie between 1 and 64"),
        ({"count": 65}, "number of pictures must lie"),
        ({"count": [1]}, "number of pictures must be"),
        ({"truncation": 1.01}, "Truncation must be a number from 0 to 1"),
        ({"truncation": "high"}, "Truncation must"),
        ({"model": "gamma"}, "There is no model called 'gamma'. There is: alpha, bare"),
        ({"model": ["alpha"]}, "There is no model"),
    ],
)
def test_bad_arguments_of_generate_get_a_sentence(client, arguments, says):
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError) as refused:
        client.predict(api_name="/generate", **arguments)
    assert says in str(refused.value)


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


def test_the_page_shows_pictures_at_once_and_they_are_those_of_the_seeds(visit, server, client):
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    shown = pictures_of(page)
    _, singles = client.predict(api_name="/generate")
    assert len(shown) == 16
    for picture, single in zip(shown, singles, strict=True):
        assert np.abs(picture - pixels(single["image"])).max() <= 1
    assert page.locator(".tile span").all_inner_texts() == [f"seed {seed}" for seed in range(1, 17)]


@pytest.mark.parametrize("count, ratio", [(1, 1), (16, 1), (64, 1), (9, 2), (16, 1.25)])
def test_pictures_are_enlarged_by_whole_factors(visit, server, count, ratio):
    page = visit(server.url, device_scale_factor=ratio)
    wait_for_seeds(page, "1-16")
    page.locator("#count input[type=number]").fill(str(count))
    wait_for_seeds(page, f"1-{count}")
    canvas = page.locator(".tile canvas").first
    factor = canvas.bounding_box()["width"] * ratio / 64
    assert factor >= 2 and factor == pytest.approx(round(factor), abs=0.01)
    assert canvas.evaluate("canvas => getComputedStyle(canvas).imageRendering") == "pixelated"


def test_dice_field_and_slider_agree_and_draw(visit, server):
    page = visit(server.url)
    field, slider = page.locator("#seed-field input"), page.locator("#seed-slider input[type=range]")
    wait_for_seeds(page, "1-16")
    before = pictures_of(page)[0]

    page.locator("#dice").click()
    page.wait_for_function("document.querySelector('.pictures').dataset.seeds !== '1-16'")
    rolled = int(field.input_value())
    wait_for_seeds(page, f"{rolled}-{rolled + 15}")
    assert slider.input_value() == str(rolled) != "1"
    assert np.abs(pictures_of(page)[0] - before).max() > 10

    for seed in ("123456", "4294967280", "3"):  # beyond the slider's first end, at the last seed there is, and back
        field.fill(seed)
        wait_for_seeds(page, f"{seed}-{int(seed) + 15}")
        page.wait_for_function(
            "seed => document.querySelector('#seed-slider input[type=range]').value === seed", arg=seed
        )

    slider.focus()
    page.keyboard.press("ArrowRight")
    wait_for_seeds(page, "4-19")
    assert field.input_value() == "4"


def test_a_drag_ends_at_its_last_value(visit, server):
    page = visit(server.url)
    slider = page.locator("#seed-slider input[type=range]")
    wait_for_seeds(page, "1-16")
    box = slider.bounding_box()
    x, y = box["x"] + 9, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(25):
        page.mouse.move(x + 6 * step, y)
    page.mouse.up()
    last = int(slider.input_value())
    assert last > 3000
    wait_for_seeds(page, f"{last}-{last + 15}")
    page.wait_for_timeout(300)  # nothing stale comes after it
    assert page.locator(".pictures").get_attribute("data-seeds") == f"{last}-{last + 15}"


def test_truncation_and_model_change_the_pictures(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    page.locator("#truncation input[type=number]").fill("0")
    page.wait_for_function("document.querySelector('.pictures')?.dataset.truncation === '0'")
    first, second, *_ = pictures_of(page)
    assert np.abs(first - second).max() <= 1
    page.get_by_label("bare").check()
    page.wait_for_function("document.querySelector('.pictures')?.dataset.model === 'bare'")
    assert np.abs(pictures_of(page)[0] - first).max() > 10


def test_a_picture_opens_and_can_be_walked_from_and_saved_by_keyboard(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    page.locator(".tile").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    title = page.locator("dialog h2")
    title.wait_for()
    assert title.inner_text() == "seed 6"  # one row down, one to the right
    page.keyboard.press("ArrowLeft")
    assert title.inner_text() == "seed 5"
    with page.expect_download() as download:
        page.get_by_role("button", name="Save PNG").click()
    assert download.value.suggested_filename == "alpha-seed-5.png"
    assert np.abs(pixels(download.value.path()) - pictures_of(page)[4]).max() == 0
    page.keyboard.press("Escape")
    title.wait_for(state="hidden")


def test_a_mistake_is_answered_with_a_sentence(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    page.locator("#seed-field input").fill("4294967295")
    page.get_by_text("Take a seed of at most 4,294,967,280, or fewer pictures.").wait_for()
    page.locator("#seed-field input").fill("5")
    wait_for_seeds(page, "5-20")


def test_the_training_tab_shows_grids_by_epoch_and_curves(visit, server):
    page = visit(server.url)
    page.get_by_role("tab", name="Training").click()
    image = page.get_by_role("img", name="after epoch 6")
    image.wait_for()
    last = image.get_attribute("src")
    page.locator("#epoch input[type=range]").focus()
    page.keyboard.press("Home")
    first = page.get_by_role("img", name="after epoch 1,")
    first.wait_for()
    assert first.get_attribute("src") != last
    assert first.evaluate("image => image.naturalWidth") == 512
    assert page.get_by_text("Epoch 1 of 6").is_visible() and page.get_by_text("40 pictures seen").is_visible()

    assert page.locator(".curves path").count() == 5
    legend = page.locator(".curves .legend li").all_inner_texts()
    assert [text.split("\n")[0].rstrip(" 0123456789.") for text in legend] == [
        "Loss_D", "Loss_G", "D(x)", "D(G(z)) before", "D(G(z)) after",
    ]  # fmt: skip
    assert "1.000" in legend[0]  # Loss_D of epoch 1: the curves follow the grid
    page.locator(".plot").first.focus()
    page.keyboard.press("ArrowRight")
    assert "0.500" in page.locator(".curves .legend li").first.inner_text()

    page.get_by_label("bare").check()
    page.get_by_text("This model came without a record of its training.").wait_for()
    page.get_by_text("No curves").wait_for()
    assert not page.locator("#epoch").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_in_one_direction_alone(visit, server, scheme):
    page = visit(server.url, 390, 844, device_scale_factor=2, color_scheme=scheme)
    wait_for_seeds(page, "1-16")
    for tab, sign in (("Generate", ".tile"), ("Training", ".plot svg")):
        page.get_by_role("tab", name=tab).click()
        page.locator(sign).first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
    light = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(value => value > 128)")
    assert light == (scheme == "light")


def test_a_damaged_checkpoint_is_named_and_the_others_work(visit, server):
    page = visit(server.url)
    note = page.locator(".problems")
    note.wait_for()
    assert "damaged/model.safetensors" in note.inner_text().replace("\\", "/")
    assert page.get_by_label("damaged").count() == 0
    assert "damaged" in server.log.read_text()


def test_without_a_checkpoint_the_page_says_how_to_train_one_and_sigterm_ends_it(visit, tmp_path):
    server = Server(copy_app(tmp_path / "empty"))
    try:
        page = visit(server.url)
        page.get_by_text("python train.py --dataset pokemon").wait_for()
        page.get_by_text("python -m gan.promote RUN NAME").wait_for()
        started = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        status = server.process.wait(10)
        assert time.monotonic() - started < 2
        assert status == 143
        assert "Traceback" not in server.log.read_text()
        page.goto("about:blank")
    finally:
        server.stop()
