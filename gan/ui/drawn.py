"""Components that draw themselves: gr.HTML with a script of its own, scripts/NAME.js."""

import json
from pathlib import Path
from typing import Any

import gradio as gr

SCRIPTS = Path(__file__).parent / "scripts"
SHARED = (SCRIPTS / "studio.js").read_text(encoding="utf-8")

# Of events that belong to the page alone. Handlers see all that is sent, as it was sent, and answer it themselves.
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "preprocess": False}


def drawn(script: str, value: Any, label: str, elem_id: str = "", **constants: Any) -> gr.HTML:
    """Return the component that SCRIPT.js draws from `value`, in a <div class=SCRIPT>; the script knows the constants.

    They are written into the script: Gradio hands other props to components in the first tab alone.
    """
    constants["elementId"] = elem_id or script
    known = "".join(f"const {name} = {json.dumps(constant)};\n" for name, constant in constants.items())
    return gr.HTML(
        value,
        label=label,
        html_template=f"<div class='{script}'></div>",
        js_on_load=known + SHARED + (SCRIPTS / f"{script}.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id=constants["elementId"],
    )
