"""The Explore tab, through its event and as people use it: directions, coordinates, saved pictures brought back."""

import base64

import pytest
import torch
from gradio_client.exceptions import AppError
from served import (
    choose_file,
    differ,
    explored_picture,
    field,
    model_button,
    picture_on,
    pixels,
    recipe_in,
    recipe_of,
    slider,
    wait_for_recipe,
    wait_for_seeds,
)

from gan.checkpoints import load_generator
from gan.images import to_uint8
from gan.latent import principal_directions, sample_z


def explore(client, **arguments):
    return pixels(client.predict(api_name="/explore", **arguments))


# --- programs ----------------------------------------------------------------------------------------------------


def test_a_seed_alone_is_the_picture_of_generate(client):
    _, ((single),) = client.predict(seed=9, count=1, api_name="/generate")
    assert differ(explore(client, seed=9), pixels(single["image"])) == 0


def test_each_kind_of_edit_moves_the_picture(client):
    plain = explore(client, seed=9)
    assert differ(explore(client, seed=9, directions=[3]), plain) > 10
    assert differ(explore(client, seed=9, directions=[0, 3]), explore(client, seed=9, directions=[3])) > 10
    assert differ(explore(client, seed=9, offsets={"17": 4}), plain) > 10
    assert differ(explore(client, seed=9, truncation=0.3), plain) > 10
    assert differ(explore(client, seed=9, model="bare"), plain) > 10
    assert differ(explore(client, seed=9, directions=[0] * 8, offsets={"17": 0}, truncation=1), plain) == 0


def test_the_latent_is_that_of_the_design(client, server):
    """psi * z(seed) + sum a_k v_k + offsets."""
    generator = load_generator(server.folder / "checkpoints" / "alpha")
    directions, _ = principal_directions(generator.main[0].weight, 8)
    z = 0.6 * sample_z([31], generator.z_dim)[0] + 2.5 * directions[0] - directions[2] + 0.35 * directions[3]
    z[4] += 1.5
    z[99] -= 2
    with torch.inference_mode():
        expected = to_uint8(generator(z[None]))[0].permute(1, 2, 0).int().numpy()
    edits = {"directions": [2.5, 0, -1, 0.35], "offsets": {"4": 1.5, "99": -2}}
    assert differ(explore(client, seed=31, truncation=0.6, **edits), expected) <= 1


def test_a_picture_from_the_event_carries_its_recipe(client):
    path = client.predict(seed=31, directions=[0, 2], offsets={"99": -2}, model="bare", api_name="/explore")
    recipe = recipe_in(path)
    assert recipe.pop("weights")
    assert recipe == {"model": "bare", "seed": 31, "truncation": 1, "d2": 2, "z99": -2}


@pytest.mark.parametrize(
    "arguments, says",
    [
        ({"seed": -1}, "Seed must lie between"),
        ({"truncation": 2}, "Truncation must be a number from 0 to 1"),
        ({"directions": "much"}, "directions must be a list of at most 8 numbers from -10 to 10"),
        ({"directions": [1] * 9}, "d9 is none of this model’s directions, d1 to d8"),
        ({"directions": [11]}, "d1 must be a number from -10 to 10, not 11"),
        ({"directions": ["x"]}, "d1 must be a number"),
        ({"offsets": [1]}, "offsets must map coordinates to numbers"),
        ({"offsets": {"x": 1}}, "offsets must map coordinates to numbers"),
        ({"offsets": {"100": 1}}, "z100 is none of this model’s coordinates, z0 to z99"),
        ({"offsets": {"1" * 30: 1}}, "coordinates"),
        ({"offsets": {"²": 1}}, "coordinates"),
        ({"offsets": {"3": True}}, "z3 must be a number"),
        ({"model": "gamma"}, "There is no model called 'gamma'"),
    ],
)
def test_bad_arguments_get_a_sentence(client, arguments, says):
    with pytest.raises(AppError) as refused:
        client.predict(api_name="/explore", **arguments)
    assert says in str(refused.value)


# --- people ------------------------------------------------------------------------------------------------------


@pytest.fixture
def bench(visit, server):
    """The Explore tab, opened and drawn."""
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    page.get_by_role("tab", name="Explore").click()
    wait_for_recipe(page, seed=1)
    return page


def test_a_drag_ends_at_the_picture_of_its_last_value(bench, client):
    dragged = slider(bench, "explore", "d1")
    dragged.scroll_into_view_if_needed()
    box = dragged.bounding_box()
    y = box["y"] + box["height"] / 2
    bench.mouse.move(box["x"] + box["width"] / 2, y)
    bench.mouse.down()
    for step in range(30):
        bench.mouse.move(box["x"] + box["width"] / 2 + 3 * step, y)
    bench.mouse.up()
    last = float(dragged.input_value())
    assert last > 1 and float(field(bench, "explore", "d1").input_value()) == last
    wait_for_recipe(bench, d1=last)
    expected = explore(client, seed=1, directions=[last])
    assert differ(explored_picture(bench), expected) <= 1
    bench.wait_for_timeout(300)  # nothing stale comes after it
    assert recipe_of(bench)["d1"] == last
    assert differ(explored_picture(bench), expected) <= 1


def test_randomise_moves_all_directions_and_reset_brings_the_seeds_picture_back(bench, client):
    plain = explored_picture(bench)
    field(bench, "explore", "seed").fill("5")
    wait_for_recipe(bench, seed=5)
    bench.get_by_role("button", name="Randomise").click()
    bench.wait_for_function("JSON.parse(document.querySelector('.explored').dataset.recipe).d1 !== undefined")
    recipe = recipe_of(bench)
    amounts = [recipe.get(f"d{k}", 0) for k in range(1, 9)]
    assert sum(amount != 0 for amount in amounts) >= 6 and not any(name.startswith("z") for name in recipe)
    assert [float(field(bench, "explore", f"d{k}").input_value()) for k in range(1, 9)] == amounts
    assert differ(explored_picture(bench), explore(client, seed=5, directions=amounts)) <= 1

    bench.get_by_role("button", name="Reset").click()
    wait_for_recipe(bench, seed=5, d1=0, d8=0)
    assert set(recipe_of(bench)) == {"model", "weights", "seed", "truncation"}
    assert {field(bench, "explore", f"d{k}").input_value() for k in range(1, 9)} == {"0"}
    assert differ(explored_picture(bench), explore(client, seed=5)) <= 1
    assert differ(explored_picture(bench), plain) > 10


def test_the_drawer_has_every_coordinate(bench, client):
    drawer = bench.locator("#explore-controls .drawer")
    assert not slider(bench, "explore", "z0").is_visible()
    drawer.get_by_text("All 100 coordinates").click()
    assert drawer.locator("input[type=range]").count() == 100
    field(bench, "explore", "z99").fill("-3.5")
    wait_for_recipe(bench, z99=-3.5)
    assert differ(explored_picture(bench), explore(client, seed=1, offsets={"99": -3.5})) <= 1
    bench.get_by_role("button", name="Reset").click()
    wait_for_recipe(bench, z99=0)
    assert field(bench, "explore", "z99").input_value() == "0"


def test_a_slider_moves_by_keyboard(bench):
    slider(bench, "explore", "d2").focus()
    bench.keyboard.press("ArrowRight")
    wait_for_recipe(bench, d2=0.05)
    bench.keyboard.press("Home")
    wait_for_recipe(bench, d2=-5)


def test_holding_the_picture_shows_it_as_it_was(bench):
    plain = explored_picture(bench)
    field(bench, "explore", "d1").fill("4")
    wait_for_recipe(bench, d1=4)
    large, small = bench.locator(".explored .after canvas"), bench.locator(".explored .before canvas")
    moved = picture_on(large)
    assert differ(moved, plain) > 10 and differ(picture_on(small), plain) <= 1

    large.hover()
    bench.mouse.down()
    assert differ(picture_on(large), plain) <= 1
    bench.mouse.up()
    assert differ(picture_on(large), moved) == 0
    large.focus()
    bench.keyboard.down(" ")
    assert differ(picture_on(large), plain) <= 1
    bench.keyboard.up(" ")
    assert differ(picture_on(large), moved) == 0


def test_another_model_shows_the_same_edits(bench, client):
    field(bench, "explore", "d1").fill("2")
    wait_for_recipe(bench, d1=2, model="alpha")
    model_button(bench, "bare").check()
    wait_for_recipe(bench, d1=2, model="bare")
    assert differ(explored_picture(bench), explore(client, model="bare", seed=1, directions=[2])) <= 1


# --- saved, and brought back ---------------------------------------------------------------------------------------

EDITS = {"seed": 77, "truncation": 0.85, "d1": 1.35, "d3": -2.05, "z17": 0.7}


def save_edited(page):
    """Set the sliders to EDITS on model bare and save the picture; return its path."""
    model_button(page, "bare").check()
    page.locator("#explore-controls .drawer summary").click()
    for name, value in EDITS.items():
        field(page, "explore", name).fill(str(value))
    wait_for_recipe(page, model="bare", **EDITS)
    with page.expect_download() as download:
        page.locator(".explored").get_by_role("button", name="Save PNG").click()
    assert download.value.suggested_filename == "bare-seed-77.png"
    return download.value.path()


def drop_file(page, content):
    """Drop a file onto the page, as the browser tells of it."""
    page.evaluate(
        """async content => {
            const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([bytes], "saved.png", { type: "image/png" }));
            for (const type of ["dragenter", "dragover", "drop"]) {
                const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer });
                document.querySelector("h1").dispatchEvent(event);
                if (!event.defaultPrevented && type !== "dragenter") throw `the page leaves ${type} to the browser`;
            }
        }""",
        base64.b64encode(content).decode(),
    )


@pytest.mark.parametrize("bring", [choose_file, drop_file])
def test_a_saved_picture_brings_itself_back_on_a_fresh_page(bench, visit, server, bring):
    path = save_edited(bench)
    assert recipe_in(path) == recipe_in(path) | {"model": "bare", **EDITS}

    fresh = visit(server.url)
    wait_for_seeds(fresh, "1-16")
    bring(fresh, path.read_bytes())
    wait_for_recipe(fresh, model="bare", **EDITS)
    assert recipe_of(fresh) == recipe_of(bench) == recipe_in(path)
    assert differ(explored_picture(fresh), explored_picture(bench)) == 0
    assert differ(explored_picture(fresh), pixels(path)) <= 1
    assert model_button(fresh, "bare").is_checked()
    assert fresh.get_by_role("tab", name="Explore").get_attribute("aria-selected") == "true"
    for name, value in EDITS.items():
        assert float(field(fresh, "explore", name).input_value()) == value

    field(fresh, "explore", "d1").fill("-4")
    model_button(fresh, "alpha").check()
    wait_for_recipe(fresh, model="alpha", d1=-4)
    fresh.get_by_role("tab", name="Generate").click()
    bring(fresh, path.read_bytes())  # the same again
    wait_for_recipe(fresh, model="bare", **EDITS)
    assert field(fresh, "explore", "d1").is_visible()
