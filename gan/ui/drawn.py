"""Components that draw themselves: gr.HTML with a script of its own, scripts/NAME.js."""

from pathlib import Path
from typing import Any

import gradio as gr

SCRIPTS = Path(__file__).parent / "scripts"
SHARED = (SCRIPTS / "studio.js").read_text(encoding="utf-8")

# Of events that belong to the page alone. Handlers see all that is sent, as it was sent, and answer it themselves.
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "preprocess": False}


def drawn(script: str, value: Any, label: str, elem_id: str = "", **props: Any) -> gr.HTML:
    """Return the component that SCRIPT.js draws from `value` and other props, in a <div class=SCRIPT>."""
    return gr.HTML(
        value,
        label=label,
        html_template=f"<div class='{script}'></div>",
        js_on_load=SHARED + (SCRIPTS / f"{script}.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id=elem_id or script,
        **props,
    )
