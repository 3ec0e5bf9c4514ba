"""Links and PNGs of the page without a server and of the demo: either opens the other's."""

import json
from urllib.parse import urlsplit

import numpy as np
import pytest
from pages import address, close_to, python_draws
from PIL import Image
from served import picture_in_hand, recipe_of, wait_for_labels, wait_for_picture, wait_for_seeds

from gan.latent import sample_z, slerp
from gan.ui.encode import enlarge, png_bytes, with_recipe
from gan.ui.specimen import Specimen, read_specimen
from gan.ui.tabs.morph import link_of
from gan.ui.way import Way

PICTURES = (
    Specimen(7, 0.8, (2.5, 0, 0, 0, 0, 0, 0, -1.25), ((17, 0.5),)),
    Specimen(7, wildness=0.4),
    Specimen(latent=tuple(slerp(*sample_z([3, 4], 100), 0.3).tolist()), amounts=(0, -2.0, 0, 0, 0, 0, 0, 0)),
)


@pytest.mark.parametrize("specimen", PICTURES, ids=("edited", "tamed", "between"))
def test_a_link_of_the_demo_opens_the_same_picture_and_the_pages_own_link_is_the_same(specimen, opened, first_model):
    recipe = specimen.recipe(first_model)
    query = "&".join(f"{name}={value}" for name, value in recipe.items())
    page = opened(f"__theme=dark&tab=explore&{query}#here")
    wait_for_picture(page, **recipe)
    assert close_to(picture_in_hand(page), python_draws(first_model, specimen.z(first_model)))
    assert recipe_of(page) == recipe
    page.locator("#tab-training").click()
    page.locator("#tab-explore").click()
    link = address(page, tab="explore")
    assert (link.pop("tab"), link.pop("__theme"), urlsplit(page.url).fragment) == ("explore", "dark", "here")
    texts = ("model", "weights", "latent")
    said = {name: value if name in texts else float(value) for name, value in link.items()}
    assert said == recipe and list(said) == list(recipe)
    assert read_specimen(first_model, said) == specimen


def test_a_wall_and_a_way_are_in_links_as_the_demo_writes_them(opened, first_model):
    page = opened("tab=generate&model=alpha&seed=9&wall=5&count=12&wildness=0.5")
    wait_for_seeds(page, 5, 16)
    assert {"wall": "5", "count": "12", "seed": "9", "wildness": "0.5"}.items() <= address(page).items()
    way = Way((Specimen(3, wildness=0.5), Specimen(4, 1.0, (1.5, 0, 0, 0, 0, 0, 0, 0)), PICTURES[2]), 7, "lerp", True)
    link = link_of(first_model, way)
    query = "&".join(f"{name}={value}" for name, value in link.items())
    page.goto(page.url.split("?")[0] + f"?tab=morph&seed=3&{query}")
    wait_for_labels(page, "stops", "A · 3 B · 4 C · between")
    ours = address(page, tab="morph")
    assert json.loads(ours["stops"]) == json.loads(link["stops"])
    assert {name: ours[name] for name in ("steps", "method", "loop")} == {"steps": "7", "method": "lerp", "loop": "1"}
    page.goto(page.url.split("?")[0] + "?tab=interpolate&seeds=1-2-3")  # as it was called before
    wait_for_labels(page, "stops", "A · 1 B · 2 C · 3")
    assert address(page, tab="morph")["seeds"] == "1-2-3"


def test_pngs_come_back_in_both_directions(opened, first_model, tmp_path):
    specimen = Specimen(9, 1.0, (0, -2.0, 0, 0, 0, 0, 0, 0), ((3, 1.5),), 0.6)
    theirs, recipe = python_draws(first_model, specimen.z(first_model)), specimen.recipe(first_model)
    (tmp_path / "demo.png").write_bytes(png_bytes(with_recipe(Image.fromarray(theirs), recipe)))
    page = opened("tab=generate&model=beta")
    page.locator(".open-picture input").set_input_files(tmp_path / "demo.png")
    wait_for_picture(page, **recipe)
    assert address(page, tab="explore")["model"] == "alpha"
    assert close_to(picture_in_hand(page), theirs)
    for button, side in (("#save", 64), ("#save-large", 512)):
        with page.expect_download() as saving:
            page.locator(button).click()
        assert saving.value.suggested_filename.startswith("alpha-seed-9-d2-2-1-numbers")
        saving.value.save_as(tmp_path / "page.png")
        with Image.open(tmp_path / "page.png") as saved:
            assert json.loads(saved.info["gan-studio"]) == recipe
            assert saved.size == (side, side) and saved.mode == "RGB"
            expected = np.array(enlarge(Image.fromarray(theirs), side // 64, smooth=True))
            assert np.abs(np.array(saved).astype(int) - expected).mean() < 1


READ = """async ([base, asked]) => {
    const module = (name) => import(base + name);
    const [{ findModel, findTab }, { readSpecimen }, { readStops, readWay }, { seedsOf }] =
        await Promise.all(["links.js", "specimen.js", "way.js", "generate.js"].map(module));
    const models = [{ name: "alpha", weights: "1" }, { name: "beta", weights: "2" }];
    const model = { directions: Array(8), zDim: 100, picked: [] };
    const sentence = (query) => {
        const said = Object.fromEntries(new URLSearchParams(query));
        try {
            const { remark } = findModel(models, said), tab = findTab(said);
            readSpecimen(said, model);
            if (tab === "generate") seedsOf(model, said.wall, said.count);
            if (tab === "morph") readWay(readStops(said, model), said);
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
    "tab=explore&wildness=1.5": "Wildness must be a number from 0 to 1, not 1.5.",
    "tab=explore&latent=AAAA": "The latent of this picture is damaged: it should be 100 numbers, written as this page "
    "does.",
    "tab=explore&d9=1": "d9 is none of this model’s directions.",
    "tab=explore&z100=1": "z100 is none of this model’s coordinates.",
    "tab=explore&z7=nan": "z7 must be a number from -10 to 10, not nan.",
    "tab=generate&wall=4294967290&count=16": "16 pictures from seed 4294967290 on would need seeds above 4294967295.",
    "tab=generate&model=gamma": "This was made by a model called gamma, which is not here. There is: alpha, beta.",
    "tab=generate&model=gamma&weights=1": "",
    "tab=explore&model=beta&weights=3": "This was made with other weights of beta, so it may look different here.",
    "tab=morph&seeds=1": "A link to a morph names 2 to 8 seeds, as in seeds=1-2.",
    "tab=morph&stops=[7]": "The stops in this link are damaged.",
    "tab=morph&seeds=1-2-3-4-5-6&steps=99": "A morph has at most 480 frames; take fewer of them, or fewer pictures.",
    "tab=morph&seeds=1-2&method=fade": "The method must be one of slerp, lerp, not fade.",
    "tab=about": "This link leads to about, which this page does not have.",
    "tab=draw&strokes=x": "This is a drawing, coloured by a second network. This page has none: open it in the demo of "
    "this project.",
}


def test_a_link_that_means_nothing_here_has_a_sentence_for_it(opened, page_site):
    page = opened()
    said = page.evaluate(READ, [page_site, list(SENTENCES)])
    assert dict(zip(SENTENCES, said, strict=True)) == SENTENCES


def test_the_sentence_stands_beside_a_first_picture_and_so_do_those_about_files(opened, tmp_path):
    page = opened("tab=about")
    page.get_by_text("This link leads to about, which this page does not have.").wait_for()
    wait_for_picture(page, seed=1)
    Image.new("RGB", (8, 8)).save(tmp_path / "plain.png")
    page.locator(".open-picture input").set_input_files(tmp_path / "plain.png")
    page.get_by_text("plain.png carries no recipe.").wait_for()
    drawing = with_recipe(Image.new("RGB", (8, 8)), {"strokes": "x", "palette": "ff0000"})
    (tmp_path / "drawing.png").write_bytes(png_bytes(drawing))
    page.locator(".open-picture input").set_input_files(tmp_path / "drawing.png")
    page.get_by_text("This is a drawing, coloured by a second network.").wait_for()
