"""The Explore tab, through its event and as people use it: directions, numbers of z, saved pictures brought back."""

import base64
import json

import pytest
import torch
from gradio_client.exceptions import AppError
from served import (
    choose_file,
    differ,
    ends_of_sliders,
    model_button,
    move,
    open_tab,
    picture_in_hand,
    pixels,
    recipe_in,
    recipe_of,
    slider,
    tiny_model,
    wait_for_address,
    wait_for_labels,
    wait_for_picture,
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
    assert recipe == {"model": "bare", "seed": 31, "d2": 2, "z99": -2}


@pytest.mark.parametrize(
    "arguments, says",
    [
        ({"seed": -1}, "Seed must lie between"),
        ({"wildness": 2}, "Wildness must be a number from 0 to 1"),
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
    wait_for_seeds(page, 1, 24)
    open_tab(page, "Explore")
    slider(page, "d1").wait_for()
    return page


@pytest.mark.parametrize(
    "given, names",
    [
        (["Round"], ["Round", *(f"Direction {k}" for k in range(2, 9))]),
        ("Round", [f"Direction {k}" for k in range(1, 9)]),
        ([5, "", None, "x" * 99, *"abcdefgh"], ["Direction 1", "Direction 2", "Direction 3", "x" * 39 + "…", *"abcd"]),
    ],
)
def test_directions_have_the_names_of_their_config_or_a_number(given, names):
    assert list(tiny_model("alpha", described={"directions": given}).direction_names) == names


def test_a_drag_ends_at_the_picture_of_its_last_value(bench, client):
    slider(bench, "d1").evaluate(
        """slider => {
            for (let step = 0; step <= 40; step++) {
                slider.value = step / 20;
                slider.dispatchEvent(new Event("input", { bubbles: true }));
            }
        }"""
    )
    wait_for_picture(bench, seed=1, d1=2)
    assert differ(picture_in_hand(bench), explore(client, seed=1, directions=[2])) <= 1
    wait_for_address(bench, "tab=explore", "d1=2")


def test_at_its_ends_a_slider_shows_what_lies_there(bench):
    sheet = ends_of_sliders(bench)
    assert sheet.shape == (128, 512, 3)
    move(bench, "d1", -3)
    wait_for_picture(bench, seed=1, d1=-3)
    assert differ(picture_in_hand(bench), sheet[:64, :64]) <= 1


def test_the_ends_are_those_of_a_kept_picture_that_is_taken_again(bench):
    ends = "getComputedStyle(document.querySelector('#directions')).getPropertyValue('--ends')"
    first = bench.evaluate(ends)
    bench.locator("#keep").click()
    wait_for_labels(bench, "kept", "Seed 1")
    bench.locator("#another").click()
    bench.wait_for_function(f"first => {ends} !== first", arg=first)
    bench.locator("#kept .tile").first.click()
    wait_for_picture(bench, seed=1)
    bench.wait_for_function(f"first => {ends} === first", arg=first)
    bench.locator("#kept .remove").first.click()
    wait_for_labels(bench, "kept", "")


def test_undo_goes_back_step_by_step_and_reset_to_the_seed(bench):
    move(bench, "d1", 2)
    wait_for_picture(bench, d1=2)
    move(bench, "d2", -1)
    wait_for_picture(bench, d1=2, d2=-1)
    bench.wait_for_timeout(300)  # the slider is let go of: what it left is noted
    bench.locator("#undo").click()
    wait_for_picture(bench, d1=2, d2=0)
    assert slider(bench, "d2").input_value() == "0"
    bench.locator("#undo").click()
    wait_for_picture(bench, d1=0, d2=0)
    bench.locator("#surprise").click()
    bench.wait_for_function("'d8' in JSON.parse(document.querySelector('.stage').dataset.recipe)")
    bench.locator("#reset").click()
    wait_for_picture(bench, seed=1, d1=0, d8=0)


def test_every_number_of_z_moves_the_picture(bench, client):
    bench.get_by_role("button", name="Every number of z").click()
    numbers = bench.locator("#numbers input")
    numbers.nth(99).wait_for()
    assert numbers.count() == 100
    numbers.nth(17).evaluate(
        "slider => { slider.value = 2.5; slider.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    wait_for_picture(bench, seed=1, z17=2.5)
    assert differ(picture_in_hand(bench), explore(client, seed=1, offsets={"17": 2.5})) <= 1


def test_numbers_that_no_slider_reaches_stay_when_another_is_moved(visit, server):
    page = visit(f"{server.url}?tab=explore&seed=1&z17=5&z20=0.12")
    page.get_by_role("button", name="Every number of z").click()
    move(page, "numbers label:nth-child(4)", 1)
    wait_for_picture(page, seed=1, z3=1, z17=5, z20=0.12)


def test_a_drag_across_the_picture_and_arrow_keys_change_it_and_before_shows_it_as_it_was(bench, client):
    box = bench.locator(".stage-room").bounding_box()
    bench.mouse.move(box["x"] + 100, box["y"] + 100)
    bench.mouse.down()
    for step in range(1, 6):
        bench.mouse.move(box["x"] + 100 + step * box["width"] / 20, box["y"] + 100)
    bench.mouse.up()
    wait_for_picture(bench, seed=1, d1=1)
    bench.locator(".stage-room").focus()
    bench.keyboard.press("ArrowDown")
    wait_for_picture(bench, seed=1, d1=1, d2=0.25)
    after = picture_in_hand(bench)
    assert differ(after, explore(client, seed=1, directions=[1, 0.25])) <= 1
    bench.locator(".before").click()
    assert differ(picture_in_hand(bench), explore(client, seed=1)) <= 1
    bench.locator(".before").click()
    assert differ(picture_in_hand(bench), after) == 0


def test_a_drag_is_a_step_of_its_own_that_undo_takes_back_and_sliders_follow(bench):
    move(bench, "d3", 1.5)
    wait_for_picture(bench, d3=1.5)
    bench.wait_for_timeout(300)  # the slider is let go of: what it left is noted
    box = bench.locator(".stage-room").bounding_box()
    bench.mouse.move(box["x"] + 100, box["y"] + 100)
    bench.mouse.down()
    bench.mouse.move(box["x"] + 100 + box["width"] / 4, box["y"] + 100, steps=4)
    bench.mouse.up()
    wait_for_picture(bench, d1=1, d3=1.5)
    bench.wait_for_function("document.querySelector('#d1 [type=range]').value === '1'")
    bench.locator("#undo").click()
    wait_for_picture(bench, d1=0, d3=1.5)
    bench.locator("#undo").click()
    wait_for_picture(bench, d1=0, d3=0)


def test_another_model_shows_the_same_seed(bench, client):
    model_button(bench, "bare").check()
    wait_for_picture(bench, model="bare", seed=1)
    assert differ(picture_in_hand(bench), explore(client, seed=1, model="bare")) <= 1


DROP = """content => {
    const carried = new DataTransfer();
    const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
    carried.items.add(new File([bytes], "saved.png", { type: "image/png" }));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


def drop_file(page, content):
    page.evaluate(DROP, base64.b64encode(content).decode())


@pytest.mark.parametrize("bring", [choose_file, drop_file])
def test_a_saved_picture_brings_itself_back_on_a_fresh_page(visit, server, bring):
    page = visit(f"{server.url}?tab=explore&seed=77&d3=-2&z5=1.5&model=bare")
    wait_for_picture(page, model="bare", seed=77, d3=-2, z5=1.5)
    with page.expect_download() as download:
        page.locator("#save").click()
    content = download.value.path().read_bytes()
    fresh = visit(server.url)
    wait_for_seeds(fresh, 1, 24)
    bring(fresh, content)
    wait_for_picture(fresh, model="bare", seed=77, d3=-2, z5=1.5)
    assert recipe_of(fresh) == json.loads(page.locator(".stage").get_attribute("data-recipe"))
    assert differ(picture_in_hand(fresh), pixels(content)) == 0
    wait_for_address(fresh, "tab=explore", "model=bare")
    assert slider(fresh, "d3").input_value() == "-2"
