"""How long the rest of a run will take: said once, from the speed that it has on this machine."""

import time
from collections.abc import Callable

WARM_UP_SECONDS = 5  # the first steps are slow: memory is found, a GPU tries out its kernels
MEASURED_SECONDS = 15


class Pace:
    """The speed of a session of training, measured over some seconds behind its warm-up."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._begin = clock, clock()
        self._mark: tuple[float, int] | None = None  # time and images_seen when the warm-up was over
        self._said = False

    def forecast(self, images_seen: int, budget: int) -> str:
        """Return a sentence the first time that enough was measured, and nothing at every other time."""
        now = self._clock()
        if self._said or now < self._begin + WARM_UP_SECONDS:
            return ""
        if self._mark is None:
            self._mark = now, images_seen
        since, before = self._mark
        if now < since + MEASURED_SECONDS or images_seen <= before:
            return ""
        self._said = True
        speed = (images_seen - before) / (now - since)
        return f"{speed:.3g} pictures/s on this machine: about {duration((budget - images_seen) / speed)} to go"


def duration(seconds: float) -> str:
    """Put a time into words of one unit, as in "40 minutes" or "3.5 hours"."""
    if seconds < 100:
        return f"{max(seconds, 2):.0f} seconds"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"
