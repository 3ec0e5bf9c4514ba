"""What a terminal is told while a run trains: the reports' lines, a bar, and a forecast of when it will be done."""

from typing import Any

from torch import Tensor
from tqdm import tqdm

from gan.training import distributed
from gan.training.pace import Pace
from gan.training.record import log_line
from gan.training.run import Run

LOG_STEPS = 50  # between log lines, as in the reports; epochs far shorter than that do not have one each


class Progress:
    """A bar over the run's budget, on a terminal alone, and lines above it."""

    def __init__(self, run: Run) -> None:
        self._run, self._pace = run, Pace()
        self._epochs_a_line = max(1, LOG_STEPS // run.batches.batches_per_epoch)
        self._bar = tqdm(
            total=run.budget,
            initial=run.trainer.images_seen,
            unit=" pictures",
            unit_scale=True,
            dynamic_ncols=True,
            disable=None if distributed.rank() == 0 else True,  # None: on a terminal alone
        )

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: Any) -> None:
        self._bar.close()

    def tell(self, statistics: Tensor) -> None:
        """Tell of the batch just trained on; its losses now and then, as each look at them waits for the GPU."""
        run, bar = self._run, self._bar
        if run.batch % LOG_STEPS == 1 and run.number % self._epochs_a_line == 0:
            run.means()  # which raises where they are no longer numbers
            bar.write(log_line(run, statistics))
        if forecast := self._pace.forecast(run.trainer.images_seen, run.budget):
            bar.write(forecast)
        bar.update(run.trainer.images_seen - bar.n)
