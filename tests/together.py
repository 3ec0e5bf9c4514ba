"""What test_distributed runs in two processes: not pytest itself, but a verb and its arguments."""

import importlib
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
import torch._dynamo  # the first step of Adam would import it
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

import gan.terminal.stopping
import gan.training.loop
import gan.training.run
import train
from gan.config import TrainConfig, recipe_config
from gan.training import distributed, signs
from gan.training.batches import Batches
from gan.training.guard import Guard
from gan.training.loop import train as train_run
from gan.training.run import Collapse
from gan.training.trainer import Trainer, train_step

SIZES = {"image_size": 32, "base_channels": 4, "batch_size": 8, "device": "cpu", "precision": "fp32"}
STEPPED = {
    "report": recipe_config("pokemon-report", **SIZES),
    "relativistic": recipe_config("folder", **SIZES, penalty_every=2, r1_gamma=2.0),
}
PICTURES = 19  # batches of 8, 8 and 3
STEPS = 5

gan.training.loop.write_chart = lambda folder: None


def parameters(trainer: Trainer) -> dict[str, torch.Tensor]:
    networks = {"g": trainer.generator, "d": trainer.discriminator, "ema": trainer.ema_generator}
    return {
        f"{name}.{key}": value.detach().clone()
        for name, network in networks.items()
        if network
        for key, value in network.named_parameters()
    }


def numbered_pictures() -> torch.Tensor:
    """(19, 3, 32, 32): noise, the first two rows of a picture being of its number's colour."""
    images = torch.randint(0, 256, (PICTURES, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    images[:, :, :2] = torch.arange(PICTURES, dtype=torch.uint8)[:, None, None, None]
    return images


def take_steps(config: TrainConfig) -> list[dict]:
    """Train some steps; return of each what went in and what came out."""
    trainer = Trainer(config, torch.device("cpu"), "fp32")
    batches = Batches(numbered_pictures(), config.batch_size, config.seed, config.flip, trainer.device)
    steps = []
    for step in range(STEPS):
        epoch, index = divmod(step, batches.batches_per_epoch)
        real_images, before = batches.take(epoch, index, trainer.rng), parameters(trainer)
        rng = trainer.rng.get_state()
        statistics = distributed.mean(train_step(trainer, real_images, batches.size(index)))
        after, seen = parameters(trainer), trainer.images_seen
        taken = {"real_images": real_images, "rng": rng, "statistics": statistics, "images_seen": seen}
        steps.append({**taken, "before": before, "after": after})
    return steps


def run_config(data: str, out: Path, **changes) -> TrainConfig:
    return recipe_config("folder", **{**SIZES, "batch_size": 16, "images": 160, **changes}, data=data, out=str(out))


def stop_here_after(steps: int, rank: int):
    """Return a `stop` that one process alone asks for."""
    calls = iter(range(10**9))
    return lambda: next(calls) >= steps and distributed.rank() == rank


def guarded_run(config: TrainConfig) -> dict:
    """Train under a guard that sees a collapse in epochs 2 and 3, in the first process alone."""
    look, signs.WINDOW_IMAGES, looks = Guard._look, 40, iter(range(1, 100))
    signs.LEAST_OF_BEST, signs.MOST_DRIFT = 0, 1e6  # what so small a run does by itself is no collapse
    bad = signs.Seen(spread=0.0, drift=9.0, gap=1.0, saturation=1.0)
    Guard._look = distributed.first_alone(lambda self: bad if next(looks) in (2, 3) else look.__wrapped__(self))
    run = train_run(config)
    Guard._look = look
    return {
        "softenings": run.trainer.softenings,
        "images_seen": run.trainer.images_seen,
        "weights": parameters(run.trainer),
    }


def poisoned_run(config: TrainConfig) -> str:
    """Let one process's losses be no numbers from the third step on; return the words that the run ends with."""

    def poisoned(trainer: Trainer, *batch) -> torch.Tensor:
        statistics = train_step(trainer, *batch)
        return statistics * float("nan") if trainer.step == 3 and distributed.rank() == 1 else statistics

    gan.training.run.train_step = poisoned
    try:
        train_run(config)
    except Collapse as collapse:
        return str(collapse)
    finally:
        gan.training.run.train_step = train_step
    return ""


def check_all(data: str, out: str) -> None:
    """Try everything that needs several processes, and leave what came of it in a file for each."""
    folder, found, writes = Path(out), {}, []
    watching = True

    def watch(event: str, arguments: tuple) -> None:
        changing = event in ("os.mkdir", "os.rename", "os.remove") or (
            event == "open" and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        )
        if watching and changing and str(arguments[0]).startswith(str(folder)):
            writes.append((event, str(arguments[0])))

    sys.addaudithook(watch)
    with distributed.joined():
        found["steps"] = {name: take_steps(config) for name, config in STEPPED.items()}
        train_run(run_config(data, folder / "straight"))
        stopped = run_config(data, folder / "stopped")
        found["stopped at"] = train_run(stopped, stop=stop_here_after(4, rank=1)).trainer.step
        train_run(stopped)
        found["guarded"] = guarded_run(run_config(data, folder / "guarded", guard="rollback", images=200))
        found["poisoned"] = poisoned_run(run_config(data, folder / "poisoned"))
        watching = False
        found["writes"] = writes
        torch.save(found, folder / f"rank-{distributed.rank()}.pt")


def die_once(*arguments: str) -> None:
    """Be torchrun's train.py that saves after every step; in its first life the second process dies at the fifth."""
    # Which process it is, and in which life, these read when they are imported.
    for module in (gan.terminal.stopping, train):
        importlib.reload(module)
    gan.training.loop.SAVE_SECONDS = -1

    def deadly(trainer: Trainer, *batch) -> torch.Tensor:
        if trainer.step == 4 and train.RANK == 1 and not train.RESTARTS:
            os.kill(os.getpid(), signal.SIGKILL)
        return train_step(trainer, *batch)

    gan.training.run.train_step = deadly
    assert train.main(list(arguments)) == 0


VERBS = {"check": (check_all, 0), "die-once": (die_once, 1)}  # and how often they may be started again


def fork_two(verb: str, *arguments: str) -> None:
    """Run a verb in two processes forked here, where all is imported: torchrun would have each import it anew."""
    run, restarts = VERBS[verb]
    launch = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=2,
        run_id="together",
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=restarts,
        monitor_interval=0.1,
        start_method="fork",
    )
    elastic_launch(launch, run)(*arguments)


if __name__ == "__main__":
    fork_two(*sys.argv[1:])
