"""What a run shows to people: the history, the grids and snapshots that are kept, the chart."""

import json
from itertools import pairwise

import pytest
import torch
from conftest import ROOT
from hostile import HUGE, MEASUREMENT
from PIL import Image

from gan import folder as records
from gan import metrics
from gan.folder import (
    MAX_SAMPLES,
    MAX_SNAPSHOTS,
    SAMPLES,
    SNAPSHOTS,
    epoch_file,
    kept_epochs,
    list_epochs,
    metrics_in,
    prune_epochs,
    read_history,
    read_metrics,
    thinned,
    write_figure,
    write_grid,
    write_history,
    write_metrics,
)

LONG = [*range(1, 400), 999, 1_000, 4_096, 10_007]


def line(epoch, **values):
    return {
        "epoch": epoch,
        "loss_d": 1.0,
        "loss_g": 2.0,
        "d_real": 0.6,
        "d_fake_before": 0.4,
        "d_fake_after": 0.3,
    } | values


def touch_epochs(folder, kind, epochs):
    for epoch in epochs:
        path = epoch_file(folder, kind, epoch)
        path.parent.mkdir(exist_ok=True)
        path.touch()


def test_a_history_is_read_as_it_was_written(tmp_path):
    lines = [line(1), line(2, event="stage: lr 0.0001")]
    write_history(tmp_path, lines)
    assert read_history(tmp_path) == lines


def test_no_history_is_an_empty_one(tmp_path):
    assert read_history(tmp_path) == []


def test_lines_that_are_no_objects_are_passed_over(tmp_path):
    (tmp_path / records.HISTORY_FILE).write_bytes(b'{"epoch": 1}\n\n[2]\n\xff\xfe\n{"epoch": 3}\n{"epoch": 4, "lo')
    assert read_history(tmp_path) == [{"epoch": 1}, {"epoch": 3}]


def test_of_a_very_long_history_the_last_lines_are_read(tmp_path, monkeypatch):
    write_history(tmp_path, [line(epoch) for epoch in range(1, 101)])
    monkeypatch.setattr(records, "MAX_LINES_BYTES", 1_000)
    epochs = [found["epoch"] for found in read_history(tmp_path)]
    assert 2 < len(epochs) < 20 and epochs == list(range(101 - len(epochs), 101))


def test_measurements_are_numbers_that_can_be_shown(tmp_path):
    keys = [metrics.key_in(MEASUREMENT, key) for metric in metrics.METRICS if metric.required for key in metric.digits]
    keys += ["generated", "real"]
    odd = [MEASUREMENT | {key: value} for key in keys for value in (HUGE, float("nan"), True, "1", None)]
    odd += [MEASUREMENT | {"epoch": HUGE}, MEASUREMENT | {"weights": {}}, MEASUREMENT | {"floor": {"fid": 1.0}}]
    write_metrics(tmp_path, [*odd, MEASUREMENT])
    assert read_metrics(tmp_path) == [MEASUREMENT]


def test_a_metric_that_is_added_hides_no_older_measurement(tmp_path, monkeypatch):
    added = metrics.Metric(lambda real, fake: 1.0, {"sharpness": 2}, lambda line: ("sharpness", "high"))
    monkeypatch.setattr(metrics, "METRICS", (*metrics.METRICS, added))
    odd = [MEASUREMENT | {"sharpness": value} for value in (HUGE, float("nan"), True, "1", None)]
    newer = MEASUREMENT | {"sharpness": 0.5}
    write_metrics(tmp_path, [MEASUREMENT, newer, *odd])
    assert read_metrics(tmp_path)[:2] == [MEASUREMENT, newer] and len(read_metrics(tmp_path)) == 7
    assert [added in metrics_in(line) for line in read_metrics(tmp_path)] == [False, True, *[False] * 5]


@pytest.mark.parametrize("name", ["pokemon", "anime"])
def test_every_measurement_of_the_bundled_models_is_read(name):
    lines = (ROOT / "checkpoints" / name / "metrics.jsonl").read_text().splitlines()
    assert read_metrics(ROOT / "checkpoints" / name) == [json.loads(line) for line in lines] != []


@pytest.mark.parametrize("limit", [MAX_SAMPLES, MAX_SNAPSHOTS])
def test_never_more_epochs_are_kept_than_the_limit(limit):
    assert all(len(kept_epochs(last, limit)) <= limit for last in LONG)


@pytest.mark.parametrize("limit", [MAX_SAMPLES, MAX_SNAPSHOTS])
def test_the_first_and_the_last_epoch_are_always_kept(limit):
    assert all({1, last} <= kept_epochs(last, limit) for last in LONG)


@pytest.mark.parametrize("limit", [MAX_SAMPLES, MAX_SNAPSHOTS])
def test_every_epoch_of_a_short_run_is_kept(limit):
    assert all(kept_epochs(last, limit) == set(range(1, last + 1)) for last in range(1, limit - 1))


@pytest.mark.parametrize("limit", [MAX_SAMPLES, MAX_SNAPSHOTS])
def test_kept_epochs_are_spread_evenly_and_are_not_too_few(limit):
    for last in LONG[limit:]:
        kept = sorted(kept_epochs(last, limit))
        gaps = [later - earlier for earlier, later in pairwise(kept)]
        assert len(set(gaps[1:-1])) == 1
        assert max(gaps) <= gaps[1]
        assert len(kept) > limit / 2 - 2


@pytest.mark.parametrize("limit", [MAX_SAMPLES, MAX_SNAPSHOTS])
def test_a_longer_run_keeps_nothing_that_a_shorter_one_dropped(limit):
    for shorter, longer in pairwise(LONG):
        assert {epoch for epoch in kept_epochs(longer, limit) if epoch < shorter} <= kept_epochs(shorter, limit)


def test_of_crowded_epochs_those_go_whose_neighbours_are_near():
    past, present = (1, 128, 256, 384, 512), range(516, 553, 4)
    assert thinned([*past, *present], 9) == [1, 128, 256, 384, 512, 528, 536, 544, 552]
    assert thinned([*past, *present], 6) == [1, 128, 256, 384, 512, 552]
    assert thinned(past, 5) == list(past)


@pytest.mark.parametrize("kind, suffix", [(SAMPLES, "webp"), (SNAPSHOTS, "safetensors")])
def test_files_of_epochs_are_listed_in_order_whatever_lies_beside_them(tmp_path, kind, suffix):
    touch_epochs(tmp_path, kind, (10_000, 2, 30))
    for other in (f"epoch-0004.{suffix}.part", "epoch-0004.txt", f"epoch-4.{suffix}", f"epoch-last.{suffix}"):
        (tmp_path / kind / other).touch()
    assert list(list_epochs(tmp_path, kind)) == [2, 30, 10_000]


def test_no_folder_holds_no_epochs(tmp_path):
    assert list_epochs(tmp_path, SAMPLES) == {}


def test_pruning_deletes_the_other_epochs_of_that_kind_alone(tmp_path):
    for kind in (SAMPLES, SNAPSHOTS):
        touch_epochs(tmp_path, kind, range(1, 6))
    prune_epochs(tmp_path, SAMPLES, {1, 5, 9})
    assert list(list_epochs(tmp_path, SAMPLES)) == [1, 5]
    assert list(list_epochs(tmp_path, SNAPSHOTS)) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("image_size", [32, 64, 128])
def test_a_grid_is_eight_by_eight_and_below_80_kb_even_of_pure_noise(tmp_path, image_size):
    images = torch.rand(64, 3, image_size, image_size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    write_grid(tmp_path / "grid.webp", images)
    assert (tmp_path / "grid.webp").stat().st_size <= 80_000
    with Image.open(tmp_path / "grid.webp") as grid:
        assert (grid.format, grid.size) == ("WEBP", (8 * image_size, 8 * image_size))


def test_the_figure_shows_whole_rows_of_real_pictures(tmp_path):
    black = -torch.ones(14, 3, 8, 8)  # 4 in a row: 2 of them are too many
    write_figure(tmp_path, black, black[:4])
    with Image.open(tmp_path / "figure.png") as figure:
        dark = torch.tensor(list(figure.convert("L").tobytes())).view(figure.height, figure.width) == 0
    across = dark[:, : figure.width // 2].sum(dim=1)
    assert across.max() == 4 * 8 and (across == 4 * 8).sum() == 3 * 8
