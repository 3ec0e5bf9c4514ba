"""Processes that train together, as torchrun starts them: who is who, and what they tell one another.

One process alone is the first of one: it passes through every function here without torch.distributed.
"""

import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast
from warnings import catch_warnings

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from gan.errors import UserError

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")
LONGEST_WAIT = timedelta(hours=2)  # for a process that downloads or reads pictures


@contextmanager
def joined() -> Iterator[None]:
    """Be one of the processes that torchrun started, as long as the block lasts; without torchrun, nothing happens."""
    if "RANK" not in os.environ or int(os.environ.get("WORLD_SIZE", 1)) == 1:
        yield
        return
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    store, number, processes = next(rendezvous("env://", timeout=LONGEST_WAIT))
    store = _fresh_part(store, number, processes)
    dist.init_process_group(backend, store=store, rank=number, world_size=processes, timeout=LONGEST_WAIT)
    try:
        yield
    except UserError:  # raised in all; after anything else the others may not be there any more
        dist.destroy_process_group()
        raise
    dist.destroy_process_group()


def _fresh_part(store: dist.Store, number: int, processes: int) -> dist.Store:
    """Return a part of the store that is empty, the same for all processes.

    torchrun keeps one store through its restarts: a process may find there the addresses of those that died. So each
    says hello by a name never heard before, and the first answers to that name, until all have answered in turn.
    """
    name = uuid.uuid4().hex
    store.set(f"hello {number}", name)
    if number > 0:
        part = store.get(f"welcome {name}").decode()
        store.set(f"{part} {number}", "")
        return dist.PrefixStore(part, store)
    missing = list(range(1, processes))
    while missing:
        for other in missing:
            store.set(f"welcome {store.get(f'hello {other}').decode()}", name)
        time.sleep(0.01)
        missing = [other for other in missing if not store.check([f"{name} {other}"])]
    return dist.PrefixStore(name, store)


# --- who is who --------------------------------------------------------------------------------------------


def count() -> int:
    """Return how many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Return the number of this process among all, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def local_rank() -> int:
    """Return its number among those of its machine, from 0: the number of its GPU."""
    return int(os.environ.get("LOCAL_RANK", rank())) if count() > 1 else 0


def own_seed(seed: int) -> int:
    """Return the seed of this process's random numbers, a function of (seed, rank); the first process's is the seed."""
    return int(np.random.SeedSequence([seed, rank()]).generate_state(1)[0]) if rank() else seed


def own_share(rows: Tensor) -> Tensor:
    """Return this process's part of a batch's rows (B,), 1 <= B, as cards are dealt; all parts are of one size.

    So that a mean of the parts' means is the batch's: where B is no multiple of `count()`, the first rows are dealt
    a second time (and again, where B is smaller).
    """
    if count() == 1:
        return rows
    places = torch.arange(rank(), -(-len(rows) // count()) * count(), count(), device=rows.device)
    return rows[places % len(rows)]


# --- what they tell one another ----------------------------------------------------------------------------


def anywhere(*flags: bool) -> tuple[bool, ...]:
    """Return for each flag whether it is set in any process."""
    if count() == 1:
        return flags
    sums = torch.tensor(flags, dtype=torch.int32)
    dist.all_reduce(sums)
    return tuple(map(bool, sums.tolist()))


def mean(values: Tensor) -> Tensor:
    """Return the mean over all processes; no host waits for its GPU."""
    if count() == 1:
        return values
    dist.all_reduce(values)
    return values / count()


def gather(values: Tensor) -> Tensor:
    """Return the values of all processes, each on the CPU, as rows in the order of their ranks."""
    if count() == 1:
        return values[None]
    rows = [torch.empty_like(values) for _ in range(count())]
    dist.all_gather(rows, values)
    return torch.stack(rows)


def by_first(action: Callable[[], Result]) -> Result:
    """Let the first process alone do it; return its result, or raise its UserError, in all."""
    if count() == 1:
        return action()
    failure = None
    outcome: list[Any] = [None, None]  # of the action: its result, and what it failed with, in words
    if rank() == 0:
        try:
            outcome = [action(), None]
        except UserError as error:
            failure, outcome = error, [None, str(error)]
    dist.broadcast_object_list(outcome)
    result, sentence = outcome
    if sentence:
        raise failure or UserError(sentence)
    return cast(Result, result)


def first_alone(action: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Make a function one that the first process alone carries out; all call it, and get its result or UserError."""

    @wraps(action)
    def carried_out(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        return by_first(lambda: action(*args, **kwargs))

    return carried_out


def by_turns(action: Callable[[], Result]) -> Result:
    """Let the first process of each machine do it, then the others; a UserError of any is raised in all."""
    if count() == 1:
        return action()
    result, failure = None, ""
    for turn in (True, False):
        if turn is (local_rank() == 0):
            try:
                result = action()
            except UserError as error:
                failure = str(error)
        failures = [""] * count()
        dist.all_gather_object(failures, failure)
        for sentence in filter(None, failures):
            raise UserError(sentence)
    return cast(Result, result)


def parallel(module: nn.Module) -> nn.Module:
    """Return the module as one whose backward gives every process the mean of all processes' gradients.

    DistributedDataParallel asks for one forward for each backward, so a module must compute all that its parameters
    are to be derived from at once. BatchNorm's statistics stay each process's own.
    """
    if count() == 1:
        return module
    device = next(module.parameters()).device
    with catch_warnings(action="ignore", category=FutureWarning):  # broadcast_buffers is what torch 2.8 calls it
        return DistributedDataParallel(module, [device] if device.type == "cuda" else None, broadcast_buffers=False)
