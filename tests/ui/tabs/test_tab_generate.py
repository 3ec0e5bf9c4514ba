"""The Generate tab, through its event and as people use it: sheet, specimen card, saved files."""

import io
import zipfile

import pytest
import torch
from gradio_client.exceptions import AppError
from served import (
    control,
    differ,
    explored_picture,
    field,
    model_button,
    picture_on,
    pictures_of,
    pixels,
    recipe_in,
    recipe_of,
    slider,
    wait_for_recipe,
    wait_for_seeds,
)

from gan.checkpoints import load_generator
from gan.images import to_uint8
from gan.latent import sample_z
from gan.ui.drawn import SHARED

REFUSE_TWICE = """script => {
    const ask = window.fetch, studio = window.ganStudio;
    let refused = 0;
    const full = () => new Response('{"detail": "The queue is full."}', { status: 503 });
    window.fetch = async (address, options) =>
        String(address).includes("queue/join") && refused++ < 2 ? full() : ask(address, options);
    delete window.ganStudio; // so that the script wraps this fetch
    new Function(script)();
    window.ganStudio = studio;
}"""
# --- programs ----------------------------------------------------------------------------------------------------


def test_without_arguments_it_draws_sixteen_pictures(client):
    grid, singles = client.predict(api_name="/generate")
    assert pixels(grid).shape == (256, 256, 3)
    assert [single["caption"] for single in singles] == [f"seed {seed}" for seed in range(1, 17)]


def test_a_picture_depends_on_its_seed_alone(client, server):
    def singles(**arguments):
        _, found = client.predict(api_name="/generate", **arguments)
        return [pixels(single["image"]) for single in found]

    many, (one,), (other,) = singles(seed=40, count=64), singles(seed=47, count=1), singles(seed=48, count=1)
    assert differ(many[7], one) <= 1
    assert differ(other, one) > 10

    generator = load_generator(server.folder / "checkpoints" / "alpha")
    with torch.inference_mode():
        expected = to_uint8(generator(sample_z([47], generator.z_dim)))[0].permute(1, 2, 0).int().numpy()
    assert differ(one, expected) <= 1


def test_truncation_and_model_count(client):
    def one(**arguments):
        _, ((found,)) = client.predict(api_name="/generate", count=1, **arguments)
        return pixels(found["image"])

    assert differ(one(seed=1, truncation=0), one(seed=2, truncation=0)) == 0
    assert differ(one(seed=1, truncation=0.5), one(seed=1)) > 10
    assert differ(one(seed=1, model="bare"), one(seed=1)) > 10
    assert differ(one(seed=None), one(seed=1)) == 0


def test_a_picture_from_the_event_carries_its_recipe(client):
    _, (_, single) = client.predict(model="bare", seed=7, count=2, truncation=0.5, api_name="/generate")
    recipe = recipe_in(single["image"])
    assert recipe.pop("weights")
    assert recipe == {"model": "bare", "seed": 8, "truncation": 0.5}


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
def test_bad_arguments_get_a_sentence(client, arguments, says):
    with pytest.raises(AppError) as refused:
        client.predict(api_name="/generate", **arguments)
    assert says in str(refused.value)


# --- the sheet ---------------------------------------------------------------------------------------------------


def test_the_page_shows_pictures_at_once_and_they_are_those_of_the_seeds(visit, server, client):
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    shown = pictures_of(page)
    _, singles = client.predict(api_name="/generate")
    assert len(shown) == 16
    for picture, single in zip(shown, singles, strict=True):
        assert differ(picture, pixels(single["image"])) <= 1
    assert page.locator(".tile span").all_inner_texts() == [f"seed {seed}" for seed in range(1, 17)]


@pytest.mark.parametrize("ratio", [1, 1.25, 2])
def test_pictures_are_enlarged_by_whole_factors(visit, server, ratio):
    page = visit(server.url, device_scale_factor=ratio)
    wait_for_seeds(page, "1-16")
    for count in (1, 9, 64):
        field(page, "generate", "count").fill(str(count))
        wait_for_seeds(page, f"1-{count}")
        canvas = page.locator(".tile canvas").first
        factor = canvas.bounding_box()["width"] * ratio / 64
        assert factor >= 1 and factor == pytest.approx(round(factor), abs=0.01)
        assert canvas.evaluate("canvas => getComputedStyle(canvas).imageRendering") == "pixelated"


def test_dice_field_and_slider_agree_and_draw(visit, server):
    page = visit(server.url)
    typed, dragged = field(page, "generate", "seed"), slider(page, "generate", "seed")
    wait_for_seeds(page, "1-16")
    before = pictures_of(page)[0]

    page.locator("#generate-controls .roll").click()
    page.wait_for_function("document.querySelector('.pictures').dataset.seeds !== '1-16'")
    rolled = int(typed.input_value())
    wait_for_seeds(page, f"{rolled}-{rolled + 15}")
    assert dragged.input_value() == str(rolled) != "1"
    assert differ(pictures_of(page)[0], before) > 10

    for seed in ("123456", "4294967280", "3"):  # beyond the slider's first end, at the last seed there is, and back
        typed.fill(seed)
        wait_for_seeds(page, f"{seed}-{int(seed) + 15}")
        assert dragged.input_value() == seed

    dragged.focus()
    page.keyboard.press("ArrowRight")
    wait_for_seeds(page, "4-19")
    assert typed.input_value() == "4"


def test_a_drag_ends_at_its_last_value(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    dragged = slider(page, "generate", "seed")
    box = dragged.bounding_box()
    x, y = box["x"] + 9, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(25):
        page.mouse.move(x + 6 * step, y)
    page.mouse.up()
    last = int(dragged.input_value())
    assert last > 3000
    wait_for_seeds(page, f"{last}-{last + 15}")
    page.wait_for_timeout(300)  # nothing stale comes after it
    assert page.locator(".pictures").get_attribute("data-seeds") == f"{last}-{last + 15}"


def test_a_last_wish_that_was_refused_is_asked_again_until_it_is_answered(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    page.evaluate(REFUSE_TWICE, SHARED)
    field(page, "generate", "seed").fill("77")
    wait_for_seeds(page, "77-92")


def test_truncation_and_model_change_the_pictures(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    field(page, "generate", "truncation").fill("0")
    page.wait_for_function("document.querySelector('.pictures')?.dataset.truncation === '0'")
    first, second, *_ = pictures_of(page)
    assert differ(first, second) <= 1
    assert control(page, "generate", "truncation", "range").input_value() == "0"
    model_button(page, "bare").check()
    page.wait_for_function("document.querySelector('.pictures')?.dataset.model === 'bare'")
    assert differ(pictures_of(page)[0], first) > 10


def test_an_empty_field_keeps_the_seed(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    typed = field(page, "generate", "seed")
    typed.fill("7")
    wait_for_seeds(page, "7-22")
    typed.fill("")
    typed.blur()
    assert typed.input_value() == "7"


def test_a_mistake_is_answered_with_a_sentence(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    field(page, "generate", "seed").fill("4294967295")
    page.get_by_text("Take a seed of at most 4,294,967,280, or fewer pictures.").wait_for()
    field(page, "generate", "seed").fill("5")
    wait_for_seeds(page, "5-20")


# --- the specimen card -------------------------------------------------------------------------------------------


def open_specimen(page, seed):
    """Open the card of a seed that is on the sheet; return the dialog."""
    page.get_by_role("button", name=f"Seed {seed}: open this picture").click()
    dialog = page.locator("dialog.specimen")
    dialog.locator("h2").filter(has_text=f"No. {seed}").wait_for()
    return dialog


def save_from(page, scope, button):
    """Press a button that saves a file; return its name and path."""
    with page.expect_download() as download:
        scope.get_by_role("button", name=button, exact=True).click()
    return download.value.suggested_filename, download.value.path()


def test_a_picture_opens_and_can_be_walked_from_by_keyboard(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    page.locator(".tile").first.focus()
    for key in ("ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    title = page.locator("dialog.specimen h2")
    title.wait_for()
    assert title.inner_text() == "No. 6"  # one row down, one to the right
    page.keyboard.press("ArrowLeft")
    assert title.inner_text() == "No. 5"
    card = page.locator("dialog.specimen canvas")
    assert differ(picture_on(card), pictures_of(page)[4]) == 0
    assert card.get_attribute("aria-label") == "Picture made by alpha from seed 5"
    page.keyboard.press("Escape")
    title.wait_for(state="hidden")
    page.get_by_role("button", name="Seed 5: open this picture").and_(page.locator(":focus[tabindex='0']")).wait_for()


def test_walking_stops_at_both_ends_of_the_sheet(visit, server):
    page = visit(server.url)
    field(page, "generate", "count").fill("2")
    wait_for_seeds(page, "1-2")
    dialog = open_specimen(page, 1)
    for key, seed in (("ArrowLeft", 1), ("ArrowRight", 2), ("ArrowRight", 2), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        assert dialog.locator("h2").inner_text() == f"No. {seed}"
    assert dialog.get_by_role("button", name="Previous picture").is_disabled()
    assert dialog.get_by_role("button", name="Next picture").is_enabled()


def test_the_card_says_five_colours_that_are_in_the_picture(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    dialog = open_specimen(page, 5)
    swatches = dialog.locator(".swatches button")
    swatches.nth(4).wait_for()
    assert swatches.count() == 5
    picture = pictures_of(page)[4].reshape(-1, 3)
    for text in swatches.all_inner_texts():
        colour = [int(text[place : place + 2], 16) for place in (1, 3, 5)]
        assert (abs(picture - colour).max(1) < 40).any(), f"nothing in the picture is like {text}"
    shares = [swatch.get_attribute("aria-label").split(", ")[1] for swatch in swatches.all()]
    assert 97 <= sum(int(share.split()[0]) for share in shares) <= 103


def test_a_saved_png_is_the_picture_and_carries_its_recipe(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    dialog = open_specimen(page, 5)
    name, path = save_from(page, dialog, "Save PNG")
    assert name == "alpha-seed-5.png"
    assert differ(pixels(path), pictures_of(page)[4]) == 0
    recipe = recipe_in(path)
    assert recipe["weights"] and recipe | {"weights": ""} == {
        "model": "alpha", "weights": "", "seed": 5, "truncation": 1.0,
    }  # fmt: skip


def test_a_picture_can_be_saved_as_often_as_one_likes(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    dialog = open_specimen(page, 5)
    for _ in range(4):
        name, _ = save_from(page, dialog, "Save PNG")
        assert name == "alpha-seed-5.png"
    page.keyboard.press("Escape")
    for _ in range(3):
        name, _ = save_from(page, page, "Save all as zip")
        assert name == "alpha-seed-1-to-16.zip"


def test_a_large_png_is_crisp_or_smooth_as_on_the_card(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    dialog = open_specimen(page, 5)
    small = pictures_of(page)[4]
    name, path = save_from(page, dialog, "Save large")
    crisp = pixels(path)
    assert name == "alpha-seed-5-large.png" and crisp.shape == (512, 512, 3)
    assert differ(crisp, small.repeat(8, 0).repeat(8, 1)) == 0

    rendering = "canvas => getComputedStyle(canvas).imageRendering"
    canvas, toggle = dialog.locator("canvas"), dialog.get_by_role("button", name="Smooth")
    assert canvas.evaluate(rendering) == "pixelated" and toggle.get_attribute("aria-pressed") == "false"
    toggle.click()
    assert canvas.evaluate(rendering) == "auto" and toggle.get_attribute("aria-pressed") == "true"
    _, path = save_from(page, dialog, "Save large")
    assert pixels(path).shape == (512, 512, 3) and differ(pixels(path), crisp) > 10
    assert recipe_in(path) == recipe_in(path) | {"model": "alpha", "seed": 5}


def test_all_pictures_are_saved_as_a_zip(visit, server):
    page = visit(server.url)
    field(page, "generate", "truncation").fill("0.5")
    field(page, "generate", "count").fill("9")
    wait_for_seeds(page, "1-9")
    name, path = save_from(page, page, "Save all as zip")
    assert name == "alpha-seed-1-to-9.zip"
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [f"alpha-seed-{seed}.png" for seed in range(1, 10)]
        for seed, shown in enumerate(pictures_of(page), 1):
            content = archive.read(f"alpha-seed-{seed}.png")
            assert differ(pixels(content), shown) <= 1
            recipe = recipe_in(io.BytesIO(content))
            assert (recipe["seed"], recipe["truncation"]) == (seed, 0.5)


def test_the_link_of_a_card_is_copied(visit, server):
    page = visit(server.url, permissions=("clipboard-read", "clipboard-write"))
    wait_for_seeds(page, "1-16")
    dialog = open_specimen(page, 3)
    dialog.get_by_role("button", name="Copy link").click()
    page.get_by_text("Copied the link to this picture").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{server.url}?tab=explore&model=alpha&weights=") and "&seed=3&truncation=1" in link


def test_explore_opens_with_the_same_picture(visit, server):
    page = visit(server.url)
    field(page, "generate", "truncation").fill("0.7")
    page.wait_for_function("document.querySelector('.pictures')?.dataset.truncation === '0.7'")
    dialog = open_specimen(page, 4)
    dialog.get_by_role("button", name="Explore").click()
    dialog.wait_for(state="hidden")
    wait_for_recipe(page, seed=4, truncation=0.7)
    assert page.get_by_role("tab", name="Explore").get_attribute("aria-selected") == "true"
    assert field(page, "explore", "seed").input_value() == "4"
    assert field(page, "explore", "truncation").input_value() == "0.7"
    assert set(recipe_of(page)) == {"model", "weights", "seed", "truncation"}
    assert differ(explored_picture(page), pictures_of(page)[3]) <= 1
