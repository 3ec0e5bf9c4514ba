"""The guard at work on a run: it looks at every window, marks what is wrong, goes back to the last good state."""

import copy
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from gan.training import record, signs
from gan.training.distributed import first_alone
from gan.training.run import GOOD_STATES, Collapse, Run


class Guard:
    """Watches over one run, whose memory of it is in `run.guard`."""

    def __init__(self, run: Run) -> None:
        """Measure the real pictures, that the generated ones are held against."""
        self.run = run
        self.reals = run.batches.sample(run.trainer.task.looks)
        self.real_points = signs.features(self.reals)
        self.real_spread, self.real_saturation = signs.spread(self.real_points), signs.saturation(self.reals)
        if run.config.guard != "rollback":  # a state that is not kept up would one day be far too old to go back to
            run.forget_good_states()

    def look(self) -> None:
        """At the end of a window, write its signs into the history; after too many bad ones, act.

        Acting is a mark in the history, or raising Collapse where there is a good state to go back to. The first
        process looks for all, so that all act alike.
        """
        run = self.run
        if run.config.guard == "off":
            run.guard.since = run.trainer.images_seen  # should it be on later, its first window begins then
            return
        if not run.guard.window_complete(run.trainer.images_seen):
            return
        seen = self._look()
        told = {name: value if value is None else round(value, 4) for name, value in seen._asdict().items()}
        run.history[-1] |= told
        found = signs.complaints(run.guard, run.trainer.images_seen, *seen)
        act = run.guard.close_window(run.trainer.images_seen, seen.spread, seen.drift, bad=bool(found))
        if act and self._state_to_go_back_to():
            raise Collapse(" and ".join(found), f"{run.folder}: the training is collapsing")
        if act:
            self._warn(" and ".join(found))
        if not found and run.config.guard == "rollback":
            run.save_state(GOOD_STATES, kept=1)

    @first_alone
    def _look(self) -> signs.Seen:
        """Measure the window that ends here."""
        run = self.run
        window = [line for line in run.history if line["images_seen"] > run.guard.since]
        fakes = self._generated()
        varied, points = run.count >= run.trainer.task.varied_from, signs.features(fakes)
        return signs.Seen(
            spread=signs.spread(points) / max(self.real_spread, 1e-6) if varied else None,
            drift=signs.drift(self.real_points, points),
            gap=signs.gap(window, run.trainer.loss.pairs),
            saturation=signs.saturation(fakes) - self.real_saturation,
        )

    @torch.inference_mode()
    def _generated(self) -> Tensor:
        """Return pictures of the generator as it trains, (N, 3, H, W), without leaving a trace in it."""
        trainer = self.run.trainer
        return trainer.task.samples(copy.deepcopy(trainer.generator), self.reals)

    def _warn(self, reason: str) -> None:
        run = self.run
        run.mark(f"warning: {reason}")
        tqdm.write(f"guard, epoch {run.shown_epoch}: {reason}. {ADVICE[run.config.guard]}")

    def _state_to_go_back_to(self) -> dict[str, Any] | None:
        """Return the last good state; None where there is none, or going back is not wanted, or was no help so far."""
        run = self.run
        if run.config.guard != "rollback" or run.trainer.softenings >= signs.MOST_SOFTENINGS:
            return None
        return run.saved_state(GOOD_STATES)[0]

    def roll_back(self, collapse: Collapse) -> None:
        """Go back to the last good state and go on more softly; where that cannot be, raise the collapse."""
        run = self.run
        state = self._state_to_go_back_to()
        if state is None:
            raise collapse
        epoch, softenings = run.shown_epoch, run.trainer.softenings + 1
        run.load_state(state)
        run.trainer.soften(softenings)
        softened = f"learning rate {run.trainer.lr:g}, augmentation {run.trainer.policy}"
        run.mark(f"rolled back from epoch {epoch}: {collapse.reason}; now {softened}")
        tqdm.write(f"guard, epoch {epoch}: {collapse.reason}. Back to epoch {run.shown_epoch}, {softened}.")
        record.drop_later_epochs(run)
        run.save_state(GOOD_STATES, kept=1)  # softer and marked, should it come to the same again
        run.save_state()


ADVICE = {
    "warn": "With --guard rollback it would go back to the last good state.",
    "rollback": "There is no good state to go back to, or going back did not help; training goes on.",
}
