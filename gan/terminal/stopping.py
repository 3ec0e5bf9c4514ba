"""How a training is asked to stop: Ctrl-C, SIGTERM or a closed terminal, once to save first, twice to end at once."""

import os
import signal
import sys
from types import FrameType

RANK = int(os.environ.get("RANK", 0))  # which process this is of all of torchrun's
UNDER_TORCHRUN = "TORCHELASTIC_RUN_ID" in os.environ
HANGUP: signal.Signals | None = getattr(signal, "SIGHUP", None)  # Windows has none


class StopRequest:
    """Ctrl-C, SIGTERM, a closed terminal: before the loop runs, and the second time, exit at once; in it, save first.

    Under torchrun a second one means no more than the first: torchrun sends on what the process may have got already.
    So does a closed terminal, which shell and kernel both tell of, before or after it. Where that is ignored, as nohup
    has it, it stays so.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self.in_loop = False
        heeded = [HANGUP] if HANGUP and signal.getsignal(HANGUP) is not signal.SIG_IGN else []
        for number in (signal.SIGINT, signal.SIGTERM, *heeded):
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self.in_loop or (self.signal not in (None, HANGUP) and number != HANGUP and not UNDER_TORCHRUN):
            sys.exit(128 + number)
        if RANK == 0 and not self.signal:
            print("stopping: saving the run first", file=sys.stderr, flush=True)
        self.signal = number

    def __call__(self) -> bool:
        """Return whether the loop, which asks before each step, is to stop."""
        self.in_loop = True
        return self.signal is not None

    def loop_is_over(self) -> None:
        """All is saved: from here on, Ctrl-C exits at once again."""
        self.in_loop = False
