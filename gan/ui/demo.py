"""The page: what stands above the tabs, the model choice they share, and the tabs."""

import html
from collections.abc import Sequence

import gradio as gr

from gan.ui.generate import build_generate
from gan.ui.history import build_history
from gan.ui.loaded import LoadedModel

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


def build_demo(models: Sequence[LoadedModel], problems: Sequence[str] = ()) -> gr.Blocks:
    """Return the page for these models; `problems` are sentences about checkpoints that could not be read."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(600, 1800)) as demo:
        gr.HTML(HEADER, apply_default_css=False)
        if problems:
            items = "".join(f"<li>{html.escape(problem)}</li>" for problem in problems)
            gr.HTML(
                f'<aside class="problems"><strong>Not everything could be read.</strong><ul>{items}</ul></aside>',
                apply_default_css=False,
            )
        if models:
            names = [model.name for model in models]
            model_choice = gr.Radio(names, value=names[0], label="Model", elem_id="model")
            with gr.Tabs(elem_id="tabs"):
                with gr.Tab("Generate", id="generate"):
                    build_generate(models, model_choice)
                with gr.Tab("Training", id="training"):
                    build_history(models, model_choice)
        else:
            gr.HTML(NO_MODELS, apply_default_css=False)
        pokemon = POKEMON if any("pokemon" in model.name.lower() for model in models) else ""
        gr.HTML(FOOTER.format(pokemon=pokemon), apply_default_css=False)
    return demo.queue(api_open=False, max_size=64, default_concurrency_limit=2)
