"""Known answers and directions of the metrics, on features made up for it; torch-fidelity computes."""

from urllib.error import URLError

import pytest
import torch

from gan.errors import UserError
from gan.metrics import EXTRACTOR, extractor_name, fid, floor, kid, load_extractor, measure, novelty, precision_recall


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


def test_kid_takes_smaller_subsets_where_there_are_fewer_pictures(wide):
    mean, error = kid(wide[:60], more(shift=2.0)[:60])
    assert mean > 0 and error >= 0


def test_a_tight_cluster_in_a_wide_set_is_precise_and_recalls_little(wide):
    precision, recall = precision_recall(wide, more(scale=0.2))
    assert precision > 0.95 and recall < 0.05


def test_a_wide_set_around_a_tight_cluster_recalls_all_and_is_imprecise(wide):
    precision, recall = precision_recall(wide * 0.2, more())
    assert precision < 0.05 and recall > 0.95


def test_a_generator_that_replays_training_pictures_is_caught(wide):
    replay = wide[torch.randint(0, len(wide), (500,), generator=torch.Generator().manual_seed(2))]
    ratio, copies = novelty(wide, replay + 1e-4)
    assert ratio < 0.01 and copies == 1.0


def test_fresh_pictures_of_the_same_kind_are_as_novel_as_real_ones(wide):
    ratio, copies = novelty(wide, more())
    assert ratio == pytest.approx(1, abs=0.05) and copies < 0.05


def test_a_measurement_has_every_figure(wide):
    assert set(measure(wide, more())) == {
        "fid", "kid", "kid_standard_error", "precision", "recall", "novelty", "copies",
    }  # fmt: skip


def test_the_floor_is_half_against_half(wide):
    found = floor(wide)
    assert found["count"] == 600 and 0 < found["fid"] < 2 and abs(found["kid"]) < 2
    assert EXTRACTOR in extractor_name()


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
