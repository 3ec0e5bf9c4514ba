"""The controls of a tab: declared here, drawn by controls.js, which reports {name: value} as one input."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from gan.latent import MAX_SEED
from gan.ui.arguments import DEFAULT_SEED, DEFAULT_TRUNCATION
from gan.ui.drawn import drawn

SLIDER_REACH = 9_999  # a seed's slider ends here until a larger seed is typed; the dice stay within


def seed(name: str = "seed", label: str = "Seed", value: int = DEFAULT_SEED, hint: str = "") -> dict[str, Any]:
    """A field, dice and a slider that always agree."""
    return {
        "kind": "seed", "name": name, "label": label, "value": value, "hint": hint,
        "reach": SLIDER_REACH, "most": MAX_SEED,
    }  # fmt: skip


def number(
    name: str, label: str, low: float, high: float, value: float, step: float = 1, hint: str = ""
) -> dict[str, Any]:
    """A slider with a field for the exact value."""
    return {
        "kind": "number", "name": name, "label": label, "low": low, "high": high, "value": value, "step": step,
        "hint": hint,
    }  # fmt: skip


def truncation() -> dict[str, Any]:
    """The slider that every tab with pictures from seeds has."""
    hint = "At 0: one safe picture. At 1: all that the network can do, failures included."
    return number("truncation", "Truncation", 0, 1, DEFAULT_TRUNCATION, 0.01, hint)


def choice(name: str, label: str, options: Sequence[str], hint: str = "") -> dict[str, Any]:
    """One of a few, the first to begin with."""
    return {
        "kind": "choice", "name": name, "label": label, "options": list(options), "value": options[0], "hint": hint,
    }  # fmt: skip


def toggle(name: str, label: str, value: bool = False) -> dict[str, Any]:
    """On or off."""
    return {"kind": "toggle", "name": name, "label": label, "value": value}


def seeds(name: str, label: str, value: Sequence[int], most: int) -> dict[str, Any]:
    """Two seeds or more, each with its dice, to be added to and taken from."""
    return {
        "kind": "seeds", "name": name, "label": label, "value": list(value), "reach": SLIDER_REACH, "top": MAX_SEED,
        "most": most,
    }  # fmt: skip


def track(name: str, label: str, choices: str, values: Sequence[int]) -> dict[str, Any]:
    """One of a list of whole numbers, by slider or played like a film; `choices` names the list among the values.

    The player waits for the message NAME-drawn, where NAME is the component's id, before it goes on.
    """
    return {
        "kind": "track", "name": name, "label": label, "choices": choices, "values": list(values),
        "value": values[-1] if values else None,
    }  # fmt: skip


def buttons(*actions: tuple[str, str, Sequence[str]]) -> dict[str, Any]:
    """Buttons that set some controls at once: (label, "default" or "random", their names)."""
    return {
        "kind": "buttons",
        "actions": [{"label": label, "set": to, "names": list(names)} for label, to, names in actions],
    }


def drawer(label: str, inside: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Controls that are out of sight until asked for."""
    return {"kind": "drawer", "label": label, "inside": list(inside)}


def defaults(spec: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the values that the controls begin with."""
    found: dict[str, Any] = {}
    for control in spec:
        if control["kind"] == "drawer":
            found |= defaults(control["inside"])
        elif "name" in control:
            found[control["name"]] = control["value"]
        if control["kind"] == "track":
            found[control["choices"]] = control["values"]
    return found


def build_controls(spec: Sequence[dict[str, Any]], elem_id: str, **unseen: Any) -> gr.HTML:
    """Return the component; its value is {name: value}, its `input` event tells of every change.

    `unseen` are values that no control shows: other components set them by message.
    """
    return drawn("controls", defaults(spec) | unseen, "Controls", elem_id, spec=list(spec))
