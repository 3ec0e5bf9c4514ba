"""The page without a server in a real browser: its tabs, links and PNGs beside the demo's, what may be missing."""

import base64
import io
import json
import shutil
import zipfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import axe_playwright_python
import numpy as np
import pytest
from PIL import Image
from served import EPOCHS, tiny_generator, tiny_model

from gan.checkpoints import load_generator, weights_digest
from gan.images import to_pil
from gan.latent import sample_z
from gan.publish import write_page
from gan.ui.encode import png_bytes, with_recipe
from gan.ui.specimen import Specimen, read_specimen

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
TABS = ("generate", "explore", "interpolate", "training")


@pytest.fixture
def opened(visit, page_site):
    """Return a function that opens the page with a link's query and waits for its first picture."""

    def open_page(query="", *screen, **more):
        page = visit(f"{page_site}?{query}", *screen, **more)
        page.wait_for_function("document.body.dataset.way")
        return page

    return open_page


def shown(page, tab, title):
    """Return the pixels of the large picture of a tab, once it has this title."""
    page.wait_for_function(
        "([tab, title]) => document.querySelector(`#${tab} h2`)?.textContent === title", arg=[tab, title]
    )
    return pixels_of(page.locator(f"#{tab} .large"))


def pixels_of(canvas):
    """Return what is on a canvas, (H, W, 3)."""
    content = canvas.evaluate("canvas => canvas.toDataURL().split(',')[1]")
    with Image.open(io.BytesIO(base64.b64decode(content))) as picture:
        return np.array(picture.convert("RGB"))


def address(page, **expected):
    """Return what the page's link says, once it says this."""
    for name, value in expected.items():
        page.wait_for_function(
            "([name, value]) => new URLSearchParams(location.search).get(name) === value", arg=[name, str(value)]
        )
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def python_draws(page_models, specimen):
    """Return the picture, and the model as the demo has it."""
    model = tiny_model("alpha", 1)
    generator = load_generator(page_models[0])
    return np.array(to_pil(generator(specimen.z(model)[None]).detach()[0])), model


def close_to(ours, theirs):
    return np.abs(ours.astype(int) - theirs.astype(int)).max() <= 2


# --- links and PNGs, the demo's and the page's -----------------------------------------------------------------------


def test_a_link_of_the_demo_opens_the_same_picture_and_the_pages_own_link_is_the_same(opened, page_models):
    weights = weights_digest(page_models[0] / "model.safetensors")
    said = {"model": "alpha", "weights": weights, "seed": 7, "truncation": 0.8, "d1": 2.5, "d8": -1.25, "z17": 0.5}
    query = "&".join(f"{name}={value}" for name, value in said.items())
    page = opened(f"__theme=dark&tab=explore&{query}#here")
    specimen = Specimen(7, 0.8, (2.5, 0, 0, 0, 0, 0, 0, -1.25), ((17, 0.5),))
    theirs, model = python_draws(page_models, specimen)
    assert close_to(shown(page, "explore", "No. 7"), theirs)
    link = address(page, tab="explore", z17="0.5")
    assert (link.pop("tab"), link.pop("__theme"), urlsplit(page.url).fragment) == ("explore", "dark", "here")
    assert link == {name: str(value) for name, value in said.items()}
    numbers = {name: float(value) for name, value in link.items() if name not in ("model", "weights")}
    assert read_specimen(model, numbers) == specimen


def test_pngs_come_back_in_both_directions(opened, page_models, tmp_path):
    specimen = Specimen(9, 0.7, (0, -2.0, 0, 0, 0, 0, 0, 0), ((3, 1.5),))
    theirs, model = python_draws(page_models, specimen)
    recipe = specimen.recipe(model) | {"weights": weights_digest(page_models[0] / "model.safetensors")}
    (tmp_path / "demo.png").write_bytes(png_bytes(with_recipe(Image.fromarray(theirs), recipe)))
    page = opened("tab=generate&model=beta")
    page.locator(".open-picture input").set_input_files(tmp_path / "demo.png")
    assert close_to(shown(page, "explore", "No. 9"), theirs)
    for what, side in (("small", 64), ("large", 512)):
        with page.expect_download() as saving:
            page.locator(f"#explore [data-what={what}]").click()
        saving.value.save_as(tmp_path / "page.png")
        with Image.open(tmp_path / "page.png") as saved:
            assert json.loads(saved.info["gan-studio"]) == recipe
            assert saved.size == (side, side) and saved.mode == "RGB"
            assert close_to(np.array(saved.resize((64, 64), Image.Resampling.NEAREST)), theirs)


READ = """async ([address, asked]) => {
    const { findModel, readSheet, readSpecimen, readWalk } = await import(address);
    const models = [{ name: "alpha", weights: "1" }, { name: "beta", weights: "2" }];
    const sentence = (query) => {
        const said = Object.fromEntries(new URLSearchParams(query));
        try {
            const { remark } = findModel(models, said);
            const read = { generate: readSheet, explore: readSpecimen, interpolate: readWalk }[said.tab];
            read(said, { directions: Array(8), zDim: 100 });
            return remark;
        } catch (problem) {
            return problem;
        }
    };
    return asked.map(sentence);
}"""
SENTENCES = {
    "tab=explore&seed=4294967295&truncation=0&d8=-10&z99=10&model=beta&weights=2": "",
    "tab=explore&seed=-1": "Seed must be a whole number from 0 to 4294967295, not -1.",
    "tab=explore&truncation=1.5": "Truncation must be a number from 0 to 1, not 1.5.",
    "tab=explore&d9=1": "d9 is none of this model’s directions.",
    "tab=explore&z100=1": "z100 is none of this model’s coordinates.",
    "tab=explore&z7=nan": "z7 must be a number from -10 to 10, not nan.",
    "tab=generate&seed=4294967290&count=16": "16 pictures from seed 4294967290 on would need seeds above 4294967295.",
    "tab=generate&model=gamma": "This was made by a model called gamma, which is not here. There is: alpha, beta.",
    "tab=generate&model=gamma&weights=1": "",
    "tab=explore&model=beta&weights=3": "This was made with other weights of beta, so it may look different here.",
    "tab=interpolate&seeds=1": "A link to a morph names 2 to 8 seeds, as in seeds=1-2.",
    "tab=interpolate&seeds=1-2-3-4-5-6&steps=99": "A morph has at most 480 frames; take fewer of them, or fewer seeds.",
    "tab=interpolate&method=fade": "The method must be one of slerp, lerp, not fade.",
}


def test_a_link_that_means_nothing_here_has_a_sentence_for_it(visit, page_site):
    page = visit(f"{page_site}README.md")
    said = page.evaluate(READ, [f"{page_site}recipes.js", list(SENTENCES)])
    assert dict(zip(SENTENCES, said, strict=True)) == SENTENCES


def test_the_sentence_stands_beside_a_first_picture_and_so_do_those_about_files(opened, tmp_path):
    page = opened("tab=about")
    page.get_by_text("This link leads to about, which this page does not have.").wait_for()
    page.locator(".stage-picture[data-drawn]:visible").wait_for()
    Image.new("RGB", (8, 8)).save(tmp_path / "plain.png")
    (tmp_path / "other.png").write_bytes(b"no PNG at all" * 9)
    for name, sentence in (("plain", "plain.png carries no recipe."), ("other", "other.png is no PNG.")):
        page.locator(".open-picture input").set_input_files(tmp_path / f"{name}.png")
        page.get_by_text(sentence).wait_for()


# --- the tabs --------------------------------------------------------------------------------------------------------


def test_generate_draws_a_wall_another_by_the_space_bar_and_walks_by_drag_and_arrow_keys(opened):
    page = opened("tab=generate&model=alpha&seed=3&count=5&truncation=0.9")
    page.wait_for_function("document.querySelectorAll('.sheet canvas')[4]?.width === 64")
    fifth = pixels_of(page.locator(".sheet canvas").nth(4))
    theirs = to_pil(tiny_generator(1)(0.9 * sample_z([7], 100)).detach()[0])
    assert close_to(fifth, np.array(theirs))
    page.locator(".sheet button").nth(4).click()
    assert np.array_equal(shown(page, "generate", "No. 7"), fifth)
    page.keyboard.press("ArrowLeft")
    shown(page, "generate", "No. 6")
    large = page.locator("#generate .large")
    box = large.bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 50 + box["width"] / 4, box["y"] + 50 - box["height"] / 8, steps=4)
    page.mouse.up()
    large.focus()
    page.keyboard.press("ArrowDown")
    address(page, d2=-0.6)
    page.wait_for_function("document.querySelector('#generate .before:not([hidden])')")
    page.reload()
    shown(page, "generate", "No. 6")
    assert (address(page)["seed"], address(page)["picture"]) == ("3", "6")
    assert float(address(page)["d1"]) == pytest.approx(2, abs=0.05)
    page.locator("#tab-explore").click()
    assert float(address(page, tab="explore")["d2"]) == pytest.approx(-0.6, abs=0.05)
    page.locator("#tab-generate").click()
    large.focus()
    page.keyboard.press(" ")
    page.wait_for_function("document.querySelector('#generate h2').textContent !== 'No. 6'")
    another = page.locator("#generate h2").inner_text().removeprefix("No. ")
    assert not {"picture", "d1"} & set(address(page, seed=another))


def test_a_model_that_is_chosen_while_another_draws_takes_over(opened):
    page = opened("way=webgl&tab=generate&model=alpha&seed=0&count=20")
    page.locator(".models label", has_text="beta").click()
    shown(page, "generate", "No. 0")
    page.get_by_text("beta, truncation 1").wait_for()
    assert address(page, model="beta")["seed"] == "0"
    page.locator("#generate [type=number][data-name=seed]").fill("100")
    last = page.locator(".sheet li").nth(19)
    last.get_by_text("119").wait_for()
    last.locator("canvas[width='64']").wait_for()
    theirs = np.array(to_pil(tiny_generator(2)(sample_z([119], 100)).detach()[0]))
    deadline = 50
    while deadline and not close_to(pixels_of(last.locator("canvas")), theirs):
        page.wait_for_timeout(100)
        deadline -= 1
    assert deadline
    assert page.evaluate("document.body.dataset.way") == "webgl" and page.workers == []


def test_explore_moves_by_sliders_and_the_drawer_of_coordinates(opened):
    page = opened("tab=explore&model=alpha&seed=2")
    shown(page, "explore", "No. 2")
    page.locator("#explore [type=range][data-name=d3]").fill("1.5")
    page.locator("#explore summary").click()
    page.locator("#explore [type=number][data-name=z99]").fill("-2")
    assert address(page, z99=-2)["d3"] == "1.5"
    page.locator("#explore .before canvas").wait_for()
    page.locator("#explore [data-do=reset]").click()
    page.locator("#explore .before").wait_for(state="hidden")
    assert page.locator("#explore [type=range][data-name=d3]").input_value() == "0"


def test_morph_plays_scrubs_and_saves_a_film_and_frames(opened, tmp_path):
    page = opened("tab=interpolate&model=alpha&seeds=1-2-3&steps=3&method=lerp&loop=1&truncation=1&t=1.3333")
    middle = 2 / 3 * sample_z([2], 100) + 1 / 3 * sample_z([3], 100)
    theirs = np.array(to_pil(tiny_generator(1)(middle).detach()[0]))
    assert close_to(shown(page, "interpolate", "B to C, t = 0.33"), theirs)
    page.locator("#interpolate .stage [type=range]").fill("6")
    address(page, t=2)
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('#interpolate .stage').dataset.frame < 5")  # round, past the end
    page.get_by_role("button", name="Pause").click()
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


def test_training_has_grids_and_curves_on_one_scrubber(opened):
    first, second, last = EPOCHS
    page = opened(f"tab=training&model=alpha&epoch={second}")
    page.get_by_text(f"Epoch {second} of {last}").wait_for()
    assert page.locator(".curves .at").first.inner_text() == f"epoch {second}"
    page.locator("#training [type=range]").fill("0")
    address(page, epoch=first)
    page.locator(".plot").first.focus()
    page.keyboard.press("End")
    page.get_by_text(f"Epoch {last} of {last}").wait_for()
    page.locator(".models label", has_text="beta").click()
    page.get_by_text("This model came without sample grids; the curves are all there is.").wait_for()
    page.get_by_text("No curves: this model came without its history.").wait_for()


def test_what_is_kept_waits_in_this_browser_as_recipes_alone(opened):
    page = opened("tab=explore&model=alpha&seed=2&d1=1.5")
    shown(page, "explore", "No. 2")
    page.locator("#explore [data-do=keep]").click()
    page.locator(".tray canvas[width='64']").wait_for()
    stored = page.evaluate("Object.values(localStorage)")
    assert len(stored) == 1 and len(stored[0]) < 200 and json.loads(stored[0])[0]["d1"] == 1.5
    page.goto(page.url.split("?")[0])
    page.locator(".tray canvas[width='64']").wait_for()
    page.locator(".tray .show").click()
    assert address(page, tab="explore")["d1"] == "1.5"
    page.locator(".tray .drop-it").click()
    page.get_by_text("Nothing yet.").wait_for()
    assert page.locator(".tray li").count() == 0


# --- everyone, everywhere --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width, height, scheme", [(1280, 900, "light"), (390, 844, "dark")])
def test_no_tab_has_a_grave_finding_and_none_is_wider_than_the_screen(width, height, scheme, opened):
    page = opened("tab=explore&model=alpha&seed=2&d1=1.5", width, height, color_scheme=scheme)
    shown(page, "explore", "No. 2")
    page.locator("#explore [data-do=keep]").click()
    page.locator("#explore summary").click()
    page.evaluate(AXE)
    for tab in TABS:
        page.locator(f"#tab-{tab}").click()
        address(page, tab=tab)
        page.locator(f"#{tab} .large, #{tab} canvas").first.wait_for()
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
    page.goto(f"{page_site}?tab=training&model=alpha")
    page.get_by_text(f"Epoch {EPOCHS[-1]} of {EPOCHS[-1]}").wait_for()
    page.locator(".models label", has_text="beta").click()
    page.locator("#tab-generate").click()
    page.get_by_text("beta, truncation 1").wait_for()
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
    shown(page, "explore", "No. 5")
    assert page.evaluate("document.body.dataset.way") == "worker"
    page.locator("#tab-training").click()
    page.get_by_text(f"Epoch {EPOCHS[-1]} of {EPOCHS[-1]}").wait_for()
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
    page.locator(".models label", has_text="beta").click()
    page.get_by_text("That did not work: models/beta/model.safetensors could not be fetched (404).").wait_for()
    assert page.locator(".models input:checked").input_value() == "alpha"
    shown(page, "generate", "No. 1")
    context.close()
