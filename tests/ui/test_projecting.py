"""The search for a network's nearest picture: nearer from attempt to attempt, on one core, in whichever thread."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from served import tiny_model

from gan import precision
from gan.insight.opinion import Opinions
from gan.insight.projection import residual_of
from gan.latent import sample_z
from gan.precision import one_core
from gan.translation.lines import xdog
from gan.ui import projecting
from gan.ui.insight import Insight
from gan.ui.projecting import found_by_lines, projected, read_out
from gan.ui.specimen import read_latent

LOGITS = torch.linspace(0, 1, 10)


@pytest.fixture(scope="module")
def model():
    return tiny_model("alpha", seed=1)


def test_attempts_come_nearer_and_the_last_is_the_picture_that_its_recipe_draws(model):
    target = model.draw(sample_z([1_000], 100))[0]
    found = list(projected(model, target))
    assert [progress.step for progress in found] == list(range(5, 121, 5))
    assert found[-1].residual < found[0].residual
    latent = read_latent(found[-1].shown(model)["recipe"]["latent"], 100)
    assert residual_of(model.draw(torch.tensor(latent)[None])[0], target) == pytest.approx(found[-1].residual, abs=1e-3)


def test_each_attempt_may_be_computed_by_another_thread_and_leaves_it_as_it_was(model):
    def state():
        return torch.get_num_threads(), torch.is_autocast_enabled("cpu"), torch.is_grad_enabled()

    search = projected(model, model.draw(sample_z([7], 100))[0])
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        before = [pool.submit(state).result() for pool in (one, other)]
        for pool in (one, other, one):
            assert pool.submit(next, search).result().step
        assert [pool.submit(state).result() for pool in (one, other)] == before


def test_one_core_is_for_this_thread_alone(monkeypatch):
    monkeypatch.setattr(precision, "CORES", 2)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with ThreadPoolExecutor(1) as known, ThreadPoolExecutor(1) as new:
        assert known.submit(torch.get_num_threads).result() == 2
        with one_core():
            assert torch.get_num_threads() == 1
            assert known.submit(torch.get_num_threads).result() == new.submit(torch.get_num_threads).result() == 2
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)


def test_a_drawing_finds_a_picture(model):
    drawing = xdog(model.draw(sample_z([1_000], 100)), 0.5)[0] * 2 - 1
    found = list(found_by_lines(model, drawing))
    assert found[-1].residual <= found[0].residual and len(found[-1].specimen.latent) == 100


@pytest.mark.parametrize(
    "residuals, says",
    [
        ((), "As near as it gets, 25 of 255 off on average."),
        ((10.0, 20.0, 30.0), "Of a picture such as it learned from it is 20 off."),
        (tuple(map(float, range(20))), "outside what this network knows: to 100% of real pictures it comes nearer"),
    ],
)
def test_the_end_is_told_honestly(monkeypatch, model, residuals, says):
    opinions = Opinions.of(LOGITS, LOGITS, "0" * 16)._replace(residuals=residuals)
    monkeypatch.setattr(projecting, "insight_of", lambda _: Insight(opinions=opinions))
    assert says in read_out(model, 25.0)
    monkeypatch.setattr(projecting, "insight_of", lambda _: Insight())
    assert read_out(model, 25.0).startswith("As near as it gets")
