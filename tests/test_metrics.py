"""Known answers and directions of the metrics, on features made up for it; torch-fidelity computes."""

import sys
from urllib.error import URLError

import pytest
import torch
from torch import nn

from gan import metrics
from gan.errors import UserError
from gan.metrics import Extractor, fid, floor, key_in, kid, load_extractor, measure, novelty, precision_recall


@pytest.fixture
def wide():
    return torch.randn(1200, 16, generator=torch.Generator().manual_seed(0))


def more(scale=1.0, shift=0.0, seed=1):
    return torch.randn(1200, 16, generator=torch.Generator().manual_seed(seed)) * scale + shift


def test_equal_sets_have_no_distance(wide):
    assert fid(wide, wide.clone()) == pytest.approx(0, abs=1e-6)
    assert precision_recall(wide, wide.clone()) == (1.0, 1.0)


def test_shifted_gaussians_are_the_squared_distance_of_their_means_apart(wide):
    assert fid(wide, wide + 3.0) == pytest.approx(16 * 3.0**2, rel=1e-4)


def test_kid_is_near_zero_for_one_distribution_and_grows_with_the_shift(wide):
    same, error = kid(wide, more())
    assert abs(same) < 10 * error + 1
    near, far = kid(wide, more(shift=0.5))[0], kid(wide, more(shift=1.0))[0]
    assert far > near > 100 * error


def test_kid_is_a_thousand_times_the_unbiased_squared_mmd_of_the_cubic_kernel(wide):
    def kernel(a, b):
        return (a @ b.T / 16 + 1) ** 3

    real, fake = wide[:300].double(), more(shift=0.5)[:300].double()
    within = [kernel(each, each).fill_diagonal_(0).sum() / (300 * 299) for each in (real, fake)]
    expected = within[0] + within[1] - 2 * kernel(real, fake).mean()
    assert kid(wide[:300], more(shift=0.5)[:300])[0] == pytest.approx(1000 * float(expected), rel=1e-3)


@pytest.mark.slow
def test_the_error_of_kid_is_its_spread_over_other_pictures(wide):
    found = [kid(more(seed=10 + i)[:250], more(0.8, 0.4, seed=40 + i)[:250]) for i in range(24)]
    values, errors = torch.tensor(found).T
    assert 0.7 * values.std() < errors.mean() < 1.4 * values.std()


def test_the_choice_of_subsets_adds_to_the_error_of_kid(wide, monkeypatch):
    fake = more(shift=0.5)
    many = kid(wide, fake)[1]
    monkeypatch.setattr("gan.metrics.KID_SUBSETS", 2)
    assert kid(wide, fake)[1] > many > 0


def test_kid_takes_smaller_subsets_where_there_are_fewer_pictures(wide):
    mean, error = kid(wide[:60], more(shift=2.0)[:60])
    assert mean > 0 and error > 0


def test_a_tight_cluster_in_a_wide_set_is_precise_and_recalls_little(wide):
    precision, recall = precision_recall(wide, more(scale=0.2))
    assert precision > 0.95 and recall < 0.05


def test_a_wide_set_around_a_tight_cluster_recalls_all_and_is_imprecise(wide):
    precision, recall = precision_recall(wide * 0.2, more())
    assert precision < 0.05 and recall > 0.95


def test_the_third_neighbour_says_how_far_a_set_reaches():
    real = torch.arange(6.0)[:, None]  # the outermost reach 3 outwards
    fake = torch.tensor([[-2.5], [-3.5], [7.5], [8.5]])
    assert precision_recall(real, fake)[0] == 0.5


def test_a_generator_that_replays_training_pictures_is_caught(wide):
    replay = wide[torch.randint(0, len(wide), (500,), generator=torch.Generator().manual_seed(2))]
    ratio, copies = novelty(wide, replay + 1e-4)
    assert ratio < 0.01 and copies == 1.0


def test_a_replay_is_caught_also_where_the_training_pictures_hold_some_twice(wide):
    replay = wide[torch.randint(0, len(wide), (500,), generator=torch.Generator().manual_seed(2))]
    for repeats in (len(wide) // 50, len(wide)):
        once_more = wide[:repeats] * (1 + 1e-7)  # as a batch of another size rounds
        ratio, copies = novelty(torch.cat((wide, once_more)), replay + 1e-4)
        assert ratio < 0.01 and copies == 1.0
        ratio, copies = novelty(torch.cat((wide, once_more)), more())
        assert ratio == pytest.approx(1, abs=0.1) and copies < 0.05


def test_fresh_pictures_of_the_same_kind_are_as_novel_as_real_ones(wide):
    ratio, copies = novelty(wide, more())
    assert ratio == pytest.approx(1, abs=0.05) and copies < 0.05


def test_a_measurement_has_every_figure(wide):
    found = set(measure(wide, more()[:1000]))
    assert found == {key.format(count="1k") for metric in metrics.METRICS for key in metric.digits}
    assert {"fid1k_train", "kid_train", "kid_standard_error", "precision", "recall", "novelty", "copies"} <= found


@pytest.mark.parametrize("metric", metrics.METRICS, ids=lambda metric: metric.function.__name__)
def test_a_row_gives_its_keys_and_says_them(metric, wide, monkeypatch):
    monkeypatch.setattr(metrics, "METRICS", (metric,))
    line = measure(wide, more()[:64])
    assert list(line) == [key.format(count=64) for key in metric.digits] == [key_in(line, key) for key in metric.digits]
    title, figures = metric.words(line | {"generated": 64})
    assert title and any(digit in figures for digit in "0123456789")
    assert metric.hub.keys() <= metric.digits.keys()


def test_the_floor_is_half_against_half(wide):
    found = floor(wide)
    assert found["count"] == 600 and 0 < found["fid"] < 2 and abs(found["kid"]) < 2


class Block(nn.Module):
    """A convolution and its batch norm, named as those of FID's Inception, with statistics of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn = nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4)
        nn.init.uniform_(self.bn.running_mean, -1, 1)
        nn.init.uniform_(self.bn.running_var, 0.5, 2)
        self.eval()

    def forward(self, x):
        return (self.bn(self.conv(x)),)


def test_folding_the_norms_leaves_the_features():
    block, pictures = Block(), torch.rand(2, 3, 5, 5)
    with torch.inference_mode():
        (expected,) = block(pictures)
    extract = Extractor(block)
    assert isinstance(block.bn, nn.Identity)
    torch.testing.assert_close(extract([pictures]), expected)


def test_an_extractor_names_its_weights():
    network = torch.nn.Conv2d(3, 4, 1)
    first, again = Extractor(network).name, Extractor(network).name
    torch.nn.init.zeros_(network.weight)
    assert first == again != Extractor(network).name
    assert first.startswith("inception-v3-compat (") and "), layer 2048, torch-fidelity 0." in first


def test_without_torch_fidelity_there_is_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch_fidelity.feature_extractor_inceptionv3", None)
    with pytest.raises(UserError, match=r"needs torch-fidelity.*pip install -r tests/requirements\.txt"):
        load_extractor(None)


def test_weights_that_cannot_be_downloaded_get_a_sentence(monkeypatch):
    def fail(*_, **__):
        raise URLError("no route to host")

    monkeypatch.setattr("torch.hub.load_state_dict_from_url", fail)
    monkeypatch.setattr("torch_fidelity.feature_extractor_inceptionv3.load_state_dict_from_url", fail)
    with pytest.raises(UserError, match=r"no route to host.*6726825d\.pth, give --weights"):
        load_extractor(None)


def test_weights_that_are_missing_or_something_else_get_a_sentence(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        load_extractor(tmp_path / "inception.pth")
    other = tmp_path / "other.pth"
    torch.save({"a": torch.zeros(1)}, other)
    with pytest.raises(UserError, match="no weights of FID's Inception"):
        load_extractor(other)


def test_one_copy_of_very_many_is_told():
    row = next(row for row in metrics.METRICS if "copies" in row.digits)
    line = {"novelty": 1.1, "copies": round(1 / 50_000, row.digits["copies"]), "generated": 50_000}
    assert row.words(line) == ("novelty", "1.10, 1 near-copy")
