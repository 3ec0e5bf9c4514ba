"""The page: what stands above the tabs, the model choice they share, and the tabs."""

import errno
import html
from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.exceptions import ComponentProcessingError
from gradio.state_holder import SessionState

from gan.errors import escape
from gan.ui.about import build_about
from gan.ui.arguments import refuse
from gan.ui.compare import build_compare
from gan.ui.drawn import PRIVATE
from gan.ui.explore import build_explore
from gan.ui.generate import build_generate
from gan.ui.history import build_history
from gan.ui.interpolate import build_interpolate
from gan.ui.loaded import LoadedModel
from gan.ui.page import build_page, wire_page
from gan.ui.shelf import Shelf

TITLE = "GAN Studio"
HEADER = """<header class="masthead">
<p class="wordmark">GAN Studio</p>
<h1>Pictures nobody drew</h1>
<p class="lead">A small network studied a collection of pictures and now makes up its own. Each seed is one picture:
change the seed and see another.</p>
</header>"""
NO_MODELS = """<section class="welcome">
<h2>No model here yet</h2>
<p>Train one on a folder of pictures, then give the result a name. An hour on a laptop is enough to see something.</p>
<pre><code>python train.py --dataset pokemon
python -m gan.promote RUN NAME
python app.py</code></pre>
<p><code>RUN</code> is the folder that training names at its end; <code>NAME</code> is what this page will call the
model. To look at a run before that: <code>python app.py --checkpoint RUN</code>.</p>
</section>"""
FOOTER = """<footer class="colophon">Every picture is computed on this machine, at the moment you ask for it. The
pictures that a network learned from belong to their owners.{pokemon}</footer>"""
POKEMON = " Pokémon is a trademark of Nintendo, Creatures and GAME FREAK, who have nothing to do with this page."
TABS = (
    ("generate", "Generate", build_generate),
    ("explore", "Explore", build_explore),
    ("interpolate", "Interpolate", build_interpolate),
    ("training", "Training", build_history),
    ("models", "Two models", build_compare),
    ("about", "About", build_about),
)
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS}


class Page(gr.Blocks):
    """Blocks that hand to an event what was sent, as it was sent, and None for what was not.

    Gradio itself keeps a copy of every value, fetches what looks like a file, and fails where an argument is missing.
    What an event gives to a program becomes a file; where that cannot be written, the program is told.
    """

    async def process_api(self, *arguments: Any, **more: Any) -> dict[str, Any]:
        try:
            return await super().process_api(*arguments, **more)
        except (OSError, ComponentProcessingError) as error:
            cause = error.__cause__ or error
            if getattr(cause, "errno", None) not in NO_ROOM:
                raise
            raise refuse(
                f"The file could not be written on the server ({cause.strerror}). Whoever runs it can make room in "
                "its folder for temporary files, or start it with another: TMPDIR=FOLDER"
            ) from error

    async def preprocess_data(
        self, block_fn: BlockFunction, inputs: list[Any], state: SessionState | None, explicit_call: bool = False
    ) -> list[Any]:
        wanted = len(block_fn.inputs)
        return [*inputs, *[None] * wanted][:wanted]


def build_demo(models: Sequence[LoadedModel], problems: Sequence[str] = ()) -> gr.Blocks:
    """Return the page for these models; `problems` are sentences about checkpoints that could not be read."""
    with Page(title=TITLE, analytics_enabled=False, delete_cache=(600, 1800)) as demo:
        gr.HTML(HEADER, apply_default_css=False)
        if problems:
            items = "".join(f"<li>{html.escape(escape(problem))}</li>" for problem in problems)
            gr.HTML(
                f'<aside class="problems"><strong>Not everything could be read.</strong><ul>{items}</ul></aside>',
                apply_default_css=False,
            )
        if models:
            _build_studio(demo, Shelf(models))
        else:
            gr.HTML(NO_MODELS, apply_default_css=False)
        pokemon = POKEMON if any("pokemon" in model.name.lower() for model in models) else ""
        gr.HTML(FOOTER.format(pokemon=pokemon), apply_default_css=False)
    return demo.queue(api_open=False, max_size=64, default_concurrency_limit=2)


def _build_studio(demo: gr.Blocks, models: Shelf) -> None:
    """Lay out the model choice and the tabs under it."""
    names = [model.name for model in models]
    with gr.Row(elem_classes="model-row"):
        model_choice = gr.Radio(names, value=names[0], label="Model", elem_id="model")
        page, post = build_page()
    rooms = []
    with gr.Tabs(elem_id="tabs", selected=TABS[0][0], overflow_behavior="wrap") as tabs:
        for name, title, build in TABS:
            with gr.Tab(title, id=name) as tab:
                rooms.append(build(models, model_choice, post))
            tab.select(None, None, None, js=f"() => window.ganStudio.send('tab', '{name}')", **PRIVATE)
    wire_page(demo, page, post, models, model_choice, tabs, rooms)
