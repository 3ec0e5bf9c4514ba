"""Exact resume, kills, damage, full disks and NaN on real runs of tiny networks, and what a run leaves on the disk."""

import copy
import hashlib
import io
import itertools
import json
import math
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT, draw_pictures, locked
from PIL import Image

from gan.chart import write_chart
from gan.checkpoints import (
    list_states,
    load_discriminator,
    load_generator,
    load_state,
    save_state,
    weights_digest,
)
from gan.config import Stage, recipe_config
from gan.data.scan import read_pictures
from gan.errors import UserError
from gan.files import write_atomically
from gan.folder import (
    GRIDS,
    MAX_SAMPLES,
    MAX_SNAPSHOTS,
    SAMPLES,
    SNAPSHOTS,
    kept_epochs,
    list_epochs,
    read_history,
)
from gan.images import make_grid
from gan.latent import sample_z
from gan.publishing.promotion import promote
from gan.training import record
from gan.training.loop import train
from gan.training.record import disk_bytes
from gan.training.trainer import STATISTICS, train_step

TRAIN = ROOT / "train.py"
STEPS = 3  # per epoch: 40 pictures, 16 at a time
EPOCHS = 4
SIZES = {"image_size": 32, "base_channels": 8, "batch_size": 16, "device": "cpu"}
STAGES = (Stage(2, 2e-4, 0.5), Stage(2, 1e-4, 0.3))
RUNS = {
    "report": ("pokemon-report", {"stages": (Stage(EPOCHS, 2e-4, 0.5),), "precision": "fp32"}),
    "relativistic": ("folder", {"images": EPOCHS * 40}),  # penalties, augmentation, flips, EMA
    "stages": ("anime-report", {"stages": STAGES, "d_norm": "none"}),
}
CLOCKS = {"seconds", "epoch_seconds", "images_per_second"}  # all that may differ between equal runs
HISTORY_KEYS = {
    *(
        "epoch",
        "images_seen",
        "iteration",
        "images_per_second",
        "loss_d",
        "loss_g",
        "d_real",
        "d_fake_before",
        "d_fake_after",
    ),
    *("lr", "beta1", "event"),
}
LOG_LINE = re.compile(
    r"\[(\d+)/(\d+)\]\[(\d+)/(\d+)\] Loss_D: -?\d+\.\d{4} Loss_G: -?\d+\.\d{4} "
    r"D\(x\): [01]\.\d{4} D\(G\(z\)\): [01]\.\d{4} / [01]\.\d{4}"
)

pytestmark = pytest.mark.usefixtures("without_charts", "one_thread")


# --- helpers -----------------------------------------------------------------------------------------------


def config_of(name, data, out, **changes):
    recipe, fields = RUNS[name]
    return recipe_config(recipe, **{**SIZES, **fields, "data": str(data), "out": str(out), **changes})


def stop_after(steps):
    """Return a `stop` that lets so many steps pass."""
    calls = itertools.count()
    return lambda: next(calls) >= steps


def newest_state(folder):
    state, damaged = load_state(Path(folder, "states"))
    assert damaged == []
    return state


def comparable(value):
    """Return a value with every tensor as its bytes, and without the clocks."""
    if isinstance(value, torch.Tensor):
        return str(value.dtype), tuple(value.shape), value.contiguous().flatten().view(torch.uint8).numpy().tobytes()
    if isinstance(value, dict):
        return {key: comparable(inner) for key, inner in value.items() if key not in CLOCKS}
    return [comparable(inner) for inner in value] if isinstance(value, list | tuple) else value


def published(folder):
    """Return the bytes of all weights and grids by name."""
    paths = [path for path in Path(folder).rglob("*") if path.suffix in (".safetensors", ".webp")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def assert_equal_runs(folder, other):
    """Both networks, EMA, both Adams, random numbers, place, history, weights and grids: equal to the bit."""
    state, other_state = comparable(newest_state(folder)), comparable(newest_state(other))
    assert [key for key in state.keys() | other_state.keys() if state.get(key) != other_state.get(key)] == []
    assert comparable(read_history(folder)) == comparable(read_history(other))
    files, other_files = published(folder), published(other)
    assert [name for name in files.keys() | other_files.keys() if files.get(name) != other_files.get(name)] == []


def contents(folder):
    """Return the bytes of all files but the log, which tells of every sitting."""
    return {path: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file() and path.name != "log.txt"}


def leftovers(folder):
    return list(Path(folder).rglob("*.gan-part*"))


@pytest.fixture
def with_charts(monkeypatch):
    """Draw the loss chart after all."""
    monkeypatch.setattr("gan.training.loop.write_chart", write_chart)


@pytest.fixture
def save_always(monkeypatch):
    """Save a training state after every step."""
    monkeypatch.setattr("gan.training.loop.SAVE_SECONDS", -1)


@pytest.fixture(scope="module")
def straight(tmp_path_factory, pictures):
    """Return a function that gives the folder of a run of RUNS that was never stopped."""
    folders = {}

    def folder_of(name):
        if name not in folders:
            folders[name] = tmp_path_factory.mktemp("straight") / name
            train(config_of(name, pictures, folders[name]))
        return folders[name]

    return folder_of


# --- exact resume ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize(
    "stops",
    [(2 * STEPS,), (STEPS + 1,), (0, 1, 1, 0, STEPS, STEPS - 1)],
    ids=["between epochs", "in mid-epoch", "several times"],
)
def test_a_stopped_run_ends_like_one_that_was_never_stopped(name, stops, pictures, straight, tmp_path):
    config = config_of(name, pictures, tmp_path)
    for steps in stops:
        assert not train(config, stop=stop_after(steps)).finished
    assert train(config).finished
    assert_equal_runs(tmp_path, straight(name))


@pytest.mark.parametrize("name", RUNS)
def test_n_epochs_and_n_more_equal_2n(name, pictures, straight, tmp_path):
    config = config_of(name, pictures, tmp_path)
    assert train(config.with_epochs(EPOCHS // 2)).finished
    assert train(config).finished
    assert_equal_runs(tmp_path, straight(name))


def test_saving_often_changes_nothing(pictures, straight, tmp_path, save_always):
    train(config_of("relativistic", pictures, tmp_path))
    assert_equal_runs(tmp_path, straight("relativistic"))


def test_a_seed_decides_the_whole_run(pictures, straight, tmp_path):
    train(config_of("relativistic", pictures, tmp_path, seed=1))
    ours, theirs = comparable(newest_state(tmp_path)), comparable(newest_state(straight("relativistic")))
    for part in ("generator", "discriminator", "ema_generator", "optimizer_g", "optimizer_d", "rng"):
        assert ours[part] != theirs[part]


def test_stages_appended_to_a_finished_run_equal_one_run_of_all_stages(pictures, straight, tmp_path, cli):
    train(config_of("stages", pictures, tmp_path, stages=STAGES[:1]))
    assert cli("--resume", tmp_path, "--stages", "2:1e-4:0.3").status == 0
    assert_equal_runs(tmp_path, straight("stages"))


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_run_goes_on_to_the_bit_when_its_pictures_were_renamed(kind, pictures, straight, tmp_path):
    renamed = tmp_path / "renamed"
    renamed.mkdir()
    for i, path in enumerate(sorted(pictures.iterdir(), key=lambda path: hashlib.sha256(path.read_bytes()).digest())):
        shutil.copy(path, renamed / f"other{i}.png")
    if kind == "zip":
        renamed = Path(shutil.make_archive(str(renamed), "zip", renamed))
    out = tmp_path / "run"
    train(config_of("relativistic", pictures, out), stop=stop_after(4))
    train(config_of("relativistic", renamed, out), stop=stop_after(3))
    train(config_of("relativistic", renamed, out))
    assert_equal_runs(out, straight("relativistic"))


def rewrite_state(out, **changes):
    state = newest_state(out)
    for name, value in changes.items():
        state[name] = value
    shutil.rmtree(Path(out, "states"))
    save_state(Path(out, "states"), state["images_seen"], {key: state[key] for key in state if state[key] is not None})


def test_a_state_from_before_the_order_was_kept_goes_on(pictures, straight, tmp_path):
    config = config_of("report", pictures, tmp_path / "run")
    train(config, stop=stop_after(4))
    rewrite_state(config.out, order=None)
    train(config)
    assert_equal_runs(config.out, straight("report"))


def test_a_run_whose_pictures_are_read_otherwise_now_says_so(pictures, tmp_path):
    data = shutil.copytree(pictures, tmp_path / "data")
    Image.new("RGB", (32, 32), "red").save(data / "blank.png")
    config = config_of("report", data, tmp_path / "run")
    train(config, stop=stop_after(2))
    rewrite_state(config.out, fingerprint=read_pictures(data, 32, progress=False).earlier)
    before = contents(tmp_path / "run" / "states")
    with pytest.raises(UserError, match="are read otherwise now, so it cannot go on as it began"):
        train(config)
    assert contents(tmp_path / "run" / "states") == before


@pytest.mark.parametrize("stages", [STAGES, STAGES[:1]], ids=["stopped at the boundary", "finished there"])
def test_adam_starts_afresh_at_a_stage(stages, pictures, tmp_path):
    before = train(config_of("stages", pictures, tmp_path, stages=stages), stop=stop_after(2 * STEPS))
    assert before.trainer.step == 2 * STEPS
    after = train(config_of("stages", pictures, tmp_path), stop=stop_after(1))
    for optimizer in (after.trainer.optimizer_g, after.trainer.optimizer_d):
        assert {float(state["step"]) for state in optimizer.state.values()} == {1.0}
        assert [(group["lr"], group["betas"][0]) for group in optimizer.param_groups] == [(1e-4, 0.3)]


def test_adam_goes_on_within_a_stage(pictures, tmp_path):
    config = config_of("stages", pictures, tmp_path)
    train(config, stop=stop_after(2 * STEPS + 1))
    optimizer = train(config, stop=stop_after(1)).trainer.optimizer_g
    assert {float(state["step"]) for state in optimizer.state.values()} == {2.0}


@pytest.mark.parametrize("asked_for, threads", [(None, 1), ("2", 2)], ids=["unless asked", "or what was asked for"])
def test_a_resumed_run_takes_the_number_of_threads_it_began_with(asked_for, threads, pictures, tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    config = config_of("report", pictures, tmp_path)
    train(config, stop=stop_after(1))
    torch.set_num_threads(2)
    if asked_for:
        monkeypatch.setenv("OMP_NUM_THREADS", asked_for)
    train(config, stop=stop_after(1))
    assert torch.get_num_threads() == threads


def test_resuming_a_finished_run_changes_nothing(pictures, straight, cli):
    folder = straight("relativistic")
    before = contents(folder)
    result = cli("--resume", folder)
    assert (result.status, result.err) == (0, "")
    assert "has spent its budget" in result.out
    assert contents(folder) == before


def test_a_run_killed_before_its_first_save_starts_from_the_beginning(pictures, straight, tmp_path, monkeypatch, cli):
    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("gan.training.run.Run.save_state", die)
        train(config_of("report", pictures, tmp_path), stop=stop_after(STEPS + 1))
    assert load_state(tmp_path / "states") == (None, [])
    assert cli("--resume", tmp_path).status == 0
    assert_equal_runs(tmp_path, straight("report"))


@pytest.mark.parametrize("epochs", [EPOCHS // 2, EPOCHS], ids=["and then extended", "and then resumed"])
def test_a_run_killed_between_its_last_state_and_its_last_grid_makes_up_for_it(
    epochs, pictures, straight, tmp_path, monkeypatch
):
    def die_at_the_end(run):
        if run.finished:
            raise KeyboardInterrupt
        publish(run)

    config, publish = config_of("report", pictures, tmp_path), record.publish
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(record, "publish", die_at_the_end)
        train(config.with_epochs(epochs))
    assert train(config).finished
    assert_equal_runs(tmp_path, straight("report"))


def test_a_run_goes_on_with_its_own_pictures_alone_and_keeps_its_own_config(pictures, straight, tmp_path, cli):
    run = tmp_path / "run"
    train(config_of("report", pictures, run), stop=stop_after(STEPS + 1))
    other = draw_pictures(tmp_path / "other", 41)
    result = cli("--resume", run, "--data", other)
    assert (result.status, result.err.count("\n")) == (2, 1)
    assert "other pictures" in result.err
    assert cli("--resume", run).status == 0
    assert_equal_runs(run, straight("report"))


def test_a_refused_resume_appends_no_stages(pictures, tmp_path, cli):
    run = tmp_path / "run"
    train(config_of("report", pictures, run, stages=(Stage(1, 2e-4, 0.5),)))
    assert cli("--resume", run, "--stages", "1:1e-4:0.3", "--data", tmp_path / "nowhere").status == 2
    assert cli("--resume", run, "--stages", "1:1e-4:0.3").status == 0
    assert [line["lr"] for line in read_history(run)] == [2e-4, 1e-4]


def test_a_moved_run_goes_on_where_it_lies(pictures, straight, tmp_path, cli):
    train(config_of("report", pictures, tmp_path / "old"), stop=stop_after(STEPS + 1))
    (tmp_path / "old").rename(tmp_path / "new")
    assert cli("--resume", tmp_path / "new").status == 0
    assert not (tmp_path / "old").exists()
    assert_equal_runs(tmp_path / "new", straight("report"))


def begin_another(pictures, place):
    train(config_of("report", pictures, place, seed=5), stop=stop_after(STEPS))


def put_pictures(pictures, place):
    shutil.copytree(pictures, place)


def put_a_file(pictures, place):
    place.write_text("precious")


@pytest.mark.parametrize(
    ("what", "to", "then", "goes_on_in"),
    [
        ("run", "moved", None, "moved"),
        ("run", "moved", begin_another, "moved"),
        ("run", "elsewhere/run", None, "run"),
        ("run", "elsewhere/run", begin_another, "run-2"),
        ("run", "elsewhere/run", put_pictures, "run-2"),
        ("run", "elsewhere/run", put_a_file, "run-2"),
        ("run/.lock", "elsewhere/lock", None, "run"),
    ],
)
def test_a_run_that_is_moved_while_it_trains_loses_nothing_and_writes_into_no_other(
    what, to, then, goes_on_in, pictures, straight, tmp_path, cli, capsys
):
    run, stop, others = tmp_path / "run", stop_after(STEPS + 1), []
    (tmp_path / "elsewhere").mkdir()

    def move_and_stop():
        if list_epochs(run, "samples") and not others:
            (tmp_path / what).rename(tmp_path / to)
            if then:
                then(pictures, run)
            others.append(contents(run))
        return stop()

    folder = train(config_of("report", pictures, run), stop=move_and_stop).folder
    assert folder == tmp_path / goes_on_in
    assert f"this run goes on in {folder}\n" in capsys.readouterr().err
    assert contents(run) == others[0] or not then
    assert cli("--resume", folder).status == 0
    assert weights_digest(folder / "model.safetensors") == weights_digest(straight("report") / "model.safetensors")
    assert promote(folder, "mine", tmp_path)


# --- kills and signals -------------------------------------------------------------------------------------

KILLER = """
import json, os, signal, sys, time
import torch._dynamo, gan.training.loop, train  # paid once: each training is born with all imported
gan.training.loop.SAVE_SECONDS = -1  # a state after every step
gan.training.loop.write_chart = lambda folder: None

def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        return sum(map(int, file.read().rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")

for line in sys.stdin:
    arguments, lifetime = json.loads(line)
    child = os.fork()
    if child == 0:
        os._exit(train.main(arguments))
    if lifetime is not None:  # in CPU time, so that a busy machine does not kill them all in their cradle
        while cpu_seconds(child) < lifetime and not os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            time.sleep(0.001)
        time.sleep(lifetime % 0.01)
        os.kill(child, signal.SIGKILL)  # one that has ended is not reaped yet, and takes no harm
    print("ended with", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Trainings:
    """Trainings that save after every step, each in a process of its own, which may be killed."""

    def __init__(self, launched):
        self.launched, self.ended = launched, 0

    def run(self, *arguments, lifetime=None):
        """Run train.py with these arguments; return the exit status."""
        request = json.dumps([[str(argument) for argument in arguments], lifetime])
        self.launched.process.stdin.write(request + "\n")
        self.launched.process.stdin.flush()
        self.ended += 1
        self.launched.wait_until(lambda: len(self._statuses()) == self.ended)
        return self._statuses()[-1]

    def _statuses(self):
        return [int(status) for status in re.findall(r"^ended with (-?\d+)$", self.launched.out.read_text(), re.M)]


def test_a_run_killed_at_random_instants_ends_like_one_that_was_never_killed(request, pictures, tmp_path, launch):
    out, epochs, killed, rng = tmp_path / "run", 6, [], random.Random(0)
    new = [*new_run(pictures, out), "--anneal", 0]  # else a larger budget begins further back

    def arguments():
        return [*(["--resume", out] if (out / "config.json").exists() else new), "--epochs", epochs]

    with launch("-c", KILLER, stdin=subprocess.PIPE, text=True) as launched:
        trainings = Trainings(launched)
        while len(killed) < request.config.getoption("--kills") or not killed[-1]:
            status = trainings.run(*arguments(), lifetime=rng.uniform(0, 0.8))
            if status == 0:  # done before the kill came: go on with a longer run
                epochs += 3
                continue
            assert status == -signal.SIGKILL, launched.err.read_text()
            state, damaged = load_state(out / "states")
            assert damaged == []
            assert state or not list_states(out / "states")
            killed.append(state["images_seen"] if state else 0)
            assert len(killed) < 100, "no training lives long enough to save"
        assert trainings.run(*arguments()) == 0
    assert killed == sorted(killed)  # what was saved once is never lost
    assert len(list_states(out / "states")) == 2
    assert leftovers(out) == []
    straight = recipe_config("folder", **SIZES, data=str(pictures), out=str(tmp_path / "straight"), anneal=0)
    train(straight.with_epochs(epochs))
    assert_equal_runs(out, straight.out)


def new_run(data, out):
    """Return the flags of a new run of tiny networks."""
    sizes = ("--batch-size", 16, "--base-channels", 8, "--image-size", 32, "--device", "cpu")
    return "--dataset", "folder", "--data", data, "--out", out, *sizes


def assert_saved_on_a_signal(result, out):
    """It said how to go on, and what it had learned is there."""
    assert result.err == "stopping: saving the run first\n"
    assert result.out.splitlines()[-1].endswith(f"Go on with: python train.py --resume {out}")
    state = newest_state(out)
    assert f"stopped at {state['images_seen']} pictures seen" in result.out
    assert state["images_seen"] > 40


def test_ctrl_c_saves_the_run_says_how_to_go_on_and_ends_it_within_ten_seconds(pictures, tmp_path, launch):
    out = tmp_path / "run"
    with launch(TRAIN, *new_run(pictures, out), "--epochs", 100_000) as launched:
        launched.wait_for("[16/100000][0/3]")
        launched.send(signal.SIGINT)
        result = launched.result(timeout=10)
    assert result.status == 130
    assert_saved_on_a_signal(result, out)


@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["SIGTERM", "SIGHUP"])
def test_another_signal_saves_the_run_and_says_how_to_go_on(number, status, cli, pictures, tmp_path, monkeypatch):
    poison(monkeypatch, STEPS + 1, lambda _, statistics: signal.raise_signal(number) or statistics)
    result = cli(*new_run(pictures, tmp_path / "run"))
    assert result.status == status
    assert_saved_on_a_signal(result, tmp_path / "run")
    assert newest_state(tmp_path / "run")["images_seen"] == 56


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_a_signal_while_importing_ends_it_at_once(number, status, pictures, tmp_path, launch):
    with launch(TRAIN, *new_run(pictures, tmp_path / "run"), "--recipe", "pokemon") as launched:
        launched.wait_for("every setting)\n")  # it says what it begins before torch is imported
        launched.send(number)
        result = launched.result(timeout=5)
    assert (result.status, result.err) == (status, "")
    assert not list(tmp_path.glob("run/states/*"))


def test_a_signal_while_decoding_ends_it_at_once(tmp_path, launch):
    slow = tmp_path / "slow"
    slow.mkdir()
    Image.new("RGB", (5_000, 5_000)).save(slow / "0.png", compress_level=1)
    for i in range(1, 100):
        (slow / f"{i}.png").hardlink_to(slow / "0.png")
    with launch(TRAIN, *new_run(slow, tmp_path / "run"), "--recipe", "pokemon", "--keep-repeats") as launched:
        launched.wait_until((tmp_path / "run" / ".lock").exists)
        launched.send(signal.SIGTERM)
        result = launched.result(timeout=8)
    assert (result.status, result.err) == (143, "")
    assert [path.name for path in (tmp_path / "run").iterdir() if path.name != "log.txt"] == [".lock"]


def test_a_second_signal_ends_it_at_once(cli, pictures, tmp_path, monkeypatch):
    def signalled_while_saving(run):
        if run.trainer.step:
            signal.raise_signal(signal.SIGINT)
            raise AssertionError("went on saving")

    monkeypatch.setattr("gan.training.run.Run.save_state", signalled_while_saving)
    poison(monkeypatch, 1, lambda _, statistics: signal.raise_signal(signal.SIGINT) or statistics)
    assert cli(*new_run(pictures, tmp_path / "run")).status == 130


def test_a_signal_is_heeded_where_nobody_reads_what_is_said(cli, pictures, tmp_path, monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)  # as Ctrl-C ends the tee behind a pipe, too
    poison(monkeypatch, STEPS, lambda _, statistics: signal.raise_signal(signal.SIGINT) or statistics)
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert cli(*new_run(pictures, tmp_path / "run")).status == 130
    assert newest_state(tmp_path / "run")["images_seen"] == 40


@pytest.mark.parametrize(
    "numbers", [(signal.SIGHUP, signal.SIGHUP), (signal.SIGTERM, signal.SIGHUP), (signal.SIGHUP, signal.SIGTERM)]
)
def test_a_closed_terminal_is_told_of_twice_and_heeded_once(numbers, cli, pictures, tmp_path, monkeypatch):
    def close_terminal(_, statistics):
        for number in numbers:
            signal.raise_signal(number)
        return statistics

    poison(monkeypatch, STEPS, close_terminal)
    result = cli(*new_run(pictures, tmp_path / "run"))
    assert (result.status, result.err) == (128 + numbers[1], "stopping: saving the run first\n")
    assert newest_state(tmp_path / "run")["images_seen"] == 40


def test_a_closed_terminal_that_is_ignored_stays_so(cli, pictures, tmp_path, monkeypatch):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup has it
    poison(monkeypatch, 1, lambda _, statistics: signal.raise_signal(signal.SIGHUP) or statistics)
    assert cli(*new_run(pictures, tmp_path / "run"), "--epochs", 1).status == 0


def test_two_trainings_cannot_share_a_folder(pictures, tmp_path, cli):
    def try_a_second_one():
        result = cli("--resume", tmp_path)
        assert result.status == 2
        assert result.err == f"train.py: {tmp_path}: another training is writing to this run\n"
        return True

    assert not train(config_of("report", pictures, tmp_path), stop=try_a_second_one).finished
    assert cli("--resume", tmp_path, "--epochs", 1).status == 0  # the first has let go


# --- damaged states ----------------------------------------------------------------------------------------


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_in_half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path):
    path.write_bytes(b"")


@pytest.fixture(scope="module")
def stopped_once(pictures, tmp_path_factory):
    """The config of a run with two states: after two steps, and after four."""
    config = config_of("report", pictures, tmp_path_factory.mktemp("stopped") / "run")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as those that it is compared with
    for _ in range(2):
        train(config, stop=stop_after(2))
    torch.set_num_threads(threads)
    assert [path.name[:19] for path in list_states(Path(config.out, "states"))] == [
        "images-000000000056",
        "images-000000000032",
    ]
    return config


@pytest.fixture
def stopped(stopped_once, tmp_path):
    """The config of a copy of that run."""
    return replace(stopped_once, out=str(shutil.copytree(stopped_once.out, tmp_path / "run")))


@pytest.mark.parametrize("damage", [flip_a_bit, cut_in_half, empty])
def test_a_damaged_newest_state_falls_back_to_the_one_before_and_says_so(damage, stopped, straight, capsys):
    states = list_states(Path(stopped.out, "states"))
    damage(states[0])
    assert train(stopped).finished
    said = capsys.readouterr().out
    assert f"{states[0]}: this state is damaged" in said
    assert "resuming at 32 pictures seen" in said
    assert_equal_runs(stopped.out, straight("report"))


def test_with_both_states_damaged_it_says_so_and_leaves_all_as_it_was(stopped, cli):
    states = list_states(Path(stopped.out, "states"))
    for path in states:
        flip_a_bit(path)
    before = contents(stopped.out)
    result = cli("--resume", stopped.out)
    assert (result.status, result.err.count("\n")) == (2, 1)
    assert "no training state in states/ can be used" in result.err
    assert f"--init-from {stopped.out} --out NEW" in result.err
    assert all(f"{path}: this state is damaged" in result.out for path in states)
    assert contents(stopped.out) == before


@pytest.mark.parametrize("command", ["resumed", "started again by torchrun"])
def test_what_was_learned_is_never_written_over_where_its_states_are_gone(
    command, stopped, pictures, tmp_path, cli, monkeypatch
):
    out = tmp_path / "it's mine"
    shutil.copytree(stopped.out, out, ignore=shutil.ignore_patterns("states"))
    before = contents(out)
    if command == "resumed":
        (out / ".lock").unlink()
        mistyped = cli("--resume", out, "--data", f"{pictures}.zop").err
        assert "--data PICTURES --init-from" in mistyped and "zop" not in mistyped
        before = contents(out)
        result = cli("--resume", out, "--data", pictures)
    else:
        monkeypatch.setattr("train.RESTARTS", 1)
        result = cli(*new_run(pictures, out), "--recipe", "pokemon-report", "--dataset", "pokemon")
    assert (result.status, result.err.count("\n")) == (2, 1)
    advice = f"python train.py --dataset pokemon --recipe pokemon-report --data {pictures} --init-from "
    assert advice + "'" + str(out).replace("'", "'\"'\"'") + "' --out NEW" in result.err
    assert contents(out) == before


def test_states_that_cannot_be_looked_at_are_not_taken_to_be_none(stopped, cli):
    before = contents(stopped.out)
    with locked(Path(stopped.out, "states")):
        assert (
            cli("--resume", stopped.out).err == f"train.py: {stopped.out}/states: cannot be read (Permission denied)\n"
        )
    assert contents(stopped.out) == before


def test_a_mistyped_data_of_a_resumed_run_changes_nothing(stopped, cli):
    before = contents(stopped.out)
    assert cli("--resume", stopped.out, "--data", "/no/such.zip", "--epochs", 9).status == 2
    assert contents(stopped.out) == before


def forge(folder, state, images=999):
    """Put it there as the newest training state, with the name that its digest gives."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()[:16]
    path = Path(folder, "states", f"images-{images:012d}-{digest}.pt")
    path.write_bytes(buffer.getvalue())
    return path


def with_entry(*keys, value):
    """Return a function that gives a state with another value there; `value` may be a function of the old one."""

    def change(state):
        inner = state = copy.deepcopy(state)
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value(inner[keys[-1]]) if callable(value) else value
        return state

    return change


def without_entry(*keys):
    def change(state):
        inner = state = copy.deepcopy(state)
        for key in keys[:-1]:
            inner = inner[key]
        del inner[keys[-1]]
        return state

    return change


WEIGHT = "main.0.weight"
FOREIGN = {
    "a list": lambda state: [1, 2],
    "a tensor": lambda state: torch.zeros(3),
    "no entries": lambda state: {},
    "no generator": without_entry("generator"),
    "no history": without_entry("history"),
    "no weight": without_entry("generator", WEIGHT),
    "a weight of another shape": with_entry("generator", WEIGHT, value=lambda weight: weight[:1]),
    "a weight of another kind": with_entry("discriminator", WEIGHT, value=lambda weight: weight.to(torch.int64)),
    "a complex weight": with_entry("generator", WEIGHT, value=lambda weight: weight.to(torch.complex64)),
    "a weight that is text": with_entry("generator", WEIGHT, value="heavy"),
    "a weight that is no number": with_entry("generator", WEIGHT, value=lambda weight: weight * math.nan),
    "a network that is a number": with_entry("generator", value=3),
    "Adam without groups": without_entry("optimizer_g", "param_groups"),
    "Adam of no groups": with_entry("optimizer_g", "param_groups", value=[]),
    "Adam of other parameters": with_entry("optimizer_g", "param_groups", 0, "params", value=[0]),
    "Adam of a textual rate": with_entry("optimizer_d", "param_groups", 0, "lr", value="fast"),
    "Adam of another kind": with_entry("optimizer_d", "param_groups", 0, "amsgrad", value=True),
    "Adam that forgot": without_entry("optimizer_g", "state", 0),
    "Adam that forgot its averages": without_entry("optimizer_g", "state", 0, "exp_avg"),
    "Adam of other shapes": with_entry("optimizer_g", "state", 0, "exp_avg", value=torch.zeros(2)),
    "Adam whose steps are text": with_entry("optimizer_g", "state", 0, "step", value="many"),
    "random numbers that are none": with_entry("rng", value=lambda rng: rng * 0 + 255),
    "random numbers of another length": with_entry("rng", value=lambda rng: rng[:-1]),
    "random numbers that are text": with_entry("rng", value="random"),
    "a textual count": with_entry("images_seen", value="many"),
    "a negative count": with_entry("images_seen", value=-1),
    "a vast count": with_entry("step", value=10**400),
    "a broken epoch": with_entry("number", value=1.5),
    "a batch past the epoch": with_entry("batch", value=STEPS),
    "sums of another shape": with_entry("sums", value=torch.zeros(2)),
    "sums of more terms than there are": with_entry("sums", value=torch.zeros(50)),
    "sums that are text": with_entry("sums", value="none"),
    "time that is none": with_entry("seconds", value=math.nan),
    "a million threads": with_entry("threads", value=10**6),
    "a fingerprint that is none": with_entry("fingerprint", value=None),
    "a device that is none": with_entry("device", value=3),
    "a history of junk": with_entry("history", value=["junk"]),
    "a history without losses": with_entry("history", value=[{"epoch": 1, "images_seen": 40, "event": None}]),
    "a history of tensors": with_entry("history", value=lambda lines: [lines[0] | {"lr": torch.ones(2)}]),
    "a history of vast numbers": with_entry("history", value=lambda lines: [lines[0] | {"loss_d": 10**400}]),
    "a guard of another kind": with_entry("guard", value={"colour": "red"}),
    "a guard of text": with_entry("guard", value=lambda guard: guard | {"bad": "very"}),
}


@pytest.fixture(scope="module")
def begun(tmp_path_factory, pictures):
    """A run of one step, and what it saved."""
    run = train(config_of("report", pictures, tmp_path_factory.mktemp("begun")), stop=stop_after(1))
    return run, newest_state(run.folder)


@pytest.mark.parametrize("name", FOREIGN)
def test_a_state_of_something_else_is_passed_over_for_the_one_before(name, begun):
    run, own = begun
    path = forge(run.folder, FOREIGN[name](own))
    state, passed_over = run.saved_state()
    path.unlink()
    assert len(passed_over) == 1 and passed_over[0].startswith(f"{path}: this state is none of this run (")
    assert comparable(state) == comparable(own)


class Program:
    """What makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_a_state_that_could_run_code_is_passed_over_and_runs_none(begun, tmp_path):
    run, own = begun
    path = forge(run.folder, {**own, "fingerprint": Program(tmp_path / "ran")})
    state, passed_over = run.saved_state()
    path.unlink()
    assert not (tmp_path / "ran").exists()
    assert len(passed_over) == 1 and passed_over[0].startswith(f"{path}: this state is none of this run (")
    assert comparable(state) == comparable(own)


@pytest.mark.parametrize("name", ["images_before", "averaged_before", "softenings", "device", "guard"])
def test_a_state_of_an_earlier_version_lacks_what_came_later(name, begun):
    run, own = begun
    path = forge(run.folder, without_entry(name)(own))
    state, passed_over = run.saved_state()
    path.unlink()
    assert passed_over == [] and name not in state


def test_the_average_of_an_earlier_versions_run_goes_on_as_it_did(begun):
    run, own = begun
    old = without_entry("averaged_before")({**own, "images_before": 7})
    trainer = copy.deepcopy(run.trainer)
    trainer.load_state_dict(old)
    assert (trainer.images_before, trainer.averaged_before) == (7, 7)


@pytest.mark.parametrize("content", [b"", b"no torch file", b"PK\x03\x04"])
def test_a_state_that_is_no_state_is_passed_over_though_its_digest_is_right(content, stopped, capsys):
    digest = hashlib.sha256(content).hexdigest()[:16]
    Path(stopped.out, "states", f"images-{999:012d}-{digest}.pt").write_bytes(content)
    assert train(stopped, stop=stop_after(1)).trainer.images_seen == 72
    assert "this state is none of this run (" in capsys.readouterr().out


def test_a_pipe_instead_of_a_state_is_passed_over(stopped, capsys):
    os.mkfifo(Path(stopped.out, "states", "images-000000000999-0123456789abcdef.pt"))
    assert train(stopped, stop=stop_after(1)).trainer.images_seen == 72
    assert "is no plain file; it is passed over" in capsys.readouterr().out


def test_damaged_states_are_gone_once_new_ones_are_saved(stopped, save_always):
    flip_a_bit(list_states(Path(stopped.out, "states"))[0])
    train(stopped)
    assert load_state(Path(stopped.out, "states"))[0]["images_seen"] == 160
    assert len(list_states(Path(stopped.out, "states"))) == 2
    newest_state(stopped.out)


def test_exactly_two_states_are_kept(pictures, tmp_path, save_always):
    train(config_of("report", pictures, tmp_path))
    assert len(list(Path(tmp_path, "states").iterdir())) == 2


def test_two_states_are_kept_of_a_run_that_is_stopped_again_and_again_at_one_place(pictures, tmp_path):
    config = config_of("report", pictures, tmp_path)
    train(config, stop=stop_after(1))
    for _ in range(6):
        train(config, stop=stop_after(0))
        assert len(list_states(tmp_path / "states")) == 2


def test_half_written_files_are_ignored_and_cleared_away(stopped, straight):
    states = Path(stopped.out, "states")
    half = states / "images-000000000072-0123456789abcdef.pt.part"
    half.write_bytes(list_states(states)[0].read_bytes()[:1_000])
    Path(stopped.out, "config.json.part").write_text('{"train": ')
    assert train(stopped).finished
    assert_equal_runs(stopped.out, straight("report"))
    assert leftovers(stopped.out) == []


# --- full disk ---------------------------------------------------------------------------------------------


@contextmanager
def small_disk(folder):
    """Mount 16 MB there; yield whether that is permitted."""
    folder.mkdir()
    mounted = not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], capture_output=True
    ).returncode
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk, room):
    """Leave so many bytes of the disk."""
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with open(disk / "filler", "wb") as filler:
        filler.write(bytes(free - room))


def resume_with_small_files(out, launch, limit):
    """Resume in a process that may write no larger file."""

    def set_limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    with launch(TRAIN, "--resume", out, preexec_fn=set_limit) as launched:
        return launched.result()


def assert_stopped_by_the_disk(result, out, before):
    assert result.status == 2
    assert result.err.startswith(f"train.py: {out}")
    assert result.err.count("\n") == 1
    assert comparable(newest_state(out)) == comparable(before)
    assert leftovers(out) == []


@pytest.mark.parametrize("room", [0, 8_192, 600_000], ids=["nothing", "two pages", "half a state"])
def test_a_full_disk_stops_it_with_a_sentence_and_it_goes_on_when_there_is_room(
    room, pictures, straight, tmp_path, cli, launch
):
    with small_disk(tmp_path / "disk") as mounted:
        out = tmp_path / "disk" / "run"
        train(config_of("report", pictures, out), stop=stop_after(STEPS + 1))
        before = newest_state(out)
        if mounted:
            fill(tmp_path / "disk", room)
            result = cli("--resume", out)
            assert "the disk is full. Free " in result.err
            (tmp_path / "disk" / "filler").unlink()
        else:
            result = resume_with_small_files(out, launch, 600_000)
        assert_stopped_by_the_disk(result, out, before)
        assert cli("--resume", out).status == 0
        assert_equal_runs(out, straight("report"))


def test_a_state_that_cannot_be_written_stops_it_with_a_sentence(pictures, tmp_path, launch):
    train(config_of("report", pictures, tmp_path / "run"), stop=stop_after(STEPS + 1))
    before = newest_state(tmp_path / "run")
    result = resume_with_small_files(tmp_path / "run", launch, 600_000)
    assert "cannot be written (File too large)" in result.err
    assert_stopped_by_the_disk(result, tmp_path / "run", before)


def test_a_folder_that_allows_no_files_is_an_error_in_words(pictures):
    with pytest.raises(UserError, match=r"^/sys/kernel: cannot be written to"):
        train(config_of("report", pictures, "/sys/kernel"))


@pytest.mark.parametrize("out", ["/dev/null", "/proc/none/run"])
def test_a_folder_that_cannot_be_made_is_an_error_in_words(out, pictures, cli):
    result = cli(*new_run(pictures, out))
    assert result.status == 2
    assert re.fullmatch(r"train\.py: [^\n]+ (cannot be|the folder cannot be) [^\n]+\n", result.err)


# --- NaN ---------------------------------------------------------------------------------------------------


def poison(monkeypatch, step, spoil):
    """Spoil the result of one step, counted from 1, of the next run."""
    steps = itertools.count(1)

    def poisoned(trainer, *batch):
        statistics = train_step(trainer, *batch)
        return spoil(trainer, statistics) if next(steps) == step else statistics

    monkeypatch.setattr("gan.training.run.train_step", poisoned)


def spoil_weights(trainer, statistics):
    with torch.no_grad():
        next(trainer.generator.parameters())[0, 0, 0, 0] = math.nan
    return statistics


def spoil_losses(trainer, statistics):
    return statistics * math.inf


@pytest.mark.parametrize("spoil", [spoil_weights, spoil_losses])
@pytest.mark.parametrize("step", [1, STEPS + 1, 2 * STEPS, EPOCHS * STEPS])
def test_nan_stops_it_and_is_neither_saved_nor_published(step, spoil, pictures, straight, tmp_path, monkeypatch):
    config = config_of("report", pictures, tmp_path)
    with monkeypatch.context() as patch, pytest.raises(UserError, match="no longer finite"):
        poison(patch, step, spoil)
        train(config)
    assert newest_state(tmp_path)["images_seen"] == 0
    if (tmp_path / "model.safetensors").exists():
        assert all(value.isfinite().all() for value in load_generator(tmp_path).state_dict().values())
    assert train(config).finished
    assert_equal_runs(tmp_path, straight("report"))


@pytest.mark.parametrize("spoil", [spoil_weights, spoil_losses])
def test_nan_leaves_the_last_good_state(spoil, pictures, straight, tmp_path, monkeypatch, save_always, cli):
    config = config_of("relativistic", pictures, tmp_path)
    train(config, stop=stop_after(1))
    with monkeypatch.context() as patch:
        poison(patch, STEPS + 1, spoil)
        result = cli("--resume", tmp_path)
    assert (result.status, result.err.count("\n")) == (2, 1)
    assert re.search(r"no longer finite \(epoch 2, \d+ pictures seen\).*state is kept.*lower --lr", result.err)
    assert newest_state(tmp_path)["images_seen"] == 56
    assert cli("--resume", tmp_path).status == 0
    assert_equal_runs(tmp_path, straight("relativistic"))


# --- what people read --------------------------------------------------------------------------------------


def test_the_line_of_the_reports_comes_at_the_first_step_of_each_epoch_and_every_fifty(tmp_path, capsys):
    data = draw_pictures(tmp_path / "data", 104)
    stages = (Stage(2, 2e-4, 0.5), Stage(1, 1e-4, 0.3))
    train(config_of("stages", data, tmp_path / "run", stages=stages, batch_size=2, base_channels=2))
    lines = [line for line in capsys.readouterr().out.splitlines() if "Loss" in line]
    places = [tuple(map(int, LOG_LINE.fullmatch(line).groups())) for line in lines]
    assert places == [(i, n, step, 52) for i, n in ((0, 2), (1, 2), (0, 1)) for step in (0, 50)]


def test_of_short_epochs_not_each_has_a_line(pictures, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("gan.training.progress.LOG_STEPS", 8)
    train(config_of("report", pictures, tmp_path, base_channels=2).with_epochs(5))  # of three steps
    lines = [line for line in capsys.readouterr().out.splitlines() if "Loss" in line]
    assert [LOG_LINE.fullmatch(line)[1] for line in lines] == ["0", "2", "4"]


def test_the_time_left_is_said_once(pictures, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("gan.training.pace.WARM_UP_SECONDS", 0)
    monkeypatch.setattr("gan.training.pace.MEASURED_SECONDS", 0)
    train(config_of("report", pictures, tmp_path, base_channels=2))
    assert len(re.findall(r"\d pictures/s on this machine: about \d+ seconds to go\n", capsys.readouterr().out)) == 1


def test_the_config_names_the_pictures_and_where_they_come_from(pictures, tmp_path):
    kept = tmp_path / "datasets" / "someone" / "discs" / "versions" / "3"
    shutil.copytree(pictures, kept / "images")
    for data, version in ((kept / "images", "someone/discs/versions/3"), (pictures, None)):
        run = train(config_of("report", data, tmp_path / data.name), stop=stop_after(0))
        described = json.loads(Path(run.folder, "config.json").read_text())["data"]
        counts = {"pictures": 40, "held_out": 0}
        assert described == {"name": "pokemon", **counts, "fingerprint": run.fingerprint, "kaggle": version}


def test_the_line_shows_the_statistics_of_its_step(pictures, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        "gan.training.run.train_step",
        lambda trainer, _, images: (
            setattr(trainer, "images_seen", trainer.images_seen + images)
            or torch.tensor([1.4232, 4.7655, 0.6376, 0.3454, 0.0244])
        ),
    )
    train(config_of("report", pictures, tmp_path))
    assert (
        "\n[0/4][0/3] Loss_D: 1.4232 Loss_G: 4.7655 D(x): 0.6376 D(G(z)): 0.3454 / 0.0244\n" in capsys.readouterr().out
    )
    first = read_history(tmp_path)[0]
    assert {key: first[key] for key in STATISTICS} == {
        **{"loss_d": 1.4232, "loss_g": 4.7655},
        **{"d_real": 0.6376, "d_fake_before": 0.3454, "d_fake_after": 0.0244},
    }


def test_the_history_has_a_line_per_epoch_with_every_key(straight):
    lines = read_history(straight("stages"))
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4]
    assert [line["images_seen"] for line in lines] == [40, 80, 120, 160]
    assert [(line["lr"], line["beta1"]) for line in lines] == [(2e-4, 0.5)] * 2 + [(1e-4, 0.3)] * 2
    assert [line["event"] for line in lines] == [None, None, "stage: lr 0.0001, beta1 0.3", None]
    assert all(set(line) == HISTORY_KEYS for line in lines)
    assert all(line["images_per_second"] > 0 for line in lines)


def test_an_epoch_that_is_not_complete_has_its_line_too(pictures, tmp_path):
    train(config_of("report", pictures, tmp_path), stop=stop_after(STEPS + 1))
    assert [(line["epoch"], line["images_seen"]) for line in read_history(tmp_path)] == [(1, 40), (2, 56)]


def test_a_budget_in_images_ends_in_mid_epoch(pictures, tmp_path):
    run = train(config_of("relativistic", pictures, tmp_path, images=50))
    assert run.finished
    assert [line["images_seen"] for line in read_history(tmp_path)] == [40, 56]
    assert list(list_epochs(tmp_path, SAMPLES)) == [1, 2]


@pytest.mark.parametrize("name", RUNS)
def test_the_run_folder_holds_what_others_load(name, straight):
    folder = straight(name)
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.suffix != ".pt"}
    epochs = range(1, EPOCHS + 1)
    assert names - {".lock"} == {
        *("config.json", "history.jsonl", "iterations.jsonl", "log.txt", "reals.webp", "figure.png"),
        *("model.safetensors", "discriminator.safetensors"),
        *(f"samples/epoch-{epoch:04d}.webp" for epoch in epochs),
        *(f"snapshots/epoch-{epoch:04d}.safetensors" for epoch in epochs),
    }
    config = json.loads((folder / "config.json").read_text())
    assert config["train"]["recipe"] == RUNS[name][0]
    assert config["data"]["pictures"] == 40
    assert (config["epoch"], config["images_seen"]) == (EPOCHS, 160)
    assert config["generator"] == load_generator(folder).arguments()


def test_what_is_published_is_the_average(pictures, tmp_path):
    trainer = train(config_of("relativistic", pictures, tmp_path)).trainer
    published, own = (dict(network.named_parameters()) for network in (load_generator(tmp_path), trainer.generator))
    for name, value in trainer.ema_generator.named_parameters():
        assert torch.equal(published[name], value.half().float() if value.dim() > 1 else value), name
    assert not torch.equal(published["main.1.weight"], own["main.1.weight"])


def test_the_grids_are_small_and_differ_from_epoch_to_epoch(straight):
    grids = [path.read_bytes() for path in list_epochs(straight("relativistic"), SAMPLES).values()]
    assert len(set(grids)) == EPOCHS
    assert all(len(grid) <= 80_000 for grid in grids)


def test_the_figure_shows_real_pictures_beside_the_last_grid_pixel_for_pixel(straight, pictures):
    folder = straight("relativistic")
    with torch.inference_mode():
        made = make_grid(load_generator(folder)(sample_z(range(64), 100)))
    reals = {Image.open(path).convert("RGB").tobytes() for path in pictures.iterdir()}
    with Image.open(folder / "figure.png") as figure:
        gap = (figure.height - made.height) // 2
        shown = figure.crop((gap, gap, gap + 32, gap + 32)).tobytes()
        drawn = figure.crop((figure.width - gap - made.width, gap, figure.width - gap, gap + made.height))
        assert figure.size == (7 * 32 + 8 * 32 + 3 * gap, 8 * 32 + 2 * gap)
    assert shown in reals
    difference = np.abs(np.asarray(drawn).astype(int) - np.asarray(made))  # weights in the file are float16
    assert difference.max() <= 2


def test_grids_as_png_are_the_samples_without_loss_and_go_where_those_go(pictures, tmp_path):
    run = train(config_of("report", pictures, tmp_path, grid_format="png"), stop=stop_after(2 * STEPS))
    assert list(list_epochs(tmp_path, GRIDS)) == list(list_epochs(tmp_path, SAMPLES)) == [1, 2]
    with Image.open(list_epochs(tmp_path, GRIDS)[2]) as grid, Image.open(tmp_path / "figure.png") as figure:
        gap = (figure.height - grid.height) // 2
        box = (figure.width - gap - grid.width, gap, figure.width - gap, gap + grid.height)
        assert figure.crop(box).tobytes() == grid.tobytes()
    run.number, run.batch = 1, 0
    record.drop_later_epochs(run)
    assert list(list_epochs(tmp_path, GRIDS)) == [1]


def test_the_last_grid_is_what_the_published_generator_draws(straight):
    folder = straight("relativistic")
    with Image.open(list_epochs(folder, SAMPLES)[EPOCHS]) as grid:
        shown = torch.from_numpy(np.array(grid.convert("RGB"))).float()
    with torch.inference_mode():
        pictures = load_generator(folder)(sample_z(range(64), 100))
    drawn = torch.from_numpy(np.array(make_grid(pictures))).float()
    assert (shown - drawn).abs().mean() < 8  # WebP at quality 90
    assert (shown - drawn.flip(0)).abs().mean() > 8


def test_the_real_pictures_are_beside_the_run(straight):
    with Image.open(straight("report") / "reals.webp") as reals:
        assert (reals.format, reals.size) == ("WEBP", (7 * 32, 6 * 32))


def test_the_losses_are_drawn(pictures, tmp_path, with_charts):
    train(config_of("report", pictures, tmp_path), stop=stop_after(1))
    with Image.open(tmp_path / "losses.png") as chart:
        assert chart.format == "PNG"


def test_a_finished_run_that_was_killed_before_its_chart_gets_it(pictures, straight, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "gan.training.loop.write_chart", lambda folder: drawn.append(Path(folder, "losses.png").touch())
    )
    folder = shutil.copytree(straight("report"), tmp_path / "run")
    config = config_of("report", pictures, folder)
    for _ in range(2):
        assert train(config).finished
        assert len(drawn) == 1
    os.utime(folder / "losses.png", (0, 0))  # of when the run was shorter
    train(config)
    assert len(drawn) == 2


def test_a_long_run_is_thinned_and_its_folder_stays_below_what_it_said(tmp_path, capsys, save_always):
    data = draw_pictures(tmp_path / "data", 16)
    config = config_of("report", data, tmp_path / "run", base_channels=1)
    for epochs in (MAX_SAMPLES - 1, MAX_SAMPLES + 2):  # the second time, what the first kept is thinned
        run = train(config.with_epochs(epochs))
        for kind, limit in ((SAMPLES, MAX_SAMPLES), (SNAPSHOTS, MAX_SNAPSHOTS)):
            assert set(list_epochs(tmp_path / "run", kind)) == kept_epochs(epochs, limit)
        assert sum(path.stat().st_size for path in contents(tmp_path / "run")) < disk_bytes(run)
        assert f"will hold at most {disk_bytes(run) / 1e6:.0f} MB" in capsys.readouterr().out


def test_while_a_run_goes_on_it_never_holds_more_than_it_said(pictures, tmp_path, monkeypatch):
    sizes = []

    def measured(path, content):
        sizes.append(len(content) + sum(file.stat().st_size for file in contents(tmp_path)))
        write_atomically(path, content)

    for module in ("gan.checkpoints", "gan.folder"):
        monkeypatch.setattr(f"{module}.write_atomically", measured)
    run = train(config_of("relativistic", pictures, tmp_path))
    assert len(sizes) > EPOCHS
    assert max(sizes) < disk_bytes(run)


def test_whoever_asked_is_told_of_every_published_snapshot(pictures, tmp_path):
    told = []
    train(
        config_of("report", pictures, tmp_path),
        on_save=lambda folder: told.append((folder, load_generator(folder).z_dim, len(list_epochs(folder, SAMPLES)))),
    )
    assert told == [(tmp_path, 100, epoch) for epoch in range(1, EPOCHS + 1)]


def test_a_checkpoint_is_continued_with_its_own_weights(pictures, straight, tmp_path):
    checkpoint = straight("relativistic")
    run = train(config_of("relativistic", pictures, tmp_path, init_from=str(checkpoint)), stop=stop_after(0))
    ours, theirs = run.trainer.generator.state_dict(), load_generator(checkpoint).state_dict()
    assert comparable(ours) == comparable(theirs) == comparable(run.trainer.ema_generator.state_dict())
    theirs = load_discriminator(checkpoint).state_dict()
    assert comparable(run.trainer.discriminator.state_dict()) == comparable(theirs)
    assert run.trainer.images_seen == 0


def test_a_run_that_began_from_a_checkpoint_goes_on_without_it(pictures, straight, tmp_path):
    shutil.copytree(straight("report"), tmp_path / "checkpoint")
    config = config_of("report", pictures, tmp_path / "run", init_from=str(tmp_path / "checkpoint"))
    train(config, stop=stop_after(1))
    shutil.rmtree(tmp_path / "checkpoint")
    assert train(config, stop=stop_after(1)).trainer.step == 2


@pytest.mark.parametrize("same", [True, False], ids=["of these pictures", "of others"])
def test_the_average_of_a_continued_checkpoint_goes_on_where_its_pictures_do(
    same, pictures, straight, tmp_path, monkeypatch
):
    mine = pictures if same else draw_pictures(tmp_path / "others", 40, seed=1)
    config = config_of("relativistic", mine, tmp_path / "run", init_from=str(straight("relativistic")), images=40)
    seen = []
    monkeypatch.setattr("gan.training.trainer.ema_decay", lambda batch, half_life, images: seen.append(images) or 0.5)
    train(config, stop=stop_after(1))
    run = train(config)
    assert seen == [EPOCHS * 40 * same + images for images in (16, 32, 40)]
    assert run.trainer.images_before == EPOCHS * 40


# --- another machine ---------------------------------------------------------------------------------------


def test_a_run_begun_on_a_gpu_goes_on_here_and_says_what_that_means(pictures, tmp_path, monkeypatch, capsys):
    config = config_of("relativistic", pictures, tmp_path)
    run = train(config, stop=stop_after(2))
    state = run.trainer.state_dict()
    monkeypatch.setattr(
        type(run.trainer), "state_dict", lambda self: {**state, "device": "cuda", "rng": torch.zeros(16).byte()}
    )
    run.save_state()
    monkeypatch.undo()
    capsys.readouterr()
    assert train(config).finished
    assert "so far on cuda: from here on with other random numbers" in capsys.readouterr().out


def test_with_another_number_of_processes_it_takes_the_threads_of_this_machine(pictures, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    config = config_of("relativistic", pictures, tmp_path)
    run = train(config, stop=stop_after(2))
    state = run.trainer.state_dict()
    monkeypatch.setattr(type(run.trainer), "state_dict", lambda self: {**state, "rng": state["rng"].repeat(4, 1)})
    run.save_state()
    monkeypatch.undo()
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    torch.set_num_threads(2)
    assert train(config).finished and torch.get_num_threads() == 2
    assert "so far in 4 processes, now in 1" in capsys.readouterr().out


def test_in_another_precision_it_goes_on_and_says_so(pictures, tmp_path, capsys):
    config = config_of("relativistic", pictures, tmp_path, precision="fp32")
    train(config, stop=stop_after(2))
    train(replace(config, precision="bf16"), stop=stop_after(1))
    assert ", so far in fp32, from here on in bf16\n" in capsys.readouterr().out


def test_a_state_between_epochs_leaves_the_time_of_the_last_one(pictures, tmp_path):
    run = train(config_of("relativistic", pictures, tmp_path), stop=stop_after(STEPS))
    os.utime(tmp_path / "history.jsonl", (1, 1))
    run.save_state()
    assert (tmp_path / "history.jsonl").stat().st_mtime == 1
    run.history.append(run.history[-1] | {"epoch": 2})
    run.save_state()
    assert (tmp_path / "history.jsonl").stat().st_mtime > 1


def test_a_state_that_cannot_be_read_counts_as_damaged(pictures, tmp_path, capsys):
    config = config_of("relativistic", pictures, tmp_path)
    train(config, stop=stop_after(2))
    (tmp_path / "states" / "images-000000999999-0123456789abcdef.pt").mkdir()
    capsys.readouterr()
    assert train(config, stop=stop_after(1)).trainer.images_seen == 40
    assert "cannot be read" in capsys.readouterr().out
