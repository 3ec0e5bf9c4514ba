"""The page as a whole: links that rebuild it, pictures dropped onto it, a phone's width."""

import json
from urllib.parse import parse_qs

import pytest
from served import (
    choose_file,
    differ,
    explored_picture,
    field,
    memory,
    model_button,
    pictures_of,
    png,
    recipe_of,
    slider,
    toast,
    wait_for_recipe,
    wait_for_seeds,
)


def address_of(page, *parts):
    """Return the address once it says all of these."""
    page.wait_for_function("parts => parts.every(part => location.search.includes(part))", arg=list(parts))
    return page.url


# --- links ---------------------------------------------------------------------------------------------------------


def test_a_link_to_generate_rebuilds_what_was_shown(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    model_button(page, "bare").check()
    field(page, "generate", "seed").fill("123456")
    field(page, "generate", "count").fill("9")
    field(page, "generate", "truncation").fill("0.65")
    address = address_of(page, "model=bare", "seed=123456", "count=9", "truncation=0.65")

    fresh = visit(address)
    wait_for_seeds(fresh, "123456-123464")
    for one, other in zip(pictures_of(page), pictures_of(fresh), strict=True):
        assert differ(one, other) == 0
    assert model_button(fresh, "bare").is_checked()
    for name, value in (("seed", "123456"), ("count", "9"), ("truncation", "0.65")):
        assert field(fresh, "generate", name).input_value() == slider(fresh, "generate", name).input_value() == value
    assert fresh.url == address


def test_a_link_to_explore_rebuilds_what_was_shown(visit, server):
    page = visit(server.url)
    model_button(page, "bare").check()
    page.get_by_role("tab", name="Explore").click()
    edits = {"seed": 4_000_000_000, "truncation": 0.9, "d2": -3.15, "d8": 0.4}
    for name, value in edits.items():
        field(page, "explore", name).fill(str(value))
    wait_for_recipe(page, model="bare", **edits)
    address = address_of(page, "tab=explore", "model=bare", *(f"{name}={value}" for name, value in edits.items()))

    fresh = visit(address)
    wait_for_recipe(fresh, model="bare", **edits)
    assert recipe_of(fresh) == recipe_of(page)
    assert differ(explored_picture(fresh), explored_picture(page)) == 0
    assert model_button(fresh, "bare").is_checked()
    assert fresh.get_by_role("tab", name="Explore").get_attribute("aria-selected") == "true"
    for name, value in edits.items():
        assert float(field(fresh, "explore", name).input_value()) == value
    assert address_of(fresh, "d8=0.4") == address


def test_the_address_follows_the_open_tab(visit, server):
    page = visit(server.url)
    address_of(page, "tab=generate", "seed=1", "count=16")
    page.get_by_role("tab", name="Explore").click()
    address_of(page, "tab=explore", "seed=1")
    assert "count" not in page.url
    page.get_by_role("tab", name="Generate").click()
    address_of(page, "tab=generate", "seed=1", "count=16")


def test_what_others_put_into_the_address_stays_and_in_a_space_the_hub_is_told(visit, server):
    # The real one's frame is no page of this machine, and needs no permission.
    address = f"{server.url}?count=4&seed=9&__theme=dark&from=a+friend#end"
    page = visit(address, permissions=("local-network-access",))
    address = address_of(page, "tab=generate", "seed=9", "count=4", "__theme=dark", "from=a+friend")
    assert address.endswith("#end") and address.count("seed=") == 1

    hub = page.context.new_page()  # its title is what its frame told it
    frame = f"<iframe src='{server.url}?__sign=secret&seed=5&from=a+friend'></iframe>"
    listen = "<script>onmessage = ({ data }) => data.queryString && (document.title = data.queryString)</script>"
    hub.route("https://huggingface.co/**", lambda route: route.fulfill(body=listen + frame, content_type="text/html"))
    hub.goto("https://huggingface.co/spaces/USER/NAME")
    hub.wait_for_function("document.title.includes('seed=5')")
    assert parse_qs(hub.title()).keys() == {"tab", "model", "weights", "seed", "count", "truncation", "from"}


@pytest.mark.parametrize(
    "query, says",
    [
        ("model=gamma&seed=5", "made by a model called 'gamma', which is not here. There is: alpha, bare."),
        ("seed=abc", "Seed must be a whole number from 0 to 4,294,967,295, not 'abc'."),
        ("seed=1e999", "Seed must be a whole number"),
        ("tab=nope&seed=3", "This link leads to 'nope', which this page does not have."),
        ("seed=" + "7" * 10_000, "Seed must lie between"),
        ("tab=explore&z100=1", "z100 is none of this model’s coordinates, z0 to z99."),
    ],
)
def test_a_bad_link_gets_a_sentence_and_a_page_that_works(visit, server, query, says):
    page = visit(f"{server.url}?{query}")
    toast(page, says).wait_for()
    wait_for_seeds(page, "1-16")
    field(page, "generate", "seed").fill("8")
    wait_for_seeds(page, "8-23")
    address_of(page, "tab=generate&model=alpha", "seed=8")


def test_a_link_made_with_other_weights_says_so(visit, server):
    page = visit(f"{server.url}?tab=generate&model=bare&weights=0123456789012345&seed=30&count=4&truncation=1")
    toast(page, "This was made with other weights of bare, so it may look different here.").wait_for()
    wait_for_seeds(page, "30-33")
    assert model_button(page, "bare").is_checked()


# --- dropped pictures ----------------------------------------------------------------------------------------------


def test_files_that_bring_no_picture_back_get_a_sentence_each_and_are_not_uploaded(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    sent = []
    page.on("request", lambda request: request.method == "POST" and sent.append((request.url, request.post_data)))
    before = memory(server.process.pid)
    for content, says in (
        (b"GIF89a, but called PNG all the same", "is no PNG"),
        (b"", "is no PNG"),
        (png(), "carries no recipe"),
        (png(json.dumps({"seed": 3}))[:60], "carries no recipe"),
        (png() + bytes(6_000_000), "is larger than 5 MB"),
        (png(size=(13_000, 13_000)), "is 13000 × 13000 pixels"),
        (png("{"), "The recipe in saved.png is damaged"),
        (png("[1]"), "There is no recipe in this picture"),
        (png("null"), "The recipe in saved.png is damaged"),
        (png(json.dumps({"model": "gamma", "weights": "f" * 16})), "made by a model called 'gamma'"),
        (png(json.dumps({"model": {"name": []}})), "which is not here"),
        (png(json.dumps({"seed": -3})), "Seed must lie between"),
        (png(json.dumps({"seed": 3, "d1": "left"})), "d1 must be a number"),
        (png(json.dumps({"truncation": None, "z5": [5]})), "z5 must be a number"),
    ):
        page.evaluate("window.ganStudio.send('say', '')")  # so that the sentence found is a new one
        choose_file(page, content)
        toast(page, says).wait_for()
    assert not [url for url, _ in sent if "upload" in url]
    assert max(len(data or "") for _, data in sent) < 2_000  # nothing but recipes
    assert memory(server.process.pid) - before < 100e6
    assert page.get_by_role("tab", name="Generate").get_attribute("aria-selected") == "true"

    choose_file(page, png(json.dumps({"seed": 3, "d1": 2})))
    wait_for_recipe(page, model="alpha", seed=3, d1=2)


# --- how it fits -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_in_one_direction_alone(visit, server, scheme):
    page = visit(server.url, 390, 844, device_scale_factor=2, color_scheme=scheme)
    wait_for_seeds(page, "1-16")
    for tab in page.get_by_role("tab").all():
        tab.click()
        page.locator("[role=tabpanel]:visible").locator("canvas:visible, img:visible, p:visible").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") == 390, tab.inner_text()
    light = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(value => value > 128)")
    assert light == (scheme == "light")
