"""Sharper, through its events and as people choose it: on the stage, in saved pictures and films, for programs."""

import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from served import (
    differ,
    model_button,
    picture_on,
    pixels,
    png,
    recipe_in,
    wait_for_picture,
    wait_for_seeds,
)

from gan.checkpoints import load_generator, load_translator
from gan.images import to_uint8
from gan.latent import sample_z
from gan.translation.apply import upscale


def expected(server, seed):
    """Return a seed's picture by the networks themselves, as an array."""
    generator = load_generator(server.folder / "checkpoints" / "alpha")
    network = load_translator(server.folder / "checkpoints" / "enlarges", "upscale")
    large = upscale(network, generator(sample_z([seed], generator.z_dim)).detach())
    return to_uint8(large)[0].permute(1, 2, 0).numpy().astype(int)


# --- programs ----------------------------------------------------------------------------------------------------


def test_upscale_enlarges_a_seeds_picture_and_its_recipe_tells(client, server):
    picture = client.predict(seed=5, api_name="/upscale")
    assert differ(pixels(picture), expected(server, 5)) <= 1
    assert recipe_in(picture)["seed"] == 5 and len(recipe_in(picture)["sharper"]) == 16


def test_upscale_takes_a_file_of_any_size(client, tmp_path):
    Image.effect_noise((500, 300), 80).save(tmp_path / "noise.png")
    assert pixels(client.predict(handle_file(tmp_path / "noise.png"), api_name="/upscale")).shape == (256, 256, 3)
    (tmp_path / "blank.png").write_bytes(png(size=(4, 4)))
    with pytest.raises(AppError, match="under 16 pixels"):
        client.predict(handle_file(tmp_path / "blank.png"), api_name="/upscale")


def test_generate_is_sharper_where_it_is_asked_for(client, server):
    grid, ((single),) = client.predict(seed=5, count=1, sharper=True, api_name="/generate")
    assert differ(pixels(single["image"]), expected(server, 5)) <= 1
    assert "sharper" in recipe_in(single["image"]) and pixels(grid).shape == (256, 256, 3)
    _, ((plain),) = client.predict(seed=5, count=1, api_name="/generate")
    assert pixels(plain["image"]).shape == (64, 64, 3) and "sharper" not in recipe_in(plain["image"])


@pytest.mark.parametrize("name, arguments", [("/upscale", {}), ("/generate", {"sharper": True})])
def test_a_model_without_such_a_network_is_told_in_a_sentence(client, name, arguments):
    with pytest.raises(AppError, match="No network here learned to make pictures by bare sharper"):
        client.predict(model="bare", api_name=name, **arguments)


# --- people ------------------------------------------------------------------------------------------------------


def choose_sharper(page):
    page.locator("#style").get_by_label("Sharper").check()


def wait_for_sharper(page):
    page.get_by_text("Details guessed by a second network.").wait_for()
    page.locator(".stage .sharper").wait_for()


def test_the_picture_at_rest_is_sharper_and_a_wipe_shows_what_was_guessed(visit, server):
    page = visit(f"{server.url}?tab=explore&seed=5")
    wait_for_picture(page, seed=5)
    assert not page.locator(".stage .sharper").is_visible()
    choose_sharper(page)
    wait_for_sharper(page)
    assert differ(picture_on(page.locator(".stage .sharper")), expected(server, 5)) <= 1
    wipe = page.get_by_label("Share of the picture that is sharper")
    wipe.fill("40")
    assert page.locator(".stage .sharper").evaluate("canvas => canvas.style.clipPath").endswith("60%)")
    page.locator("#another").click()
    page.wait_for_function("!location.search.includes('seed=5&')")
    wait_for_sharper(page)
    page.locator("#style").get_by_label("Smooth").check()
    page.locator(".stage .sharper").wait_for(state="hidden")
    wipe.wait_for(state="hidden")


def test_saved_large_pictures_are_sharper_and_their_recipe_brings_them_back(visit, server):
    page = visit(f"{server.url}?tab=explore&seed=5")
    wait_for_picture(page, seed=5)
    choose_sharper(page)
    with page.expect_download() as download:
        page.locator("#save-large").click()
    saved = download.value.path()
    assert pixels(saved).shape == (512, 512, 3) and "sharper" in recipe_in(saved)
    page.locator(".open-picture input").set_input_files(saved)
    wait_for_picture(page, seed=5)


def test_films_are_sharper_too(visit, server):
    page = visit(f"{server.url}?tab=morph&seed=5&steps=2")
    page.locator("#stops .tile").nth(1).wait_for()
    sizes = {}
    for style in ("Smooth", "Sharper"):
        page.locator("#style").get_by_label(style).check()
        with page.expect_download() as download:
            page.get_by_role("button", name="WebP").first.click()
        with Image.open(download.value.path()) as film:
            sizes[style] = (film.size, pixels(download.value.path()))
    assert sizes["Smooth"][0] == sizes["Sharper"][0] == (512, 512)
    assert differ(sizes["Smooth"][1], sizes["Sharper"][1]) > 5


def test_a_model_without_such_a_network_stays_smooth_and_says_so(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, 1, 24)
    choose_sharper(page)
    wait_for_sharper(page)
    model_button(page, "bare").check()
    page.get_by_text("No network here learned to make pictures by bare sharper.").first.wait_for()
    assert not page.locator(".stage .sharper").is_visible()
