"""The Two models tab: pairs of pictures as people use them, other sizes, one model alone."""

from urllib.parse import parse_qs, urlsplit

import gradio as gr
import pytest
import torch
from served import (
    differ,
    explored_picture,
    field,
    picture_on,
    slider,
    wait_for_recipe,
)

from gan.checkpoints import save_network
from gan.images import to_uint8
from gan.latent import sample_z
from gan.models import Generator
from gan.ui.loaded import load_models
from gan.ui.tabs.models import build_compare, opponent, remark_on_latents, side_of


@pytest.fixture(scope="module")
def models(server, tmp_path_factory):
    """The page's own two, and a small one with other latents and other pictures."""
    small = tmp_path_factory.mktemp("models") / "small"
    save_network(small / "model.safetensors", Generator(z_dim=16, base_channels=4, image_size=32))
    loaded, problems = load_models([server.folder / "checkpoints" / name for name in ("alpha", "bare")] + [small])
    assert problems == ()
    return loaded


def wait_for_pairs(page, left, right, seeds):
    page.wait_for_function(
        """said => {
            const { left, right, seeds } = document.querySelector(".compared")?.dataset ?? {};
            return said.every((part, index) => part === [left, right, seeds][index]);
        }""",
        arg=[left, right, seeds],
    )


def address(page, **parts):
    """Wait until the address bar says these; return all that it says."""
    page.wait_for_function(
        """parts => {
            const said = new URLSearchParams(location.search);
            return Object.entries(parts).every(([key, value]) => said.get(key) === value);
        }""",
        arg=parts,
    )
    return {key: value for key, (value,) in parse_qs(urlsplit(page.url).query).items()}


def pair(page, index):
    return [picture_on(canvas) for canvas in page.locator(".pairs li").nth(index).locator("canvas").all()]


# --- people ------------------------------------------------------------------------------------------------------


def test_each_pair_is_one_seed_through_both_models(visit, server, models):
    page = visit(server.url)
    page.get_by_role("tab", name="Two models").click()
    wait_for_pairs(page, "alpha", "bare", "1-8")
    assert page.locator(".pairs li > p").all_inner_texts() == [f"seed {seed}" for seed in range(1, 9)]
    assert page.locator(".versus h2").all_inner_texts() == ["alpha", "bare"]
    assert "epoch 6" in page.locator(".versus section").first.inner_text()
    for index in (0, 7):
        for model, shown in zip(models, pair(page, index), strict=False):
            image = to_uint8(model.draw(sample_z([index + 1], 100)))[0].permute(1, 2, 0).int().numpy()
            assert differ(shown, image) <= 1

    page.get_by_label("bare").first.check()  # the page's own choice: now bare stands on the left, and against bare
    wait_for_pairs(page, "bare", "alpha", "1-8")
    remark = page.locator(".versus section").last
    assert "bare stands on the left already" in remark.inner_text()
    page.locator("#models-controls").get_by_label("alpha").check()
    remark.get_by_text("stands on the left already").wait_for(state="detached")


def test_seed_count_and_truncation_draw_and_the_link_rebuilds_them(visit, server):
    page = visit(server.url)
    page.get_by_role("tab", name="Two models").click()
    wait_for_pairs(page, "alpha", "bare", "1-8")
    field(page, "models", "seed").fill("40")
    wait_for_pairs(page, "alpha", "bare", "40-47")
    slider(page, "models", "count").focus()
    page.keyboard.press("End")
    wait_for_pairs(page, "alpha", "bare", "40-55")
    assert page.locator(".pairs li").count() == 16
    field(page, "models", "truncation").fill("0")
    page.wait_for_function("document.querySelector('.compared').dataset.truncation === '0'")
    (first, other), (second, _) = pair(page, 0), pair(page, 1)
    assert differ(first, second) == 0 and differ(first, other) > 10

    said = address(page, tab="models", seed="40", count="16", truncation="0")
    assert said["model"] == "alpha" and said["against"] == "bare" and len(said["weights"]) == 16
    again = visit(page.url)
    wait_for_pairs(again, "alpha", "bare", "40-55")
    again.wait_for_function("document.querySelector('.compared').dataset.truncation === '0'")
    assert field(again, "models", "count").input_value() == "16"


def test_a_link_can_turn_the_models_round_and_a_wrong_one_gets_a_sentence(visit, server):
    wait_for_pairs(visit(f"{server.url}?tab=models&model=bare&against=alpha&count=2"), "bare", "alpha", "1-2")
    wrong = visit(f"{server.url}?tab=models&model=bare&against=gamma")
    wrong.get_by_text("Against must be one of alpha, bare, not 'gamma'.").wait_for()
    wrong = visit(f"{server.url}?tab=models&count=17")
    wrong.get_by_text("The number of seeds must lie between 1 and 16; 17 does not.").wait_for()


@pytest.mark.parametrize("side, model", [("first", "alpha"), ("last", "bare")])
def test_a_picture_opens_in_explore_under_its_own_model(visit, server, side, model):
    page = visit(server.url)
    page.get_by_role("tab", name="Two models").click()
    wait_for_pairs(page, "alpha", "bare", "1-8")
    link = getattr(page.locator(".pairs li").nth(2).locator("a"), side)
    picture = picture_on(link.locator("canvas"))
    elsewhere = visit(link.get_attribute("href"))  # as a new window would open it
    link.focus()
    page.keyboard.press("Enter")
    for opened in (page, elsewhere):
        wait_for_recipe(opened, model=model, seed=3)
        assert differ(explored_picture(opened), picture) <= 1
    assert page.locator("#model input:checked").get_attribute("value") == model


@pytest.mark.parametrize("width, ratio", [(1280, 1), (1280, 1.5), (390, 1), (390, 3)])
def test_pairs_are_enlarged_by_whole_factors_and_fit(visit, server, width, ratio):
    page = visit(server.url, width, 844, device_scale_factor=ratio)
    page.get_by_role("tab", name="Two models").click()
    for count in (1, 4, 16):
        field(page, "models", "count").fill(str(count))
        wait_for_pairs(page, "alpha", "bare", f"1-{count}")
        boxes = [canvas.bounding_box() for canvas in page.locator(".pairs canvas").all()]
        factor = boxes[0]["width"] * ratio / 64
        assert factor >= 2 and factor == pytest.approx(round(factor), abs=0.01)
        assert all(left["y"] == right["y"] for left, right in zip(boxes[::2], boxes[1::2], strict=True))
        assert max(box["x"] + box["width"] for box in boxes) <= width
        assert page.evaluate("document.documentElement.scrollWidth") == width
        if width == 390:
            assert len({round(box["x"]) for box in boxes}) == 2  # two columns


# --- models of other sizes, and one model alone ------------------------------------------------------------------


def test_models_of_other_sizes_stand_side_by_side(models):
    alpha, _, small = models
    left, right = (side_of(model, [1, 2], 1.0) for model in (alpha, small))
    assert (left["side"], right["side"]) == (64, 32)
    assert right["facts"].startswith("32 × 32 pixels")
    assert (
        remark_on_latents(alpha, small)
        == remark_on_latents(small, alpha)
        == ("One takes 16 numbers, the other 100: the first 16 are the same.")
    )
    assert remark_on_latents(alpha, alpha) == ""
    assert torch.equal(sample_z([5], 100)[:, :16], sample_z([5], 16))  # what the remark says


def test_the_opponent_is_another_model(models):
    alpha, bare, small = models
    assert opponent(models, alpha, None) == (bare, "")
    assert opponent(models, alpha, "small") == (small, "")
    assert opponent(models, small, "small") == (alpha, "small stands on the left already, so this is the next model.")
    with pytest.raises(gr.Error, match="Against must be one of alpha, bare, small, not 'gamma'"):
        opponent(models, alpha, "gamma")


def test_one_model_alone_gets_words_instead_of_controls(models):
    with gr.Blocks() as demo:
        tab = build_compare(models[:1], gr.Radio(["alpha"]), gr.HTML())
    assert tab.controls is None and tab.restore(models[0], {"seed": 3}) is None
    shown = "".join(str(block.value) for block in demo.blocks.values() if isinstance(block, gr.HTML))
    assert "python -m gan.promote runs/folder mine" in shown
    assert len(demo.fns) == 0
