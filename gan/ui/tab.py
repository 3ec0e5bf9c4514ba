"""What the page needs to know of a tab: its name, and how a link sets its controls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gradio.components import Component

from gan.ui.loaded import LoadedModel


@dataclass(frozen=True)
class Tab:
    """`restore(model, link)` returns a value for `controls` from a link's values, or raises gr.Error."""

    id: str
    controls: Component
    restore: Callable[[LoadedModel, Mapping[str, Any]], Any]
