"""The Morph tab: where its frames lie, its event, and stops, player and files as people use them."""

import base64
import io
import math
import sys
from types import SimpleNamespace

import av
import gradio as gr
import numpy as np
import pytest
import torch
from gradio_client.exceptions import AppError
from PIL import Image
from served import (
    differ,
    picture_in_hand,
    pixels,
    plant,
    recipe_of,
    scrub,
    tiny_model,
    wait_for_address,
    wait_for_labels,
    wait_for_picture,
    wait_for_seeds,
)

from gan.latent import sample_z
from gan.ui.loaded import load_models
from gan.ui.specimen import Specimen, read_specimen, write_latent
from gan.ui.tabs.morph import link_of, linked_stops, read_linked_seeds, read_seed_list, save, spot_of
from gan.ui.visit import Visit
from gan.ui.way import MAX_FRAMES, read_way

MODEL = tiny_model("alpha")
EDITED = Specimen(1, 1.0, (2.0, *[0.0] * 7))


def way_of(seeds=(1, 2), steps=None, method=None, loop=None, truncation=1.0):
    return read_way([Specimen(seed, truncation) for seed in seeds], steps, method, loop)


def latents(**values):
    return way_of(**values).latents(MODEL)


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
    assert way_of(seeds=[1, 2, 3], steps=2).positions() == [0, 0.5, 1, 1.5, 2]
    assert way_of(seeds=[1, 2], steps=2, loop=True).positions() == [0, 0.5, 1, 1.5]


def test_no_more_frames_than_can_be_shown_and_no_more_latents_at_a_time_than_memory_allows():
    drawn = []

    def draw(z):
        drawn.append(len(z))
        return z.new_zeros(len(z), 3, 4, 4)

    drawing = SimpleNamespace(generator=MODEL.generator, directions=MODEL.directions, draw=draw)
    way = way_of(seeds=range(8), steps=68)
    assert len(list(way.frames(drawing))) == 477 <= MAX_FRAMES
    assert max(drawn) == 64
    with pytest.raises(gr.Error, match="With these 8 seeds take at most 68 frames per leg"):
        way_of(seeds=range(8), steps=69)
    assert len(way_of(seeds=[1, 2, 3, 4], steps=120, loop=1).positions()) == MAX_FRAMES


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 10**5000], ids=["nan", "inf", "-inf", "huge"])
@pytest.mark.parametrize("name", ["steps", "loop", "method"])
def test_numbers_that_json_cannot_carry_get_a_sentence_too(name, number):
    with pytest.raises(gr.Error, match=r"must be|must lie"):
        way_of(**{name: number})
    with pytest.raises(gr.Error, match=r"A seed must"):
        read_seed_list([1, number])


def test_a_moment_between_stops_is_a_picture_of_its_own_and_a_stop_is_itself():
    way = way_of(seeds=[5, 9], steps=4)
    assert way.at(MODEL, 0) == Specimen(5) and way.at(MODEL, 4) == Specimen(9)
    between = way.at(MODEL, 1)
    assert torch.equal(between.z(MODEL), way.latents(MODEL)[1])
    recipe = between.recipe(MODEL)
    assert recipe.keys() == {"model", "weights", "latent"} and read_specimen(MODEL, recipe) == between


@pytest.mark.parametrize("latent", ["", "A", "AAAA", 5, "x" * 600, "A" * 533 + "=", write_latent((1e3,) * 100)])
def test_a_damaged_latent_is_a_sentence(latent):
    with pytest.raises(gr.Error, match="The latent of this picture is damaged: it should be 100 numbers"):
        read_specimen(MODEL, {"latent": latent})


def test_a_link_writes_seeds_with_dashes():
    assert read_linked_seeds("7-4294967295-7") == (7, 2**32 - 1, 7)


@pytest.mark.parametrize(
    "text", [None, 5, 1.5, "", "5", "1-two", "1--2", "-1-2", "1-2-", "¹-²", "1-4294967296", "-".join("123456789")]
)
def test_a_link_with_other_seeds_gets_a_sentence(text):
    with pytest.raises(gr.Error, match=r"names 2 to 8 seeds|list of 2 to 8 seeds|A seed must lie"):
        read_linked_seeds(text)


def test_a_link_says_plain_stops_as_seeds_and_others_as_recipes():
    plain, edited = way_of(seeds=[1, 2], loop=True), read_way([EDITED, Specimen(2)], None, None, None)
    assert link_of(MODEL, plain) == {"seeds": "1-2", "steps": 30, "method": "slerp", "loop": 1}
    for way in (plain, edited):
        assert linked_stops(MODEL, link_of(MODEL, way)) == list(way.stops)
    assert linked_stops(MODEL, {"seeds": "1-2", "truncation": 0.5}) == [Specimen(1, 0.5), Specimen(2, 0.5)]  # before


@pytest.mark.parametrize(
    ("stops", "says"),
    [
        ("[", "The stops in this link are damaged"),
        ("[" * 3000, "The stops in this link are damaged"),
        ("5", "list of at most 8"),
        ("[" + "{}," * 9 + "{}]", "list of at most 8"),
        ('[{"seed": -1}]', "Seed must lie between"),
    ],
)
def test_damaged_stops_in_a_link_are_a_sentence(stops, says):
    with pytest.raises(gr.Error, match=says):
        linked_stops(MODEL, {"stops": stops})


def test_todays_plain_stops_are_not_faded_by_the_picture_in_hand():
    assert linked_stops(MODEL, {"tab": "morph", "seeds": "1-2", "truncation": 0.5}) == [Specimen(1), Specimen(2)]


def test_a_way_between_pictures_of_one_model_is_none_between_those_of_another():
    visit = object.__new__(Visit)
    visit.places = ["morph"]
    spot = spot_of(MODEL, way_of(seeds=[1, 2]))
    assert visit._spot_of("morph", MODEL, [spot]) == spot and visit._spot_of("morph", tiny_model("other"), [spot]) == {}


# --- files -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("morph") / "tiny"
    return load_models([plant(folder, 1)])[0][0]


def test_a_saved_animation_is_preceded_by_how_far_it_is(model):
    *reports, file = save(model, way_of(steps=40), "webp", 12, smooth=False)
    done = [report["done"] for report in reports]
    assert done == sorted(done) and done[0] == 0 and 10 < len(done) < 25
    assert {report["of"] for report in reports} == {41}
    assert (file["name"], file["mime"]) == ("tiny-seeds-1-2.webp", "image/webp")
    content = base64.b64decode(file["data"])
    with Image.open(io.BytesIO(content)) as webp:
        assert webp.size == (512, 512) and webp.info["loop"] == 1  # an open way is played once
    assert len(list(frames_of_webp(content))) == 41


def test_without_the_package_for_mp4_the_wish_is_answered_with_a_sentence(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(gr.Error, match="pip install av"):
        list(save(model, way_of(), "mp4", 24, smooth=True))


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


@pytest.fixture
def morph(visit, server):
    """The Morph tab at rest at its beginning: nothing plays by itself under reduced motion."""
    page = visit(f"{server.url}?tab=morph&seeds=1-2", reduced_motion="reduce")
    wait_for_labels(page, "stops", "A · 1 B · 2")
    return page


def test_scrubbing_shows_each_frame_and_where_it_rests_is_the_picture_in_hand(morph, client):
    content, _ = interpolate(client, seeds=[1, 2])
    frames = list(frames_of_webp(content))
    scrub(morph, "player", 12)
    morph.wait_for_function("'latent' in JSON.parse(document.querySelector('.stage').dataset.recipe)")
    assert differ(picture_in_hand(morph), frames[12]) <= 1
    wait_for_address(morph, "tab=morph", "seeds=1-2", "t=0.4", "latent=")
    scrub(morph, "player", 30)
    wait_for_picture(morph, seed=2)
    assert differ(picture_in_hand(morph), frames[30]) <= 1


def test_a_link_rebuilds_the_moment_and_it_can_be_explored(morph, visit):
    scrub(morph, "player", 12)
    morph.wait_for_function("'latent' in JSON.parse(document.querySelector('.stage').dataset.recipe)")
    address = wait_for_address(morph, "t=0.4")
    fresh = visit(address, reduced_motion="reduce")
    wait_for_picture(fresh, latent=recipe_of(morph)["latent"])
    fresh.locator("#player output", has_text="t = 0.40").wait_for()
    fresh.wait_for_timeout(300)
    assert differ(picture_in_hand(fresh), picture_in_hand(morph)) <= 1
    wait_for_address(fresh, "t=0.4")  # for a reload
    fresh.locator("#to-explore").click()
    wait_for_address(fresh, "tab=explore", "latent=")


def test_it_plays_by_itself_to_its_end_and_the_picture_in_hand_stays(visit, server):
    page = visit(f"{server.url}?seed=5")
    wait_for_picture(page, seed=5)
    page.locator("#to-morph").click()
    page.locator("#player .play", has_text="Pause").wait_for()
    page.wait_for_function("Number(document.querySelector('#player .player').dataset.frame) >= 3")
    page.locator("#player .play", has_text="Play").wait_for()
    assert page.locator("#player .player").get_attribute("data-frame") == "0" and recipe_of(page)["seed"] == 5
    scrub(page, "player", 12)
    wait_for_address(page, "t=0.4", "latent=")
    page.locator("#player .play").click()
    page.wait_for_function("Number(document.querySelector('#player .player').dataset.frame) > 20")
    page.locator("#player .play", has_text="Play").wait_for()
    assert page.locator("#player .player").get_attribute("data-frame") == "12"


def test_stops_are_added_moved_and_taken_out(morph):
    morph.locator("#stop textarea, #stop input").fill("9")
    morph.locator("#add-stop").click()
    wait_for_labels(morph, "stops", "A · 1 B · 2 C · 9")
    morph.locator("#stops .earlier").nth(2).click()
    wait_for_labels(morph, "stops", "A · 1 B · 9 C · 2")
    morph.locator("#stops .remove").first.click()
    wait_for_labels(morph, "stops", "A · 9 B · 2")
    assert morph.locator("#stops .remove").count() == 0  # two are the least
    wait_for_address(morph, "seeds=9-2")


def test_from_here_it_begins_with_the_picture_in_hand_again_and_again(morph):
    morph.get_by_role("tab", name="Generate").click()
    morph.locator("#wall .tile").nth(4).click()
    wait_for_picture(morph, seed=5)
    morph.locator("#to-morph").click()
    morph.wait_for_function("document.querySelector('#stops .sheet').dataset.labels.startsWith('A · 5 B · ')")
    wait_for_address(morph, "tab=morph")
    morph.wait_for_function("new URLSearchParams(location.search).get('seeds').startsWith('5-')")


def test_a_stop_that_is_moved_by_keys_keeps_the_focus(morph):
    morph.locator("#stop textarea, #stop input").fill("9")
    morph.locator("#add-stop").click()
    wait_for_labels(morph, "stops", "A · 1 B · 2 C · 9")
    morph.locator("#stops .later").first.focus()
    for labels in ("A · 2 B · 1 C · 9", "A · 2 B · 9 C · 1"):
        morph.keyboard.press(" ")
        wait_for_labels(morph, "stops", labels)
    morph.locator("#stops .remove").first.focus()
    morph.keyboard.press(" ")
    wait_for_labels(morph, "stops", "A · 9 B · 1")
    assert morph.evaluate("document.activeElement === document.querySelector('#stops .tile')")


def test_a_seed_that_is_none_is_told_at_its_field(morph):
    morph.locator("#stop textarea, #stop input").fill("nine")
    morph.locator("#add-stop").click()
    morph.locator("#stop").get_by_text("A seed must be a whole number from 0 to 4,294,967,295, not 'nine'.").wait_for()
    wait_for_labels(morph, "stops", "A · 1 B · 2")


def test_kept_pictures_come_back_and_are_morphed_through(visit, server):
    page = visit(server.url)
    wait_for_seeds(page, 1, 24)
    for place, kept in ((2, "Seed 3"), (6, "Seed 3 Seed 7")):
        page.locator("#wall .tile").nth(place).click()
        wait_for_picture(page, seed=place + 1)
        page.locator("#keep").click()
        wait_for_labels(page, "kept", kept)
    page.reload()
    wait_for_labels(page, "kept", "Seed 3 Seed 7")
    other = page.context.new_page()  # another tab of this browser
    other.goto(f"{server.url}?seed=9")
    wait_for_labels(other, "kept", "Seed 3 Seed 7")
    other.locator("#keep").click()
    wait_for_labels(page, "kept", "Seed 3 Seed 7 Seed 9")
    page.locator("#kept .remove").last.click()
    wait_for_labels(other, "kept", "Seed 3 Seed 7")
    other.close()
    page.locator("#kept .tile").first.click()
    wait_for_picture(page, seed=3)
    page.locator("#morph-kept").click()
    wait_for_labels(page, "stops", "A · 3 B · 7")
    page.locator("#kept .remove").first.click()
    wait_for_labels(page, "kept", "Seed 7")
    page.locator("#kept .remove").first.click()
    wait_for_labels(page, "kept", "")


def test_animations_are_saved_as_shown(morph):
    with morph.expect_download() as download:
        morph.locator("#save-webp").click()
    assert download.value.suggested_filename == "alpha-seeds-1-2.webp"
    assert len(list(frames_of_webp(download.value.path().read_bytes()))) == 31
