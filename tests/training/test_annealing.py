"""Annealing: when it begins, what it makes of learning rate and average, and how a larger budget takes it back."""

import shutil
from dataclasses import replace

import pytest
import torch
from test_loop import SIZES, assert_equal_runs, newest_state, stop_after

from gan.config import recipe_config
from gan.folder import read_history
from gan.training.loop import train
from gan.training.trainer import Trainer

PICTURES, BATCH, LR = 40, 16, 2e-4  # three steps an epoch

pytestmark = pytest.mark.usefixtures("without_charts", "one_thread")


def config_of(pictures, out, epochs, **changes):
    return recipe_config("folder", **SIZES, data=str(pictures), out=str(out), images=epochs * PICTURES, **changes)


def test_it_begins_where_its_share_of_the_budget_is_left():
    config = recipe_config("pokemon", images=1000, anneal=0.25)
    assert [config.annealed(seen, 819) for seen in (0, 750, 875, 1000)] == [0, 0, 0.5, 1]
    assert recipe_config("pokemon", images=1000).annealed(1000, 819) == 1
    assert recipe_config("pokemon-report", images=1000).annealed(1000, 819) == 0
    assert recipe_config("pokemon", images=0, epochs=2, anneal=1).annealed(819, 819) == 0.5
    assert recipe_config("pokemon", images=1000, anneal=1e-17).annealed(1000, 819) == 0  # less than a picture


def test_the_learning_rate_falls_along_half_a_cosine_and_the_average_gets_four_times_as_long():
    trainer = Trainer(recipe_config("folder", **SIZES), torch.device("cpu"), "fp32")
    for annealed, rate, half_life in ((0, 1, 10_000), (0.5, (1 + 1 / 16) / 2, 20_000), (1, 1 / 16, 40_000)):
        trainer.anneal(annealed)
        groups = [*trainer.optimizer_d.param_groups, *trainer.optimizer_g.param_groups]
        assert [group["lr"] for group in groups] == [pytest.approx(LR * rate)] * 2
        assert trainer.ema_half_life_images == pytest.approx(half_life)


def test_softening_and_annealing_multiply():
    trainer = Trainer(recipe_config("folder", **SIZES), torch.device("cpu"), "fp32")
    trainer.anneal(1)
    trainer.soften(2)
    assert trainer.lr == pytest.approx(LR / 16 / 4)


def test_an_annealed_run_stopped_in_the_fall_ends_like_one_that_was_never_stopped(pictures, tmp_path):
    config = config_of(pictures, tmp_path / "straight", 4, anneal=0.5)
    train(config)
    stopped = config_of(pictures, tmp_path / "stopped", 4, anneal=0.5)
    train(stopped, stop=stop_after(8))
    train(stopped)
    assert_equal_runs(config.out, stopped.out)
    rates = [line["lr"] for line in read_history(config.out)]
    assert rates[:2] == [LR, LR] and rates[1] > rates[2] > rates[3] > LR / 16


def test_a_larger_budget_goes_back_to_where_the_rate_had_not_fallen_and_equals_one_run(pictures, tmp_path, capsys):
    straight = config_of(pictures, tmp_path / "straight", 6, anneal=0.5)
    train(straight)
    longer = config_of(pictures, tmp_path / "longer", 6, anneal=0.5)
    train(config_of(pictures, longer.out, 4, anneal=0.5))
    capsys.readouterr()
    train(longer)
    assert "going back to where it had not fallen yet" in capsys.readouterr().out
    assert_equal_runs(straight.out, longer.out)


def test_what_is_taken_back_is_no_good_state_to_go_back_to(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr("gan.training.signs.WINDOW_IMAGES", PICTURES)
    monkeypatch.setattr("gan.training.signs.complaints", lambda *_: [])
    config = config_of(pictures, tmp_path / "run", 4, anneal=0.5, guard="rollback")
    train(config)
    assert list((tmp_path / "run" / "good").iterdir())
    taken = []
    train(replace(config, images=0, epochs=6), stop=lambda: taken.append(1) or len(taken) > 1)
    left = list((tmp_path / "run" / "good").glob("*.pt"))
    assert all(int(path.name[7:19]) <= newest_state(tmp_path / "run")["images_seen"] for path in left)


def test_a_share_that_is_taken_back_is_no_larger_budget(pictures, tmp_path, cli):
    run = tmp_path / "run"
    train(config_of(pictures, run, 4, anneal=0.5), stop=stop_after(8))
    said = cli("--resume", run, "--anneal", 0).out
    assert "the learning rate is to fall later, or not at all: going back" in said and "budget: going" not in said


def test_stages_appended_to_an_annealed_run_have_the_rate_that_they_name(pictures, tmp_path, cli):
    run = tmp_path / "run"
    train(config_of(pictures, run, 4, anneal=0.5))
    before = [line["lr"] for line in read_history(run)]
    assert cli("--resume", run, "--stages", "2:1e-4:0.5").status == 0
    assert "stage 2 of 2: lr 0.0001, beta1 0.5" in (run / "log.txt").read_text()
    assert [line["lr"] for line in read_history(run)] == [*before, 1e-4, 1e-4]
    assert cli("--resume", run, "--stages", "1:5e-5:0.5").status == 0
    assert [line["lr"] for line in read_history(run)] == [*before, 1e-4, 1e-4, 5e-5]
    assert cli("--resume", run, "--images", 8 * PICTURES).status == 0
    assert [line["lr"] for line in read_history(run)] == [*before, 1e-4, 1e-4, 5e-5, 5e-5]
    assert cli("--resume", run, "--images", 10 * PICTURES, "--anneal", 0.1).status == 0
    assert [line["lr"] for line in read_history(run)][:8] == [*before, 1e-4, 1e-4, 5e-5, 5e-5]
    assert read_history(run)[9]["lr"] < 5e-5


@pytest.mark.parametrize(
    ("steps", "epochs"), [(4, 2), (8, 3), (9, 3)], ids=["before", "in the fall", "at an epoch's end"]
)
def test_stages_that_begin_now_have_the_rate_that_they_name(steps, epochs, pictures, tmp_path, cli):
    straight, run = tmp_path / "straight", tmp_path / "run"
    train(config_of(pictures, straight, 4, anneal=0.5))
    train(config_of(pictures, run, 4, anneal=0.5), stop=stop_after(steps))
    assert cli("--resume", run, "--stages", "2:1e-4:0.5", "--now").status == 0
    rates = [line["lr"] for line in read_history(run)]
    assert rates == [*[line["lr"] for line in read_history(straight)][:epochs], 1e-4, 1e-4]


def test_without_that_state_the_rate_rises_again_and_the_run_says_so(pictures, tmp_path, capsys):
    run = tmp_path / "run"
    train(config_of(pictures, run, 2, anneal=0.5))
    shutil.rmtree(run / "unannealed")
    seen = newest_state(run)["images_seen"]
    capsys.readouterr()
    train(config_of(pictures, run, 8, anneal=0.5))
    said = capsys.readouterr().out
    assert "it rises again" in said and f"resuming at {seen:,}" in said
    assert [line["lr"] for line in read_history(run)][2:5] == [LR, LR, pytest.approx(LR, rel=0.1)]


def test_a_run_that_was_constant_so_far_may_end_annealed(pictures, tmp_path, cli):
    run = tmp_path / "run"
    train(config_of(pictures, run, 2))
    assert cli("--resume", run, "--images", 4 * PICTURES, "--anneal", 0.5).status == 0
    rates = [line["lr"] for line in read_history(run)]
    assert rates[:2] == [LR, LR] and LR > rates[2] > rates[3] > LR / 16


def test_stages_that_begin_before_anything_was_seen_have_their_beta1(pictures, tmp_path, cli):
    run = tmp_path / "run"
    train(config_of(pictures, run, 4), stop=lambda: True)
    assert cli("--resume", run, "--stages", "1:1e-4:0.3", "--now").status == 0
    assert newest_state(run)["optimizer_d"]["param_groups"][0]["betas"] == (0.3, 0.999)
