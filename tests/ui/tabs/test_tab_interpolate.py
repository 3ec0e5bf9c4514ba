"""The Interpolate tab: where its frames lie, its event, and scrubber, player, strip and files as people use them."""

import base64
import io
import itertools
import math
import sys
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import av
import gradio as gr
import numpy as np
import pytest
import torch
from gradio_client.exceptions import AppError
from PIL import Image
from served import differ, field, picture_on, pixels, plant, slider, wait_for_seeds

from gan.latent import sample_z
from gan.ui.loaded import load_models
from gan.ui.tabs.interpolate import MAX_FRAMES, read_linked_seeds, read_walk, save

MODEL = SimpleNamespace(generator=SimpleNamespace(z_dim=100))  # all that a walk's latents need to know of one


def latents(**values):
    return read_walk(values).latents(MODEL)


def frames_of_webp(content):
    with Image.open(io.BytesIO(content)) as webp:
        for number in range(webp.n_frames):
            webp.seek(number)
            yield np.asarray(webp.convert("RGB")).astype(int)


def frames_of_mp4(content):
    with av.open(io.BytesIO(content)) as container:
        return [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]


# --- the way -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["slerp", "lerp"])
@pytest.mark.parametrize("loop", [False, True])
def test_every_seed_is_met_exactly_once(method, loop):
    seeds, steps = [7, 2**32 - 1, 7, 0], 12  # one of them twice, on purpose
    z = latents(seeds=seeds, steps=steps, method=method, loop=loop)
    assert torch.equal(z[::steps], sample_z(seeds, 100))
    assert len(z) == (4 * steps if loop else 3 * steps + 1)


def test_a_closed_loop_goes_on_at_its_end_as_it_went_before():
    z = latents(seeds=[1, 2, 3], steps=10, method="lerp", loop=True)
    assert len(torch.unique(z, dim=0)) == 30
    steps = (z.roll(-1, 0) - z).norm(dim=1).view(3, 10)  # the last one leads from the last frame to the first
    assert torch.allclose(steps, steps.mean(1, keepdim=True), rtol=1e-3)


def test_slerp_keeps_the_length_that_lerp_loses():
    arc, line = (latents(seeds=[1, 2], steps=2, method=method)[1] for method in ("slerp", "lerp"))
    ends = sample_z([1, 2], 100)
    assert torch.allclose(line, ends.mean(0))
    assert arc.norm() == pytest.approx(ends.norm(dim=1).mean().item(), rel=0.05)
    assert line.norm() < 0.8 * arc.norm()


def test_truncation_is_that_of_single_pictures():
    z = latents(seeds=[1, 2], steps=3, truncation=0.4)
    assert torch.equal(z[[0, -1]], sample_z([1, 2], 100) * 0.4)
    assert not latents(seeds=[1, 2], truncation=0).any()


def test_positions_say_where_each_frame_lies():
    assert read_walk({"seeds": [1, 2, 3], "steps": 2}).positions() == [0, 0.5, 1, 1.5, 2]
    assert read_walk({"seeds": [1, 2], "steps": 2, "loop": True}).positions() == [0, 0.5, 1, 1.5]


def test_no_more_frames_than_can_be_shown_and_no_more_latents_at_a_time_than_memory_allows():
    drawn = []

    def draw(z):
        drawn.append(len(z))
        return z.new_zeros(len(z), 3, 4, 4)

    walk = read_walk({"seeds": list(range(8)), "steps": 68})
    assert len(list(walk.frames(SimpleNamespace(generator=MODEL.generator, draw=draw)))) == 477 <= MAX_FRAMES
    assert max(drawn) == 64
    with pytest.raises(gr.Error, match="With these 8 seeds take at most 68 frames per leg"):
        read_walk({"seeds": list(range(8)), "steps": 69})
    assert len(read_walk({"seeds": [1, 2, 3, 4], "steps": 120, "loop": 1}).positions()) == MAX_FRAMES


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 10**5000], ids=["nan", "inf", "-inf", "huge"])
@pytest.mark.parametrize("name", ["steps", "truncation", "loop", "method"])
def test_numbers_that_json_cannot_carry_get_a_sentence_too(name, number):
    with pytest.raises(gr.Error, match=r"must be|must lie"):
        read_walk({name: number})
    with pytest.raises(gr.Error, match=r"A seed must"):
        read_walk({"seeds": [1, number]})


def test_a_link_writes_seeds_with_dashes():
    assert read_linked_seeds("7-4294967295-7") == (7, 2**32 - 1, 7)
    assert read_linked_seeds(None) == (1, 2)


@pytest.mark.parametrize(
    "text", [5, 1.5, "", "5", "1-two", "1--2", "-1-2", "1-2-", "¹-²", "1-4294967296", "-".join("123456789")]
)
def test_a_link_with_other_seeds_gets_a_sentence(text):
    with pytest.raises(gr.Error, match=r"names 2 to 8 seeds|list of 2 to 8 seeds|A seed must lie"):
        read_linked_seeds(text)


# --- files -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("interpolate") / "tiny"
    return load_models([plant(folder, 1)])[0]


def test_a_saved_animation_is_preceded_by_how_far_it_is(models):
    *reports, file = save(models, {"seeds": [1, 2], "steps": 40, "format": "webp", "fps": 12})
    done = [report["done"] for report in reports]
    assert done == sorted(done) and done[0] == 0 and 10 < len(done) < 25
    assert {report["of"] for report in reports} == {41}
    assert (file["name"], file["mime"]) == ("tiny-seeds-1-2.webp", "image/webp")
    content = base64.b64decode(file["data"])
    with Image.open(io.BytesIO(content)) as webp:
        assert webp.size == (512, 512) and webp.info["loop"] == 1  # an open way is played once
    assert len(list(frames_of_webp(content))) == 41


def test_without_the_package_for_mp4_the_wish_is_answered_with_a_sentence(models, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(gr.Error, match="pip install av"):
        list(save(models, {"format": "mp4"}))


@pytest.mark.parametrize("wish", [None, [], {"format": "gif"}, {"fps": 0}, {"seeds": "1-2"}, {"model": 3}])
def test_a_page_that_wishes_for_nonsense_gets_a_sentence_or_the_default(models, wish):
    if wish:
        with pytest.raises(gr.Error, match=r"must be|must lie|needs a list|no model"):
            list(save(models, wish))
    else:
        assert list(save(models, wish))[-1]["name"] == "tiny-seeds-1-2.webp"


# --- programs ----------------------------------------------------------------------------------------------------


def interpolate(client, **arguments):
    """Return the content of the file that the event answers with, and what it says of it."""
    path, said = client.predict(api_name="/interpolate", **arguments)
    with open(path, "rb") as file:
        return file.read(), said


def single(client, seed, **arguments):
    _, ((found),) = client.predict(seed=seed, count=1, api_name="/generate", **arguments)
    return pixels(found["image"])


def test_the_event_can_be_called_without_arguments(client):
    event = client.view_api(return_format="dict", print_info=False)["named_endpoints"]["/interpolate"]
    names = ["model", "seeds", "steps", "method", "loop", "truncation", "format"]
    assert [parameter["parameter_name"] for parameter in event["parameters"]] == names
    assert all(parameter["parameter_has_default"] for parameter in event["parameters"])
    content, said = interpolate(client)
    assert said["model"] == "alpha" and said["seeds"] == [1, 2]
    assert len(said["t"]) == 31 == len(list(frames_of_webp(content)))


def test_its_frames_are_exact_and_begin_and_end_with_the_seeds_own_pictures(client):
    arguments = {"model": "bare", "truncation": 0.8}
    content, said = interpolate(client, seeds=[5, 9, 4294967295], steps=4, **arguments)
    frames = list(frames_of_webp(content))
    assert said["t"] == [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2] and frames[0].shape == (64, 64, 3)
    for frame, seed in ((0, 5), (4, 9), (8, 4294967295)):
        assert differ(frames[frame], single(client, seed, **arguments)) <= 1
    assert differ(frames[2], frames[0]) > 10 and differ(frames[2], frames[4]) > 10


def test_method_and_loop_change_the_way(client):
    ways = [
        list(frames_of_webp(interpolate(client, seeds=[5, 9], steps=4, **arguments)[0]))
        for arguments in ({}, {"method": "lerp"}, {"loop": True})
    ]
    assert [len(way) for way in ways] == [5, 5, 8]
    slerp, lerp, loop = ways
    assert differ(slerp[0], lerp[0]) == 0 and differ(slerp[2], lerp[2]) > 3
    assert differ(loop[4], slerp[4]) <= 1 and differ(loop[6], slerp[2]) <= 1  # there, and back the same way


def test_an_mp4_is_enlarged_and_has_every_frame(client):
    frames = frames_of_mp4(interpolate(client, seeds=[5, 9], steps=6, format="mp4")[0])
    assert len(frames) == 7 and frames[0].shape == (512, 512, 3)
    expected = single(client, 5).repeat(8, 0).repeat(8, 1)
    assert np.abs(frames[0] - expected).mean() < 12  # colours at half the resolution, but that picture


@pytest.mark.parametrize(
    "arguments, says",
    [
        ({"seeds": 5}, "needs a list of 2 to 8 seeds"),
        ({"seeds": []}, "needs a list of 2 to 8 seeds"),
        ({"seeds": [1]}, "needs a list of 2 to 8 seeds"),
        ({"seeds": list(range(9))}, "needs a list of 2 to 8 seeds"),
        ({"seeds": [1, None]}, "needs a list of 2 to 8 seeds"),
        ({"seeds": {"a": 1, "b": 2}}, "needs a list of 2 to 8 seeds"),
        ({"seeds": "1-2"}, "needs a list of 2 to 8 seeds"),
        ({"seeds": [1, "two"]}, "A seed must be a whole number"),
        ({"seeds": [1, [2]]}, "A seed must be a whole number"),
        ({"seeds": [1, 1.5]}, "A seed must be a whole number"),
        ({"seeds": [1, True]}, "A seed must be a whole number"),
        ({"seeds": [1, -1]}, "A seed must lie between 0 and 4,294,967,295"),
        ({"seeds": [1, 10**400]}, "A seed must lie between"),
        ({"steps": 1}, "Frames per leg must lie between 2 and 120"),
        ({"steps": 10**400}, "Frames per leg must lie between"),
        ({"steps": 2.5}, "Frames per leg must be a whole number"),
        ({"steps": "many"}, "Frames per leg must be a whole number"),
        ({"seeds": [1, 2, 3, 4, 5, 6], "steps": 120}, "at most 480 frames"),
        ({"method": "cubic"}, "The method must be one of slerp, lerp"),
        ({"method": ["slerp"]}, "The method must be one of"),
        ({"loop": "yes"}, "Closed loop must be true or false"),
        ({"truncation": 1.5}, "Truncation must be a number from 0 to 1"),
        ({"truncation": -(10**400)}, "Truncation must be a number"),
        ({"format": "gif"}, "The format must be one of webp, mp4"),
        ({"model": "gamma"}, "There is no model called 'gamma'"),
    ],
)
def test_bad_arguments_get_a_sentence(client, arguments, says):
    with pytest.raises(AppError, match=says):
        client.predict(api_name="/interpolate", **arguments)


# --- people ------------------------------------------------------------------------------------------------------


def open_tab(page):
    page.get_by_role("tab", name="Interpolate").click()
    wait_for_walk(page, seeds=[1, 2], steps=30)


def wait_for_walk(page, **parts):
    """Wait until the frames shown are those of this recipe; only the parts named count."""
    page.wait_for_function(
        """parts => {
            const recipe = JSON.parse(document.querySelector(".interpolated")?.dataset.recipe ?? "{}");
            return Object.entries(parts).every(([key, value]) => JSON.stringify(recipe[key]) === JSON.stringify(value));
        }""",
        arg=parts,
    )


def wait_for_frame(page, frame):
    page.wait_for_function(
        "frame => document.querySelector('.interpolated').dataset.frame === String(frame)", arg=frame
    )


def wait_for_link(page, **parts):
    """Wait until the address says this; return all it says."""
    page.wait_for_function(
        "parts => Object.entries(parts).every(([k, v]) => new URLSearchParams(location.search).get(k) === v)", arg=parts
    )
    return {key: value for key, (value,) in parse_qs(urlsplit(page.url).query).items()}


def shown_frame(page):
    return int(page.locator(".interpolated").get_attribute("data-frame"))


def large(page):
    return picture_on(page.locator(".viewer > canvas"))


def scrubber(page):
    return page.locator(".scrub input")


def test_scrubbing_reaches_both_ends_exactly_and_asks_for_nothing(visit, server, client):
    page = visit(server.url)
    open_tab(page)
    assert differ(large(page), single(client, 1)) <= 1
    field(page, "interpolate", "steps").fill("12")
    wait_for_walk(page, steps=12)

    asked = []
    page.on("request", lambda request: asked.append(request.url))
    scrubber(page).focus()
    page.keyboard.press("ArrowRight")
    wait_for_frame(page, 1)
    assert scrubber(page).get_attribute("aria-valuetext") == "A to B, t = 0.08"
    page.keyboard.press("End")
    wait_for_frame(page, 12)
    assert differ(large(page), single(client, 2)) <= 1
    assert page.locator(".where").inner_text().split()[:6] == ["A", "to", "B", "t", "=", "1.00"]
    page.keyboard.press("Home")
    wait_for_frame(page, 0)
    assert asked == []


def test_the_picture_is_enlarged_by_a_whole_factor(visit, server):
    for ratio in (1, 1.5):
        page = visit(server.url, device_scale_factor=ratio)
        open_tab(page)
        canvas = page.locator(".viewer > canvas")
        factor = canvas.bounding_box()["width"] * ratio / 64
        assert factor >= 5 and factor == pytest.approx(round(factor), abs=0.01)
        assert canvas.evaluate("canvas => getComputedStyle(canvas).imageRendering") == "pixelated"


def test_the_scrubber_stays_where_it_is_when_something_else_changes(visit, server):
    page = visit(server.url)
    open_tab(page)
    scrubber(page).fill("15")
    wait_for_frame(page, 15)
    field(page, "interpolate", "steps").fill("60")
    wait_for_frame(page, 30)  # still halfway
    before = large(page)
    page.get_by_label("lerp", exact=True).check()
    wait_for_walk(page, method="lerp")
    assert shown_frame(page) == 30 and differ(large(page), before) > 3
    page.get_by_label("Closed loop").check()
    wait_for_walk(page, loop=True)
    assert shown_frame(page) == 30 and scrubber(page).get_attribute("max") == "119"


def test_playing_an_open_way_ends_at_its_end_and_starts_over(visit, server):
    page = visit(server.url)
    open_tab(page)
    play = page.locator(".play")
    assert shown_frame(page) == 0 and play.inner_text() == "Play"  # nothing moves by itself
    play.focus()
    page.keyboard.press("Space")
    page.wait_for_function("Number(document.querySelector('.interpolated').dataset.frame) > 3")
    assert play.inner_text() == "Pause"
    page.keyboard.press("Space")
    paused = shown_frame(page)
    assert 3 < paused < 30 and play.inner_text() == "Play"
    page.get_by_label("30", exact=True).check(force=True)
    play.click()
    wait_for_frame(page, 30)
    page.wait_for_function("document.querySelector('.play').textContent === 'Play'")
    wait_for_link(page, t="1")
    play.click()
    page.wait_for_function("Number(document.querySelector('.interpolated').dataset.frame) < 20")
    scrubber(page).fill("25")  # whoever takes the scrubber stops it
    assert play.inner_text() == "Play" and shown_frame(page) == 25


def test_playing_a_closed_loop_goes_round(visit, server):
    page = visit(f"{server.url}?tab=interpolate&seeds=1-2&steps=4&loop=1&t=1.5")
    wait_for_walk(page, steps=4, loop=True)
    wait_for_frame(page, 6)
    page.locator(".play").click()
    seen = page.evaluate(
        """async () => {
            const seen = [], root = document.querySelector(".interpolated");
            while (seen.length < 18) {
                if (seen.at(-1) !== root.dataset.frame) seen.push(root.dataset.frame);
                await new Promise(requestAnimationFrame);
            }
            return seen.map(Number);
        }"""
    )
    assert page.locator(".play").inner_text() == "Pause"
    assert {(late - early) % 8 for early, late in itertools.pairwise(seen)} <= {1, 2, 3}  # no way back
    assert max(seen) <= 7 and min(seen) == 0
    page.get_by_role("tab", name="Generate").click()
    page.wait_for_function("document.querySelector('.play').textContent === 'Play'")  # unseen, it stops


def test_the_strip_shows_both_ends_and_jumps(visit, server, client):
    page = visit(server.url)
    open_tab(page)
    buttons = page.locator(".strip button")
    assert buttons.count() == 11
    assert buttons.first.inner_text().strip() == "A · 1" and buttons.last.inner_text().strip() == "B · 2"
    buttons.nth(5).click()
    wait_for_frame(page, 15)
    assert buttons.nth(5).get_attribute("aria-current") == "true"
    assert page.locator(".strip [aria-current=true]").count() == 1
    assert differ(large(page), picture_on(buttons.nth(5).locator("canvas"))) == 0
    page.keyboard.press("ArrowRight")
    wait_for_frame(page, 18)
    buttons.last.click()
    wait_for_frame(page, 30)
    assert differ(large(page), single(client, 2)) <= 1

    page.get_by_role("button", name="Add a seed").click()
    page.get_by_role("spinbutton", name="Seed C").fill("77")
    wait_for_walk(page, seeds=[1, 2, 77])
    assert shown_frame(page) == 30  # still at B
    captions = [text.strip() for text in buttons.all_inner_texts()]
    assert len(captions) == 11 and [captions[index] for index in (0, 5, 10)] == ["A · 1", "B · 2", "C · 77"]


def test_animations_are_saved_as_shown(visit, server):
    page = visit(f"{server.url}?tab=interpolate&seeds=3-8&steps=6&loop=1")
    wait_for_walk(page, seeds=[3, 8], steps=6, loop=True)
    first = large(page)
    with page.expect_download() as webp:
        page.get_by_role("button", name="Save WebP").click()
    assert webp.value.suggested_filename == "alpha-seeds-3-8.webp"
    content = webp.value.path().read_bytes()
    frames = list(frames_of_webp(content))
    assert len(frames) == 12 and frames[0].shape == (512, 512, 3)
    assert differ(frames[0][4::8, 4::8], first) <= 1
    with Image.open(io.BytesIO(content)) as image:
        assert image.info["loop"] == 0  # for ever

    with page.expect_download() as mp4:
        page.get_by_role("button", name="Save MP4").click()
    assert mp4.value.suggested_filename == "alpha-seeds-3-8.mp4"
    content = mp4.value.path().read_bytes()
    assert len(frames_of_mp4(content)) == 12
    with av.open(io.BytesIO(content)) as container:
        assert container.streams.video[0].average_rate == 24


def test_a_link_rebuilds_what_is_shown(visit, server):
    page = visit(server.url)
    page.locator("#model").get_by_label("bare").check()
    open_tab(page)
    for seed in ("40", "4294967295"):
        page.get_by_role("button", name="Add a seed").click()
        page.locator("#interpolate-controls .seeds li").last.get_by_role("spinbutton").fill(seed)
    field(page, "interpolate", "steps").fill("7")
    page.get_by_label("lerp", exact=True).check()
    page.get_by_label("Closed loop").check()
    field(page, "interpolate", "truncation").fill("0.7")
    page.get_by_label("Remove seed B").click()
    walk = {"model": "bare", "seeds": [1, 40, 4294967295], "steps": 7, "method": "lerp", "loop": True}
    wait_for_walk(page, **walk, truncation=0.7)
    scrubber(page).fill("10")
    said = wait_for_link(page, t="1.4286", truncation="0.7")
    assert said["seeds"] == "1-40-4294967295" and said["loop"] == "1" and len(said["weights"]) == 16

    again = visit(page.url)
    wait_for_walk(again, **walk, truncation=0.7)
    wait_for_frame(again, 10)
    assert differ(large(again), large(page)) == 0
    letters = again.locator("#interpolate-controls .seeds input")
    assert [letter.input_value() for letter in letters.all()] == ["1", "40", "4294967295"]
    assert again.get_by_label("Closed loop").is_checked() and slider(again, "interpolate", "steps").input_value() == "7"
    wait_for_link(again, **said)


@pytest.mark.parametrize(
    "query, says",
    [
        ("seeds=5", "A link to an interpolation names 2 to 8 seeds, as in seeds=1-2."),
        ("seeds=1-2&t=far", "t must be a number from 0 to 8"),
    ],
)
def test_a_wrong_link_gets_a_sentence(visit, server, query, says):
    visit(f"{server.url}?tab=interpolate&{query}").get_by_text(says).wait_for()


def test_too_many_frames_are_answered_once_and_the_frames_stay(visit, server):
    page = visit(f"{server.url}?tab=interpolate&seeds=1-2-3-4-5-6-7-8&steps=5")
    wait_for_walk(page, steps=5)
    before = large(page)
    slider(page, "interpolate", "steps").focus()
    page.keyboard.press("End")
    problem = page.get_by_text("With these 8 seeds take at most 68 frames per leg")
    problem.wait_for()
    assert problem.count() == 1 and differ(large(page), before) == 0
    field(page, "interpolate", "steps").fill("6")
    wait_for_walk(page, steps=6)
    assert not problem.is_visible()


def test_a_specimen_becomes_an_end_of_the_way(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, "1-16")
    page.locator(".tile").nth(8).click()
    page.get_by_role("button", name="Interpolate to here").click()
    wait_for_walk(page, seeds=[1, 9])
    assert page.locator(".viewer").is_visible()


def test_a_phone_scrolls_in_one_direction_alone(visit, server):
    page = visit(f"{server.url}?tab=interpolate&seeds=1-2-3-4294967295-5-6-7-8&steps=5", 390, 844)
    wait_for_walk(page, steps=5)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator(".strip button").count() == 8
    box = page.locator(".viewer > canvas").bounding_box()
    assert box["width"] % 64 == 0 and box["x"] + box["width"] <= 390
