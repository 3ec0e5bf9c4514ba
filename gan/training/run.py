"""A run: its place in the schedule, its history and its training state. gan.training.loop drives it."""

import math
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan.checkpoints import (
    DISCRIMINATOR_FILE,
    GENERATOR_FILE,
    STATES_KEPT,
    load_state,
    save_state,
)
from gan.config import TrainConfig
from gan.data.scan import Pictures
from gan.errors import UserError, quoted
from gan.folder import (
    HISTORY_FILE,
    SAMPLES,
    SNAPSHOTS,
    write_history,
    write_iterations,
)
from gan.images import from_uint8
from gan.training import distributed
from gan.training.batches import Batches, rows_in_order
from gan.training.iterations import Iterations
from gan.training.misfit import fault_of
from gan.training.signs import Memory
from gan.training.trainer import Trainer, train_step

STATES, GOOD_STATES = "states", "good"
LEARNED = (GENERATOR_FILE, DISCRIMINATOR_FILE, HISTORY_FILE, SAMPLES, SNAPSHOTS)
UNANNEALED_STATES = "unannealed"  # the state before the learning rate falls: a larger budget goes on from there


class Collapse(UserError):
    """The run cannot go on like this; `reason` says why in half a sentence."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Run:
    """A training run in progress; `where` says where its folder is now, `trainer` holds what it learns."""

    def __init__(
        self,
        config: TrainConfig,
        pictures: Pictures,
        trainer: Trainer,
        where: Callable[[], Path],
        held_out: Tensor,
    ) -> None:
        """Train on the pictures; those held out, (M, 3, S, S) uint8, are shown in the sample grids alone."""
        self.config, self.trainer, self._where, self.held_out = config, trainer, where, held_out
        self.count, self.fingerprint, self._earlier = len(pictures.images), pictures.fingerprint, pictures.earlier
        self._source = f"{pictures.report.used:,} of {pictures.report.source}"
        images = trainer.task.prepared(pictures.images, pictures.order)
        self.batches = Batches(images, config.batch_size, config.seed, config.flip, trainer.device)
        self._found_order = pictures.order
        self._take_order(distributed.by_first(lambda: pictures.order))
        self.budget = config.budget(self.count)
        self.epochs = config.epochs_in_all(self.count)
        self.history: list[dict[str, Any]] = []
        self.iterations = Iterations()
        self.guard = Memory()
        self.seconds = 0.0  # of training in all sessions
        self.described: dict[str, Any] = {}  # config.json
        self._clock: float | None = None  # stopped
        self.saved_at = time.monotonic()  # when the training state was last written
        self._begin_epoch(0)

    def _begin_epoch(self, number: int) -> None:
        wide = torch.float32 if self.trainer.device.type == "mps" else torch.float64  # Metal has no float64
        self.number, self.batch, self.epoch_seconds = number, 0, 0.0  # epochs count from 0
        self.sums = torch.zeros(len(self.trainer.statistics), dtype=wide, device=self.trainer.device)

    def _take_order(self, order: Tensor) -> None:
        """Go through the pictures in this order, whatever they are called here and now."""
        self.order, self.rows = order, rows_in_order(self._found_order, order)
        self.batches.arrange(self.rows)

    @property
    def folder(self) -> Path:
        """Its folder, which may be renamed while the run goes on."""
        return self._where()

    def shown(self, count: int) -> Tensor:
        """Return the first so many pictures held out, in [-1, 1] on the device; of those trained on, if none is."""
        if len(self.held_out) == 0:
            return self.batches.sample(count)
        return from_uint8(self.held_out[:count]).to(self.trainer.device)

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
        """Train on the next batch; return its statistics on the device: means over all processes."""
        self.trainer.anneal(self._annealed)
        real_images = self.batches.take(self.number, self.batch, self.trainer.rng)
        iteration = self.trainer.step
        statistics = distributed.mean(train_step(self.trainer, real_images, self.batches.size(self.batch)))
        self.sums += statistics
        self.batch += 1
        if self.iterations.due(iteration):
            self.iterations.add(iteration, *statistics[:2].tolist())
        return statistics

    def next_epoch(self) -> None:
        """Go on to the next epoch and, where a stage begins with it, to that stage."""
        self._begin_epoch(self.number + 1)
        self._begin_stage_if_due()

    def _begin_stage_if_due(self) -> None:
        stage, epochs_before, _ = self.config.stage_at(self.number, self.epochs)
        if epochs_before == 0 and self.batch == 0:
            self.trainer.annealed = min(self.trainer.annealed, self._annealed)  # appended, it has the rate it names
            self.trainer.begin_stage(stage)

    # --- the history ---

    def means(self) -> dict[str, float]:
        """Return the epoch's mean statistics so far; raise UserError where they are no longer numbers."""
        means = (self.sums / max(self.batch, 1)).tolist()
        if not all(map(math.isfinite, means)):
            self._raise_not_finite()
        return dict(zip(self.trainer.statistics, means, strict=True))

    def check_weights(self) -> None:
        """Raise UserError where a weight is no longer a finite number."""
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
        self._clock = None  # until the next step: grids, looks and the like are no training
        stage, epochs_before, _ = self.config.stage_at(self.number, self.epochs)
        images = min(self.batch * self.config.batch_size, self.count)
        begins = epochs_before == 0 and self.number > 0
        line = {
            "epoch": self.number + 1,
            "images_seen": self.trainer.images_seen,
            "iteration": self.trainer.step,
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
        """Add the time since the last lap to the epoch's and the run's, if the clock goes."""
        if self._clock is None:
            return
        now = time.perf_counter()
        self.epoch_seconds += now - self._clock
        self.seconds += now - self._clock
        self._clock = now

    def start_clock(self) -> None:
        """Begin to measure the time of training: what was done since the last lap is none of it."""
        self._clock = time.perf_counter()

    # --- the training state ---

    def save_state(self, into: str = STATES, kept: int = STATES_KEPT) -> None:
        """Write the training state, all that the rest of the run depends on; what is not finite is never saved."""
        self.means()
        self.check_weights()
        self._lap()
        self._write_state(self.folder / into, self.state(), kept)
        if into == STATES:
            self.saved_at = time.monotonic()

    @distributed.first_alone
    def _write_state(self, folder: Path, state: dict[str, Any], kept: int) -> None:
        save_state(folder, self.trainer.images_seen, state, kept)
        write_iterations(self.folder, self.iterations.lines)
        write_history(self.folder, self.history)  # second: what was learned never lies without a state

    def state(self) -> dict[str, Any]:
        """Return the training state as it is now; all processes ask for it together."""
        place = {"number": self.number, "batch": self.batch, "sums": self.sums.cpu()}
        times = {"seconds": self.seconds, "epoch_seconds": self.epoch_seconds}
        data = {"fingerprint": self.fingerprint, "order": self.order}
        machine = {"threads": torch.get_num_threads()}
        past = {"history": self.history, "iterations": self.iterations.state_dict(), "guard": asdict(self.guard)}
        return {**self.trainer.state_dict(), **place, **times, **data, **machine, **past}

    def saved_state(self, folder: str = STATES) -> tuple[dict[str, Any] | None, list[str]]:
        """Return the newest state in the folder that this run can take up, if any, and a sentence per other one."""
        example, learned = self.state(), self.trainer.parameters()

        def misfit(state: Any) -> str:
            fault = fault_of(state, example, learned)
            ours = not fault and state["fingerprint"] == self.fingerprint
            return "batch is none of an epoch" if ours and state["batch"] >= self.batches.batches_per_epoch else fault

        return distributed.by_first(lambda: load_state(self.folder / folder, misfit))

    @distributed.first_alone
    def forget_good_states(self) -> None:
        """Delete the states that the guard would go back to."""
        shutil.rmtree(self.folder / GOOD_STATES, ignore_errors=True)

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
                f"{self.folder}: this run was trained on other pictures than these {self._source}. "
                "Give the same --data, or a new --out."
            )
        if "order" in state and not _same_rows(state["order"], self._found_order):
            raise UserError(
                f"{self.folder}: this run kept other pictures from training, as names of files have changed since; "
                "give them the names that they had, or start a new run."
            )
        if "order" in state:  # of runs that began before it was kept, the names alone tell
            self._take_order(state["order"])
        if "OMP_NUM_THREADS" not in os.environ and self.trainer.goes_on_as(state):  # with another number, sums differ
            torch.set_num_threads(state["threads"])
        self.trainer.load_state_dict(state)
        self._begin_epoch(state["number"])
        self.trainer.stage, _, _ = self.config.stage_at(self.number, self.epochs)
        self.batch = state["batch"]
        earlier = state["sums"]  # terms that the task has got since come behind them
        self.sums[: len(earlier)] = earlier.to(self.sums)
        self.seconds, self.epoch_seconds = state["seconds"], state["epoch_seconds"]
        if "iterations" in state:  # of a run that began before they were kept, they begin here
            self.iterations.load_state_dict(state["iterations"])
        self.history, self.guard = state["history"], Memory(**state.get("guard", {"since": state["images_seen"]}))
        self._begin_stage_if_due()


def _same_rows(one: Tensor, other: Tensor) -> bool:
    """Whether both (N, 8) have the same rows, in whatever order."""
    return sorted(map(tuple, one.tolist())) == sorted(map(tuple, other.tolist()))
