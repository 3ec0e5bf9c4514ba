"""Two processes that train together: as one would by hand, alike in both, stopped, killed and resumed."""

import re
import signal
from pathlib import Path

import pytest
import torch
from conftest import ROOT, Launched
from test_loop import TRAIN, assert_equal_runs, leftovers, new_run, newest_state
from together import PICTURES, STEPPED, STEPS, numbered_pictures, run_config

import train
from gan.errors import UserError
from gan.folder import read_history
from gan.images import to_uint8
from gan.training import distributed
from gan.training.augment import augment
from gan.training.batches import Batches
from gan.training.device import choose_device
from gan.training.loop import train as train_run
from gan.training.losses import LOSSES, gradient_penalty
from gan.training.task import task_of

TOGETHER = ROOT / "tests" / "together.py"
RANKS = (0, 1)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def found(tmp_path_factory, pictures):
    """What each process found in together.check_all; the runs are in the folder."""
    folder = tmp_path_factory.mktemp("together")
    with Launched(folder, (TOGETHER, "check", pictures, folder)) as launched:
        result = launched.result()
    assert result.status == 0, result.err
    return folder, [torch.load(folder / f"rank-{rank}.pt") for rank in RANKS]


# --- a step ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STEPPED)
def test_both_have_equal_weights_and_statistics_after_every_step(name, found):
    for first, second in zip(*(results["steps"][name] for results in found[1]), strict=True):
        assert [key for key, value in first["after"].items() if not torch.equal(value, second["after"][key])] == []
        assert first["after"].keys() == second["after"].keys()
        assert torch.equal(first["statistics"], second["statistics"])
        assert any(not torch.equal(value, first["before"][key]) for key, value in first["after"].items())


@pytest.mark.parametrize("name", STEPPED)
def test_they_share_out_the_batches_of_one_process(name, found):
    alone = Batches(numbered_pictures(), 8, STEPPED[name].seed, False, torch.device("cpu"))
    for step in range(STEPS):
        epoch, index = divmod(step, alone.batches_per_epoch)
        whole = numbers(alone.take(epoch, index, torch.Generator()))
        shares = [numbers(results["steps"][name][step]["real_images"]) for results in found[1]]
        assert set(shares[0] + shares[1]) == set(whole)
        assert len(shares[0]) == len(shares[1]) == -(-len(whole) // 2)
        seen = sum(alone.size(number % alone.batches_per_epoch) for number in range(step + 1))
        assert {results["steps"][name][step]["images_seen"] for results in found[1]} == {seen}
    assert alone.batches_per_epoch * 8 > PICTURES  # so that the last batch was one that does not divide


def numbers(images):
    """Return the numbers that numbered_pictures wrote into the pictures."""
    return to_uint8(images)[:, 0, 0, 0].tolist()


@pytest.mark.parametrize("name", STEPPED)
def test_each_has_random_numbers_of_its_own(name, found):
    first, second = (results["steps"][name][0]["rng"] for results in found[1])
    drawn = [torch.rand(4, generator=torch.Generator().set_state(state)) for state in (first, second)]
    assert not torch.equal(*drawn)


@pytest.mark.parametrize("name", STEPPED)
def test_a_step_is_that_of_the_mean_of_both_shares_gradients(name, found):
    """The reference, in one process, works each share out by itself and averages the gradients by hand."""
    config, steps = STEPPED[name], [results["steps"][name] for results in found[1]]
    torch.manual_seed(config.seed)
    generator, discriminator = task_of(config).new_networks()
    settings = {"lr": config.stages[0].lr, "betas": (config.stages[0].beta1, 0.999)}
    optimizer_g = torch.optim.Adam(generator.parameters(), **settings)
    optimizer_d = torch.optim.Adam(discriminator.parameters(), **settings)
    for number, taken in enumerate(zip(*steps, strict=True)):
        rngs = [torch.Generator().set_state(step["rng"]) for step in taken]
        reals = [step["real_images"] for step in taken]
        fakes, d_gradients, g_gradients, real_logits = [], [], [], []
        for real, rng in zip(reals, rngs, strict=True):
            fake = generator(torch.randn(len(real), config.z_dim, generator=rng))
            shown_real = augment(real, config.augment, rng).requires_grad_()
            shown_fake = augment(fake.detach(), config.augment, rng).requires_grad_()
            logits = discriminator(shown_real), discriminator(shown_fake)
            objective = LOSSES[config.loss].discriminator(*logits)
            if config.r1_gamma and number % config.penalty_every == 0:
                penalties = gradient_penalty(shown_real, logits[0]) + gradient_penalty(shown_fake, logits[1])
                objective = objective + config.r1_gamma * config.penalty_every * penalties
            d_gradients.append(torch.autograd.grad(objective, list(discriminator.parameters())))
            fakes.append(fake)
            real_logits.append(logits[0].detach())
        step_by_mean(optimizer_d, discriminator, d_gradients)
        for fake, logits, rng in zip(fakes, real_logits, rngs, strict=True):
            fake_logits = discriminator(augment(fake, config.augment, rng))
            loss = LOSSES[config.loss].generator(logits, fake_logits)
            g_gradients.append(torch.autograd.grad(loss, list(generator.parameters())))
        step_by_mean(optimizer_g, generator, g_gradients)
        for prefix, network in (("g", generator), ("d", discriminator)):
            for key, value in network.named_parameters():
                torch.testing.assert_close(taken[1]["after"][f"{prefix}.{key}"], value.detach(), atol=1e-6, rtol=0)


def step_by_mean(optimizer, network, gradients):
    for parameter, *shares in zip(network.parameters(), *gradients, strict=True):
        parameter.grad = torch.stack(shares).mean(dim=0)
    optimizer.step()


# --- shares ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [2, 3, 5])
@pytest.mark.parametrize("length", [1, 2, 6, 7])
def test_no_share_is_empty_and_none_is_larger_than_another(processes, length, monkeypatch):
    rows, shares = torch.arange(length) + 10, []
    monkeypatch.setattr(distributed, "count", lambda: processes)
    for rank in range(processes):
        monkeypatch.setattr(distributed, "rank", lambda rank=rank: rank)
        shares.append(distributed.own_share(rows).tolist())
    assert {len(share) for share in shares} == {-(-length // processes)}
    assert {row for share in shares for row in share} == set(rows.tolist())


def test_a_batch_smaller_than_the_number_of_processes_is_refused(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(distributed, "count", lambda: 20)
    monkeypatch.setattr(distributed, "by_first", lambda action: action())
    with pytest.raises(UserError, match="--batch-size 16 is shared out among 20 processes"):
        train_run(run_config(str(pictures), tmp_path / "run"))


# --- a run -------------------------------------------------------------------------------------------------


def test_the_first_process_alone_writes(found):
    first, second = (results["writes"] for results in found[1])
    assert first and second == []


def test_a_stop_that_one_process_asks_for_ends_both_at_the_same_step(found):
    assert [results["stopped at"] for results in found[1]] == [4, 4]


def test_a_run_that_was_stopped_and_resumed_ends_like_one_that_ran_through(found):
    assert_equal_runs(found[0] / "stopped", found[0] / "straight")
    assert len(newest_state(found[0] / "straight")["rng"]) == 2


def test_the_guard_of_the_first_process_decides_for_both(found):
    folder, (first, second) = found[0], [results["guarded"] for results in found[1]]
    assert first["softenings"] == second["softenings"] == 1
    assert first["images_seen"] == second["images_seen"] == 200
    assert [key for key, value in first["weights"].items() if not torch.equal(value, second["weights"][key])] == []
    assert any("rolled back from epoch 3" in (line["event"] or "") for line in read_history(folder / "guarded"))


def test_losses_of_one_process_that_are_no_numbers_end_both_in_the_same_words(found):
    first, second = (results["poisoned"] for results in found[1])
    assert first == second
    assert re.search(r"no longer finite \(epoch 1, 40 pictures seen\)", first)


@pytest.mark.filterwarnings("ignore")
def test_with_another_number_of_processes_it_goes_on_and_says_what_that_means(found, pictures, capsys):
    config = run_config(str(pictures), found[0] / "guarded", images=240)
    assert train_run(config).finished
    assert "so far in 2 processes, now in 1: from here on with other random numbers" in capsys.readouterr().out
    assert newest_state(found[0] / "guarded")["rng"].dim() == 1


# --- train.py under torchrun -------------------------------------------------------------------------------


TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", 2, "--monitor-interval", 0.1)


def test_a_killed_process_is_started_again_and_the_run_finishes(pictures, tmp_path, launch):
    out = tmp_path / "run"
    with launch(TOGETHER, "die-once", *new_run(pictures, out), "--epochs", 2) as launched:
        result = launched.result()
    assert result.status == 0, result.err
    assert result.out.count("resuming at 56 pictures seen") == 1
    assert result.out.count("done: 80 pictures seen") == 1
    assert newest_state(out)["images_seen"] == 80
    assert [line["epoch"] for line in read_history(out)] == [1, 2]


def test_a_signal_to_torchrun_saves_the_run_and_ends_both_processes(pictures, tmp_path, launch):
    out = tmp_path / "run"
    with launch(*TORCHRUN, TRAIN, *new_run(pictures, out), "--epochs", 100_000) as launched:
        launched.wait_for("[16/100000][0/3]")
        children = Path(f"/proc/{launched.process.pid}/task/{launched.process.pid}/children").read_text().split()
        launched.send(signal.SIGTERM)
        result = launched.result()
    state = newest_state(out)
    assert result.out.splitlines()[-1].endswith(f"Go on with: torchrun ... train.py --resume {out}")
    assert result.out.count(f"stopped at {state['images_seen']:,} pictures seen") == 1
    assert result.err.count("stopping: saving the run first") == 1
    assert (state["images_seen"] > 40, len(state["rng"]), leftovers(out)) == (True, 2, [])
    assert len(children) == 2 and not any(Path("/proc", pid).exists() for pid in children)


def test_a_used_folder_is_taken_up_after_a_restart_of_the_same_command_alone(pictures, tmp_path, cli, monkeypatch):
    command = [*new_run(pictures, tmp_path / "run"), "--epochs", 1]
    assert cli(*command).status == 0
    assert "holds a run already" in cli(*command).err
    monkeypatch.setattr(train, "RESTARTS", 1)
    assert "has spent its budget" in cli(*command).out
    assert "holds a run already" in cli(*command, "--seed", 1).err


def test_several_processes_pass_over_metal(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto").type == choose_device("mps").type == "mps"
    monkeypatch.setattr("gan.training.distributed.count", lambda: 2)
    assert choose_device("auto").type == "cpu"
    with pytest.raises(UserError, match="--device mps serves one process"):
        choose_device("mps")
