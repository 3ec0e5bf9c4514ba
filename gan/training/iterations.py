"""The losses of single iterations, evenly over a run and never too many: what both reports draw."""

import math
from typing import Any

from gan.folder import MAX_ITERATIONS


class Iterations:
    """Losses by iteration, from 0; between two that are kept lie as many as between any others."""

    def __init__(self) -> None:
        self.every = 1
        self.lines: list[dict[str, Any]] = []

    def due(self, iteration: int) -> bool:
        """Return whether the losses of this iteration are kept, which makes the host wait for the GPU."""
        return iteration % self.every == 0

    def add(self, iteration: int, loss_d: float, loss_g: float) -> None:
        """Keep an iteration's losses; a loss that is no number is nothing to draw."""
        if math.isfinite(loss_d) and math.isfinite(loss_g):
            self.lines.append({"iteration": iteration, "loss_d": round(loss_d, 4), "loss_g": round(loss_g, 4)})
        if len(self.lines) > MAX_ITERATIONS:  # every other one goes
            self.every *= 2
            self.lines = [line for line in self.lines if self.due(line["iteration"])]

    def state_dict(self) -> dict[str, Any]:
        """Return all of it, for a training state."""
        return {"every": self.every, "lines": list(self.lines)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned."""
        self.every, self.lines = state["every"], list(state["lines"])
