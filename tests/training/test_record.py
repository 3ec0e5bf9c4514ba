"""What a run says of itself: which stage begins, how fast it trains."""

from types import SimpleNamespace

import pytest
from test_loop import config_of

from gan.config import Stage
from gan.folder import read_history
from gan.training import loop, run
from gan.training.loop import train

pytestmark = pytest.mark.usefixtures("without_charts", "one_thread")


def stages_told(folder):
    return [line for line in (folder / "log.txt").read_text().splitlines() if line.startswith("stage ")]


def test_of_two_stages_that_are_alike_each_has_its_number(pictures, tmp_path):
    stages = (Stage(1, 2e-4, 0.5), Stage(1, 1e-4, 0.5), Stage(1, 2e-4, 0.5))
    train(config_of("report", pictures, tmp_path, stages=stages, epochs=3, images=0))
    assert [line[:12] for line in stages_told(tmp_path)] == ["stage 1 of 3", "stage 2 of 3", "stage 3 of 3"]


def test_a_stage_that_the_budget_ends_before_does_not_begin(pictures, tmp_path):
    stages = (Stage(1, 2e-4, 0.5), Stage(1, 1e-4, 0.5))
    train(config_of("report", pictures, tmp_path, stages=stages, epochs=1, images=0))
    assert [line[:12] for line in stages_told(tmp_path)] == ["stage 1 of 2"]


def test_what_is_written_and_looked_at_between_steps_is_no_time_of_training(pictures, tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(run, "time", SimpleNamespace(perf_counter=lambda: now[0], monotonic=lambda: 0.0))
    monkeypatch.setattr(loop, "SAVE_SECONDS", -1)  # before each step

    def slow(name, owner):
        real = getattr(owner, name)

        def slower(*given, **more):
            now[0] += 100.0
            return real(*given, **more)

        monkeypatch.setattr(owner, name, slower)

    def step(run, advance=run.Run.advance):
        now[0] += 1.0
        return advance(run)

    monkeypatch.setattr(run.Run, "advance", step)
    slow("_publish", loop)
    slow("_write_chart", loop)
    slow("_write_state", run.Run)
    made = train(config_of("report", pictures, tmp_path, epochs=3, images=0, guard="rollback"))
    assert made.seconds == 3 * made.batches.batches_per_epoch
    assert {line["images_per_second"] for line in read_history(tmp_path)} == {
        round(40 / made.batches.batches_per_epoch, 1)
    }
