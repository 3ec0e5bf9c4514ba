"""The page: what stands above the tabs, the model choice they share, and the tabs."""

import html
from collections.abc import Sequence

import gradio as gr

from gan.card import learned_from
from gan.data.datasets import DATASETS
from gan.errors import escape
from gan.ui.blocks import Page
from gan.ui.drawn import PRIVATE
from gan.ui.loaded import LoadedModel
from gan.ui.page import build_page, wire_page
from gan.ui.shelf import Shelf
from gan.ui.tabs.about import build_about
from gan.ui.tabs.explore import build_explore
from gan.ui.tabs.generate import build_generate
from gan.ui.tabs.interpolate import build_interpolate
from gan.ui.tabs.models import build_compare
from gan.ui.tabs.training import build_history

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
pictures that a network learned from belong to their owners.{trademarks}</footer>"""
TRADEMARK = " {trademark}, who have nothing to do with this page."
TABS = (
    ("generate", "Generate", build_generate),
    ("explore", "Explore", build_explore),
    ("interpolate", "Interpolate", build_interpolate),
    ("training", "Training", build_history),
    ("models", "Two models", build_compare),
    ("about", "About", build_about),
)


def build_demo(models: Sequence[LoadedModel], problems: Sequence[str] = ()) -> Page:
    """Return the page for these models; `problems` are sentences about checkpoints that could not be read."""
    with Page(title=TITLE, analytics_enabled=False) as demo:
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
        gr.HTML(FOOTER.format(trademarks=trademarks(models)), apply_default_css=False)
    return demo.stand_in_line(concurrency_limit=2)


def trademarks(models: Sequence[LoadedModel]) -> str:
    """Return a sentence for each trademark that the models learned from pictures of, after a blank; "" for none."""
    names = {learned_from(model.described) for model in models}
    shown = [known.trademark for name, known in DATASETS.items() if name in names and known.trademark]
    return "".join(TRADEMARK.format(trademark=trademark) for trademark in shown)


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
