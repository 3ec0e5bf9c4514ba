"""The discriminator's opinion: cells that add up to its logit, and a rank among others."""

import json
from pathlib import Path

import pytest
import torch
from served import plant, plant_insight

from gan.checkpoints import load_critic, load_generator
from gan.errors import UserError
from gan.insight.kept import critic_in, opinions_in
from gan.insight.opinion import COMPANY, Opinions, company_of, judge, judge_many
from gan.insight.record import write_opinion, write_residuals
from gan.latent import sample_z
from gan.models import Discriminator, Generator

pytestmark = pytest.mark.usefixtures("one_thread")
CHECKPOINTS = Path(__file__).resolve().parents[2] / "checkpoints"
LOGITS = torch.linspace(-2, 3, 1_000)


def logits_in_company(generator, critic, images):
    """D's own answer about each picture, behind the company in one batch."""
    with torch.inference_mode():
        company = generator(sample_z(COMPANY, generator.z_dim))
        if not critic.minibatch_std:
            return critic(images)
        return torch.cat([critic(torch.cat((company, image[None])))[-1:] for image in images])


def assert_adds_up(generator, critic):
    images = generator(sample_z(range(3), generator.z_dim)).detach()
    opinion = judge(critic, images, company_of(generator, critic))
    assert opinion.cells.shape == (3, 4, 4)
    assert torch.allclose(opinion.cells.sum(dim=(1, 2)) + opinion.varied, opinion.logits, atol=1e-4)
    assert torch.allclose(opinion.logits, logits_in_company(generator, critic, images), atol=1e-4)
    return opinion


@pytest.mark.parametrize("name", ["pokemon", "anime"])
def test_cells_add_up_to_the_logit_on_bundled_models(name):
    critic = load_critic(CHECKPOINTS / name)
    opinion = assert_adds_up(load_generator(CHECKPOINTS / name), critic)
    assert bool(opinion.varied.any()) == critic.minibatch_std == (name == "pokemon")


@pytest.mark.parametrize("size", [32, 128])
@pytest.mark.parametrize("norm", ["batch", "none"])
@pytest.mark.parametrize("minibatch_std", [False, True])
def test_cells_add_up_whatever_the_network(size, norm, minibatch_std):
    torch.manual_seed(0)
    critic = Discriminator(4, size, norm, minibatch_std).eval()
    for value in critic.parameters():
        value.data.mul_(8)
    assert_adds_up(Generator(8, 4, size).eval(), critic)


def test_an_opinion_does_not_depend_on_who_else_is_asked_about():
    torch.manual_seed(0)
    generator, critic = Generator(8, 4, 32).eval(), Discriminator(4, 32, "none", True).eval()
    company, images = company_of(generator, critic), torch.rand(4, 3, 32, 32) * 2 - 1
    together = judge(critic, images, company).logits
    alone = torch.cat([judge(critic, image[None], company).logits for image in images])
    assert torch.allclose(together, alone, atol=1e-6)


def test_a_rank_is_the_share_below():
    opinions = Opinions.of(LOGITS, LOGITS + 5, "0" * 16)
    assert opinions.rank(-9) == (0, 0)
    assert opinions.rank(99) == (1, 1)
    assert opinions.rank(0.5).generated == pytest.approx(0.5, abs=0.01)
    assert opinions.rank(5.5).real == pytest.approx(0.5, abs=0.01)
    assert (
        opinions.rank(0.5).sentence()
        == "The discriminator puts it above 50 % of 1,000 generated pictures, 0 % of real ones."
    )
    assert Opinions.read(json.loads(json.dumps(opinions._asdict())), "here") == opinions


def test_opinions_of_few_real_pictures_that_are_all_alike():
    torch.manual_seed(0)
    generator, critic = Generator(8, 4, 32).eval(), Discriminator(4, 32, "none", True).eval()
    torch.nn.init.zeros_(critic.main[-1].weight)
    opinions = judge_many(generator, critic, "0" * 16, [torch.zeros(2, 3, 32, 32)])
    assert (sum(opinions.generated), sum(opinions.real)) == (1_000, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"low": "x"},
        {"low": 9.0, "high": 1.0},
        {"high": 1e300},
        {"real": [1]},
        {"real": [0] * 200},
        {"real": [-1] * 200},
        {"generated": [True] * 200},
        {"judged_by": 7},
        {"residuals": 7},
        {"residuals": [1.0, "x"]},
        {"residuals": [-1.0]},
    ],
)
def test_what_is_no_opinion_is_refused(change):
    values = Opinions.of(LOGITS, LOGITS, "0" * 16)._asdict() | change
    with pytest.raises(UserError, match=r"opinion\.json: is no opinion"):
        Opinions.read(values, "opinion.json")


def test_how_near_projection_comes_to_real_pictures_is_kept_beside(tmp_path):
    folder = plant_insight(plant(tmp_path / "alpha", 1), tmp_path / "pictures")
    images = torch.randint(0, 256, (3, 3, 64, 64), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    before = opinions_in(folder)
    write_residuals(folder, images)
    after = opinions_in(folder)
    assert len(after.residuals) == 3 and list(after.residuals) == sorted(after.residuals)
    assert after._replace(residuals=()) == before._replace(residuals=())
    assert after.share_nearer(255.0) == 1 and after.share_nearer(0.0) == 0
    assert before._replace(residuals=()).share_nearer(1.0) is None
    write_opinion(folder, images)
    assert opinions_in(folder).residuals == after.residuals and opinions_in(folder) != after


def test_without_a_discriminator_a_sentence(tmp_path):
    with pytest.raises(UserError, match=r"came without a discriminator\.safetensors"):
        critic_in(tmp_path)
    with pytest.raises(UserError, match=r"came without opinion\.json.*gan\.evaluate .* --opinion"):
        opinions_in(tmp_path)
