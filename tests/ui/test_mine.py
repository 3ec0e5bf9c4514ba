"""Draw mine, through its event and as people use it: crop, go, stop, the result in hand; hostile pictures."""

import base64
import io
import json
import re

import numpy as np
import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from served import (
    choose_file,
    differ,
    event_of,
    notice,
    picture_in_hand,
    pixels,
    png,
    recipe_in,
    recipe_of,
    tiny_model,
    wait_for_address,
    wait_for_picture,
)

from gan.ui.mine import target_of


def photo(size=(90, 60), kind="JPEG"):
    """Return a picture file of a sky and a meadow."""
    shade = np.linspace(0, 255, size[0] * size[1]).reshape(size[::-1]).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(np.stack([shade, 255 - shade, shade // 2], axis=2)).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def picture(tmp_path):
    (tmp_path / "mine.jpg").write_bytes(photo())
    return tmp_path / "mine.jpg"


# --- programs ----------------------------------------------------------------------------------------------------


def test_programs_send_a_file_and_get_the_nearest_picture_with_its_recipe(client, picture):
    drawn, told = client.predict(image=handle_file(picture), api_name="/project")
    recipe = recipe_in(drawn)
    assert pixels(drawn).shape == (64, 64, 3) and recipe["latent"] == told["latent"]
    assert 0 < told["residual"] < 255 and 0 <= told["rank"] <= 1 and told["sentence"].endswith(".")
    again = client.predict(recipe=recipe, api_name="/opinion")  # what it says is a recipe like any other
    assert again["picture"] == "Between the seeds"


def test_a_model_that_was_not_measured_has_no_rank(client, picture):
    _, told = client.predict(model="bare", image=handle_file(picture), api_name="/project")
    assert told["rank"] is None and told["sentence"].startswith("As near as it gets")


@pytest.mark.parametrize(
    "image, says",
    [
        (None, "The picture must be an image file"),
        ("data:image/png;base64,%%%", "The picture is damaged: it is no base64"),
        ("data:image/png;base64,AAAA", "The picture cannot be used"),
        ({"path": "/etc/passwd"}, "The picture must be an image file"),
        (5, "The picture must be an image file"),
    ],
)
def test_what_is_no_picture_gets_a_sentence(client, image, says):
    with pytest.raises(AppError) as refused:
        client.predict(image=image, api_name="/project")
    assert says in str(refused.value)


def test_the_middle_square_counts():
    wide = Image.new("RGB", (300, 100), "red")
    wide.paste("blue", (100, 0, 200, 100))
    target = target_of(tiny_model("alpha"), wide)
    assert target.shape == (3, 64, 64) and target[2].min() > 0.8 and target[0].max() < -0.8


COLLECT = """() => {
    const off = document.querySelector(".own-picture .off");
    window.places = [];
    new MutationObserver(() => window.places.push(off.textContent)).observe(off, { childList: true });
}"""
STOP_AT_ONCE = """(again) => {
    const [off, halt, go] = [".off", ".halt", ".go"].map((part) => document.querySelector(`.own-picture ${part}`));
    const seen = new MutationObserver(() => {
        if (!off.textContent.includes("of 255")) return;
        if (!again) seen.disconnect();
        halt.click();
        if (again) go.click();
        again -= 1;
    });
    seen.observe(off, { childList: true, characterData: true, subtree: true });
}"""


# --- people ------------------------------------------------------------------------------------------------------


def said(page):
    return page.get_by_role("region", name="Draw mine").get_by_role("status")


def wait_for_latent(page):
    """Wait until the picture in hand has numbers of its own."""
    page.wait_for_function("JSON.parse(document.querySelector('.stage')?.dataset.recipe ?? '{}').latent")


def opened(visit, server, content, width=1280):
    page = visit(server.url, width)
    wait_for_picture(page, seed=1)
    choose_file(page, content)
    page.get_by_role("region", name="Draw mine").wait_for()
    return page


def test_a_picture_is_drawn_and_is_in_hand_like_any_other(visit, server):
    page = opened(visit, server, photo())
    sent = []
    page.on("request", lambda request: request.method == "POST" and sent.append((request.url, request.post_data)))
    page.get_by_role("button", name="Draw it").click()
    said(page).filter(has_text="The picture is in hand.").wait_for(timeout=60_000)
    wait_for_latent(page)
    assert not [url for url, _ in sent if "upload" in url]
    assert max(len(data or "") for _, data in sent) < 30_000
    address = wait_for_address(page, "latent=")
    fresh = visit(address)
    wait_for_latent(fresh)
    assert recipe_of(fresh) == recipe_of(page) and differ(picture_in_hand(fresh), picture_in_hand(page)) == 0
    with page.expect_download() as download:
        page.locator("#save").click()
    assert recipe_in(download.value.path())["latent"] == recipe_of(page)["latent"]


def test_the_tab_that_is_open_shows_what_was_found(visit, server):
    page = visit(f"{server.url}?tab=explore&seed=1&d1=2")
    wait_for_picture(page, seed=1, d1=2)
    slider = page.locator("#d1 input[type=range]")
    page.wait_for_function("document.querySelector('#d1 input[type=range]').value === '2'")
    ends = page.locator("#ends").inner_html()
    choose_file(page, photo())
    page.get_by_role("button", name="Draw it").click()
    said(page).filter(has_text="The picture is in hand.").wait_for(timeout=60_000)
    page.wait_for_function("document.querySelector('#d1 input[type=range]').value === '0'")
    assert slider.input_value() == "0" and page.locator("#ends").inner_html() != ends


def test_it_is_stopped_and_the_best_so_far_is_in_hand(visit, server):
    page = opened(visit, server, photo(), 390)
    page.evaluate(STOP_AT_ONCE, 0)
    page.get_by_role("button", name="Draw it").click()
    said(page).filter(has_text="Stopped").wait_for()
    wait_for_latent(page)
    page.get_by_role("button", name="Draw it").click()  # and again
    said(page).filter(has_text="this network knows").wait_for(timeout=60_000)


def test_a_wish_in_the_instant_after_a_stop_is_heard_and_each_can_be_stopped(visit, server):
    page = opened(visit, server, photo())
    stops = []
    stop = event_of(page.evaluate("window.gradio_config"), "mine", "stop")
    page.on("request", lambda request: f'"fn_index":{stop},' in (request.post_data or "") and stops.append(request))
    page.evaluate(STOP_AT_ONCE, 2)  # and a third time for good
    page.get_by_role("button", name="Draw it").click()
    said(page).filter(has_text="Stopped there").wait_for(timeout=60_000)
    page.get_by_role("button", name="Draw it").click()
    said(page).filter(has_text="this network knows").wait_for(timeout=60_000)
    assert len(stops) == 3


def test_the_second_in_line_sees_its_place(visit, server):
    first, second = (opened(visit, server, photo()) for _ in range(2))
    second.evaluate(COLLECT)
    for page in (first, second):
        page.evaluate("document.querySelector('.own-picture .go').click()")
    for page in (first, second):
        said(page).filter(has_text="The picture is in hand.").wait_for(timeout=60_000)
    assert "number 1 in line" in second.evaluate("window.places")


STOP_IN_LINE = """() => {
    const [off, halt] = [".off", ".halt"].map((part) => document.querySelector(`.own-picture ${part}`));
    const seen = new MutationObserver(() => {
        if (!off.textContent.includes("in line")) return;
        seen.disconnect();
        halt.click();
        document.addEventListener("search-over", () => (window.over = true));
    });
    seen.observe(off, { childList: true });
}"""


def test_what_is_stopped_in_line_leaves_the_picture_in_hand(visit, server):
    first, second = (opened(visit, server, photo()) for _ in range(2))
    before = recipe_of(second)
    second.evaluate(STOP_IN_LINE)
    for page in (first, second):
        page.evaluate("document.querySelector('.own-picture .go').click()")
    second.wait_for_function("window.over")
    assert said(second).inner_text() == "Stopped."
    second.wait_for_timeout(300)  # what might come after it
    assert recipe_of(second) == before and not second.locator(".toast-body").count()
    second.get_by_role("button", name="Draw it").click()
    said(second).filter(has_text="The picture is in hand.").wait_for(timeout=60_000)


def test_the_crop_is_moved_by_drag_by_keys_and_by_zoom(visit, server):
    page = opened(visit, server, photo())
    crop = page.get_by_role("img", name="Your picture")

    def shown():
        return crop.evaluate("canvas => canvas.toDataURL()")

    looks = [shown()]
    crop.press("ArrowRight")
    looks.append(shown())
    page.get_by_label("Zoom").fill("0.9")
    looks.append(shown())
    crop.hover(position={"x": 50, "y": 50})
    page.mouse.down()
    crop.hover(position={"x": 90, "y": 60})
    page.mouse.up()
    looks.append(shown())
    assert len(set(looks)) == 4


def test_a_picture_chosen_before_the_panel_is_there_waits_for_it(visit, server):
    page = visit(server.url)
    wait_for_picture(page, seed=1)
    page.evaluate("""() => {
        let early = 3;
        document.addEventListener("picture", (event) => early-- > 0 && event.stopImmediatePropagation(), true);
    }""")
    choose_file(page, photo())
    page.get_by_role("region", name="Draw mine").wait_for()


def test_what_the_browser_cannot_read_gets_a_sentence(visit, server):
    page = visit(server.url)
    wait_for_picture(page, seed=1)
    choose_file(page, b"GIF89a, but called PNG all the same")
    notice(page, "saved.png cannot be read as a picture").wait_for()
    choose_file(page, png(json.dumps({"seed": 3}))[:60])
    notice(page, "saved.png cannot be read as a picture").wait_for()
    choose_file(page, photo(kind="WEBP"))
    page.get_by_role("region", name="Draw mine").wait_for()
    assert not page.locator("#files .problem").is_visible()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("region", name="Draw mine").wait_for(state="hidden")


def test_the_pages_own_event_takes_a_picture_as_the_page_sends_it_and_nothing_else(server):
    from test_app_safety import Wire, check_sentence

    wire = Wire(server.url)
    number = event_of(wire.http.get("config").json(), "mine", "input")
    event = next(event for event in wire.private if event["id"] == number)
    for picture in (None, 5, "x", [], "data:image/png;base64,", "data:image/svg+xml;base64,AAAA", {"path": "/etc"}):
        success, answer = wire.join(event, [{"said": {"picture": picture}}, {}])
        assert success  # told on the panel, which waits for it
        sentence = re.search(r'"sentence": "(.*?)"}', json.dumps(answer))
        check_sentence({"error": sentence and sentence[1]})
    uri = "data:image/jpeg;base64," + base64.b64encode(photo((64, 64))).decode()
    success, _ = wire.join(event, [{"said": {"picture": uri}}, {"model": "alpha"}])
    assert success
    wire.http.close()
