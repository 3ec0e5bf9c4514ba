"""The training loop: real pictures in, a run folder out, exactly resumable. No arguments, no Hub, no page."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from gan.checkpoints import (
    GENERATOR_FILE,
    checkpoint_folder,
    images_seen,
    list_states,
    load_discriminator,
    load_generator,
    read_described,
)
from gan.config import TrainConfig, flag_with_value
from gan.data.download import kaggle_version, locate
from gan.data.scan import Pictures, read_pictures
from gan.data.sources import opened
from gan.errors import UserError, quoted
from gan.files import Held, alone_in, clear_parts, is_there
from gan.folder import CHART_FILE, HISTORY_FILE, MAX_SAMPLES, write_chart
from gan.models import Discriminator, Generator
from gan.training import distributed
from gan.training.device import choose_device, choose_precision, describe
from gan.training.guard import Guard
from gan.training.pace import Pace
from gan.training.run import LEARNED, STATES, UNANNEALED_STATES, Collapse, Run
from gan.training.trainer import Trainer, new_networks, processes_of

SAVE_SECONDS = 120  # between training states
LOG_STEPS = 50  # between log lines, as in the reports; epochs far shorter than that do not have one each


def train(
    config: TrainConfig,
    on_save: Callable[[Path], None] = lambda folder: None,
    stop: Callable[[], bool] = lambda: False,
    pictures: Pictures | None = None,
) -> Run:
    """Train until the budget is spent or `stop()` is true, from where the run in `config.out` stands.

    `pictures` are those of the config, where the caller has read them already.
    Writes the run folder of the design, and calls `on_save` with it whenever a new snapshot is published. Of several
    processes, all of which call this, the first alone reads and writes the folder.
    Raises UserError for bad pictures, a full disk, losses that are no longer finite, a folder in use.
    """
    folder = Path(config.out)
    distributed.by_first(lambda: _refuse_without_state(config))
    with _alone_in(folder) as where:
        run = _open_run(config, pictures, where)
        if _killed_before_publishing(run):
            _publish(run, on_save)
        if run.finished:
            distributed.by_first(lambda: _make_up_chart(folder))
            tqdm.write(f"{folder} has spent its budget; a larger --images goes on.")
            return run
        _train_on(run, stop, on_save)
        return run


def _refuse_without_state(config: TrainConfig) -> None:
    """Raise UserError where the folder shows what was learned, but has no state: training would write over it."""
    folder = Path(config.out)
    if not list_states(folder / STATES) and any(is_there(folder / name) for name in LEARNED):
        raise UserError(_cannot_go_on(config, f"there is no training state in {STATES}/ beside what it learned"))


def _cannot_go_on(config: TrainConfig, reason: str) -> str:
    """Return the sentence that says so, and with which command another run goes on with the networks, if any."""
    folder = Path(config.out)
    if not (folder / GENERATOR_FILE).exists():
        return f"{folder}: {reason}, so that this run cannot go on. Begin a new one, in another --out."
    words = [f"--dataset {config.dataset}"] + [f"--recipe {quoted(config.recipe)}"] * (config.recipe != config.dataset)
    if config.data or config.dataset == "folder":
        words.append(f"--data {quoted(config.data) if _can_be_opened(config.data) else 'PICTURES'}")
    return (
        f"{folder}: {reason}, so that this run cannot go on where it stopped. A new run can begin with its networks: "
        f"python train.py {' '.join(words)} --init-from {quoted(folder)} --out NEW"
    )


def _can_be_opened(data: str) -> bool:
    """Whether pictures may be there: what was mistyped is not advised."""
    try:
        with opened(Path(data)):
            return bool(data)
    except UserError:
        return False


def _make_up_chart(folder: Path) -> None:
    """Draw the chart of a finished run that was killed before it was drawn."""
    chart, history = folder / CHART_FILE, folder / HISTORY_FILE
    if history.exists() and not (chart.exists() and chart.stat().st_mtime >= history.stat().st_mtime):
        write_chart(folder)


def _train_on(run: Run, stop: Callable[[], bool], on_save: Callable[[Path], None]) -> None:
    guard = Guard(run)
    with _progress_bar(run) as bar:
        while True:
            try:
                _train_until_the_end(run, guard, stop, on_save, bar)
                break
            except Collapse as collapse:
                guard.roll_back(collapse)
                _publish(run, on_save)

    # The end: the state first, as it is what cannot be made again.
    if run.batch:
        run.record_epoch()
    run.save_state()
    if run.trainer.images_seen:
        _publish(run, on_save)
        distributed.by_first(lambda: write_chart(run.folder))


def _train_until_the_end(
    run: Run, guard: Guard, stop: Callable[[], bool], on_save: Callable[[Path], None], bar: tqdm
) -> None:
    """Train until the budget is spent or `stop()` is true; raise Collapse where going on makes no sense."""
    saved, pace = time.monotonic(), Pace()
    short_epochs = max(1, LOG_STEPS // run.batches.batches_per_epoch)  # from one line to the next
    run.start_clock()
    while not run.finished:
        # What any process was asked for, all do at the same step.
        stopping, saving = distributed.anywhere(stop(), time.monotonic() - saved > SAVE_SECONDS)
        if stopping:
            break
        if saving:
            run.save_state()
            saved = time.monotonic()

        if run.annealing_begins:
            run.save_state(UNANNEALED_STATES, kept=1)

        # One batch; the losses are looked at now and then, as each look waits for the GPU.
        statistics = run.advance()
        if run.batch % LOG_STEPS == 1 and run.number % short_epochs == 0:
            run.means()
            bar.write(run.log_line(statistics))
        if forecast := pace.forecast(run.trainer.images_seen, run.budget):
            bar.write(forecast)
        bar.update(run.trainer.images_seen - bar.n)

        # The end of an epoch: its line in the history, where one is due its grid, and the guard's look at it.
        if run.epoch_complete:
            run.record_epoch()
            if run.due(MAX_SAMPLES) and not run.finished:
                _publish(run, on_save)
            run.next_epoch()
            guard.look()
            run.start_clock()


def _publish(run: Run, on_save: Callable[[Path], None]) -> None:
    run.publish()
    distributed.by_first(lambda: on_save(run.folder))


def _killed_before_publishing(run: Run) -> bool:
    """Whether the run's state, at the end of an epoch or of the run, is ahead of its published networks."""
    published = distributed.by_first(lambda: read_described(run.folder)).get("images_seen")
    behind = not isinstance(published, int) or run.trainer.images_seen > published
    return behind and run.trainer.images_seen > 0 and (run.finished or run.batch == 0)


def _open_run(config: TrainConfig, pictures: Pictures | None, where: Callable[[], Path]) -> Run:
    """Build the run, and take up its newest whole state if it has one."""
    folder = Path(config.out)
    if config.batch_size < distributed.count():
        raise UserError(
            f"--batch-size {config.batch_size} is shared out among {distributed.count()} processes, and each needs a "
            "picture of it: give a larger one, or torchrun a smaller --nproc-per-node"
        )
    device = distributed.by_turns(lambda: choose_device(config.device))
    precision = choose_precision(config.precision, device)
    if pictures is None:
        pictures = _read_alike(config)
    tqdm.write(pictures.report.text())
    begun = distributed.by_first(lambda: bool(list_states(folder / STATES)))
    networks = distributed.by_turns(lambda: _networks_to_continue(config)) if config.init_from and not begun else None
    run = Run(config, pictures, Trainer(config, device, precision, networks), where)
    if networks:
        run.trainer.images_before = images_seen(read_described(checkpoint_folder(config.init_from)))
    if begun:
        _go_on(run)
    distributed.by_first(lambda: clear_parts(folder))
    if not run.finished:
        distributed.by_first(lambda: _describe(run, precision, kaggle_version(pictures.report.source)))
        distributed.by_first(lambda: run.write_reals(pictures))
        tqdm.write(f"{_hardware(device)}, {precision}; budget {run.budget:,} pictures, {run.epochs} epochs")
        tqdm.write(f"{folder} will hold at most {run.disk_bytes() / 1e6:.0f} MB")
    if not begun:
        run.save_state()  # from here on, a folder without one is no run that was only killed early
    return run


def _go_on(run: Run) -> None:
    """Take up the newest state that can be; raise UserError where none can."""
    state, passed_over = run.saved_state()
    for sentence in passed_over:
        tqdm.write(sentence)
    if state is None:
        raise UserError(_cannot_go_on(run.config, f"no training state in {STATES}/ can be used"))
    before = _before_annealing(run, state)
    run.load_state(before or state)
    if before:
        run.drop_later_epochs()
        tqdm.write("a larger budget: going back to where the learning rate had not fallen yet")
    tqdm.write(f"resuming at {run.trainer.images_seen:,} pictures seen, {_exactness(state, run.trainer.device)}")


def _before_annealing(run: Run, state: dict[str, Any]) -> dict[str, Any] | None:
    """Return the state from before the learning rate fell, where with today's budget it would fall later."""
    annealed = state.get("annealed", 0.0)
    if not annealed or run.config.annealed(state["images_seen"], run.count) >= annealed:
        return None
    before, _ = run.saved_state(UNANNEALED_STATES)
    if before is None:
        tqdm.write("the learning rate had fallen; it rises again, as no state from before that is kept")
    return before


def _read_alike(config: TrainConfig) -> Pictures:
    """Read the pictures, one process of a machine before its others; other pictures elsewhere raise UserError."""

    def read() -> Pictures:
        return read_pictures(
            locate(config.dataset, config.data or None),
            config.image_size,
            fit=config.fit,
            keep_repeats=config.keep_repeats,
            spill=Path(config.out),
            progress=distributed.rank() == 0,
        )

    pictures = distributed.by_turns(read)
    (differ,) = distributed.anywhere(pictures.fingerprint != distributed.by_first(lambda: pictures.fingerprint))
    if differ:
        raise UserError(f"{config.data or config.dataset}: holds other pictures on one machine than on another")
    return pictures


def _exactness(state: dict[str, Any], device: torch.device) -> str:
    """Say whether the run goes on to the bit as if it had not been stopped."""
    before, processes = state.get("device", "cpu"), processes_of(state)
    if before != device.type:
        return f"so far on {before}: from here on with other random numbers"
    if processes != distributed.count():
        many = f"{processes} process{'es' * (processes > 1)}"
        return f"so far in {many}, now in {distributed.count()}: from here on with other random numbers"
    return f"on {state['threads']} thread{'s' * (state['threads'] > 1)} so far (OMP_NUM_THREADS)"


def _describe(run: Run, precision: str, kaggle: str | None) -> None:
    """Put into config.json what does not change while the run goes on."""
    run.describe(
        train=run.config.to_dict(),
        data={"name": run.config.dataset, "pictures": run.count, "fingerprint": run.fingerprint, "kaggle": kaggle},
        generator=run.trainer.generator.arguments(),
        discriminator=run.trainer.discriminator.arguments(),
        images_before=run.trainer.images_before,
        hardware=_hardware(run.trainer.device),
        precision=precision,
        torch=torch.__version__,
    )


def _hardware(device: torch.device) -> str:
    """Name what the run is computed on."""
    several = f"{distributed.count()} processes, each on " if distributed.count() > 1 else ""
    return several + describe(device)


def _networks_to_continue(config: TrainConfig) -> tuple[Generator, Discriminator]:
    """Return the networks of the checkpoint that the run starts from; raise UserError if they do not fit."""
    folder = checkpoint_folder(config.init_from)
    networks = load_generator(folder), load_discriminator(folder)
    theirs, ours = ({**generator.arguments(), **d.arguments()} for generator, d in (networks, new_networks(config)))
    if networks[0].arguments().items() - theirs.items():
        raise UserError(f"{config.init_from}: its two networks are not of one size; it can be shown, but not continued")
    different = {name: value for name, value in theirs.items() if value != ours[name]}
    if "z_dim" in different:
        raise UserError(
            f"{config.init_from}: its latents have {theirs['z_dim']} numbers, those of every run {config.z_dim}; "
            "it can be shown, but not continued"
        )
    if different:
        fields = {"d_norm" if name == "norm" else name: value for name, value in different.items()}
        flags = " ".join(flag_with_value(*field) for field in fields.items())
        raise UserError(f"{config.init_from}: its networks differ from those this run asks for; add {flags}")
    return networks


def _progress_bar(run: Run) -> tqdm:
    return tqdm(
        total=run.budget,
        initial=run.trainer.images_seen,
        unit=" pictures",
        unit_scale=True,
        dynamic_ncols=True,
        disable=None if distributed.rank() == 0 else True,  # None: on a terminal alone
    )


@contextmanager
def _alone_in(folder: Path) -> Iterator[Callable[[], Path]]:
    """Let the first process hold the run's folder, so that no second training writes to it.

    Yield what says where the folder is now; the other processes, which write nothing there, take it to be where it was.
    """
    held: list[Held] = []
    with ExitStack() as stack:
        distributed.by_first(lambda: held.append(stack.enter_context(alone_in(folder))))
        yield held[0].where if held else lambda: folder
