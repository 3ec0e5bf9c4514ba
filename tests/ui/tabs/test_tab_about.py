"""The About tab: the card of our own models, what a stranger's may hold, and the code it tells people to paste."""

import ast
import html
import json
import re
import time
from html.parser import HTMLParser

import pytest
from served import (
    EPOCHS,
    ROOT,
    Server,
    copy_app,
    differ,
    measurement,
    model_button,
    pixels,
    plant,
    tiny_model,
    wait_for_address,
    wait_for_picture,
    wait_for_seeds,
)

from gan.checkpoints import CONFIG_FILE, load_generator, weights_digest
from gan.errors import escape
from gan.files import read_json, write_json
from gan.folder import write_metrics
from gan.hub.ids import is_id
from gan.images import to_pil
from gan.latent import sample_z
from gan.metrics import METRICS, Metric
from gan.ui.loaded import load_models
from gan.ui.tabs.about import (
    KAGGLE,
    about,
    bibtex_of,
    card_html,
    facts_of,
    local_code,
    networks_html,
    remote_code,
    render_markdown,
)

HOSTILE = (
    "<script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 1'>",
    "![one](http://elsewhere.test/one.png) ![two](//elsewhere.test/two.png) ![three][there]",
    "[four](javascript:window.pwned=1) [five](http://elsewhere.test) <http://elsewhere.test> [six][there]",
    "\n\n[there]: http://elsewhere.test/there.png\n\n",
    "</code></pre></td></table><iframe src=//elsewhere.test></iframe>",
    "\n\n```html\n<script>window.pwned = 1</script>\n```\n\n",
    "${window.pwned = 1} {{window.pwned}} <style>@import url(//elsewhere.test)</style>",
    f"[a real link]({KAGGLE}x'onmouseover='window.pwned=1)",
    "![own](samples/epoch-0006.webp 'a\" onerror=\"window.pwned=1')",
)
NAME = "<img src=x onerror=window.pwned=1>"  # a folder may be called so
ALLOWED_TAGS = set(
    re.findall(r"\w+", "h2 h3 h4 h5 h6 p a img pre code table thead tbody tr th td strong em ul ol li hr br")
)
ALLOWED_ATTRIBUTES = {"href", "target", "rel", "src", "alt", "title", "class", "style", "start", "tabindex"}


class Found(HTMLParser):
    """The tags and attributes in a piece of HTML."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = set(), [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes += attributes

    def handle_data(self, text):
        self.text += text


def write_config(folder, config):
    (folder / CONFIG_FILE).write_text(json.dumps(config))


def poison(folder, words):
    """Put the words into every text of the folder's config.json."""

    def poisoned(value):
        if isinstance(value, dict):
            return {key: poisoned(inner) for key, inner in value.items()}
        return " ".join(words) if isinstance(value, str) else value

    write_config(folder, poisoned(json.loads((folder / CONFIG_FILE).read_text())))
    return folder


def load(*folders):
    models, problems = load_models(folders)
    assert problems == ()
    return models


@pytest.fixture(scope="module")
def alpha(server):
    return load(server.folder / "checkpoints" / "alpha")[0]


# --- the card ----------------------------------------------------------------------------------------------------


def test_our_own_card_comes_with_its_pictures_table_and_link(alpha):
    card = card_html(alpha)
    found = Found(card)
    assert card.startswith("<h2>alpha</h2>") and "library_name" not in card
    assert "<h3>Training</h3>" in card and "<td>pictures seen</td>" in card
    assert "belong to their owners" in card
    assert "<td>KID × 1000</td>\n<td>16.7 ± 0.3</td>" in card and "100.0 ±" not in card  # of these very weights alone
    links = [value for name, value in found.attributes if name == "href"]
    assert links == [KAGGLE + "kvpratama/pokemon-images-dataset"]
    assert ("rel", "noopener") in found.attributes and ("target", "_blank") in found.attributes
    sources = [value for name, value in found.attributes if name == "src"]
    assert len(sources) == 1 and sources[0].startswith("data:image/webp;base64,")


def test_both_networks_are_shown_layer_by_layer_whatever_a_strangers_config_describes(tmp_path):
    folder = plant(tmp_path / "alpha", 1, EPOCHS)
    (model,) = load(folder)
    own = networks_html(model)
    assert "<td>convtranspose1</td>" in own and "<td>conv1</td>" in own and 'src="data:image/webp' in own
    described = json.loads((folder / CONFIG_FILE).read_text())
    huge = {"base_channels": 10**6, "image_size": 64}
    for given in (HOSTILE, {"norm": ["x"]}, {"base_channels": "1"}, {"image_size": 65}, huge, {"norm": "none"}):
        write_config(folder, described | {"discriminator": given})
        shown = networks_html(load(folder)[0])
        assert "<td>convtranspose1</td>" in shown and "<td>conv1</td>" in shown and "pwned" not in shown


def test_a_strangers_card_runs_nothing_and_asks_for_nothing(tmp_path):
    (model,) = load(poison(plant(tmp_path / NAME, 1, EPOCHS), HOSTILE))
    card = card_html(model)
    found = Found(card)
    assert "window.pwned" in card  # as text
    assert found.tags <= ALLOWED_TAGS
    assert {name for name, _ in found.attributes} <= ALLOWED_ATTRIBUTES
    for name, value in found.attributes:
        if name == "href":
            assert value.startswith(KAGGLE)
        if name == "src":
            assert value.startswith("data:image/webp;base64,")
        if name == "style":
            assert value.startswith("text-align:")


@pytest.mark.parametrize("words", ["x" * 500_000, "[" * 500_000, "*a _b " * 80_000, "| a " * 125_000, "\n> " * 125_000])
def test_half_a_megabyte_of_words_is_shortened_soon(tmp_path, words):
    (model,) = load(poison(plant(tmp_path / "long", 1, EPOCHS), [words]))
    started = time.monotonic()
    card = card_html(model)
    assert time.monotonic() - started < 5
    assert words[:4] in html.unescape(card).replace("\\n", "\n") and len(Found(card).text) < 10_000


def test_a_card_without_end_is_cut_off_soon(tmp_path):
    folder = plant(tmp_path / "long", 1, EPOCHS)
    weights = weights_digest(folder / "model.safetensors")
    write_metrics(folder, [measurement(6, kid, weights=weights) for kid in range(2_000)])
    (model,) = load(folder)
    started = time.monotonic()
    card = card_html(model)
    assert time.monotonic() - started < 5
    assert card.endswith("<p>The card goes on; here it is cut off.</p>")
    assert len(card) < 2_000_000


def test_a_metric_that_is_added_is_shown_of_the_lines_that_have_it(tmp_path, monkeypatch):
    folder = plant(tmp_path / "alpha", 1, EPOCHS)
    weights = weights_digest(folder / "model.safetensors")
    added = Metric(lambda real, fake: 0.5, {"sharpness": 2}, lambda line: ("how sharp", f"{line['sharpness']}"))
    monkeypatch.setattr("gan.metrics.METRICS", (*METRICS, added))
    write_metrics(
        folder, [measurement(6, 50.0, weights=weights), measurement(6, 40.0, weights=weights, sharpness=0.25)]
    )
    (model,) = load(folder)
    shown = Found(card_html(model)).text
    assert "50.0 ± 0.3" in shown and "40.0 ± 0.3" in shown and shown.count("how sharp") == 1
    assert [line["kid_train"] for line in model.measured] == [50.0, 40.0]


@pytest.mark.parametrize(
    "config, says",
    [
        (None, "missing or damaged"),
        ("{", "missing or damaged"),
        ("[]", "missing or damaged"),
        ("[" * 100_000, "missing or damaged"),
        ("{}", "does not say what a card needs"),
        ('{"generator": 3}', "does not say what a card needs"),
        ('{"generator": {"z_dim": [], "image_size": null}, "train": {}}', "does not say what a card needs"),
        ('{"generator": {"z_dim": 1, "image_size": 1}, "train": {"recipe": 1}, "images_seen": "many"}', "does not say"),
    ],
)
def test_without_a_card_it_says_so_and_tells_what_is_known(tmp_path, config, says):
    folder = plant(tmp_path / "model<b>", 1)
    if config is not None:
        (folder / CONFIG_FILE).write_text(config)
    (model,) = load(folder)
    value = about(model, True)
    assert says in value["card"] and "They belong to their owners" in value["card"]
    assert "<h2>model&lt;b&gt;</h2>" in value["card"]
    facts = facts_of(model)
    assert model.weights in facts["Hash"] and facts["Gives"] == "64 × 64 pixels" and "Trained" not in facts
    assert all(html.escape(fact) in value["facts"] for fact in facts.values())


def test_headings_go_down_one_level_and_no_further_than_six():
    assert render_markdown("# a\n###### b", {}) == "<h2>a</h2>\n<h6>b</h6>\n"


def test_bibtex_names_the_weights_whatever_the_folder_is_called(tmp_path):
    (model,) = load(plant(tmp_path / "my_{model}, 100%", 1))
    entry = bibtex_of(model)
    assert entry.startswith(f"@misc{{my--model---100--{model.weights[:8]},\n")
    assert r"{my\_-model-- 100-, a DCGAN made with GAN Studio}" in entry
    assert model.weights in entry and entry.count("{") == entry.count("}")


def called(code, argument="load_generator"):
    """Return the text that the code hands to a function, or to a function's argument of this name."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == argument:
            return node.args[0].value
        if isinstance(node, ast.keyword) and node.arg == argument:
            return node.value.value
    return None


@pytest.mark.parametrize("name", ["mine", 'it\'s "mine"', "back\\slash", "ポケ 😀", "tab\tand\nline", "{x} $y `z`"])
def test_the_code_names_a_folder_outside_the_checkout_by_a_path_that_works_anywhere(name, tmp_path, monkeypatch):
    (model,) = load(plant(tmp_path / "runs" / name, 1))
    monkeypatch.chdir(tmp_path)
    assert called(local_code(model, True)) == str(tmp_path / "runs" / name)
    assert called(remote_code(model), "model") == escape(name)
    assert str(tmp_path) not in json.dumps(about(model, at_home=False))
    assert called(local_code(model, at_home=False)) == name
    monkeypatch.chdir("/")
    assert not is_id(called(local_code(model, True)))  # no stranger's repository is asked for
    load_generator(called(local_code(model, True)))


def test_the_code_names_a_folder_of_the_checkout_by_its_path_there():
    (model,) = load(ROOT / "checkpoints" / "anime")
    assert called(local_code(model, True)) == "checkpoints/anime"


def test_the_code_names_a_model_of_the_hub_by_these_very_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (model,) = load(plant(tmp_path / "gan-studio" / "hub" / ("a" * 40) / "tester" / "mine", 1))
    assert called(local_code(model, True)) == f"tester/mine@{'a' * 40}" and is_id(called(local_code(model, True)))


# --- people ------------------------------------------------------------------------------------------------------


def open_about(page):
    page.get_by_role("tab", name="About").click()
    page.locator(".about h3").first.wait_for()
    page.get_by_role("button", name="The model’s card").click()
    return page


def test_the_tab_follows_the_model_and_its_link_rebuilds_it(visit, server, alpha):
    page = open_about(visit(server.url))
    page.locator(".card h2", has_text="alpha").wait_for()
    facts = page.locator(".about .facts").inner_text()
    assert f"SHA-256 {alpha.weights}" in facts and "epoch 6, 240 pictures seen" in facts
    said = page.locator(".about").inner_text()
    assert "1511.06434" in said and "Nintendo" in said and "It looked at 40 pictures" in said
    assert page.locator(".card img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 512

    model_button(page, "bare").check()
    page.get_by_text("There is no card for this model: its config.json is missing or damaged.").wait_for()
    assert page.locator(".card img").count() == 0
    other = visit(wait_for_address(page, "tab=about", "model=bare"))
    other.locator(".about h3").first.wait_for()
    assert other.get_by_role("tab", name="About").get_attribute("aria-selected") == "true"


def test_the_code_on_the_page_works(visit, server, alpha, monkeypatch, tmp_path):
    page = open_about(visit(server.url))
    code = page.locator(".about div:has(> h3:has-text('Call it from Python')) > pre > code")
    local, remote, cite = code.all_text_contents()
    (tmp_path / "checkpoints").symlink_to(server.folder / "checkpoints")
    monkeypatch.chdir(tmp_path)
    exec(local, {})
    assert differ(pixels("seed-7.png"), pixels_of(alpha, 7)) <= 1
    assert server.url in remote and alpha.weights in cite
    names = {}
    exec(remote, names)
    names["ask"].__self__.close()


def test_copies_are_told_as_they_were_measured(alpha):
    assert "Of 2,000 measured pictures 1.00% lay as near" in about(alpha, True)["answers"]
    assert "Nobody has counted near-copies" in about(tiny_model("bare"), True)["answers"]


def pixels_of(model, seed):
    to_pil(model.draw(sample_z([seed], 100))[0]).save("expected.png")
    return pixels("expected.png")


@pytest.fixture(scope="module")
def strange(tmp_path_factory):
    """The app with folders that nobody here named or filled."""
    folder = copy_app(tmp_path_factory.mktemp("strange") / "copy")
    poison(plant(folder / "checkpoints" / NAME, 1, EPOCHS), HOSTILE)
    for name, seed in (("2024", 2), ("twin", 3)):  # of one data set, which are compared
        config = plant(folder / "checkpoints" / name, seed, EPOCHS) / "config.json"
        write_json(config, read_json(config) | {"title": "![](//elsewhere.test/p.png)"})
    server = Server(folder)
    yield server
    server.stop()


def test_a_strangers_folder_runs_nothing_and_asks_for_nothing(visit, strange):
    page = visit(strange.url)
    wait_for_seeds(page, 1, 24)
    page.get_by_role("tab", name="Compare").click()
    page.get_by_text("Left, right: ![](//elsewhere.test/p.png)").wait_for()
    page.locator("#model label", has_text="onerror").locator("input").check()
    open_about(page)
    page.locator(".card").get_by_text("<script>window.pwned = 1</script>").first.wait_for()
    for tab in page.get_by_role("tab").all():
        tab.click()
        page.locator("[role=tabpanel]:visible h2").first.wait_for()
    page.wait_for_timeout(500)  # nothing is asked for after it
    assert page.evaluate("window.pwned") is None
    assert page.locator("img[src=x], iframe, .card script").count() == 0


def test_a_link_finds_a_model_that_is_called_like_a_number(visit, strange):
    page = visit(f"{strange.url}?model=2024&seed=7&tab=explore")
    wait_for_picture(page, model="2024", seed=7)
