"""The page as a whole: links that rebuild it and the way back, pictures dropped onto it, a phone's width."""

import json
from urllib.parse import parse_qs

import pytest
from served import (
    EPOCHS,
    choose_file,
    differ,
    memory,
    model_button,
    notice,
    open_tab,
    picture_in_hand,
    pictures_of,
    pixels,
    png,
    recipe_of,
    slider,
    wait_for_address,
    wait_for_labels,
    wait_for_picture,
    wait_for_seeds,
)

# --- links ---------------------------------------------------------------------------------------------------------


def test_a_link_to_generate_made_before_rebuilds_what_it_showed(visit, server, client):
    page = visit(f"{server.url}?tab=generate&model=bare&seed=123456&count=9&truncation=0.65")
    wait_for_seeds(page, 123456, 123464)
    wait_for_picture(page, model="bare", seed=123456, truncation=0.65)
    _, singles = client.predict(model="bare", seed=123456, count=9, truncation=0.65, api_name="/generate")
    for picture, single in zip(pictures_of(page), singles, strict=True):
        assert differ(picture, pixels(single["image"])) <= 1
    assert model_button(page, "bare").is_checked()
    fresh = visit(wait_for_address(page, "seed=123456", "count=9", "wall=123456", "truncation=0.65"))
    wait_for_seeds(fresh, 123456, 123464)


@pytest.mark.parametrize("slow", ["<", ">"], ids=["picture", "grid"])
def test_the_stage_shows_the_epoch_of_a_link_whichever_is_decoded_first(visit_under, server, slow):
    page = visit_under(
        f"""
        const decode = HTMLImageElement.prototype.decode;
        HTMLImageElement.prototype.decode = async function () {{
            await decode.apply(this);
            if (this.naturalWidth {slow} 300) await new Promise((later) => setTimeout(later, 700));
        }};
        """,
        f"{server.url}?tab=training&seed=5&epoch={EPOCHS[1]}",
    )
    wait_for_picture(page, seed=5)
    page.locator("#stage figcaption", has_text=f"epoch {EPOCHS[1]}").wait_for()


def test_a_link_to_explore_rebuilds_what_was_shown(visit, server):
    edits = {"seed": 4_000_000_000, "truncation": 0.9, "d2": -2.15, "d8": 0.4, "z17": 3.5}
    query = "&".join(f"{name}={value}" for name, value in edits.items())
    page = visit(f"{server.url}?tab=explore&model=bare&{query}")
    wait_for_picture(page, model="bare", **edits)
    fresh = visit(wait_for_address(page, "tab=explore", "model=bare"))
    wait_for_picture(fresh, model="bare", **edits)
    assert recipe_of(fresh) == recipe_of(page) and differ(picture_in_hand(fresh), picture_in_hand(page)) == 0
    assert fresh.get_by_role("tab", name="Explore").get_attribute("aria-selected") == "true"
    assert slider(fresh, "d2").input_value() == "-2.15"


def test_a_link_to_interpolate_made_before_opens_its_moment(visit, server):
    page = visit(f"{server.url}?tab=interpolate&model=alpha&seeds=3-4&steps=10&method=lerp&loop=1&t=0.5&truncation=1")
    page.locator("#stops .tile").nth(1).wait_for()
    wait_for_address(page, "tab=morph", "seeds=3-4", "steps=10", "method=lerp", "loop=1")
    page.locator("#player output", has_text="A to B, t = 0.50").wait_for()


def test_back_and_forward_are_steps_of_the_visit(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, 1, 24)
    page.locator("#wall .tile").nth(4).click()
    wait_for_picture(page, seed=5)
    open_tab(page, "Explore")
    slider(page, "d1").wait_for()
    page.go_back()
    wait_for_address(page, "tab=generate", "seed=5")
    page.get_by_role("tab", name="Generate", selected=True).wait_for()
    page.go_back()
    wait_for_picture(page, seed=1)
    page.go_forward()
    wait_for_picture(page, seed=5)


def test_what_others_put_into_the_address_stays_and_in_a_space_the_hub_is_told(visit, server):
    # The real one's frame is no page of this machine, and needs no permission.
    address = f"{server.url}?count=4&seed=9&__theme=dark&from=a+friend#end"
    page = visit(address, permissions=("local-network-access",))
    wait_for_picture(page, seed=9)
    page.locator("#wall .tile").nth(1).click()
    address = wait_for_address(page, "tab=generate", "seed=10", "count=4", "__theme=dark", "from=a+friend")
    assert address.endswith("#end") and address.count("seed=") == 1

    hub = page.context.new_page()  # its title is what its frame told it
    frame = f"<iframe src='{server.url}?__sign=secret&seed=5&from=a+friend&tab=explore'></iframe>"
    listen = "<script>onmessage = ({ data }) => data.queryString && (document.title = data.queryString)</script>"
    hub.route("https://huggingface.co/**", lambda route: route.fulfill(body=listen + frame, content_type="text/html"))
    hub.goto("https://huggingface.co/spaces/USER/NAME")
    hub.wait_for_function("document.title.includes('seed=5')")
    assert parse_qs(hub.title()).keys() == {"tab", "model", "weights", "seed", "from"}


@pytest.mark.parametrize(
    "query, says",
    [
        ("model=gamma&seed=5", "made by a model called 'gamma', which is not here. There is: alpha, bare."),
        ("seed=abc", "Seed must be a whole number from 0 to 4,294,967,295, not 'abc'."),
        ("tab=nope&seed=3", "This link leads to 'nope', which this page does not have."),
        ("tab=explore&z100=1", "z100 is none of this model’s coordinates, z0 to z99."),
        ("latent=xyz", "The latent of this picture is damaged"),
    ],
)
def test_a_bad_link_gets_a_sentence_and_a_page_that_works(visit, server, query, says):
    page = visit(f"{server.url}?{query}")
    notice(page, says).wait_for()
    wait_for_seeds(page, 1, 24)
    wait_for_address(page, "model=alpha", "seed=1", "tab=generate")  # of what is shown: it may be shared
    page.locator("#seed input").fill("8")
    wait_for_seeds(page, 8, 31)


def test_the_page_is_there_again_when_the_connection_is(visit, server):
    page = visit(server.url)
    wait_for_picture(page, seed=1)
    page.context.set_offline(True)
    page.locator("#another").click()
    lost = page.locator(".toast-body").filter(has_text="Connection to the server was lost")
    lost.wait_for()
    page.context.set_offline(False)
    lost.wait_for(state="detached")
    page.locator("#wall .tile").nth(4).click()
    wait_for_picture(page, seed=5)
    visit.complaints.clear()  # they are of the network


def test_each_tab_is_a_step_of_the_history_from_the_first_picture_on(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, 1, 24)
    for tab in ("Explore", "Draw"):
        open_tab(page, tab)
        wait_for_address(page, f"tab={tab.lower()}")
    page.go_back()
    page.get_by_role("tab", name="Explore", selected=True).wait_for()
    page.go_back()
    page.get_by_role("tab", name="Generate", selected=True).wait_for()
    open_tab(page, "Draw")  # after the browser's own step, too
    wait_for_address(page, "tab=draw")


def test_a_link_made_with_other_weights_says_so(visit, server):
    page = visit(f"{server.url}?tab=generate&model=bare&weights=0123456789012345&seed=30&count=4")
    notice(page, "This was made with other weights of bare, so it may look different here.").wait_for()
    wait_for_seeds(page, 30, 33)


def test_the_address_is_shared(visit, server):
    page = visit(f"{server.url}?seed=30&tab=explore", permissions=("clipboard-read", "clipboard-write"))
    wait_for_picture(page, seed=30)
    page.locator("#share").click()
    notice(page, "Link copied. It opens on this computer alone.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_where_nothing_can_be_copied_the_address_is_pointed_at(visit_under, server):
    page = visit_under(
        "Object.defineProperty(navigator, 'clipboard', { value: undefined })", f"{server.url}?seed=30&tab=explore"
    )
    wait_for_picture(page, seed=30)
    page.locator("#share").click()
    notice(page, "The link is the page’s address.").wait_for()


# --- wishes --------------------------------------------------------------------------------------------------------

REFUSE_TWICE = """
const ask = window.fetch;
window.refused = 0;
window.fetch = async (...given) => String(given[0]).includes("queue/join") && window.full && window.refused++ < 2
    ? new Response('{"detail": "The queue is full."}', { status: 503 }) : ask(...given);
"""


def test_a_last_wish_that_was_refused_is_asked_again_until_it_is_answered(visit_under, server):
    page = visit_under(REFUSE_TWICE, server.url)
    wait_for_seeds(page, 1, 24)
    page.evaluate("window.full = true")
    page.locator("#wall .tile").nth(4).click()
    wait_for_picture(page, seed=5)
    assert page.evaluate("window.refused") >= 3


DELAY_ONE = """
const ask = window.fetch;
window.fetch = async (...given) => {
    if (String(given[0]).includes("queue/join") && window.slow) {
        window.slow = false;
        await new Promise((done) => setTimeout(done, 1500));
        window.late = true;
    }
    return ask(...given);
};
"""


def test_a_tab_that_is_slow_to_open_does_not_come_after_the_next(visit_under, server):
    page = visit_under(DELAY_ONE, server.url)
    wait_for_seeds(page, 1, 24)
    page.evaluate("window.slow = true")
    for tab in ("Morph", "Explore"):
        page.get_by_role("tab", name=tab, exact=True).click()
    wait_for_address(page, "tab=explore")
    page.wait_for_function("window.late")
    page.wait_for_timeout(500)  # in which what came late is answered
    assert "tab=explore" in page.url
    assert page.locator("#studio").get_attribute("data-tab") == "explore"


END_LATE = """
const ask = window.fetch;
const transform = async (part, on) => {
    for (const event of part.split(/(?<=\\n\\n)/)) {
        if (event.includes("close_stream")) await new Promise((done) => setTimeout(done, 1500));
        on.enqueue(event);
        window.ended ||= event.includes("close_stream");
    }
};
window.fetch = async (...given) => {
    const answer = await ask(...given);
    if (!given[0].url?.includes("queue/data")) return answer;
    const text = answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(new TransformStream({ transform }));
    return new Response(text.pipeThrough(new TextEncoderStream()), answer);
};
"""


def test_a_wish_made_while_the_stream_of_answers_ends_is_answered(visit_under, server):
    page = visit_under(END_LATE, server.url)
    wait_for_seeds(page, 1, 24)
    page.wait_for_function("window.ended")
    page.locator("#wall .tile").nth(4).click()
    wait_for_picture(page, seed=5)
    page.locator("#keep").click()
    wait_for_labels(page, "kept", "Seed 5")


@pytest.mark.parametrize("denied", [["getItem", "setItem"], ["setItem"]], ids=["forbidden", "full"])
def test_where_the_browser_stores_nothing_pictures_are_kept_until_the_page_is_left(visit_under, server, denied):
    denials = "".join(f"Storage.prototype.{name} = () => {{ throw new DOMException('denied'); }};" for name in denied)
    page = visit_under(denials, server.url)
    wait_for_seeds(page, 1, 24)
    page.locator("#keep").click()
    wait_for_labels(page, "kept", "Seed 1")
    page.locator("#wall .tile").nth(4).click()
    wait_for_picture(page, seed=5)
    page.locator("#keep").click()
    wait_for_labels(page, "kept", "Seed 1 Seed 5")


HOLD_BACK = """
const ask = window.fetch;
window.held = Promise.resolve();
window.fetch = async (...given) => {
    const answer = await ask(...given);
    if (!given[0].url?.includes("queue/data")) return answer;
    window.streams = (window.streams ?? 0) + 1;
    const transform = async (part, on) => { await window.held; on.enqueue(part); };
    const flush = () => void (window.streams -= 1);
    return new Response(answer.body.pipeThrough(new TransformStream({ transform, flush })), answer);
};
"""


def test_pictures_are_dim_until_the_one_that_was_asked_for_is_there(visit_under, server):
    page = visit_under(HOLD_BACK, server.url)
    wait_for_seeds(page, 1, 24)
    page.wait_for_function("window.streams === 0")  # nothing else is being told
    page.evaluate("window.held = new Promise((done) => (window.letGo = done)); 0")
    page.locator("#wall .tile").nth(4).click()
    page.locator("html.waiting").wait_for()
    page.wait_for_timeout(500)  # long after the wish was taken
    assert page.locator("html.waiting").count()
    page.evaluate("window.letGo()")
    wait_for_picture(page, seed=5)
    page.locator("html:not(.waiting)").wait_for()


# --- dropped pictures ----------------------------------------------------------------------------------------------


CHOOSE_LARGE = """(bytes) => {
    const chosen = new DataTransfer(), input = document.querySelector(".open-picture input");
    chosen.items.add(new File([new Uint8Array(bytes)], "saved.png", { type: "image/png" }));
    input.files = chosen.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
}"""  # what comes from the test itself goes through a pipe, which takes half a minute


def test_files_that_bring_no_picture_back_get_a_sentence_each_and_are_not_uploaded(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, 1, 24)
    sent = []
    page.on("request", lambda request: request.method == "POST" and sent.append((request.url, request.post_data)))
    before = memory(server.process.pid)
    page.evaluate(CHOOSE_LARGE, 41_000_000)
    notice(page, "is larger than 40 MB").wait_for()
    for content, says in (
        (b"GIF89a, but called PNG all the same", "cannot be read as a picture"),
        (png(json.dumps({"seed": 3}))[:60], "cannot be read as a picture"),
        (png(size=(13_000, 13_000)), "is 13000 × 13000 pixels"),
        (png("{"), "The recipe in saved.png is damaged"),
        (png("[1]"), "There is no recipe in this picture"),
        (png("null"), "The recipe in saved.png is damaged"),
        (png(json.dumps({"model": "gamma", "weights": "f" * 16})), "made by a model called 'gamma'"),
        (png(json.dumps({"model": {"name": []}})), "{'name': []}"),
        (png(json.dumps({"sharper": "f" * 16})), "There is no recipe in this picture"),
        (png(json.dumps({"seed": -3})), "Seed must lie between"),
        (png(json.dumps({"seed": 3, "d1": "left"})), "d1 must be a number"),
        (png(json.dumps({"truncation": None, "z5": [5]})), "z5 must be a number"),
    ):
        choose_file(page, content)
        notice(page, says).wait_for()
        page.evaluate("document.querySelectorAll('.toast-close').forEach((button) => button.click())")
    assert not [url for url, _ in sent if "upload" in url]
    assert max(len(data or "") for _, data in sent) < 2_000  # nothing but recipes
    assert memory(server.process.pid) - before < 100e6

    choose_file(page, png(json.dumps({"seed": 3, "d1": 2})))
    wait_for_picture(page, model="alpha", seed=3, d1=2)


# --- how it fits -----------------------------------------------------------------------------------------------------


def assert_in_sight(part):
    """Assert that all of a part of the page is within a phone's screen; return its box."""
    box = part.bounding_box()
    assert box["y"] >= 0 and box["y"] + box["height"] <= 844, box
    return box


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_as_light_as_a_visitor_wants_it(visit, server, scheme):
    page = visit(server.url, color_scheme=scheme)
    wait_for_picture(page, seed=1)
    light = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(value => value > 128)")
    assert light == (scheme == "light")


def test_the_newest_kept_picture_is_in_sight_on_a_phone(visit, server):
    page = visit(server.url, 390, 664)
    wait_for_seeds(page, 1, 24)
    for button, says in (("Save all", "No picture is kept yet"), ("Morph through these", "Keep two pictures by Alpha")):
        page.get_by_role("button", name=button).click()
        notice(page, says).wait_for()
    assert page.locator(".toast-body.error").count() == 0  # they are hints
    for place in range(5):
        page.locator("#wall .tile").nth(place).click()
        wait_for_picture(page, seed=place + 1)
        page.locator("#keep").click()
        page.locator("#kept .tile").nth(place).wait_for()
    inside = "tile => tile.getBoundingClientRect().right <= tile.closest('ol').getBoundingClientRect().right + 1"
    assert page.locator("#kept .tile").nth(4).evaluate(inside)
    page.locator("#keep").click()
    notice(page, "It is kept already.").wait_for()
    assert page.locator(".toast-body").bounding_box()["y"] > 300  # at the top are models and tabs


@pytest.mark.parametrize("height", [664, 844])
def test_a_phone_shows_the_picture_first_and_scrolls_in_one_direction_alone(visit, server, height):
    page = visit(server.url, 390, height, device_scale_factor=2, reduced_motion="reduce")
    wait_for_seeds(page, 1, 24)
    for tab in reversed(page.get_by_role("tab").all()):
        tab.click()
        page.locator("[role=tabpanel]:visible :is(h2, h3)").first.wait_for()
        page.locator(f"#studio[data-tab='{tab.get_attribute('data-tab-id')}']").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") == 390, tab.inner_text()
        page.evaluate("window.scrollTo(0, 0)")
        if tab.inner_text() == "Draw":
            assert_in_sight(page.locator("#pad .ink"))
            continue
        assert_in_sight(page.locator(".stage-room .large"))
        assert assert_in_sight(page.locator("#another"))["height"] >= 44
        if tab.inner_text() in ("Explore", "Morph", "Training"):  # and while sliders move and films play
            page.evaluate("window.scrollBy(0, 400)")
            box = assert_in_sight(page.locator(".stage-room .large"))
            rows = [box["y"] + box["height"] * share / 20 for share in range(1, 20)]
            over = "rows => rows.some(y => !document.elementFromPoint(195, y)?.closest('#stage-column'))"
            assert not page.evaluate(over, rows), f"something of {tab.inner_text()} lies over the picture"


def test_frames_of_a_film_do_not_overtake_the_picture_in_hand(visit, server):
    page = visit(f"{server.url}?tab=explore&seed=1")
    wait_for_picture(page, seed=1)
    page.evaluate(
        """() => {
            const real = Image.prototype.decode;
            Image.prototype.decode = async function () {
                await new Promise((later) => setTimeout(later, 200));
                return real.call(this);
            };
            const image = document.createElement("canvas");
            image.width = image.height = 64;
            const detail = { image, side: 64, columns: 1, index: 0, label: "a frame" };
            const frame = (detail) => document.dispatchEvent(new CustomEvent("frame", { detail }));
            const film = setInterval(() => frame(detail), 20);
            setTimeout(() => (clearInterval(film), frame(null)), 2_000);
        }"""
    )
    page.locator("#another").click()
    page.wait_for_function("!location.search.includes('seed=1&') && !location.search.endsWith('seed=1')")
    page.wait_for_function(
        "JSON.parse(document.querySelector('.stage').dataset.recipe).seed"
        " === Number(new URLSearchParams(location.search).get('seed'))"
    )


def test_with_fingers_what_takes_a_kept_picture_out_is_seen_on_a_wide_screen(visit, server):
    page = visit(server.url, 1180, 820)
    touch = page.context.new_cdp_session(page)
    touch.send("Emulation.setEmulatedMedia", {"features": [{"name": "hover", "value": "none"}]})
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    wait_for_picture(page, seed=1)
    page.get_by_role("button", name="Keep", exact=True).click()
    tool = page.locator("#kept .tool").first
    tool.wait_for()
    page.mouse.move(600, 300)
    assert page.evaluate("matchMedia('(hover: none)').matches")
    assert tool.evaluate("tool => getComputedStyle(tool).opacity") == "1"
    width, inwards = tool.evaluate(
        "tool => ['width', 'left'].map((name) => parseFloat(getComputedStyle(tool, '::after')[name]))"
    )
    assert width >= 40 and inwards >= -4  # outwards: a tap on the picture takes it, as ever
