"""The training loop: real pictures in, a run folder out, exactly resumable. No arguments, no Hub, no page."""

import time
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from gan.chart import write_chart
from gan.checkpoints import read_described
from gan.config import TrainConfig
from gan.data.scan import Pictures
from gan.folder import CHART_FILE, HISTORY_FILE, MAX_SAMPLES
from gan.training import distributed, record
from gan.training.guard import Guard
from gan.training.opening import held, open_run, refuse_without_state
from gan.training.progress import Progress
from gan.training.run import UNANNEALED_STATES, Collapse, Run

SAVE_SECONDS = 120  # between training states
OnSave = Callable[[Path], None]
Stop = Callable[[], bool]


def train(
    config: TrainConfig,
    on_save: OnSave = lambda folder: None,
    stop: Stop = lambda: False,
    pictures: Pictures | None = None,
) -> Run:
    """Train until the budget is spent or `stop()` is true, from where the run in `config.out` stands.

    `pictures` are those of the config, where the caller has read them already.
    Writes the run folder of the design, and calls `on_save` with it whenever a new snapshot is published. Of several
    processes, all of which call this, the first alone reads and writes the folder.
    Raises UserError for bad pictures, a full disk, losses that are no longer finite, a folder in use.
    """
    on_save = distributed.first_alone(on_save)
    folder = Path(config.out)
    refuse_without_state(config)
    with held(folder) as where, record.logged(where()):
        run = open_run(config, pictures, where)
        if _killed_before_publishing(run):
            _publish(run, on_save)
        if run.finished:
            _make_up_chart(folder)
            back = ", from where the learning rate began to fall" if config.anneal else ""
            tqdm.write(f"{folder} has spent its budget; a larger --images goes on{back}.")
        else:
            _train_on(run, stop, on_save)
            _finish(run, on_save)
        return run


def _train_on(run: Run, stop: Stop, on_save: OnSave) -> None:
    """Train until the budget is spent or `stop()` is true; after a collapse, go on from before it."""
    guard = Guard(run)
    with Progress(run) as progress:
        while True:
            try:
                while _train_epoch(run, stop, progress):
                    _end_epoch(run, guard, on_save)
                run.means()
                run.check_weights()  # a collapse in the last steps is one, too
                return
            except Collapse as collapse:
                guard.roll_back(collapse)
                _publish(run, on_save)


def _train_epoch(run: Run, stop: Stop, progress: Progress) -> bool:
    """Train on what is left of the epoch; return whether it came to its end."""
    if line := record.stage_line(run):
        tqdm.write(line)
    run.start_clock()
    while not (run.epoch_complete or run.finished):
        # What any process was asked for, all do at the same step.
        stopping, saving = distributed.anywhere(stop(), time.monotonic() - run.saved_at > SAVE_SECONDS)
        if stopping:
            return False
        if saving:
            run.save_state()
            _write_chart(run.folder)
            run.start_clock()
        if run.annealing_begins:
            run.save_state(UNANNEALED_STATES, kept=1)
            run.start_clock()
        statistics = run.advance()
        progress.tell(statistics)
    return run.epoch_complete


def _end_epoch(run: Run, guard: Guard, on_save: OnSave) -> None:
    """Give the epoch its line in the history, its grid where one is due, and the guard's look; begin the next."""
    run.record_epoch()
    if record.due(run, MAX_SAMPLES) and not run.finished:
        _publish(run, on_save)
    run.next_epoch()
    guard.look()


def _finish(run: Run, on_save: OnSave) -> None:
    """Save all that was learned; the state first, as it is what cannot be made again."""
    if run.batch:
        run.record_epoch()
    run.save_state()
    if run.trainer.images_seen:
        _publish(run, on_save)
        _write_chart(run.folder)


def _publish(run: Run, on_save: OnSave) -> None:
    record.publish(run)
    on_save(run.folder)


@distributed.first_alone
def _write_chart(folder: Path) -> None:
    write_chart(folder)


@distributed.first_alone
def _make_up_chart(folder: Path) -> None:
    """Draw the chart of a finished run that was killed before it was drawn."""
    chart, history = folder / CHART_FILE, folder / HISTORY_FILE
    if history.exists() and not (chart.exists() and chart.stat().st_mtime >= history.stat().st_mtime):
        write_chart(folder)


def _killed_before_publishing(run: Run) -> bool:
    """Whether the run's state, at the end of an epoch or of the run, is ahead of its published networks."""
    behind = run.trainer.images_seen > _published_images(run.folder)
    return behind and run.trainer.images_seen > 0 and (run.finished or run.batch == 0)


@distributed.first_alone
def _published_images(folder: Path) -> int:
    seen = read_described(folder).get("images_seen")
    return seen if isinstance(seen, int) else -1
