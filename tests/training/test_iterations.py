"""The losses of single iterations: even, bounded, resumable, drawn and published."""

import itertools
import json
import math

import pytest
from PIL import Image
from training.test_loop import assert_equal_runs, config_of, stop_after

from gan.chart import write_chart
from gan.folder import CHART_FILE, LOG_FILE, MAX_ITERATIONS, read_history, read_iterations
from gan.publishing.promotion import promote
from gan.training.iterations import Iterations
from gan.training.loop import train

pytestmark = pytest.mark.usefixtures("one_thread")


def filled(count):
    iterations = Iterations()
    for number in range(count):
        if iterations.due(number):
            iterations.add(number, number / 2, number / 4)
    return iterations


@pytest.mark.parametrize("count", [1, 7, MAX_ITERATIONS, MAX_ITERATIONS + 1, 10_000, 123_457])
def test_they_lie_evenly_and_are_never_too_many(count):
    lines = filled(count).lines
    numbers = [line["iteration"] for line in lines]
    assert numbers[0] == 0 and len(numbers) <= MAX_ITERATIONS
    assert len(numbers) == count or len(numbers) > MAX_ITERATIONS / 2 - 1
    assert len({later - earlier for earlier, later in itertools.pairwise(numbers)}) <= 1
    assert all(line["loss_d"] == line["iteration"] / 2 for line in lines)


def test_what_was_kept_goes_on_as_if_never_stopped():
    one, other = filled(5_000), Iterations()
    other.load_state_dict(json.loads(json.dumps(filled(3_210).state_dict())))
    for number in range(3_210, 5_000):
        if other.due(number):
            other.add(number, number / 2, number / 4)
    assert one.state_dict() == other.state_dict()


def test_a_loss_that_is_no_number_is_not_kept():
    iterations = Iterations()
    iterations.add(0, math.nan, 1.0)
    assert iterations.lines == []


def test_a_run_keeps_every_iteration_and_what_was_printed_across_sittings(pictures, tmp_path, capsys):
    config = config_of("stages", pictures, tmp_path / "run")
    train(config, stop=stop_after(4))
    train(config)
    train(config_of("stages", pictures, tmp_path / "straight"))
    printed = capsys.readouterr().out
    assert_equal_runs(tmp_path / "run", tmp_path / "straight")
    lines = read_iterations(tmp_path / "run")
    assert [line["iteration"] for line in lines] == list(range(12))
    assert lines == read_iterations(tmp_path / "straight")
    assert [line["iteration"] for line in read_history(tmp_path / "run")] == [3, 6, 9, 12]
    log = [(tmp_path / name / LOG_FILE).read_text() for name in ("run", "straight")]
    assert log[0] + log[1] == printed
    assert "resuming at" in log[0] and "resuming at" not in log[1]
    assert all("stage 2 of 2: lr 0.0001, beta1 0.3\n" in text for text in log)


@pytest.mark.parametrize(("name", "explained"), [("relativistic", True), ("report", False)])
def test_the_head_of_the_log_says_how_its_figures_are_read_where_they_compare(name, explained, pictures, tmp_path):
    train(config_of(name, pictures, tmp_path / "run"), stop=stop_after(1))
    before, _, _ = (tmp_path / "run" / LOG_FILE).read_text().partition("Loss_D")
    assert ("D(x) and D(G(z)): this D compares pictures" in before) is explained


def test_the_chart_is_by_iteration_with_stages_marked_and_goes_with_the_model(pictures, tmp_path):
    run = tmp_path / "run"
    train(config_of("stages", pictures, run))
    write_chart(run)
    with Image.open(run / CHART_FILE) as by_iteration:
        whole = by_iteration.tobytes()
    promoted = promote(run, "mine", tmp_path / "checkpoints")
    assert read_iterations(promoted) == read_iterations(run)
    (run / "iterations.jsonl").unlink()
    write_chart(run)
    with Image.open(run / CHART_FILE) as by_epoch:
        assert by_epoch.tobytes() != whole
