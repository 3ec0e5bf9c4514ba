"""What the page needs to know of a tab: its name, and how a link sets its controls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gradio.components import Component

from gan.ui.loaded import LoadedModel


@dataclass(frozen=True)
class Tab:
    """`restore(model, link)` returns a value for `controls` from a link's values, or raises gr.Error.

    A tab that shows the chosen model and nothing else has no controls (None); what its `restore` returns is not used.
    """

    id: str
    controls: Component | None
    restore: Callable[[LoadedModel, Mapping[str, Any]], Any]
