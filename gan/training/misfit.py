"""Does a training state fit a run? Its file may be damaged, of another version, or a stranger's."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from gan.folder import MAX_ITERATIONS
from gan.training.trainer import STATISTICS

# What a state of every version has; what came later may be missing.
NEEDED = {
    *("generator", "discriminator", "ema_generator", "optimizer_g", "optimizer_d", "rng", "step", "images_seen"),
    *("number", "batch", "sums", "seconds", "epoch_seconds", "fingerprint", "threads", "history"),
}
MOST = 10**12  # of anything that is counted
MOST_THREADS = 1_024
CHOSEN = {"lr", "betas"}  # of Adam's settings, what a stage chooses


def fault_of(state: Any, example: dict[str, Any], learned: Mapping[str, Sequence[Tensor]]) -> str:
    """Return what of a training state is missing or of another kind than in the example; "" where all of it fits.

    The example is the state that the run itself would save now; `learned` are the parameters of each optimizer in it.
    """
    if not isinstance(state, dict):
        return "it holds no entries"
    for name, ours in example.items():
        if name not in state:
            if name in NEEDED:
                return f"{name} is missing"
        elif name in learned:
            if not _is_adam(state[name], ours, learned[name]):
                return f"{name} is of another kind"
        elif not CHECKS.get(name, _is_like)(state[name], ours):
            return f"{name} is of another kind"
    if state.get("device", "cpu") == example["device"]:
        for row in torch.atleast_2d(state["rng"]):
            torch.Generator(example["device"]).set_state(row.clone())  # raises an error where it is none
    return ""


def _is_like(value: Any, example: Any) -> bool:
    if isinstance(example, Tensor):
        return isinstance(value, Tensor) and value.dtype == example.dtype and _is_finite(value, example.shape)
    if isinstance(example, dict):
        same_names = isinstance(value, dict) and value.keys() == example.keys()
        return same_names and all(_is_like(value[name], example[name]) for name in example)
    if isinstance(example, str):
        return isinstance(value, str)
    return type(value) in (int, type(example)) and 0 <= value <= MOST


def _is_finite(value: Any, shape: torch.Size) -> bool:
    return isinstance(value, Tensor) and value.shape == shape and bool(value.isfinite().all())


def _may_be_sums(value: Tensor, most: int) -> bool:
    """Whether it may be the sums of a version whose task had the same terms, or fewer."""
    return value.dim() == 1 and len(STATISTICS) <= len(value) <= most and bool(value.isfinite().all())


def _is_adam(value: Any, example: dict[str, Any], parameters: Sequence[Tensor]) -> bool:
    """Whether it is an Adam's state over these parameters, fresh or under way."""
    (group,), (ours,) = value["param_groups"], example["param_groups"]
    settled = ours.keys() & group.keys() - CHOSEN
    steps = value["state"]
    return (
        0 <= group["lr"] <= 1
        and len(group["betas"]) == len(ours["betas"])
        and all(0 <= beta < 1 for beta in group["betas"])
        and "params" in settled
        and all(group[name] == ours[name] for name in settled)
        and list(steps) in ([], list(range(len(parameters))))
        and all(
            _is_finite(step["step"], torch.Size())
            and all(_is_like(step[name], parameter) for name in ("exp_avg", "exp_avg_sq"))
            for step, parameter in zip(steps.values(), parameters, strict=False)
        )
    )


def _is_random(value: Any, _: Tensor) -> bool:
    """Whether it may be the random numbers of any number of processes, on any device."""
    return isinstance(value, Tensor) and value.dtype == torch.uint8 and value.dim() in (1, 2) and value.numel() > 0


def _is_order(value: Any, _: Tensor) -> bool:
    """Whether it may tell the order of any pictures; whether of the run's own is for their fingerprint to say."""
    return isinstance(value, Tensor) and value.dtype == torch.uint8 and value.dim() == 2


def _is_history(value: Any, _: list) -> bool:
    return isinstance(value, list) and all(map(_is_line, value))


def _is_line(line: Any) -> bool:
    numbers = ("epoch", "images_seen", *STATISTICS)
    return (
        isinstance(line, dict)
        and all(_is_number(line[name]) for name in numbers)
        and isinstance(line["event"], str | None)
        and all(isinstance(name, str) and isinstance(value, int | float | str | None) for name, value in line.items())
    )


def _is_iterations(value: Any, _: dict[str, Any]) -> bool:
    names = {"iteration", "loss_d", "loss_g"}
    return (
        type(value["every"]) is int
        and 1 <= value["every"] <= MOST
        and isinstance(value["lines"], list)
        and len(value["lines"]) <= MAX_ITERATIONS
        and all(isinstance(line, dict) and line.keys() == names for line in value["lines"])
        and all(_is_number(number) for line in value["lines"] for number in line.values())
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) <= MOST


def _is_guard(value: Any, example: dict[str, Any]) -> bool:
    """Whether it is what the guard remembers, of which later versions may remember more."""
    names = isinstance(value, dict) and value.keys() <= example.keys()
    return names and all(type(value[name]) in (int, type(example[name])) for name in value)


CHECKS: dict[str, Callable[[Any, Any], bool]] = {
    "rng": _is_random,
    "order": _is_order,
    "history": _is_history,
    "iterations": _is_iterations,
    "guard": _is_guard,
    "sums": lambda value, example: value.is_floating_point() and _may_be_sums(value, len(example)),
    "threads": lambda value, _: type(value) is int and 1 <= value <= MOST_THREADS,
}
