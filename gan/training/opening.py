"""How a run begins or goes on: its pictures, its networks, and the newest state that it can take up."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from gan.checkpoints import (
    BEGAN_WITH,
    GENERATOR_FILE,
    checkpoint_folder,
    images_seen,
    list_states,
    read_described,
    weights_digest,
)
from gan.config import TrainConfig, flag_with_value
from gan.data import holdout
from gan.data.download import kaggle_version
from gan.data.scan import SPILL_BYTES, Pictures, pictures_of
from gan.data.sources import opened
from gan.errors import UserError, printable, quoted
from gan.files import Held, alone_in, clear_parts, is_there
from gan.folder import footprint, read_history
from gan.publishing.credits import credits_of
from gan.publishing.provenance import handed_on, learned_from_these
from gan.training import distributed, record
from gan.training.device import choose_device, choose_precision, describe
from gan.training.run import LEARNED, STATES, UNANNEALED_STATES, Run
from gan.training.task import Networks, task_of
from gan.training.trainer import Trainer, processes_of
from gan.words import counted


@contextmanager
def held(folder: Path) -> Iterator[Callable[[], Path]]:
    """Let the first process hold the run's folder, so that no second training writes to it.

    Yield what says where the folder is now; the other processes, which write nothing there, take it to be where it was.
    """
    locks: list[Held] = []
    with ExitStack() as stack:
        distributed.by_first(lambda: locks.append(stack.enter_context(alone_in(folder))))
        yield locks[0].where if locks else lambda: folder


@distributed.first_alone
def refuse_without_state(config: TrainConfig) -> None:
    """Raise UserError where the folder shows what was learned, but has no state: training would write over it."""
    folder = Path(config.out)
    if not list_states(folder / STATES) and any(is_there(folder / name) for name in LEARNED):
        raise UserError(_cannot_go_on(config, f"there is no training state in {STATES}/ beside what it learned"))


def _cannot_go_on(config: TrainConfig, reason: str) -> str:
    """Return the sentence that says so, and with which command another run goes on with the networks, if any."""
    folder = Path(config.out)
    if not (folder / GENERATOR_FILE).exists():
        return f"{folder}: {reason}, so that this run cannot go on. Begin a new one, in another --out."
    words = [f"--dataset {config.dataset}"]
    if config.recipe != config.dataset:
        words.append(f"--recipe {quoted(config.recipe)}")
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


def open_run(config: TrainConfig, pictures: Pictures | None, where: Callable[[], Path]) -> Run:
    """Build the run, and take up its newest whole state if it has one."""
    folder = Path(config.out)
    _refuse_small_batch(config)
    device = distributed.by_turns(lambda: choose_device(config.device))
    precision = choose_precision(config.precision, device)
    pictures = pictures or _read_alike(config)
    tqdm.write(pictures.report.text())
    begun = _has_state(folder)
    continued = distributed.by_turns(lambda: _networks_to_continue(config)) if config.init_from and not begun else None
    networks, theirs, record_end = continued or (None, {}, None)
    trained_on, kept = _split(config, pictures)
    beside = distributed.by_first(lambda: _refuse_other_reconstructions(config))
    run = Run(config, trained_on, Trainer(config, device, precision, networks), where, kept.images)
    earlier: dict[str, Any] = {} if begun else {"learned_before": []}
    if networks:
        run.trainer.images_before = images_seen(theirs)
        if learned_from_these(theirs, config.dataset, run.fingerprint):
            run.trainer.averaged_before = run.trainer.images_before
        earlier["learned_before"] = handed_on(theirs, config.dataset, run.fingerprint)
        earlier |= {BEGAN_WITH: record_end} if record_end else {}
    if begun:
        _go_on(run)
    _clear_parts(folder)
    if not run.finished:
        _describe(run, precision, trained_on, beside, earlier)
        tqdm.write(f"{_hardware(device)}, {precision}; {config.budget_line(run.count)}")
        if line := record.head_line(run):
            tqdm.write(line)
        tqdm.write(f"{folder} will hold at most {record.disk_bytes(run) / 1e6:.0f} MB")
    else:
        _keep_credits(run)
    if not begun:
        run.save_state()  # from here on, a folder without one is no run that was only killed early
    return run


_clear_parts = distributed.first_alone(clear_parts)


def _split(config: TrainConfig, pictures: Pictures) -> tuple[Pictures, Pictures]:
    """Return the pictures to train on, and those that the task keeps to be measured on."""
    rest, kept = holdout.of_task(config.task, config.dataset, pictures.names, pictures.order)
    if not kept:
        return pictures, pictures.rows([])
    tqdm.write(holdout.told(kept))
    held_out = pictures.rows(kept)
    spilled = pictures.images.nbytes > SPILL_BYTES
    return pictures.closed_up(rest) if spilled else pictures.rows(rest), held_out


def _refuse_other_reconstructions(config: TrainConfig) -> str | None:
    """Return the name of the file of reconstructions, None where none is asked for; raise UserError for another one."""
    if not config.reconstructions:
        return None
    path = Path(config.reconstructions)
    if not path.is_file():
        raise UserError(
            f"{path}: no such file; python -m gan.insight.reconstruct makes one, and --reconstructions names it"
        )
    name, data = weights_digest(path), read_described(config.out).get("data")
    if isinstance(data, dict) and data.get("reconstructions", name) != name:
        raise UserError(f"{path}: holds other reconstructions than this run began with, so it cannot go on with them")
    return name


def _refuse_small_batch(config: TrainConfig) -> None:
    if config.batch_size < distributed.count():
        raise UserError(
            f"--batch-size {config.batch_size} is shared out among {distributed.count()} processes, and each needs a "
            "picture of it: give a larger one, or torchrun a smaller --nproc-per-node"
        )


@distributed.first_alone
def _has_state(folder: Path) -> bool:
    return bool(list_states(folder / STATES))


def _go_on(run: Run) -> None:
    """Take up the newest state that can be; raise UserError where none can."""
    state, passed_over = run.saved_state()
    for sentence in passed_over:
        tqdm.write(sentence)
    if state is None:
        raise UserError(_cannot_go_on(run.config, f"no training state in {STATES}/ can be used"))
    before, precision = _before_annealing(run, state), read_described(run.folder).get("precision")
    run.load_state(before or state)
    if before:
        record.drop_later_epochs(run)
        run.forget_good_states()
        tqdm.write("the learning rate is to fall later, or not at all: going back to where it had not fallen yet")
    tqdm.write(f"resuming at {run.trainer.images_seen:,} pictures seen, {_exactness(state, precision, run.trainer)}")


def _before_annealing(run: Run, state: dict[str, Any]) -> dict[str, Any] | None:
    """Return the state from before the learning rate fell, where with today's budget it would fall later."""
    annealed = state.get("annealed", 0.0)
    if not annealed or run.config.annealed_epochs or run.config.annealed(state["images_seen"], run.count) >= annealed:
        return None
    before, _ = run.saved_state(UNANNEALED_STATES)
    if before is None:
        tqdm.write("the learning rate had fallen; it rises again, as no state from before that is kept")
    return before


def _read_alike(config: TrainConfig) -> Pictures:
    """Read the pictures, one process of a machine before its others; other pictures elsewhere raise UserError."""
    pictures = distributed.by_turns(lambda: pictures_of(config, Path(config.out), progress=distributed.rank() == 0))
    (differ,) = distributed.anywhere(pictures.fingerprint != distributed.by_first(lambda: pictures.fingerprint))
    if differ:
        raise UserError(f"{config.data or config.dataset}: holds other pictures on one machine than on another")
    return pictures


def _exactness(state: dict[str, Any], precision: Any, trainer: Trainer) -> str:
    """Say whether the run, so far in this precision, goes on to the bit as if it had not been stopped."""
    before, processes = state.get("device", "cpu"), processes_of(state)
    if before != trainer.device.type:
        return f"so far on {before}: from here on with other random numbers"
    if processes != distributed.count():
        many = counted(processes, "process", "processes")
        return f"so far in {many}, now in {distributed.count()}: from here on with other random numbers"
    if precision != trainer.precision:
        return f"so far in {printable(precision)}, from here on in {trainer.precision}"
    return f"on {counted(state['threads'], 'thread')} so far (OMP_NUM_THREADS)"


@distributed.first_alone
def _describe(
    run: Run, precision: str, pictures: Pictures, reconstructions: str | None, earlier: dict[str, Any]
) -> None:
    """Put into the folder what does not change while the run goes on: config.json, and real pictures.

    `earlier` says what the networks had learned from, once: a run that goes on has said it already.
    """
    kaggle = kaggle_version(pictures.report.source)
    record.describe(
        run,
        task=run.config.task,
        train=run.config.to_dict(),
        data={
            "name": run.config.dataset,
            "pictures": run.count,
            "held_out": len(run.held_out),
            "fingerprint": run.fingerprint,
            "kaggle": kaggle,
            **({"reconstructions": reconstructions} if reconstructions else {}),
        },
        generator=run.trainer.generator.arguments(),
        discriminator=run.trainer.discriminator.arguments(),
        images_before=run.trainer.images_before,
        **earlier,
        hardware=_hardware(run.trainer.device),
        precision=precision,
        torch=torch.__version__,
        **run.trainer.task.facts(pictures.images, run.rows),
        **credits_of(run.config.to_dict()),
    )
    record.write_reals(run, pictures)


@distributed.first_alone
def _keep_credits(run: Run) -> None:
    """Put the credits that a finished run was resumed with, where they are others, into its config.json."""
    told, described = credits_of(run.config.to_dict()), read_described(run.folder)
    if not told.items() <= credits_of(described).items():
        record.describe(run, train={**described["train"], **told}, **told)


def _hardware(device: torch.device) -> str:
    """Name what the run is computed on."""
    several = f"{distributed.count()} processes, each on " if distributed.count() > 1 else ""
    return several + describe(device)


def _networks_to_continue(config: TrainConfig) -> tuple[Networks, dict[str, Any], list[Any] | None]:
    """Return the networks of the checkpoint that the run starts from, its config.json and where its record ends.

    Raises UserError where none fit.
    """
    task, folder = task_of(config), checkpoint_folder(config.init_from)
    networks = task.load_networks(folder)
    theirs, ours = ({**g.arguments(), **d.arguments()} for g, d in (networks, task.new_networks()))
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
    described = read_described(folder)
    ends = [footprint(line) for line in read_history(folder) if line.get("images_seen") == described.get("images_seen")]
    return networks, described, ends[-1] if ends else None  # the record of a run may be further than its networks
