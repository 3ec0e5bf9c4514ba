"""What axe-core finds on every tab, light and dark, desktop and phone; and the ways that only a keyboard takes."""

from pathlib import Path

import axe_playwright_python
import pytest
from served import Server, choose_file, copy_app, plant, png, wait_for_picture, wait_for_seeds

from gan.ui.demo import TABS

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
# Colours follow the scheme, where things lie the width: no fourth one could find more.
SCREENS = [(1280, 900, "light"), (1280, 900, "dark"), (390, 844, "light")]
GRAVE = ("critical", "serious")


def findings(page):
    """Return axe-core's grave findings as "rule: selector", those in Gradio's own widgets included."""
    violations = page.evaluate("axe.run(document, { resultTypes: ['violations'] }).then((found) => found.violations)")
    return [
        f"{violation['id']}: {node['target'][0]}"
        for violation in violations
        for node in violation["nodes"]
        if violation["impact"] in GRAVE
    ]


def tabs_of(page):
    return page.locator("#tabs [role=tablist] [role=tab]").all()


def open_all(page, tab):
    """Open a tab, wait until the address says so, and open its drawers."""
    name = tab.get_attribute("data-tab-id")
    if tab.get_attribute("aria-selected") == "false":
        tab.click()
        page.wait_for_function("name => new URLSearchParams(location.search).get('tab') === name", arg=name)
    closed = page.locator("[role=tabpanel]:visible .label-wrap:not(.open):visible")
    while closed.count():
        closed.first.click()
    return name


@pytest.fixture
def audited(visit, server):
    """Return a function that opens the page with axe-core in it."""

    def open_page(width, height, scheme, url=server.url):
        page = visit(url, width, height, color_scheme=scheme)
        wait_for_seeds(page, 1, 24)
        page.evaluate(AXE)
        return page

    return open_page


@pytest.mark.parametrize("width, height, scheme", SCREENS[1:3])
def test_nor_what_opens_under_the_picture(audited, width, height, scheme):
    page = audited(width, height, scheme)
    page.get_by_role("button", name="Is it a copy?").click()
    page.get_by_role("button", name="What the critic looks at").click()
    choose_file(page, png())
    page.get_by_role("region", name="Draw mine").wait_for()
    page.locator(".reals canvas").first.wait_for()
    assert findings(page) == []


@pytest.mark.parametrize("width, height, scheme", SCREENS)
def test_no_tab_has_a_grave_finding(audited, width, height, scheme):
    page = audited(width, height, scheme)
    found = {}
    for tab in reversed(tabs_of(page)):  # the first stands open already
        name = open_all(page, tab)
        page.wait_for_timeout(300)
        found[name] = findings(page)
    assert len(found) == len(TABS) and not any(found.values()), found


@pytest.fixture(scope="module")
def lonely(tmp_path_factory):
    """The app with one model, without a record of its training, without a card."""
    folder = copy_app(tmp_path_factory.mktemp("lonely") / "copy")
    plant(folder / "checkpoints" / "only", 1)
    server = Server(folder)
    yield server
    server.stop()


@pytest.mark.parametrize("width, height, scheme", SCREENS[1:3])
def test_empty_states_have_no_grave_finding(audited, lonely, width, height, scheme):
    page = audited(width, height, scheme, lonely.url)
    for tab in tabs_of(page):
        tab.click()
        page.locator("[role=tabpanel]:visible :is(h2, h3, p)").first.wait_for()
        assert findings(page) == []
    assert [tab.inner_text() for tab in tabs_of(page)] == ["Generate", "Explore", "Morph", "Training", "About"]


def test_axe_core_would_find_something(audited):
    page = audited(*SCREENS[0])
    page.locator(".before").evaluate("button => { button.hidden = false; button.textContent = ''; }")
    assert findings(page) == ["button-name: .before"]


# --- keyboard ----------------------------------------------------------------------------------------------------

RING = """() => {
    const visible = (part) => part && getComputedStyle(part).outlineStyle !== "none";
    const focused = document.activeElement;
    if (focused === document.body) return null;
    const near = [focused, focused.nextElementSibling, focused.closest("label")];
    return [focused.outerHTML.slice(0, 120), near.some(visible)];
}"""


def test_the_tab_key_walks_through_every_tab_and_shows_where_it_is(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, 1, 24)
    for tab in tabs_of(page):
        name = open_all(page, tab)
        tab.focus()
        reached = []
        for _ in range(400):
            page.keyboard.press("Tab")
            focused = page.evaluate(RING)
            if focused is None:
                break
            reached.append(focused)
        without = [html for html, visible in reached if not visible]
        assert focused is None, f"{name}: the keyboard never leaves the page"
        assert reached and without == [], f"{name}: no ring on {without}"


def test_the_first_stops_lead_to_the_picture(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, 1, 24)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the picture"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "stage-room"


def test_arrow_keys_walk_through_the_wall(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, 1, 24)
    page.locator("#wall .tile").first.focus()
    for key, seed in (("ArrowRight", 2), ("End", 24), ("ArrowLeft", 23), ("Home", 1)):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.ariaLabel") == f"Seed {seed}: take this picture"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    wait_for_picture(page, seed=2)
    assert page.evaluate("document.activeElement.ariaLabel") == "Seed 2: take this picture"


# --- phone -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [390, 360])
def test_all_tabs_are_in_sight_on_a_phone(visit, server, width):
    page = visit(server.url, width, 844)
    wait_for_seeds(page, 1, 24)
    assert page.get_by_role("button", name="More tabs").count() == 0
    tabs = tabs_of(page)
    assert [tab.inner_text() for tab in tabs] == [title for title, _ in TABS.values()]
    for tab in tabs:
        box = tab.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] >= 40
        assert tab.evaluate("tab => tab.scrollWidth <= tab.clientWidth")  # its word is not cut off
    tabs[-1].click()
    page.locator(".about h3").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == width
