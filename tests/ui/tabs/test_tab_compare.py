"""The Compare tab: pairs of pictures as people use them, other sizes, when there is such a tab."""

import pytest
import torch
from served import (
    differ,
    picture_in_hand,
    pictures_of,
    pixels,
    tiny_model,
    wait_for_address,
    wait_for_labels,
    wait_for_picture,
)

from gan.latent import sample_z
from gan.models import Generator
from gan.ui.loaded import LoadedModel
from gan.ui.specimen import Specimen, read_specimen, within
from gan.ui.tabs.compare import facts_of, opponents, pairs_of, remark_on_latents, worth_comparing


def learned(name, source):
    return tiny_model(name, described={"data": {"name": source}} if source else {})


def small_model():
    """A model with other latents and other pictures."""
    generator = Generator(z_dim=16, base_channels=4, image_size=32).eval()
    return LoadedModel("small", None, "f" * 16, generator, torch.eye(16)[:8], {}, None, {}, ())


@pytest.mark.parametrize(
    "sources, worth",
    [(["pokemon"], False), (["pokemon", "anime"], False), (["pokemon", "pokemon"], True), (["", ""], False),
     (["anime", "pokemon", "anime"], True)],
)  # fmt: skip
def test_models_of_the_same_data_are_compared_and_those_that_were_asked_for(sources, worth):
    models = [learned(str(place), source) for place, source in enumerate(sources)]
    assert worth_comparing(models, asked=False) == worth
    assert worth_comparing(models, asked=True) == (len(models) > 1)


def test_a_model_is_never_compared_with_itself_and_first_with_one_of_the_same_data():
    models = [learned("a", "pokemon"), learned("b", "anime"), learned("c", "pokemon")]
    assert [model.name for model in opponents(models, models[0])] == ["c", "b"]


def test_models_of_other_sizes_stand_side_by_side():
    alpha, small = tiny_model("alpha"), small_model()
    pairs = pairs_of(alpha, small, [1, 2], Specimen(1))
    assert pairs["side"] == 64 and [cell["label"] for cell in pairs["cells"]] == ["1", "1", "2", "2"]
    assert facts_of(small).startswith("32 × 32 pixels")
    sentence = "One takes 16 numbers, the other 100: the first 16 are the same."
    assert remark_on_latents(alpha, small) == remark_on_latents(small, alpha) == sentence
    assert remark_on_latents(alpha, alpha) == ""
    assert torch.equal(sample_z([5], 100)[:, :16], sample_z([5], 16))  # what the remark says


def test_a_pair_is_taken_in_hand_as_it_is_shown():
    alpha, small = tiny_model("alpha"), small_model()
    shown = Specimen(7, wildness=0.3)
    for model, cell in zip((alpha, small), pairs_of(alpha, small, [7], shown)["cells"], strict=True):
        assert read_specimen(model, within(model, cell["recipe"])) == shown


def test_each_pair_is_one_seed_through_both_models_and_a_click_takes_it_in_hand(visit, server, client):
    page = visit(f"{server.url}?tab=compare&seed=7")
    wait_for_labels(page, "pairs", " ".join(str(seed) for seed in range(7, 15) for _ in range(2)))
    wait_for_address(page, "tab=compare", "seed=7", "against=bare")
    shown = pictures_of(page, "pairs")
    for place, model in enumerate(("alpha", "bare")):
        _, singles = client.predict(model=model, seed=7, count=8, api_name="/generate")
        for picture, single in zip(shown[place::2], singles, strict=True):
            assert differ(picture, pixels(single["image"])) <= 1
    page.locator("#pairs .tile").nth(3).click()
    wait_for_picture(page, model="bare", seed=8)
    assert differ(picture_in_hand(page), shown[3]) == 0
    page.locator("#model label", has_text="bare").locator("input:checked").wait_for()
    page.locator("#to-explore").click()
    wait_for_address(page, "tab=explore", "model=bare", "seed=8")
    page.locator("#another").click()
    wait_for_picture(page, model="bare")


@pytest.mark.parametrize("old", ["models", "compare"])
def test_a_link_made_before_can_turn_the_models_round(visit, server, old):
    page = visit(f"{server.url}?tab={old}&model=bare&against=alpha&seed=3&count=2&truncation=0.5")
    wait_for_labels(page, "pairs", "3 3 4 4")
    wait_for_picture(page, model="bare", seed=3, truncation=0.5)
    wait_for_address(page, "tab=compare", "against=alpha")
