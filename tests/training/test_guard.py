"""The guard at work on real runs of tiny networks: it looks without a trace, marks, goes back, gives up."""

import json
from functools import partial
from pathlib import Path

import pytest
import torch
from served import measurement
from test_loop import assert_equal_runs, config_of, poison, spoil_losses, spoil_weights

from gan.checkpoints import load_generator, load_state
from gan.config import Stage
from gan.errors import UserError
from gan.folder import SAMPLES, SNAPSHOTS, list_epochs, read_history, read_metrics, write_metrics
from gan.training.guard import Guard
from gan.training.loop import train
from gan.training.signs import gap

pytestmark = pytest.mark.usefixtures("without_charts", "one_thread")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """A window is one epoch of the 40 pictures, and a new generator's grey is no collapse."""
    monkeypatch.setattr("gan.training.signs.WINDOW_IMAGES", 40)
    monkeypatch.setattr("gan.training.signs.LEAST_OF_BEST", 0.0)
    monkeypatch.setattr("gan.training.signs.MOST_DRIFT", 1e9)


def collapse_at(monkeypatch, *epochs, always=False):
    """Let windows look collapsed that end with these epochs (each once, unless always)."""
    from gan.training import signs

    left, judge = list(epochs), signs.complaints

    def complaints(memory, images_seen, *seen):
        found = judge(memory, images_seen, *seen)
        epoch = images_seen // 40
        if epoch not in left:
            return found
        if not always:
            left.remove(epoch)
        return ["it collapsed"]

    monkeypatch.setattr(signs, "complaints", complaints)


def events(folder):
    return {line["epoch"]: line["event"] for line in read_history(folder) if line["event"]}


@pytest.mark.parametrize("name", ["report", "relativistic"])
@pytest.mark.parametrize("mode", ["warn", "rollback"])
def test_looking_changes_nothing(name, mode, pictures, tmp_path):
    watched, other = tmp_path / "watched", tmp_path / "off"
    train(config_of(name, pictures, watched, guard=mode, epochs=3, images=0))
    train(config_of(name, pictures, other, guard="off", epochs=3, images=0))
    states = [load_state(folder / "states")[0] for folder in (watched, other)]
    for network in ("generator", "discriminator"):
        for key, value in states[0][network].items():
            assert torch.equal(value, states[1][network][key]), key
    assert all({"spread", "drift", "gap", "saturation"} <= line.keys() for line in read_history(watched))
    assert not any("spread" in line for line in read_history(other))
    assert {line["spread"] for line in read_history(watched)} == {None}  # of 40 pictures
    assert all(line["drift"] >= 0 for line in read_history(watched))
    assert (watched / "good").exists() == (mode == "rollback")


def test_every_second_bad_window_is_marked_and_training_goes_on(pictures, tmp_path, monkeypatch, capsys):
    collapse_at(monkeypatch, 2, 3, 4, 5, 6)
    run = train(config_of("report", pictures, tmp_path, guard="warn", epochs=7, images=0))
    assert run.finished and events(tmp_path) == dict.fromkeys([3, 5], "warning: it collapsed")
    assert "guard, epoch 3: it collapsed. With --guard rollback" in capsys.readouterr().out


def test_it_goes_back_to_the_last_good_state_and_goes_on_more_softly(pictures, tmp_path, monkeypatch, capsys):
    collapse_at(monkeypatch, 3, 4)
    config = config_of("report", pictures, tmp_path, guard="rollback", epochs=6, images=0)
    run = train(config)
    lr = config.stages[0].lr
    assert run.finished and [line["epoch"] for line in read_history(tmp_path)] == [1, 2, 3, 4, 5, 6]
    (event,) = events(tmp_path).values()
    assert list(events(tmp_path)) == [2]
    assert event.startswith("rolled back from epoch 4: it collapsed; now learning rate 0.0001")
    assert {group["lr"] for group in run.trainer.optimizer_d.param_groups} == {run.trainer.lr} == {lr / 2}
    assert [line["lr"] for line in read_history(tmp_path)] == [lr, lr] + [lr / 2] * 4
    assert {line["event"] for line in read_history(tmp_path)} == {None, event}
    assert run.trainer.policy == "color,translation,cutout"
    assert "Back to epoch 2" in capsys.readouterr().out
    assert [line["images_seen"] for line in read_history(tmp_path)] == [40 * epoch for epoch in range(1, 7)]


def test_a_stage_that_begins_after_a_roll_back_is_softer_and_says_so(pictures, tmp_path, monkeypatch):
    collapse_at(monkeypatch, 3, 4)
    stages = (Stage(4, 2e-4, 0.5), Stage(2, 1e-4, 0.3))
    run = train(config_of("report", pictures, tmp_path, guard="rollback", stages=stages, images=0))
    assert [line["lr"] for line in read_history(tmp_path)][4:] == [5e-5] * 2
    assert events(tmp_path)[5] == "stage: lr 5e-05, beta1 0.3" and run.trainer.lr == 5e-5


def test_measurements_of_what_was_dropped_go_with_it(pictures, tmp_path, monkeypatch):
    collapse_at(monkeypatch, 3, 4)
    write_metrics(tmp_path, [measurement(epoch, 90.0) for epoch in (1, 2, 3, 4)])
    train(config_of("report", pictures, tmp_path, guard="rollback", epochs=5, images=0))
    assert [line["epoch"] for line in read_metrics(tmp_path)] == [1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["off", "warn"])
def test_a_good_state_that_is_not_kept_up_is_not_gone_back_to(mode, pictures, tmp_path, monkeypatch):
    def go_on(guard, epochs):
        train(config_of("report", pictures, tmp_path, guard=guard, epochs=epochs, images=0))

    go_on("rollback", 2)
    assert (tmp_path / "good").exists()
    go_on(mode, 4)
    collapse_at(monkeypatch, 5, 6)
    go_on("rollback", 7)
    assert events(tmp_path) == {6: "warning: it collapsed"}


def test_the_first_window_begins_where_the_guard_is_switched_on(pictures, tmp_path, monkeypatch):
    go_on = partial(config_of, "report", pictures, tmp_path, images=0)
    train(go_on(guard="off", epochs=3))
    monkeypatch.setattr("gan.training.signs.WINDOW_IMAGES", 80)
    train(go_on(guard="warn", epochs=6))
    lines = read_history(tmp_path)
    assert ["gap" in line for line in lines] == [False] * 4 + [True, False]
    assert lines[4]["gap"] == pytest.approx(gap(lines[3:5], pairs=False), abs=1e-4)


def test_signs_are_held_against_the_real_pictures(pictures, tmp_path, monkeypatch):
    """Where the generated pictures are the real ones, nothing is to be seen."""
    run = train(config_of("report", pictures, tmp_path, guard="warn", epochs=2, images=0))
    run.guard.since, reals = 0, run.batches.sample(40)
    monkeypatch.setattr(Guard, "_generated", lambda self: reals)
    monkeypatch.setattr("gan.training.generate.Generate.varied_from", 40)
    seen = Guard(run)._look()
    assert (seen.spread, seen.saturation) == (pytest.approx(1), 0) and seen.drift == 0
    monkeypatch.setattr(Guard, "_generated", lambda self: torch.ones_like(reals))
    seen = Guard(run)._look()
    assert seen.spread == 0 and 0.5 < seen.saturation < 1 and seen.drift > 1


def test_a_run_that_was_rolled_back_resumes_exactly(pictures, tmp_path, monkeypatch):
    def config(name):
        return config_of("report", pictures, tmp_path / name, guard="rollback", epochs=6, images=0)

    collapse_at(monkeypatch, 3, 4)
    train(config("straight"))
    monkeypatch.undo()
    monkeypatch.setattr("gan.training.signs.WINDOW_IMAGES", 40)
    monkeypatch.setattr("gan.training.signs.LEAST_OF_BEST", 0.0)
    monkeypatch.setattr("gan.training.signs.MOST_DRIFT", 1e9)
    collapse_at(monkeypatch, 3, 4)
    for steps in (7, 4, 3):
        count = iter(range(100))
        train(config("stopped"), stop=lambda count=count, steps=steps: next(count) >= steps)
    train(config("stopped"))
    assert_equal_runs(tmp_path / "straight", tmp_path / "stopped")


def test_what_was_published_after_the_good_state_is_gone(pictures, tmp_path, monkeypatch):
    collapse_at(monkeypatch, 3, 4)
    published = []
    config = config_of("report", pictures, tmp_path, guard="rollback", epochs=8, images=0)

    def on_save(folder):
        epoch = json.loads((folder / "config.json").read_text())["epoch"]
        published.append((epoch, max_epoch(SAMPLES), max_epoch(SNAPSHOTS)))

    def max_epoch(kind):
        return max(list_epochs(tmp_path, kind), default=0)

    train(config, on_save=on_save)
    assert published[:5] == [(1, 1, 1), (2, 2, 2), (3, 3, 2), (4, 4, 4), (2, 2, 2)]
    assert published[-1] == (8, 8, 8)


def test_without_a_good_state_it_warns(pictures, tmp_path, monkeypatch, capsys):
    collapse_at(monkeypatch, 1, 2)
    run = train(config_of("report", pictures, tmp_path, guard="rollback", epochs=3, images=0))
    assert run.finished and events(tmp_path) == {2: "warning: it collapsed"}
    assert "no good state" in capsys.readouterr().out


def test_a_run_that_collapses_again_and_again_is_left_alone_in_the_end(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr("gan.training.signs.MOST_SOFTENINGS", 3)
    collapse_at(monkeypatch, 2, 3, always=True)
    run = train(config_of("report", pictures, tmp_path, guard="rollback", epochs=4, images=0))
    assert run.finished and run.trainer.softenings == 3
    assert set(events(tmp_path)) == {1, 3} and events(tmp_path)[1].count("rolled back from epoch 3") == 3
    assert events(tmp_path)[3] == "warning: it collapsed"


@pytest.mark.parametrize("spoil", [spoil_weights, spoil_losses])
def test_losses_that_are_no_longer_finite_go_back_at_once(spoil, pictures, tmp_path, monkeypatch):
    poison(monkeypatch, 3 * 2 + 1, spoil)  # in the third epoch of three batches
    run = train(config_of("report", pictures, tmp_path, guard="rollback", epochs=4, images=0))
    assert run.finished and run.trainer.softenings == 1
    (event,) = events(tmp_path).values()
    assert "rolled back from epoch 3: the losses were no longer finite" in event
    assert all(value.isfinite().all() for value in load_generator(tmp_path).state_dict().values())


def test_losses_that_end_in_nothing_go_back_too(pictures, tmp_path, monkeypatch):
    poison(monkeypatch, 3 * 2 + 1, spoil_losses)
    config = config_of("report", pictures, tmp_path, guard="rollback", epochs=0, images=40 * 2 + 20)
    run = train(config)  # whose budget ends in mid-epoch, right behind the poisoned step
    assert run.finished and run.trainer.softenings == 1 and "rolled back" in str(events(tmp_path))


def test_a_damaged_good_state_is_not_gone_back_to(pictures, tmp_path, monkeypatch):
    config = config_of("report", pictures, tmp_path, guard="rollback", epochs=4, images=0)
    count = iter(range(100))
    train(config, stop=lambda: next(count) >= 7)
    (good,) = Path(tmp_path, "good").iterdir()
    good.write_bytes(good.read_bytes()[:-1])
    poison(monkeypatch, 1, spoil_losses)
    with pytest.raises(UserError, match="no longer finite"):
        train(config)


def test_one_good_state_is_kept(pictures, tmp_path):
    train(config_of("report", pictures, tmp_path, guard="rollback", epochs=5, images=0))
    assert len(list(Path(tmp_path, "good").iterdir())) == 1
