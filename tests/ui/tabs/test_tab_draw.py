"""The Draw tab, through /colorize and as people use it: mouse, finger, pen and keys, undo, links, files, a phone."""

import io
import re
import zipfile

import httpx
import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError
from PIL import Image, ImageDraw
from served import (
    choose_file,
    differ,
    notice,
    open_tab,
    picture_on,
    pixels,
    plant,
    plant_aide,
    plant_insight,
    recipe_in,
    wait_for_address,
)

from gan.ui.aides import Aide, Aides
from gan.ui.loaded import load_models
from gan.ui.strokes import Stroke, write_strokes
from gan.ui.tabs.draw import copy_line, lead_of

BOX = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8), (0.2, 0.2))
CAPTURED = re.compile(r"strokes=([\w.-]+)")


def drawing_file(folder, size=(300, 200)):
    """Write a drawing as people have them; return its path."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((60, 40, 240, 160), outline="black", width=5)
    image.save(folder / "drawing.png")
    return folder / "drawing.png"


# --- programs ----------------------------------------------------------------------------------------------------


def test_a_file_is_coloured_in_its_own_shape_and_transparent_outside(client, tmp_path):
    picture, told = client.predict(handle_file(drawing_file(tmp_path)), api_name="/colorize")
    with Image.open(picture) as image:
        assert image.mode == "RGBA" and image.size == (300, 200)
        assert image.getpixel((60, 100)) == (0, 0, 0, 255)  # its own line
    assert told["coloured_by"] == "colours" and len(told["weights"]) == 16


def test_strokes_hints_palette_and_kept_lines_each_change_the_picture(client):
    box = [{"points": [[x * 512, y * 512] for x, y in BOX]}]
    green = [{"tool": "hint", "colour": "#00ff00", "points": [[200, 248], [330, 248]]}]

    def made(**more):
        return pixels(client.predict(box, api_name="/colorize", **more)[0])

    plain = made()
    assert plain.shape == (512, 512, 3) and differ(made(), plain) == 0
    assert differ(made(hints=green), plain) > 2 and differ(made(keep_lines=False), plain) > 50
    assert differ(made(palette=["#e23d28", "#f7d354"]), plain) > 2


@pytest.mark.parametrize(
    "arguments, said",
    [
        ({"drawing": []}, "empty"),
        ({"drawing": [{"points": [[256, 256]]}]}, "too little"),
        ({"drawing": "x"}, "damaged"),
        ({"hints": {"path": 5}}, "image file"),
        ({"hints": [{"points": [[120, 80]], "colour": "#00ff00"}]}, "None of the strokes is a hint"),
        ({"palette": ["red"]}, "colour"),
        ({"model": "nobody"}, "no model"),
        ({"keep_lines": 7}, "true or false"),
    ],
)
def test_every_mistake_of_a_program_is_a_sentence(client, arguments, said):
    with pytest.raises((AppError, ValueError), match=said):
        client.predict(api_name="/colorize", **arguments)


def test_what_a_strangers_network_is_called_stands_above_the_pad_as_words(tmp_path):
    described = {"task": "colorize", "title": "<img src=x onerror=alert(1)>", "data": {"name": "folder"}}
    lead = lead_of(Aide(tmp_path, described))
    assert "&lt;img" in lead and "<img" not in lead


def test_nothing_is_said_of_copies_of_pictures_that_the_network_that_colours_never_saw(tmp_path):
    folder = plant(tmp_path / "alpha", 1, (1, 3))
    plant_insight(folder, tmp_path / "pictures")
    (model,), _ = load_models([folder])
    picture = Image.new("RGB", (64, 64), "red")
    own, other = (Aides([plant_aide(tmp_path / data, "colorize", data)]) for data in ("pokemon", "anime"))
    assert copy_line(own, model, picture).startswith("Is it a copy?")
    assert copy_line(other, model, picture) == copy_line(Aides(), model, picture) == ""


# --- people ------------------------------------------------------------------------------------------------------


def corners(page, points):
    box = page.get_by_role("img", name="Drawing pad").bounding_box()
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]


def draw(page, points=BOX):
    """Draw a stroke with the mouse, and wait until it is coloured."""
    places = corners(page, points)
    before = shown(page)
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()
    return wait_for_colours(page, before)


def shown(page):
    """Return the strokes that the coloured picture was made of."""
    return page.locator("#pad .pad").get_attribute("data-shown")


def wait_for_colours(page, before):
    page.wait_for_function("before => document.querySelector('#pad .pad').dataset.shown !== before", arg=before)
    return shown(page)


def dispatch(page, kind, points, pressures=()):
    """Let a finger or a pen draw a stroke."""
    before = shown(page)
    page.get_by_role("img", name="Drawing pad").evaluate(
        """(pad, [kind, places, pressures]) => {
            pad.setPointerCapture = () => {};
            const send = (name, [clientX, clientY], pressure) => pad.dispatchEvent(new PointerEvent(name,
                { pointerId: 7, pointerType: kind, isPrimary: true, clientX, clientY, pressure, bubbles: true }));
            places.forEach((place, i) => send(i ? "pointermove" : "pointerdown", place, pressures[i] ?? 0.5));
            send("pointerup", places.at(-1), 0);
        }""",
        [kind, corners(page, points), list(pressures)],
    )
    return wait_for_colours(page, before)


@pytest.fixture
def pad(visit, server):
    """Return a function that opens the tab and waits until the example is coloured."""

    def open_pad(url=f"{server.url}?tab=draw", **screen):
        page = visit(url, **screen)
        page.wait_for_function("document.querySelector('#pad .pad')?.dataset.shown")
        return page

    return open_pad


def result(page):
    """Return the coloured picture, once it rests."""
    canvas = page.locator("#pad .result canvas")
    now, before = picture_on(canvas), None
    while before is None or now.shape != before.shape or differ(now, before):
        page.wait_for_timeout(400)
        now, before = picture_on(canvas), now
    return now


def until(page, holds):
    """Wait until something holds."""
    for _ in range(20):
        if holds():
            return
        page.wait_for_timeout(250)
    raise AssertionError("it did not hold within five seconds")


def test_it_opens_on_an_example_and_a_stroke_is_coloured_alone(pad):
    page = pad()
    assert "strokes" not in page.url
    page.locator("#proposals .tile").nth(4).wait_for()
    assert not page.get_by_text("Is it a copy?").locator("visible=true").count()  # of an example nobody asks
    example = result(page)
    made = draw(page)
    assert made.count(".") == 0 and made.startswith("t")
    assert differ(result(page), example) > 50
    assert CAPTURED.search(wait_for_address(page, "strokes="))[1] == made
    page.locator("#pad").get_by_text("Is it a copy?").wait_for()


BLANK = "Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height })"


def test_the_example_leaves_with_the_first_stroke_and_comes_back_where_it_is_asked_for(pad):
    page = pad()
    toggle, example = page.get_by_role("button", name="Example"), page.locator("#pad .example")
    faint, none = (example.evaluate(f"canvas => ({shown}).toDataURL()") for shown in ("canvas", BLANK))
    assert faint != none and toggle.get_attribute("aria-pressed") == "true"
    draw(page)
    assert example.evaluate("canvas => canvas.toDataURL()") == none
    assert toggle.get_attribute("aria-pressed") == "false"
    toggle.click()
    assert example.evaluate("canvas => canvas.toDataURL()") == faint


@pytest.mark.parametrize("width, height", [(1280, 1100), (1000, 900), (1920, 1400)])
def test_on_a_wide_screen_pad_picture_and_tools_lie_side_by_side(pad, width, height):
    page = pad(width=width, height=height)
    tools = page.locator(".pad-tools").bounding_box()
    assert tools["x"] + tools["width"] <= width and tools["width"] >= 240
    assert page.locator("#pad .result").bounding_box()["x"] < tools["x"]
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_at_800_pixels_the_other_colours_are_in_sight_and_words_move_nothing(pad):
    page = pad(width=1280, height=800)
    page.locator("#proposals .tile").nth(4).wait_for()
    tray = page.locator("#tray").bounding_box()
    tile = page.locator("#proposals .tile canvas").nth(4).bounding_box()
    assert tile["y"] + tile["height"] / 2 <= tray["y"]
    before = page.locator("#keep-drawing").bounding_box()
    draw(page)
    page.get_by_role("button", name="Sharper", exact=True).click()
    page.get_by_text("Details guessed by a second network.").locator("visible=true").wait_for()
    assert page.locator("#keep-drawing").bounding_box() == before


def test_without_example_an_empty_pad_says_so_and_shows_nothing_coloured(pad):
    page = pad()
    page.get_by_text("An example: the outline of the picture in hand.").wait_for()
    page.get_by_role("button", name="Example").click()
    page.get_by_text("The pad is empty.").wait_for()
    assert shown(page) == "" and page.evaluate("document.querySelector('#pad .result canvas').width") == 1


def test_a_reload_keeps_a_drawing_that_is_too_long_for_the_link(pad):
    page = pad()
    zigzag = [(0.3 + 0.4 * (place % 2), 0.2 + 0.6 * place / 700) for place in range(700)]
    made = dispatch(page, "touch", zigzag)
    page.get_by_text("too long for a link").wait_for()
    page.locator("#share-drawing").click()
    notice(page, "A link cannot hold this drawing").wait_for()
    with page.expect_download() as download:
        page.locator("#save-drawing").click()
    assert recipe_in(download.value.path())["strokes"] == made
    page.reload()
    page.wait_for_function("made => document.querySelector('#pad .pad')?.dataset.shown === made", arg=made)


def test_as_many_strokes_as_the_pad_holds_are_coloured_and_the_next_is_told(pad):
    page = pad()
    corners_of = [(60 + 15 * (k % 25), 60 + 18 * (k // 25)) for k in range(500)]
    full = write_strokes([Stroke("thin", ((x, y, 0.5), (x + 10, y + 10, 0.5))) for x, y in corners_of])
    page.evaluate("strokes => sessionStorage.setItem('gan-studio-pad', strokes)", full)
    page.reload()
    page.wait_for_function("full => document.querySelector('#pad .pad')?.dataset.shown === full", arg=full)
    place = corners(page, [(0.5, 0.5)])[0]
    page.mouse.click(*place)
    page.get_by_text("The pad is full. Undo something").wait_for()
    assert shown(page) == full


DAMAGED = (".", "tAAAA.", "x", "undefined", "hGQGQ", "t" + "AAAA" * 5_000)


def test_what_is_damaged_in_the_browsers_storage_leaves_an_empty_pad(pad):
    page = pad()
    example = shown(page)
    for kept in DAMAGED:
        page.locator("#proposals .tile").nth(4).wait_for()  # nothing is under way that a reload would break off
        page.wait_for_timeout(300)
        page.evaluate("kept => sessionStorage.setItem('gan-studio-pad', kept)", kept)
        page.reload()
        page.wait_for_function("example => document.querySelector('#pad .pad')?.dataset.shown === example", arg=example)


def test_undo_redo_clear_and_mirror(pad):
    page = pad()
    example = shown(page)
    one = draw(page)
    two = draw(page, ((0.4, 0.4), (0.6, 0.6)))
    press = page.locator("#pad").get_by_role("button", name=re.compile("Undo|Redo|Clear"))
    press.filter(has_text="Undo").click()
    assert wait_for_colours(page, two) == one
    press.filter(has_text="Redo").click()
    assert wait_for_colours(page, one) == two
    press.filter(has_text="Clear").click()
    assert wait_for_colours(page, two) == example
    page.get_by_role("button", name="Mirror").click()
    left = draw(page, ((0.2, 0.3), (0.3, 0.7)))
    assert left.count(".") == 1


def test_undo_takes_a_palette_back_before_the_stroke(pad):
    page, palette = pad(), "new URLSearchParams(location.search).get('palette')"
    made = draw(page)
    page.wait_for_function(palette)
    before = page.evaluate(palette)
    page.get_by_role("button", name="Palette 1: use these colours").click()
    page.wait_for_function(f"before => {palette} !== before", arg=before)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function(f"before => {palette} === before", arg=before)
    assert shown(page) == made
    second = page.locator("#pad [aria-label='Colour 2 of five']")
    second.evaluate("input => { input.value = '#123456'; input.dispatchEvent(new Event('change')); }")
    page.wait_for_function(f"{palette}.includes('123456')")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function(f"before => {palette} === before", arg=before)


def test_fingers_draw_and_a_pen_that_is_pressed_draws_wider(pad):
    page = pad()
    touched = dispatch(page, "touch", BOX)
    assert touched.startswith("t")
    pressed = dispatch(page, "pen", BOX, [0.1, 0.5, 0.9, 0.9, 0.2])
    assert pressed.split(".")[1].startswith("T")


def test_hints_take_a_colour_of_the_picture_in_hand_and_a_tap_is_a_dot(pad):
    page = pad()
    draw(page)
    colour = page.get_by_role("button", name=re.compile("Hint in #")).first
    name = colour.get_attribute("aria-label").removeprefix("Hint in #")
    colour.click()
    assert draw(page, ((0.5, 0.5),)).split(".")[1][:7] == f"h{name}"


def test_keys_draw_too(pad):
    page = pad()
    pad_itself = page.get_by_role("img", name="Drawing pad")
    pad_itself.focus()
    before = shown(page)
    page.keyboard.press("Enter")
    for key in ["ArrowRight"] * 12 + ["ArrowDown"] * 12 + ["ArrowLeft"] * 12 + ["ArrowUp"] * 11:
        page.keyboard.press(key)
    page.keyboard.press("Space")
    drawn = wait_for_colours(page, before)
    assert drawn.startswith("t")
    page.keyboard.press("Control+z")
    assert len(wait_for_colours(page, drawn)) > 5
    page.keyboard.press("Enter")  # the pen stays down
    page.keyboard.press("ArrowRight")
    draw(page)
    page.wait_for_function("document.querySelector('#pad .pad').dataset.shown.split('.').length === 2")


def test_one_dot_is_answered_by_what_to_do(pad):
    page = pad()
    page.mouse.click(*corners(page, [(0.5, 0.5)])[0])
    too_little = "That is too little to colour yet"
    page.get_by_text(too_little).wait_for()
    page.locator("#keep-drawing").click()
    notice(page, too_little).wait_for()
    assert not page.locator("#kept .tile").count()


def test_a_drawing_comes_back_by_its_link_and_by_its_png_with_its_palette(pad, server):
    page = pad()
    made = draw(page)
    own = wait_for_address(page, "strokes=", "palette=")
    page.get_by_role("button", name="Palette 1: use these colours").click()
    page.wait_for_function("own => location.href !== own", arg=own)
    link = page.url
    with page.expect_download() as download:
        page.locator("#save-drawing").click()
    saved = download.value.path()
    assert recipe_in(saved)["strokes"] == made

    again = pad(link)
    again.wait_for_function("made => document.querySelector('#pad .pad').dataset.shown === made", arg=made)
    until(page, lambda: differ(result(again), result(page)) == 0)

    other = pad()
    choose_file(other, saved.read_bytes())
    other.wait_for_function("made => document.querySelector('#pad .pad').dataset.shown === made", arg=made)
    wait_for_address(other, "palette=")


def test_a_drawing_is_made_sharper_and_what_is_saved_tells_by_what(pad):
    page = pad()
    draw(page)
    plain = result(page)
    page.get_by_role("button", name="Sharper", exact=True).click()
    page.get_by_text("Details guessed by a second network.").locator("visible=true").wait_for()
    until(page, lambda: differ(result(page), plain) > 0)
    with page.expect_download() as download:
        page.locator("#save-drawing").click()
    assert len(recipe_in(download.value.path())["sharper"]) == 16
    page.get_by_role("button", name="Sharper", exact=True).click()
    until(page, lambda: differ(result(page), plain) == 0)


def test_stickers_are_transparent_and_pairs_have_both(pad):
    page = pad()
    draw(page)
    for button, mode, size in (("sticker", "RGBA", (1024, 1024)), ("pair", "RGB", (2112, 1024))):
        with page.expect_download() as download:
            page.locator(f"#save-{button}").click()
        with Image.open(download.value.path()) as image:
            assert image.mode == mode and image.size == size


def test_a_drawing_is_kept_and_its_tile_brings_it_back(pad):
    page = pad()
    made = draw(page)
    page.locator("#keep-drawing").click()
    tile = page.get_by_role("button", name=re.compile("^A drawing of yours"))
    tile.wait_for()
    with page.expect_download() as download:
        page.locator("#save-kept").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.namelist() == ["drawing.png"]
        assert recipe_in(io.BytesIO(archive.read("drawing.png")))["strokes"] == made
    page.get_by_role("button", name="Clear").click()
    wait_for_colours(page, made)
    tile.click()
    page.wait_for_function("made => document.querySelector('#pad .pad').dataset.shown === made", arg=made)


def test_the_outline_of_the_picture_in_hand_can_be_taken_and_changed(pad):
    page = pad()
    example = shown(page)
    page.get_by_role("button", name="Outline of the picture in hand").click()
    page.wait_for_function("location.search.includes('strokes=')")
    assert shown(page) == example
    page.get_by_role("button", name="Undo").click()


def test_a_drawing_finds_its_nearest_creature_which_is_in_hand_then(pad):
    page = pad()
    draw(page)
    page.get_by_role("button", name="Its nearest picture, in Explore").click()
    wait_for_address(page, "tab=explore", "latent=")
    page.locator("#stage figcaption", has_text="Between the seeds").wait_for()
    notice(page, "The nearest to your drawing").wait_for()


def test_a_drawing_from_a_file_is_coloured_and_stays_off_the_link(pad, tmp_path):
    page = pad()
    before = shown(page)
    page.get_by_label("Open a drawing or a photo").set_input_files(drawing_file(tmp_path))
    page.get_by_text("a link cannot hold it").wait_for()
    assert wait_for_colours(page, before) == "" and "strokes" not in page.url
    page.get_by_label("Open a drawing or a photo").set_input_files(
        {"name": "x.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    page.get_by_text("This is no picture that a browser can read.").wait_for()


def test_a_damaged_link_is_told_and_the_pad_is_there(visit, server):
    page = visit(f"{server.url}?tab=draw&strokes=tAAA")
    notice(page, "damaged").wait_for()
    open_tab(page, "Draw")
    page.wait_for_function("document.querySelector('#pad .pad')?.dataset.shown")


def test_on_a_phone_a_tap_swaps_pad_and_picture(pad):
    page = pad(width=390, height=844)
    large = page.get_by_role("img", name="Drawing pad")
    assert large.bounding_box()["width"] > 300
    page.get_by_role("button", name="Show the picture large").click()
    page.wait_for_function("document.querySelector('#pad .result').clientWidth > 300")
    page.get_by_role("button", name="Show the pad large").click()
    page.wait_for_function("document.querySelector('#pad .paper').clientWidth > 300")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Show the picture large").click()
    page.get_by_role("button", name="Thick").click()  # whoever takes a pen wants to draw
    page.wait_for_function("document.querySelector('#pad .paper').clientWidth > 300")


def test_on_a_phone_a_link_shows_the_picture_large_and_a_palette_does_not_move_the_page(pad, server):
    page = pad(f"{server.url}?tab=draw&strokes=tGQGQZAGQZAZAGQZAGQGQ", width=390, height=844)
    page.wait_for_function("document.querySelector('#pad .result').clientWidth > 300")
    palette = page.get_by_role("button", name="Palette 1: use these colours")
    palette.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    palette.click()
    wait_for_address(page, "palette=")
    page.wait_for_timeout(1500)  # until the proposals have been drawn anew
    assert page.evaluate("scrollY") == before


def test_a_preview_shows_the_drawing(server):
    blank = httpx.get(f"{server.url}preview.png", params={"strokes": "x"})
    strokes = "tGQGQZAGQZAZAGQZAGQGQ"  # a box
    shown = httpx.get(f"{server.url}preview.png", params={"strokes": strokes})
    assert shown.status_code == blank.status_code == 200
    assert differ(pixels(shown.content), pixels(blank.content)) > 100
