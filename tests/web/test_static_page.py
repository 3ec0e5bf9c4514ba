"""The page without a server in a real browser: the picture in hand, its tabs, what is kept, what may be missing."""

import io
import json
import shutil
import zipfile
from pathlib import Path

import axe_playwright_python
import numpy as np
import pytest
from pages import address, close_to, python_draws
from PIL import Image
from served import (
    EPOCHS,
    picture_in_hand,
    pictures_of,
    recipe_of,
    tiny_generator,
    wait_for_labels,
    wait_for_picture,
    wait_for_seeds,
)

from gan.images import to_pil
from gan.latent import sample_z, tame
from gan.publishing.page import write_page
from gan.ui.specimen import read_specimen

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
TABS = ("generate", "explore", "morph", "training")


# --- the instrument --------------------------------------------------------------------------------------------------


def test_the_picture_in_hand_is_taken_from_the_wall_dragged_replaced_and_comes_back(opened, first_model):
    page = opened("tab=generate&model=alpha&seed=3&wall=3&count=5&wildness=0.8")
    wait_for_seeds(page, 3, 7)
    fifth = pictures_of(page)[4]
    assert close_to(fifth, python_draws(first_model, tame(sample_z([7], 100)[0], 0.8)))
    page.get_by_role("button", name="Seed 7: take this picture").click()
    wait_for_picture(page, seed=7, wildness=0.8)
    assert np.array_equal(picture_in_hand(page), fifth)
    room = page.locator(".stage-room")
    box = room.bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 50 + box["width"] / 4, box["y"] + 50, steps=4)
    page.mouse.up()
    room.focus()
    page.keyboard.press("ArrowDown")
    assert float(address(page, d2=0.25)["d1"]) == pytest.approx(1, abs=0.05)
    page.get_by_role("button", name="Before").click()
    assert np.array_equal(picture_in_hand(page), fifth)
    page.locator(".masthead h1").click()
    page.keyboard.press(" ")
    page.wait_for_function("JSON.parse(document.querySelector('.stage').dataset.recipe).seed !== 7")
    assert recipe_of(page)["wildness"] == 0.8 and address(page)["wall"] == str(recipe_of(page)["seed"])
    page.go_back()
    wait_for_picture(page, seed=7, d2=0.25)
    wait_for_seeds(page, 3, 7)


def test_a_model_that_is_chosen_while_another_draws_takes_over(opened):
    page = opened("way=webgl&tab=generate&model=alpha&seed=0&wall=0&count=20")
    page.locator("#model label", has_text="beta").click()
    wait_for_picture(page, model="beta", seed=0)
    page.get_by_label("Seed", exact=True).fill("100")
    wait_for_seeds(page, 100, 123)
    theirs = np.array(to_pil(tiny_generator(2)(sample_z([123], 100)).detach()[0]))
    assert close_to(pictures_of(page)[-1], theirs)
    assert page.evaluate("document.body.dataset.way") == "webgl" and page.workers == []


HOLD_WEIGHTS = """
const ask = window.fetch;
window.fetch = async (...given) => {
    if (String(given[0]).includes("safetensors")) await new Promise((go) => (window.release = go));
    return ask(...given);
};
"""


def test_nothing_can_be_pressed_until_there_is_a_picture(visit_under, page_site):
    page = visit_under(HOLD_WEIGHTS, f"{page_site}?seed=3")
    page.wait_for_function("'release' in window")
    for button in ("#keep", "#save", "#share", "#to-explore", "#tab-training"):
        box = page.locator(button).bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.keyboard.press(" ")
    for _ in range(12):
        page.keyboard.press("Tab")
        assert not page.evaluate(
            "Boolean(document.activeElement.closest('#tabs, #actions, #ways, #more, #generate, #tray'))"
        )
    assert page.locator("#tab-generate").get_attribute("aria-selected") == "true"
    assert page.locator(".toast").inner_text() == ""
    page.evaluate("window.release()")
    wait_for_picture(page, seed=3)
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_role("button", name="Seed 3 by alpha", exact=True).wait_for()


def test_a_mistaken_seed_is_told_at_its_field(opened):
    page = opened("tab=generate&model=alpha&seed=3&wall=3&count=5")
    wait_for_seeds(page, 3, 7)
    field = page.get_by_label("Seed", exact=True)
    mistake = page.locator(".mistake", has_text="Seed must be a whole number from 0 to 4,294,967,295.")
    for wrong in ("-5", "99999999999", "1.5"):
        field.fill(wrong)
        mistake.wait_for()
        assert field.get_attribute("aria-invalid") == "true" and recipe_of(page)["seed"] == 3
    field.fill("4")
    wait_for_picture(page, seed=4)
    assert not mistake.count()
    field.fill("-5")
    mistake.wait_for()
    page.get_by_role("button", name="Another").click()
    mistake.wait_for(state="detached")
    assert field.get_attribute("aria-invalid") == "false"


def test_explore_moves_by_sliders_and_every_number_undoes_and_goes_back_to_the_seed(opened):
    page = opened("tab=explore&model=alpha&seed=2&d1=1")
    page.get_by_role("slider", name="Direction 3").fill("1.5")
    page.get_by_text("Every number of z").click()
    page.get_by_label("z99").fill("-2")
    assert address(page, z99=-2)["d3"] == "1.5"
    for expected in ({"d1": 1, "d3": 1.5, "z99": 0}, {"d1": 1, "d3": 0}):
        page.get_by_role("button", name="Undo").click()
        wait_for_picture(page, **expected)
    page.get_by_role("button", name="Surprise").click()
    page.wait_for_function("Object.keys(JSON.parse(document.querySelector('.stage').dataset.recipe)).length > 8")
    page.get_by_role("button", name="Back to the seed").click()
    wait_for_picture(page, seed=2, d1=0, d3=0)
    assert page.get_by_role("slider", name="Direction 1").input_value() == "0"
    page.locator("#directions[style*='data:image/png']").wait_for()


def test_count_and_wildness_keep_what_was_made_of_a_picture(opened):
    page = opened("tab=explore&model=alpha&seed=2&d1=1.5")
    page.get_by_role("tab", name="Generate").click()
    page.get_by_role("slider", name="Pictures on the wall").fill("5")
    wait_for_seeds(page, 2, 6)
    page.get_by_role("slider", name="Wildness").fill("0.5")
    wait_for_picture(page, seed=2, d1=1.5, wildness=0.5)
    page.get_by_label("Seed", exact=True).fill("4")
    wait_for_picture(page, seed=4, d1=0, wildness=0.5)


def test_a_drag_is_undone_a_click_is_none_and_a_scroll_takes_it_back(opened):
    page = opened("tab=explore&model=alpha&seed=2&d1=1")
    page.get_by_role("button", name="Keep", exact=True).click()
    box = page.locator(".stage-room").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def drag(across, end="pointerup"):
        page.locator(".stage-room").evaluate(
            """(room, [x, y, across, end]) => {
                room.setPointerCapture = () => {};
                const send = (name, clientX) => room.dispatchEvent(new PointerEvent(name,
                    { pointerId: 7, isPrimary: true, clientX, clientY: y, bubbles: true }));
                send("pointerdown", x);
                for (const part of [0.5, 1]) send("pointermove", x + across * part);
                send(end, x + across);
            }""",
            [*middle, across, end],
        )

    drag(3)
    assert address(page, tab="explore")["d1"] == "1"
    drag(-box["width"] / 4)
    wait_for_picture(page, seed=2, d1=0)
    page.get_by_role("button", name="Undo").click()
    wait_for_picture(page, seed=2, d1=1)
    drag(-box["width"] / 4, "pointercancel")
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("There is nothing to undo.").wait_for()
    wait_for_picture(page, seed=2, d1=1)
    page.get_by_role("button", name="Another").click()
    page.get_by_role("slider", name="Direction 2").fill("1.5")
    page.get_by_role("button", name="Seed 2 by alpha", exact=True).click()
    wait_for_picture(page, seed=2, d1=1)
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("There is nothing to undo.").last.wait_for()
    wait_for_picture(page, seed=2, d1=1, d2=0)


def test_morph_plays_rests_arranges_and_saves_a_film_and_frames(opened, first_model, tmp_path):
    page = opened("tab=morph&model=alpha&seed=1&seeds=1-2-3&steps=3&method=lerp&loop=1&t=1.3333")
    page.get_by_text("B to C, t = 0.33").first.wait_for()
    middle = 2 / 3 * sample_z([2], 100)[0] + 1 / 3 * sample_z([3], 100)[0]
    page.wait_for_function("document.querySelector('.stage figcaption strong').textContent === 'On the way'")
    theirs = python_draws(first_model, middle)
    assert close_to(picture_in_hand(page), theirs)
    scrub = page.get_by_role("slider", name="Frame", exact=True).first
    scrub.fill("5")
    page.wait_for_function("JSON.parse(document.querySelector('.stage').dataset.recipe).latent")
    assert read_specimen(first_model, {"latent": address(page, t=1.6667)["latent"]}).latent == pytest.approx(
        tuple((1 / 3 * sample_z([2], 100)[0] + 2 / 3 * sample_z([3], 100)[0]).tolist()), abs=1e-6
    )
    page.get_by_role("button", name="Play").first.click()
    page.wait_for_function("document.querySelector('#player .player').dataset.frame < 5")  # round, past the end
    page.get_by_role("button", name="Pause").first.click()
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save frames, PNG").click()
    saving.value.save_as(tmp_path / "frames.zip")
    with zipfile.ZipFile(tmp_path / "frames.zip") as archive:
        assert archive.testzip() is None and len(archive.namelist()) == 9
        with archive.open("frame-0005.png") as file, Image.open(file) as fifth:
            assert close_to(np.array(fifth), theirs)
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save film").click()
    assert saving.value.suggested_filename == "alpha-seeds-1-2-3.webm"
    assert Path(saving.value.path()).read_bytes()[:4] == b"\x1a\x45\xdf\xa3"
    page.get_by_role("button", name="Move earlier: Stop C, seed 3").click()
    wait_for_labels(page, "stops", "A · 1 B · 3 C · 2")
    page.get_by_label("A seed to add").fill("nine")
    page.keyboard.press("Enter")
    page.locator("#add").get_by_text("Seed must be a whole number").wait_for()
    page.get_by_label("A seed to add").fill("8")
    page.keyboard.press("Enter")
    assert address(page, seeds="1-3-2-8")["loop"] == "1"


def test_training_has_grids_and_curves_on_one_scrubber_and_the_stage_follows_a_picture(opened):
    first, second, last = EPOCHS
    page = opened(f"tab=training&model=alpha&seed=5&epoch={second}")
    page.locator("#film output").get_by_text(f"epoch {second}, {second * 40} pictures seen").wait_for()
    page.wait_for_function(f"document.querySelector('.curves .at').textContent === 'epoch {second}'")
    page.locator(".stage figcaption", has_text=f"epoch {second}").wait_for()
    page.locator("#film input").fill("0")
    address(page, epoch=first)
    page.locator(".plot").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    address(page, epoch=last)
    page.get_by_role("slider", name="The 64 pictures").press("ArrowRight")
    wait_for_picture(page, seed=6)
    page.locator("#model label", has_text="beta").click()
    page.get_by_text("This model came without sample grids; the curves are all there is.").wait_for()
    page.get_by_text("No curves: this model came without its history.jsonl.").wait_for()


SLOW_WORKER = """
const ask = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (...all) { setTimeout(() => ask.apply(this, all), 700); };
"""


def test_the_stage_shows_the_epoch_of_a_link_also_where_its_grid_comes_before_the_picture(visit_under, page_site):
    page = visit_under(SLOW_WORKER, f"{page_site}?way=plain&tab=training&model=alpha&epoch={EPOCHS[1]}")
    page.locator(".stage figcaption", has_text=f"epoch {EPOCHS[1]}").wait_for()
    wait_for_picture(page, model="alpha")


def test_a_link_to_a_way_shows_its_frame_also_from_a_picture_with_edits(visit_under, page_site):
    page = visit_under(
        SLOW_WORKER, f"{page_site}?way=plain&tab=morph&model=alpha&seed=3&d1=1.5", reduced_motion="reduce"
    )
    wait_for_picture(page, seed=3, d1=1.5)
    page.locator(".stage figcaption", has_text="On the way").wait_for()


def test_a_picture_chosen_in_a_grid_is_on_the_stage_as_it_was_then(opened):
    page = opened(f"tab=training&model=alpha&epoch={EPOCHS[1]}")
    page.locator(".stage figcaption", has_text=f"epoch {EPOCHS[1]}").wait_for()
    page.get_by_role("slider", name="The 64 pictures").focus()
    for key in ("ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    wait_for_picture(page, seed=10)
    page.wait_for_timeout(300)  # in which the picture as it is today would be drawn
    assert f"epoch {EPOCHS[1]}" in page.locator(".stage figcaption").inner_text()


def test_where_the_browser_stores_nothing_pictures_are_kept_until_the_page_is_left(opened):
    page = opened("tab=explore&model=alpha&seed=2")
    page.evaluate("Storage.prototype.setItem = () => { throw new DOMException('denied'); }; 0")
    for count in (1, 2):
        page.get_by_role("button", name="Keep", exact=True).click()
        page.wait_for_function(f"document.querySelectorAll('#kept .tile').length === {count}")
        page.get_by_text("This browser stores nothing for this page").first.wait_for()
        page.get_by_role("button", name="Another").click()


def test_what_is_kept_waits_in_this_browser_as_recipes_alone(opened, first_model):
    page = opened("tab=explore&model=alpha&seed=2&d1=1.5")
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_role("button", name="Another").click()
    page.get_by_role("button", name="Keep", exact=True).click()
    page.locator("#kept .tile").nth(1).wait_for()
    stored = page.evaluate("Object.values(localStorage)")
    assert len(stored) == 1 and len(stored[0]) < 300 and json.loads(stored[0])[0]["d1"] == 1.5
    page.goto(page.url.split("?")[0])
    page.get_by_role("button", name="Seed 2 by alpha", exact=True).click()
    wait_for_picture(page, seed=2, d1=1.5)
    page.get_by_role("button", name="Morph through these").click()
    assert json.loads(address(page, tab="morph")["stops"])[0] == {"seed": 2, "d1": 1.5}
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save all").click()
    with zipfile.ZipFile(io.BytesIO(Path(saving.value.path()).read_bytes())) as archive:
        assert len(archive.namelist()) == 2
    page.evaluate("""() => {
        const [key] = Object.keys(localStorage), kept = JSON.parse(localStorage[key]);
        const numbers = [1, 2].map((z17) => ({ ...kept[1], seed: 7, z17 }));
        localStorage[key] = JSON.stringify([kept[0], ...numbers]);
    }""")
    page.goto(page.url.split("?")[0])
    page.locator("#kept .tile").nth(2).wait_for()
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save all").click()
    with zipfile.ZipFile(io.BytesIO(Path(saving.value.path()).read_bytes())) as archive:
        assert archive.namelist()[1:] == ["alpha-seed-7-1-numbers.png", "alpha-seed-7-1-numbers-2.png"]
    page.get_by_role("button", name="Take out: Seed 7 by alpha").first.click()
    page.wait_for_function("document.querySelectorAll('#kept .tile').length === 2")
    page.get_by_role("button", name="Take out: Seed 2 by alpha").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('#kept .tile').length === 1")


# --- everyone, everywhere --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width, height, scheme", [(1280, 900, "light"), (390, 844, "dark")])
def test_no_tab_has_a_grave_finding_and_none_is_wider_than_the_screen(width, height, scheme, opened):
    page = opened("tab=explore&model=alpha&seed=2&d1=1.5", width, height, color_scheme=scheme)
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_text("Every number of z").click()
    page.evaluate(AXE)
    for tab in TABS:
        page.locator(f"#tab-{tab}").click()
        address(page, tab=tab)
        page.locator(f"#{tab} h2").wait_for()
        found = page.evaluate("axe.run(document, { resultTypes: ['violations'] }).then((found) => found.violations)")
        grave = [
            (one["id"], node["target"])
            for one in found
            for node in one["nodes"]
            if one["impact"] in ("critical", "serious")
        ]
        assert grave == [], tab
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_works_off_line_after_the_first_visit(opened, page_site, chromium):
    context = chromium.new_context()
    page = context.new_page()
    page.goto(page_site)
    page.evaluate("navigator.serviceWorker.ready")
    context.set_offline(True)
    page.goto(f"{page_site}?tab=training&model=alpha&epoch={EPOCHS[-1]}")
    page.locator("#film output").get_by_text(f"epoch {EPOCHS[-1]}").wait_for()
    page.locator("#model label", has_text="beta").click()
    wait_for_picture(page, model="beta")
    page.locator("#tab-generate").click()
    wait_for_seeds(page, 1, 24)
    context.close()


def test_one_file_is_all_of_it(page_models, chromium, tmp_path):
    assert write_page(tmp_path / "one", page_models, single_file=True) == ["README.md", "index.html"]
    shutil.move(tmp_path / "one" / "index.html", tmp_path / "my page.html")
    context = chromium.new_context()
    page = context.new_page()
    asked, problems = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{(tmp_path / 'my page.html').as_uri()}?tab=explore&seed=5")
    wait_for_picture(page, seed=5)
    assert page.evaluate("document.body.dataset.way") == "worker"
    page.locator("#tab-training").click()
    page.locator(".stage figcaption", has_text=f"epoch {EPOCHS[-1]}").wait_for()  # the film plays to its end
    assert problems == [] and [url for url in asked[1:] if not url.startswith(("data:", "blob:"))] == []
    context.close()


def test_without_javascript_there_is_a_sentence(page_site, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_site)
    assert "draws its pictures with JavaScript, which is switched off" in page.inner_text("body")
    context.close()


def test_a_file_that_is_missing_is_named_in_a_sentence(page_site, chromium):
    context = chromium.new_context()
    page = context.new_page()
    page.route("**/model.safetensors", lambda route: route.fulfill(status=404))
    page.goto(page_site)
    page.get_by_text("models/alpha/model.safetensors could not be fetched (404). Reload it to try again.").wait_for()
    page.unroute("**/model.safetensors")
    page.route("**/beta/model.safetensors", lambda route: route.fulfill(status=404))
    page.reload()
    page.locator("#model label", has_text="beta").click()
    page.get_by_text("That did not work: models/beta/model.safetensors could not be fetched (404).").wait_for()
    assert page.locator("#model input:checked").input_value() == "alpha"
    wait_for_picture(page, model="alpha")
    context.close()


def test_on_a_phone_the_slider_in_focus_is_not_behind_the_picture(opened):
    page = opened("tab=explore&model=alpha&seed=2", width=390, height=844)
    page.locator("#d4 input[type=range]").focus()
    page.keyboard.press("End")
    for name in ("d3", "d2", "d1"):
        page.locator(f"#{name} input[type=range]").evaluate("slider => slider.focus()")
        top = page.locator(f"#{name} input[type=range]").bounding_box()["y"]
        column = page.locator("#stage-column").bounding_box()
        assert top >= column["y"] + column["height"]
