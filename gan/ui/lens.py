"""What the page needs to know of a tab: it is a lens through which the picture in hand is seen."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from gan.ui.loaded import LoadedModel
from gan.ui.specimen import Specimen


@dataclass(frozen=True)
class Guest:
    """Who asks: whether at this very machine, whether real pictures may be shown, under which address the page is."""

    at_home: bool = False
    sees_reals: bool = False
    address: str = "http://127.0.0.1:7860/"


Enter = Callable[[LoadedModel, Specimen, Mapping[str, Any], Guest], dict[Any, Any]]


def guest_of(request: gr.Request) -> Guest:
    """Return who sent a request."""
    asked = request.request
    assert asked is not None  # Gradio hands over the one that it answers
    page = asked.app.get_blocks()
    address = (asked.headers.get("referer") or "").partition("?")[0]
    known = re.fullmatch(r"https?://[\w.:/\[\]~-]+", address)
    return Guest(page.is_at_home(asked.scope), page.sees_reals(asked.scope), address if known else Guest.address)


@dataclass(frozen=True)
class Lens:
    """`enter(model, specimen, link, guest)` returns what the tab's components show of a picture, or raises gr.Error.

    `link` holds what a link says beside the picture, as strings or numbers, or what the tab's own `spot` says: what is
    to be kept in links beside the picture. `outputs` are the components that `enter` sets, the spot among them.
    """

    id: str
    enter: Enter
    outputs: Sequence[Component]
    spot: gr.JSON | None = None
