"""How much of this machine a computation takes: bfloat16 where the processor multiplies in it, one core of several."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Thread

import torch

CORES = torch.get_num_threads()  # as this process began; what threads say later may be one_core's


def has_bfloat16() -> bool:
    """Return whether the processor multiplies in bfloat16: it halves the time of convolutions."""
    # Private, but the only names that every torch since 2.8 has; without them, the safe answer is no.
    checks = [getattr(torch.cpu, name, bool) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")]
    return any(check() for check in checks)


def bfloat16_where_quick() -> AbstractContextManager:
    """Return the context that runs convolutions on the CPU in bfloat16 where it multiplies in it."""
    return torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16())


@contextmanager
def one_core() -> Iterator[None]:
    """Let this thread, and no other, compute on one core: the others belong to whoever draws meanwhile."""
    torch.set_num_threads(1)
    # It is also what threads that are new to torch begin with; said by another thread, that alone is taken back.
    other = Thread(target=torch.set_num_threads, args=(CORES,))
    other.start()
    other.join()
    try:
        yield
    finally:
        torch.set_num_threads(CORES)
