"""What a model's folder knows beside its generator: read once, read anew when it changes, None where it is no use."""

import pytest
import torch
from gradio import Error
from served import plant, plant_insight

from gan.checkpoints import save_network
from gan.files import read_json, write_json
from gan.insight.neighbours import Verdict
from gan.latent import sample_z
from gan.models import Discriminator
from gan.ui.insight import Insight, critical_insight, insight_of, knowing_insight
from gan.ui.loaded import load_models
from gan.ui.specimen import Specimen
from gan.ui.through_training import opinions_on_the_way
from gan.ui.verdict import look_at, near_ones

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def folder(tmp_path):
    return plant_insight(plant(tmp_path / "alpha", 1, (1, 3)), tmp_path / "pictures")


def loaded(folder):
    (model,), problems = load_models([folder])
    assert problems == ()
    return model


def test_it_is_read_once_and_anew_when_a_file_changes(folder):
    model = loaded(folder)
    first = insight_of(model)
    assert None not in (first.critic, first.opinions, first.neighbours) and insight_of(model) is first
    (folder / "opinion.json").write_text("{}")
    assert insight_of(model).opinions is None and insight_of(model).neighbours is not None


def test_another_critic_knows_nothing_of_what_was_written(folder):
    save_network(folder / "discriminator.safetensors", Discriminator(base_channels=8))
    insight = insight_of(loaded(folder))
    assert insight.critic is not None and insight.opinions is None and insight.neighbours is None


@pytest.mark.parametrize("content", [b"", b"junk", b"{}", bytes(100)])
@pytest.mark.parametrize("name", ["discriminator.safetensors", "neighbours.safetensors", "opinion.json"])
def test_what_is_damaged_is_as_good_as_missing(folder, name, content):
    (folder / name).write_bytes(content)
    model = loaded(folder)
    value = look_at(model, Specimen(1), True)
    assert value["critic"] is None if name != "neighbours.safetensors" else value["copy"] is None
    assert near_ones(model, [Specimen(3)]) == ([0] if name == "opinion.json" else [])
    opinions_on_the_way(model, Specimen(1))


def test_a_critic_of_another_size_is_none(folder):
    save_network(folder / "discriminator.safetensors", Discriminator(base_channels=8, image_size=32))
    assert insight_of(loaded(folder)) == Insight()


def test_a_model_without_gets_a_sentence(tmp_path):
    model = loaded(plant(tmp_path / "bare", 2))
    assert look_at(model, Specimen(1), True)["copy"] is None
    with pytest.raises(Error, match="came without its discriminator"):
        critical_insight(model)
    with pytest.raises(Error, match="nothing here tells of copies"):
        knowing_insight(model)


@pytest.mark.parametrize(
    "rank, says",
    [
        (0.004, "hardly 2% of them have one that stands out so."),  # of 62
        (0.04, "though one training picture stands out as nearer: for 4% of them one does as much."),
        (0.3, "no training picture stands out as nearer than the others."),
        (0.8, "no training picture stands out as nearer than the others."),
    ],
)
def test_the_verdict_is_a_sentence_by_how_much_the_nearest_picture_stands_out(rank, says):
    line = Verdict((1, 2, 3), 62, 1.0, 0.9, rank).sentence()
    assert says in line and line.startswith("Near a training picture" if rank < 0.01 else "No sign of a copy")


def test_a_picture_it_learned_from_is_near_and_others_are_not(folder):
    model = loaded(folder)
    assert near_ones(model, [Specimen(seed) for seed in range(1, 9)]) == [2, 3]
    near, far = (look_at(model, Specimen(seed), True)["copy"] for seed in (3, 900))
    assert (
        near["near"]
        and near["line"].startswith("Near a training picture")
        and near["closeness"] < 0.2 < far["closeness"]
    )
    assert near["number"].startswith("The nearest of 62 training pictures is number 1 by name")
    assert not far["near"] and far["line"].startswith("No sign of a copy")
    assert "original" not in str(near | far).lower()
    assert near["reals"]["labels"][:2] == ["this one", "number 1"]
    hidden = look_at(model, Specimen(3), False, "a hint")["copy"]
    assert hidden["reals"] is None and hidden["hint"] == "a hint"


def test_cells_add_up_to_the_logit_that_is_told(folder):
    model = loaded(folder)
    critic = look_at(model, Specimen(7), False)["critic"]
    logit = float(insight_of(model).critic(model.draw(sample_z([7], 100))))
    assert sum(critic["cells"]) == pytest.approx(logit, abs=0.01) and f"{logit:.2f}" in critic["sum"]
    assert "no percentage" in critic["why"]


def test_what_its_numbers_mean_follows_from_the_loss_that_the_critic_learned_by(folder):
    for loss, alone in (("relativistic", True), ("bce", False)):
        described = read_json(folder / "config.json")
        write_json(folder / "config.json", described | {"train": described["train"] | {"loss": loss}})
        assert ("have no zero" in look_at(loaded(folder), Specimen(7), False)["critic"]["why"]) is alone


def test_the_critic_judges_each_earlier_picture_of_the_way(folder):
    shown = opinions_on_the_way(loaded(folder), Specimen(7))
    assert shown.count("<dt>") == 2 and "epoch 1<" in shown and "epoch 3<" in shown


def test_with_minibatch_deviation_its_share_is_told(folder, tmp_path):
    torch.manual_seed(0)
    save_network(folder / "discriminator.safetensors", Discriminator(8, 64, "none", True))
    assert insight_of(loaded(folder)).company is not None
