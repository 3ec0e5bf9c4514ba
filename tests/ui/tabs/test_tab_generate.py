"""The Generate tab, through its event and as people use it: the wall, the picture in hand, saved files."""

import io
import zipfile

import pytest
import torch
from gradio_client.exceptions import AppError
from served import (
    differ,
    ends_of_sliders,
    model_button,
    move,
    notice,
    open_tab,
    picture_in_hand,
    pictures_of,
    pixels,
    recipe_in,
    recipe_of,
    tiny_model,
    wait_for_address,
    wait_for_picture,
    wait_for_seeds,
)

from gan.checkpoints import load_generator, weights_digest
from gan.images import to_uint8
from gan.latent import sample_z
from gan.ui.specimen import Specimen, write_latent
from gan.ui.tabs.generate import BY_HAND, seeds_of, wall_of

# --- programs ----------------------------------------------------------------------------------------------------


def test_without_arguments_it_draws_the_pictures_of_a_wall(client):
    grid, singles = client.predict(api_name="/generate")
    assert pixels(grid).shape == (320, 320, 3)
    assert [single["caption"] for single in singles] == [f"seed {seed}" for seed in range(1, 25)]


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

    _, ((plain),) = client.predict(model="bare", seed=7, count=1, api_name="/generate")
    assert recipe_in(plain["image"]).keys() == {"model", "weights", "seed"}


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
        ({"wildness": -0.1}, "Wildness must be a number from 0 to 1"),
        ({"model": "gamma"}, "There is no model called 'gamma'. There is: alpha, bare"),
        ({"model": ["alpha"]}, "There is no model"),
    ],
)
def test_bad_arguments_get_a_sentence(client, arguments, says):
    with pytest.raises(AppError) as refused:
        client.predict(api_name="/generate", **arguments)
    assert says in str(refused.value)


# --- the wall ----------------------------------------------------------------------------------------------------


def test_a_wall_picked_by_hand_is_that_of_its_config_and_every_other_one_is_seeds_in_a_row():
    model = tiny_model("alpha")
    assert list(seeds_of(model, BY_HAND, None)) == list(range(1, 25))
    picked = tiny_model("alpha", described={"picked": [5, 3, 9]})
    assert list(seeds_of(picked, BY_HAND, None)) == [5, 3, 9] and list(seeds_of(picked, BY_HAND, 2)) == [5, 3]
    assert list(seeds_of(picked, 7, 2)) == [7, 8]


@pytest.mark.parametrize("junk", ["5", [1, -1], [True], [2**32], {"a": 1}, [1.5], [None]])
def test_a_strangers_picks_are_seeds_or_nothing(junk):
    assert tiny_model("alpha", described={"picked": junk}).picked == ()


def test_the_wall_marks_the_picture_in_hand():
    model = tiny_model("alpha")
    assert wall_of(model, range(1, 5), Specimen(3))["chosen"] == 2
    assert wall_of(model, range(1, 5), Specimen(3, amounts=(1.0,)))["chosen"] is None
    assert wall_of(model, range(1, 5), Specimen(9))["chosen"] is None


def test_the_page_shows_pictures_at_once_and_they_are_those_of_the_seeds(visit, server, client):
    page = visit(server.url)
    wait_for_seeds(page, 1, 24)
    _, singles = client.predict(count=24, api_name="/generate")
    for picture, single in zip(pictures_of(page), singles, strict=True):
        assert differ(picture, pixels(single["image"])) <= 1
    assert differ(picture_in_hand(page), pixels(singles[0]["image"])) <= 1
    assert page.locator("#wall .tile").first.get_attribute("aria-pressed") == "true"


def test_the_wall_marks_no_picture_once_the_one_in_hand_has_become_another(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, 1, 24)
    page.locator("#wall .tile[aria-pressed=true]").wait_for()
    page.locator(".stage-room").focus()
    page.keyboard.press("ArrowDown")
    page.locator("#wall .tile[aria-pressed=true]").wait_for(state="detached")
    page.keyboard.press("ArrowUp")
    page.locator("#wall .tile[aria-pressed=true]").wait_for()


def test_a_click_takes_a_picture_in_hand_and_another_rolls_a_new_wall(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, 1, 24)
    page.locator("#wall .tile").nth(4).click()
    wait_for_picture(page, seed=5)
    wait_for_address(page, "seed=5", "wall=1", "count=24")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("Space")  # as Another does
    page.wait_for_function("JSON.parse(document.querySelector('.stage').dataset.recipe).seed !== 5")
    rolled = recipe_of(page)["seed"]
    wait_for_seeds(page, rolled, rolled + 23)
    assert page.locator("#seed input").input_value() == str(rolled)


def test_seed_count_and_wildness_draw_and_the_link_rebuilds_them(visit, server, client):
    page = visit(server.url)
    wait_for_seeds(page, 1, 24)
    page.locator("#seed input").fill("123456")
    wait_for_seeds(page, 123456, 123479)
    move(page, "count", 3)
    wait_for_seeds(page, 123456, 123458)
    move(page, "wildness", 0.5)
    wait_for_picture(page, seed=123456, wildness=0.5)
    address = wait_for_address(page, "seed=123456", "wildness=0.5", "wall=123456", "count=3")
    _, singles = client.predict(seed=123456, count=3, wildness=0.5, api_name="/generate")
    for picture, single in zip(pictures_of(page), singles, strict=True):
        assert differ(picture, pixels(single["image"])) <= 1

    fresh = visit(address)
    wait_for_picture(fresh, seed=123456, wildness=0.5)
    wait_for_seeds(fresh, 123456, 123458)
    assert differ(picture_in_hand(fresh), picture_in_hand(page)) == 0


def test_a_picture_between_seeds_has_no_number_and_stays_while_the_wall_changes(visit, server):
    latent = write_latent((0.5,) * 100)
    page = visit(f"{server.url}?latent={latent}&d1=2")
    wait_for_picture(page, latent=latent, d1=2)
    wait_for_seeds(page, 1, 24)
    assert page.locator("#seed input").input_value() == ""
    assert page.locator("#seed input").get_attribute("placeholder") == "between seeds"
    move(page, "count", 3)
    wait_for_seeds(page, 1, 3)
    wait_for_picture(page, latent=latent, d1=2)
    page.locator("#seed input").fill("8")
    wait_for_seeds(page, 8, 10)
    wait_for_picture(page, seed=8, d1=0)


def test_an_edited_picture_keeps_its_edits_while_the_wall_changes(visit, server):
    page = visit(f"{server.url}?seed=8&d1=2")
    wait_for_picture(page, seed=8, d1=2)
    move(page, "wildness", 0.5)
    wait_for_picture(page, seed=8, d1=2, wildness=0.5)
    wait_for_seeds(page, 8, 31)


def test_a_mistake_is_answered_at_its_field_alone_and_the_picture_stays(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, 1, 24)
    page.locator("#seed input").fill("-3")
    mistake = page.locator("#seed").get_by_text("Seed must lie between 0 and 4,294,967,295; -3 does not.")
    mistake.wait_for()
    assert recipe_of(page)["seed"] == 1 and not notice(page, "Seed").count()
    page.locator("#seed input").fill("8")
    wait_for_seeds(page, 8, 31)
    assert not mistake.count()


def test_another_model_shows_its_own_wall(visit, server, client):
    page = visit(server.url)
    wait_for_seeds(page, 1, 24)
    model_button(page, "bare").check()
    wait_for_picture(page, model="bare")
    wait_for_address(page, "model=bare", "tab=generate")
    _, singles = client.predict(model="bare", count=24, api_name="/generate")
    for picture, single in zip(pictures_of(page), singles, strict=True):
        assert differ(picture, pixels(single["image"])) <= 1


@pytest.mark.parametrize(
    "title, shown",
    [
        ("Explore", "#d1 input"), ("Morph", "#stops .tile"), ("Training", "#curves .empty"),
        ("Compare", "#pairs .tile"), ("About", ".about h3"),
    ],
)  # fmt: skip
def test_a_tab_opened_first_after_a_change_of_model_shows_that_model(title, shown, visit, server, client):
    page = visit(server.url, 390 if title == "Morph" else 1280)
    wait_for_seeds(page, 1, 24)
    page.locator("#style").get_by_label("Pixels").check()  # which a phone hides where a film plays
    model_button(page, "bare").check()
    wait_for_picture(page, model="bare")
    open_tab(page, title)
    page.locator(shown).first.wait_for(state="attached")
    assert recipe_of(page)["model"] == "bare"
    if title == "Explore":
        theirs = pixels(client.predict(model="bare", seed=1, directions=[-3], api_name="/explore"))
        page.wait_for_function("document.querySelector('#ends style')")
        assert differ(ends_of_sliders(page)[:64, :64], theirs) <= 1
    elif title == "About":
        digest = weights_digest(server.folder / "checkpoints" / "bare" / "model.safetensors")
        page.locator("#about").get_by_text(digest).first.wait_for()
    elif title != "Training":
        _, (single,) = client.predict(model="bare", seed=1, count=1, api_name="/generate")
        shown = pictures_of(page, {"Morph": "stops", "Compare": "pairs"}[title])[0]
        assert differ(shown, pixels(single["image"])) <= 1


# --- files ---------------------------------------------------------------------------------------------------------


def saved(page, button):
    """Click a button and return name and content of the file that it saves."""
    with page.expect_download() as download:
        page.locator(button).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def test_a_picture_is_saved_with_its_recipe_small_and_large(visit, server):
    page = visit(f"{server.url}?seed=7&d2=1.5&tab=explore")
    wait_for_picture(page, seed=7, d2=1.5)
    name, content = saved(page, "#save")
    assert name == "alpha-seed-7-d2+1.5.png" and differ(pixels(content), picture_in_hand(page)) == 0
    assert recipe_in(io.BytesIO(content)) == recipe_of(page)
    name, large = saved(page, "#save-large")
    assert name == "alpha-seed-7-d2+1.5-large.png" and pixels(large).shape == (512, 512, 3)
    page.locator("#style").get_by_label("Pixels").check()
    _, squares = saved(page, "#save-large")
    assert differ(pixels(squares)[::8, ::8], pixels(content)) == 0 and differ(pixels(large), pixels(squares)) > 0


def test_the_wall_is_saved_as_a_zip(visit, server):
    page = visit(f"{server.url}?seed=40&count=3")
    wait_for_seeds(page, 40, 42)
    name, content = saved(page, "#save-wall")
    assert name == "alpha-seeds-40-to-42.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == [f"alpha-seed-{seed}.png" for seed in (40, 41, 42)]
        inside = [recipe_in(io.BytesIO(archive.read(name)))["seed"] for name in archive.namelist()]
    assert inside == [40, 41, 42]
