"""What a run writes for people and for others to load: log lines, grids, networks, config.json."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan.checkpoints import (
    CONFIG_FILE,
    DISCRIMINATOR_FILE,
    GENERATOR_FILE,
    STATES_KEPT,
    parameter_count,
    read_described,
    save_network,
)
from gan.data.scan import SPILL_BYTES, Pictures
from gan.files import write_json
from gan.folder import (
    GRIDS,
    LOG_FILE,
    MAX_SAMPLES,
    MAX_SNAPSHOTS,
    REALS_FILE,
    SAMPLES,
    SNAPSHOTS,
    epoch_file,
    kept_epochs,
    list_epochs,
    prune_epochs,
    read_metrics,
    write_figure,
    write_grid,
    write_history,
    write_iterations,
    write_metrics,
)
from gan.images import GRID_BYTES, from_uint8
from gan.terminal.console import Both, Unfailing
from gan.training.distributed import count, first_alone, rank
from gan.training.run import Run

SHOWN = 64  # pictures at most that a sample grid is made from
RECORD_BYTES = 2_000_000  # room for the history, the chart and config.json


@contextmanager
def logged(folder: Path) -> Iterator[None]:
    """Let all that is printed stand in the run's log.txt, too, line for line, one sitting after another."""
    if rank() > 0:
        yield
        return
    with open(folder / LOG_FILE, "a", encoding="utf-8") as file, redirect_stdout(Both(sys.stdout, Unfailing(file))):
        yield


def stage_line(run: Run) -> str:
    """Return what is said where a stage of several begins, "" elsewhere."""
    stage, epochs_before, _ = run.config.stage_at(run.number, run.epochs)
    stages = run.config.stages
    if len(stages) == 1 or epochs_before or run.batch or run.finished:
        return ""
    number = [one is stage for one in stages].index(True) + 1  # two may be alike
    return f"stage {number} of {len(stages)}: lr {run.trainer.lr:g}, beta1 {stage.beta1:g}"


def head_line(run: Run) -> str:
    """Return how D(x) and D(G(z)) in the log are to be read, where they are not what the reports' are; "" elsewhere."""
    if not run.trainer.loss.pairs:
        return ""
    return "D(x) and D(G(z)): this D compares pictures, so that only how far the two are apart tells, not 0.5 or 1"


def log_line(run: Run, statistics: Tensor) -> str:
    """Return the reports' line for the batch just trained on, with the terms of the task behind it."""
    _, epoch, epochs = run.config.stage_at(run.number, run.epochs)
    loss_d, loss_g, d_real, d_fake_before, d_fake_after, *terms = statistics.tolist()
    return (
        f"[{epoch}/{epochs}][{run.batch - 1}/{run.batches.batches_per_epoch}] "
        f"Loss_D: {loss_d:.4f} Loss_G: {loss_g:.4f} "
        f"D(x): {d_real:.4f} D(G(z)): {d_fake_before:.4f} / {d_fake_after:.4f}"
        + "".join(f" {name}: {value:.4f}" for name, value in zip(run.trainer.task.terms, terms, strict=True))
    )


def due(run: Run, limit: int) -> bool:
    """Return whether a run of this length that keeps so many epochs keeps the one last trained on."""
    return run.shown_epoch in kept_epochs(run.epochs, limit)


def publish(run: Run) -> None:
    """Write what others load and see: history, both networks, config.json, the epoch's grid and snapshot."""
    run.check_weights()
    _publish(run)


@first_alone
@torch.inference_mode()
def _publish(run: Run) -> None:
    write_iterations(run.folder, run.iterations.lines)
    write_history(run.folder, run.history)
    task, device = run.trainer.task, run.trainer.device
    generator = task.finished(run.trainer.shown_generator, device)
    for kind, limit in ((SAMPLES, MAX_SAMPLES), (GRIDS, MAX_SAMPLES), (SNAPSHOTS, MAX_SNAPSHOTS)):
        prune_epochs(run.folder, kind, kept_epochs(max(run.epochs, run.shown_epoch), limit))
    reals = run.shown(SHOWN)
    made = task.grid(generator, reals)
    for kind in (SAMPLES, GRIDS) if run.config.grid_format == "png" else (SAMPLES,):
        write_grid(epoch_file(run.folder, kind, run.shown_epoch), made, task.columns)
    write_figure(run.folder, reals, made, task.columns)
    if due(run, MAX_SNAPSHOTS):
        save_network(epoch_file(run.folder, SNAPSHOTS, run.shown_epoch), generator)
    save_network(run.folder / GENERATOR_FILE, generator)
    save_network(run.folder / DISCRIMINATOR_FILE, run.trainer.discriminator)
    describe(run, epoch=run.shown_epoch, images_seen=run.trainer.images_seen, seconds=round(run.seconds))


def describe(run: Run, **facts: Any) -> None:
    """Add facts to the run's config.json, or begin it with them."""
    run.described = {**(run.described or read_described(run.folder)), **facts}
    write_json(run.folder / CONFIG_FILE, run.described)  # whole, as the folder may be another now


def write_reals(run: Run, pictures: Pictures) -> None:
    """Write a grid of the first 64 pictures, of those held out where any are; it stays on this machine."""
    reals = run.held_out if len(run.held_out) else pictures.images[run.rows[:64]]
    write_grid(run.folder / REALS_FILE, from_uint8(reals[:64]))


@first_alone
def drop_later_epochs(run: Run) -> None:
    """Delete the grids, snapshots and measurements of epochs that training went back behind."""
    for kind in (SAMPLES, GRIDS, SNAPSHOTS):
        earlier = {number for number in list_epochs(run.folder, kind) if number <= run.shown_epoch}
        prune_epochs(run.folder, kind, earlier)
    measured = read_metrics(run.folder)
    if measured:
        write_metrics(run.folder, [line for line in measured if line.get("epoch", 0) <= run.shown_epoch])


def disk_bytes(run: Run) -> int:
    """Return about how much the folder holds at its fullest."""
    trainer, config = run.trainer, run.config
    weights_g, weights_d = parameter_count(trainer.generator), parameter_count(trainer.discriminator)
    state = 4 * (3 * (weights_g + weights_d) + (weights_g if trainer.ema_generator else 0))
    published = 2 * (weights_g * (2 + MAX_SNAPSHOTS) + weights_d)
    pictures = run.batches.nbytes * count() if run.batches.nbytes > SPILL_BYTES else 0
    states = [config.guard == "rollback", config.anneal > 0].count(True) + STATES_KEPT + 1  # one half written
    grid = SHOWN * 3 * config.picture_size**2  # as PNG, at most
    grids = grid * (2 + MAX_SAMPLES * (config.grid_format == "png"))  # with the figure
    return states * state + published + grids + pictures + (MAX_SAMPLES + 2) * GRID_BYTES + RECORD_BYTES
