"""A run: its place in the schedule, and everything its folder holds. The loop that drives it is in training."""

import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan.checkpoints import (
    CONFIG_FILE,
    DISCRIMINATOR_FILE,
    GENERATOR_FILE,
    STATES_KEPT,
    load_state,
    parameter_count,
    read_described,
    save_network,
    save_state,
)
from gan.config import TrainConfig
from gan.data.scan import SPILL_BYTES, Pictures
from gan.errors import UserError, quoted
from gan.files import write_json
from gan.folder import (
    HISTORY_FILE,
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
    write_grid,
    write_history,
    write_metrics,
)
from gan.images import GRID_BYTES, from_uint8
from gan.latent import sample_z
from gan.training import distributed
from gan.training.batches import Batches, rows_in_order
from gan.training.ema import with_fresh_statistics
from gan.training.misfit import fault_of
from gan.training.signs import Memory
from gan.training.trainer import STATISTICS, Trainer, train_step

STATES, GOOD_STATES = "states", "good"
LEARNED = (GENERATOR_FILE, DISCRIMINATOR_FILE, HISTORY_FILE, SAMPLES, SNAPSHOTS)
UNANNEALED_STATES = "unannealed"  # the state before the learning rate falls: a larger budget goes on from there
RECORD_BYTES = 2_000_000  # room for the history, the chart and config.json
GRID_SEEDS = range(64)  # the latents of every sample grid
STATISTICS_SEEDS = range(10_000, 10_512)  # the latents that BatchNorm statistics are measured on


class Collapse(UserError):
    """The run cannot go on like this; `reason` says why in half a sentence."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Run:
    """A training run in progress; `where` says where its folder is now, `trainer` holds what it learns."""

    def __init__(self, config: TrainConfig, pictures: Pictures, trainer: Trainer, where: Callable[[], Path]) -> None:
        self.config, self.trainer, self._where = config, trainer, where
        self.count, self.fingerprint, self._earlier = len(pictures.images), pictures.fingerprint, pictures.earlier
        self._source = pictures.report.source
        self.batches = Batches(pictures.images, config.batch_size, config.seed, config.flip, trainer.device)
        self._found_order = pictures.order
        self._take_order(distributed.by_first(lambda: pictures.order))
        self.budget = config.budget(self.count)
        self.epochs = math.ceil(self.budget / self.count)
        self.history: list[dict[str, Any]] = []
        self.guard = Memory()
        self.seconds = 0.0  # of training in all sessions
        self._described: dict[str, Any] = {}  # config.json
        self._clock = time.perf_counter()
        self._begin_epoch(0)

    def _begin_epoch(self, number: int) -> None:
        wide = torch.float32 if self.trainer.device.type == "mps" else torch.float64  # Metal has no float64
        self.number, self.batch, self.epoch_seconds = number, 0, 0.0  # epochs count from 0
        self.sums = torch.zeros(len(STATISTICS), dtype=wide, device=self.trainer.device)

    def _take_order(self, order: Tensor) -> None:
        """Go through the pictures in this order, whatever they are called here and now."""
        self.order, self._rows = order, rows_in_order(self._found_order, order)
        self.batches.arrange(self._rows)

    @property
    def folder(self) -> Path:
        """Its folder, which may be renamed while the run goes on."""
        return self._where()

    # --- the schedule ---

    @property
    def finished(self) -> bool:
        """Whether the budget is spent."""
        return self.trainer.images_seen >= self.budget

    @property
    def epoch_complete(self) -> bool:
        """Whether every batch of the epoch was seen."""
        return self.batch == self.batches.batches_per_epoch

    @property
    def _annealed(self) -> float:
        return self.config.annealed(self.trainer.images_seen, self.count)

    @property
    def annealing_begins(self) -> bool:
        """Whether the learning rate falls from the next batch on."""
        return self.trainer.annealed == 0 < self._annealed

    @property
    def shown_epoch(self) -> int:
        """The number, from 1, of the epoch that was last trained on."""
        return self.number + (self.batch > 0)

    def advance(self) -> Tensor:
        """Train on the next batch; return its STATISTICS, (5,), on the device: means over all processes."""
        self.trainer.anneal(self._annealed)
        real_images = self.batches.take(self.number, self.batch, self.trainer.rng)
        statistics = distributed.mean(train_step(self.trainer, real_images, self.batches.size(self.batch)))
        self.sums += statistics
        self.batch += 1
        return statistics

    def next_epoch(self) -> None:
        """Go on to the next epoch and, where a stage begins with it, to that stage."""
        self._begin_epoch(self.number + 1)
        self._begin_stage_if_due()

    def _begin_stage_if_due(self) -> None:
        stage, epochs_before, _ = self.config.stage_at(self.number, self.epochs)
        if epochs_before == 0 and self.batch == 0 and self.number > 0:
            self.trainer.begin_stage(stage)

    # --- what people read ---

    def log_line(self, statistics: Tensor) -> str:
        """Return the reports' line for the batch just trained on."""
        _, epoch, epochs = self.config.stage_at(self.number, self.epochs)
        loss_d, loss_g, d_real, d_fake_before, d_fake_after = statistics.tolist()
        return (
            f"[{epoch}/{epochs}][{self.batch - 1}/{self.batches.batches_per_epoch}] "
            f"Loss_D: {loss_d:.4f} Loss_G: {loss_g:.4f} "
            f"D(x): {d_real:.4f} D(G(z)): {d_fake_before:.4f} / {d_fake_after:.4f}"
        )

    def means(self) -> dict[str, float]:
        """Return the epoch's mean STATISTICS so far; raise UserError where they are no longer numbers."""
        means = (self.sums / max(self.batch, 1)).tolist()
        if not all(map(math.isfinite, means)):
            self._raise_not_finite()
        return dict(zip(STATISTICS, means, strict=True))

    def _check_weights(self) -> None:
        if not self.trainer.finite():
            self._raise_not_finite()

    def _raise_not_finite(self) -> None:
        raise Collapse(
            "the losses were no longer finite",
            f"{self.folder}: the losses are no longer finite (epoch {self.number + 1}, "
            f"{self.trainer.images_seen:,} pictures seen). The last good state is kept in {self.folder / STATES}; "
            "start a new run with a lower --lr, or continue a checkpoint with --init-from.",
        )

    def record_epoch(self) -> None:
        """Add the epoch's line to the history, as far as the epoch went."""
        means = self.means()
        self._lap()
        stage, epochs_before, _ = self.config.stage_at(self.number, self.epochs)
        images = min(self.batch * self.config.batch_size, self.count)
        begins = epochs_before == 0 and self.number > 0
        line = {
            "epoch": self.number + 1,
            "images_seen": self.trainer.images_seen,
            "images_per_second": round(images / self.epoch_seconds, 1),
            **{name: round(value, 5) for name, value in means.items()},
            "lr": self.trainer.lr,
            "beta1": stage.beta1,
            "event": f"stage: lr {self.trainer.lr:g}, beta1 {stage.beta1:g}" if begins else None,
        }
        if self.history and self.history[-1]["epoch"] == line["epoch"]:
            self.history.pop()  # of the same epoch, when the run was stopped in it
        self.history.append(line)

    def mark(self, event: str) -> None:
        """Add an event to the last epoch's line of the history."""
        line = self.history[-1]
        line["event"] = f"{line['event']}; {event}" if line["event"] else event

    def _lap(self) -> None:
        """Add the time since the last lap to the epoch's and the run's."""
        now = time.perf_counter()
        self.epoch_seconds += now - self._clock
        self.seconds += now - self._clock
        self._clock = now

    def start_clock(self) -> None:
        """Leave what was done since the last lap, such as writing grids, out of the time of training."""
        self._clock = time.perf_counter()

    # --- what goes to the disk ---

    def due(self, limit: int) -> bool:
        """Whether a run of this length that keeps so many epochs keeps the one last trained on."""
        return self.shown_epoch in kept_epochs(self.epochs, limit)

    def publish(self) -> None:
        """Write what others load and see: history, both networks, config.json, the epoch's grid and snapshot."""
        self._check_weights()
        distributed.by_first(self._write_published)

    @torch.inference_mode()
    def _write_published(self) -> None:
        write_history(self.folder, self.history)
        device, z_dim = self.trainer.device, self.config.z_dim
        generator = with_fresh_statistics(self.trainer.shown_generator, sample_z(STATISTICS_SEEDS, z_dim).to(device))
        for kind, limit in (
            (SAMPLES, MAX_SAMPLES),
            (SNAPSHOTS, MAX_SNAPSHOTS),
        ):
            keep = kept_epochs(max(self.epochs, self.shown_epoch), limit)
            prune_epochs(self.folder, kind, keep)
        grid = epoch_file(self.folder, SAMPLES, self.shown_epoch)
        write_grid(grid, generator(sample_z(GRID_SEEDS, z_dim).to(device)))
        if self.due(MAX_SNAPSHOTS):
            save_network(epoch_file(self.folder, SNAPSHOTS, self.shown_epoch), generator)
        save_network(self.folder / GENERATOR_FILE, generator)
        save_network(self.folder / DISCRIMINATOR_FILE, self.trainer.discriminator)
        self.describe(epoch=self.shown_epoch, images_seen=self.trainer.images_seen, seconds=round(self.seconds))

    def describe(self, **facts: Any) -> None:
        """Add facts to the run's config.json, or begin it with them."""
        self._described = {**(self._described or read_described(self.folder)), **facts}
        write_json(self.folder / CONFIG_FILE, self._described)  # whole, as the folder may be another now

    def write_reals(self, pictures: Pictures) -> None:
        """Write a grid of the first 64 training pictures; it stays on this machine."""
        write_grid(self.folder / REALS_FILE, from_uint8(pictures.images[self._rows[:64]]))

    def save_state(self, into: str = STATES, kept: int = STATES_KEPT) -> None:
        """Write the training state, all that the rest of the run depends on; what is not finite is never saved."""
        self.means()
        self._check_weights()
        self._lap()
        state = self.state()

        def write() -> None:
            save_state(self.folder / into, self.trainer.images_seen, state, kept)
            write_history(self.folder, self.history)  # second: what was learned never lies without a state

        distributed.by_first(write)

    def state(self) -> dict[str, Any]:
        """Return the training state as it is now; all processes ask for it together."""
        place = {"number": self.number, "batch": self.batch, "sums": self.sums.cpu()}
        times = {"seconds": self.seconds, "epoch_seconds": self.epoch_seconds}
        data = {"fingerprint": self.fingerprint, "order": self.order}
        machine = {"threads": torch.get_num_threads()}
        past = {"history": self.history, "guard": asdict(self.guard)}
        return {**self.trainer.state_dict(), **place, **times, **data, **machine, **past}

    def saved_state(self, folder: str = STATES) -> tuple[dict[str, Any] | None, list[str]]:
        """Return the newest state in the folder that this run can take up, if any, and a sentence per other one."""
        example, learned = self.state(), self.trainer.parameters()

        def misfit(state: Any) -> str:
            fault = fault_of(state, example, learned)
            ours = not fault and state["fingerprint"] == self.fingerprint
            return "batch is none of an epoch" if ours and state["batch"] >= self.batches.batches_per_epoch else fault

        return distributed.by_first(lambda: load_state(self.folder / folder, misfit))

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up a training state; one made from other pictures, or from these read otherwise, raises UserError."""
        if state["fingerprint"] == self._earlier != self.fingerprint:
            raise UserError(
                f"{self.folder}: this run began when colour profiles, 12-bit greys and blank pictures were not told "
                "from others; these pictures are read otherwise now, so it cannot go on as it began. Start a new run "
                f"with --init-from {quoted(self.folder)} --out NEW."
            )
        if state["fingerprint"] != self.fingerprint:
            raise UserError(
                f"{self.folder}: this run was trained on other pictures than these {self.count:,} of {self._source}. "
                "Give the same --data, or a new --out."
            )
        if "order" in state:  # of runs that began before it was kept, the names alone tell
            self._take_order(state["order"])
        if "OMP_NUM_THREADS" not in os.environ:  # with another number, sums differ in their last bit
            torch.set_num_threads(state["threads"])
        self.trainer.load_state_dict(state)
        self._begin_epoch(state["number"])
        self.trainer.stage, _, _ = self.config.stage_at(self.number, self.epochs)
        self.batch, self.sums = state["batch"], state["sums"].to(self.sums)
        self.seconds, self.epoch_seconds = state["seconds"], state["epoch_seconds"]
        self.history, self.guard = state["history"], Memory(**state.get("guard", {"since": state["images_seen"]}))
        self._begin_stage_if_due()

    def drop_later_epochs(self) -> None:
        """Delete the grids, snapshots and measurements of epochs that training went back behind."""
        distributed.by_first(self._drop_later_epochs)

    def _drop_later_epochs(self) -> None:
        for kind in (SAMPLES, SNAPSHOTS):
            earlier = {number for number in list_epochs(self.folder, kind) if number <= self.shown_epoch}
            prune_epochs(self.folder, kind, earlier)
        measured = read_metrics(self.folder)
        if measured:
            kept = [line for line in measured if line.get("epoch", 0) <= self.shown_epoch]
            write_metrics(self.folder, kept)

    def disk_bytes(self) -> int:
        """Return about how much the folder holds at its fullest."""
        weights_g, weights_d = (
            parameter_count(self.trainer.generator),
            parameter_count(self.trainer.discriminator),
        )
        state = 4 * (3 * (weights_g + weights_d) + (weights_g if self.trainer.ema_generator else 0))
        published = 2 * (weights_g * (2 + MAX_SNAPSHOTS) + weights_d)
        pictures = self.batches.nbytes * distributed.count() if self.batches.nbytes > SPILL_BYTES else 0
        states = STATES_KEPT + 1 + (self.config.guard == "rollback") + (self.config.anneal > 0)  # one half written
        return states * state + published + pictures + (MAX_SAMPLES + 2) * GRID_BYTES + RECORD_BYTES
