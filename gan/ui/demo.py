"""The page: the picture in hand, large, the tabs through which it is seen, and the pictures that were kept."""

import html
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from gan.errors import escape
from gan.publishing.provenance import author_of, trademarks_of
from gan.ui import tray
from gan.ui.aides import Aides
from gan.ui.blocks import Page
from gan.ui.components import LAST_WINS, PRIVATE, Files, Stage, call, wishes
from gan.ui.encode import lossless_uri
from gan.ui.front import Front
from gan.ui.lens import Lens
from gan.ui.loaded import LoadedModel
from gan.ui.mine import build_mine
from gan.ui.saving import build_saving
from gan.ui.sharper import SHARPER, build_sharper
from gan.ui.shelf import Shelf
from gan.ui.specimen import Specimen
from gan.ui.studio import Studio, hold, on_stage, saved_picture, tell
from gan.ui.tabs.about import build_about
from gan.ui.tabs.compare import build_compare, worth_comparing
from gan.ui.tabs.draw import build_draw
from gan.ui.tabs.explore import build_explore
from gan.ui.tabs.generate import BY_HAND, build_generate, seeds_of
from gan.ui.tabs.morph import build_morph
from gan.ui.tabs.training import build_training
from gan.ui.verdict import build_verdict
from gan.ui.visit import Visit

TITLE = "GAN Studio"
HEADER = """<header class="masthead"><a class="skip" href="#stage">Skip to the picture</a>
<a class="skip" href="#tabs">Skip to the tabs</a><h1>GAN Studio</h1></header>"""
NO_MODELS = """<section class="welcome">
<h2>No model here yet</h2>
<p>Train one on a folder of pictures, then give the result a name. An hour on a laptop is enough to see something.</p>
<pre tabindex="0"><code>python train.py --dataset pokemon
python -m gan.promote RUN NAME
python app.py</code></pre>
<p><code>RUN</code> is the folder that training names at its end; <code>NAME</code> is what this page will call the
model. To look at a run before that: <code>python app.py --checkpoint RUN</code>.</p>
</section>"""
FOOTER = """<footer class="colophon">Every picture is computed on this machine, at the moment you ask for it.
{whose}{trademarks}</footer>"""
OTHERS = "The pictures that a network learned from belong to their owners."
AUTHORS = "The pictures that a network learned from are by {authors}."
TRADEMARK = " {trademark}, who have nothing to do with this page."
TABS: dict[str, tuple[str, Callable[[Studio], Lens]]] = {
    "generate": ("Generate", build_generate),
    "explore": ("Explore", build_explore),
    "morph": ("Morph", build_morph),
    "draw": ("Draw", build_draw),
    "training": ("Training", build_training),
    "compare": ("Compare", build_compare),
    "about": ("About", build_about),
}


def build_demo(
    models: Sequence[LoadedModel], problems: Sequence[str] = (), asked: bool = False, aides: Sequence[Path] = ()
) -> Page:
    """Return the page for these models; `problems` are sentences about checkpoints that could not be read.

    Models that were `asked` for by name are compared, whatever they learned from. `aides` are folders of networks that
    colour drawings or enlarge pictures.
    """
    with Page(title=TITLE, analytics_enabled=False) as demo:
        if problems:
            items = "".join(f"<li>{html.escape(escape(problem))}</li>" for problem in problems)
            gr.HTML(
                f'<aside class="problems"><strong>Not everything could be read.</strong><ul>{items}</ul></aside>',
                apply_default_css=False,
            )
        helpers = Aides(aides)
        if models:
            shelf = Shelf(models)
            without = {"compare": not worth_comparing(models, asked), "draw": not helpers.can_colour()}
            build_studio(demo, shelf, helpers, [name for name, absent in without.items() if absent])
            demo.front = Front(shelf, helpers)
        else:
            gr.HTML(HEADER + NO_MODELS, apply_default_css=False)
        learned = [*(model.described for model in models), *(aide.described for aide in helpers.all)]
        gr.HTML(FOOTER.format(whose=whose(learned), trademarks=trademarks(learned)), apply_default_css=False)
    return demo.stand_in_line(concurrency_limit=2)


def whose(learned: Sequence[Mapping[str, Any]]) -> str:
    """Return whose the pictures are that networks learned from, by their config.json: authors', where each has one."""
    authors = {author_of(described) for described in learned}
    return AUTHORS.format(authors=html.escape(", ".join(sorted(authors)))) if authors and "" not in authors else OTHERS


def trademarks(learned: Sequence[Mapping[str, Any]]) -> str:
    """Return a sentence for each trademark that networks learned from pictures of, after a blank; "" for none."""
    shown = dict.fromkeys(trademark for described in learned for trademark in trademarks_of(described))
    return "".join(TRADEMARK.format(trademark=trademark) for trademark in shown)


def thumbnails(models: Sequence[LoadedModel]) -> str:
    """Return the style sheet that puts a small picture beside each model's name."""
    rules = []
    for place, model in enumerate(models, 1):
        if model.weights:
            seed = seeds_of(model, BY_HAND, 1)[0]
            uri = lossless_uri(saved_picture(model, Specimen(seed)))
            rules.append(f"#model label:nth-of-type({place}) {{ --thumbnail: url('{uri}') }}")
    return f"<style>{''.join(rules)}</style>"


def build_studio(demo: gr.Blocks, models: Shelf, aides: Aides, without: Sequence[str]) -> None:
    """Lay out the stage, the tabs but those it is `without`, and the tray; let them follow the picture in hand."""
    first = models[0]
    begin = Specimen(seeds_of(first, BY_HAND, None)[0])
    held = hold(first, begin, "address")
    styles = ["Smooth", "Pixels", *[SHARPER] * aides.can_enlarge(models)]
    with gr.Column(elem_id="studio"):
        gr.HTML(HEADER + thumbnails(models), apply_default_css=False, elem_id="brand")
        model = gr.Radio(
            [(model.title, model.name) for model in models], value=first.name, label="Model", elem_id="model",
            show_label=False,
        )  # fmt: skip
        with gr.Column(elem_id="stage-column"):
            stage = Stage(on_stage(first, begin), "The picture in hand", "stage")
            with gr.Row(elem_id="actions"):
                another = gr.Button("Another", variant="primary", elem_id="another")
                keep = gr.Button("Keep", elem_id="keep")
                share = gr.Button("Share", elem_id="share")
                save = gr.Button("Save", elem_id="save")
            deeper = gr.Column(elem_id="deeper")
            with gr.Row(elem_id="ways"):
                ways = {
                    "explore": gr.Button("Change it", size="sm", elem_id="to-explore"),
                    "morph": gr.Button("Morph from here", size="sm", elem_id="to-morph"),
                    "training": gr.Button("How it came about", size="sm", elem_id="to-training"),
                }
            with gr.Row(elem_id="more"):
                style = gr.Radio(
                    styles, value="Smooth", label="Enlarged", elem_id="style", container=False,
                )  # fmt: skip
                save_large = gr.Button("Save large", size="sm", elem_id="save-large")
                files = Files(None, "Saved pictures", "files")
            own = gr.Column(elem_id="own")
        with gr.Tabs(elem_id="tabs", selected="generate", overflow_behavior="wrap") as tabs:
            opened: dict[str, gr.Tab] = {}
            for name, (title, _) in TABS.items():
                if name not in without:
                    opened[name] = gr.Tab(title, id=name, elem_id=f"{name}-tab", render_children=True)
        hand = gr.JSON(held, visible="hidden", elem_id="hand")
        current = gr.Textbox("generate", visible="hidden", elem_id="current")
        dragged = wishes(stage, stage.input)
        told = gr.JSON({}, visible="hidden", elem_id="told")  # what a script has to tell the server
        kept = gr.JSON([], visible="hidden")
        offered = gr.JSON({}, visible="hidden")
        studio = Studio(models, model, hand, stage, tabs, current, files, kept, style, aides, offered)
        with deeper:
            build_verdict(studio, begin.recipe(first))
        with own:
            found = build_mine(studio)
        lenses = []
        for name, tab in opened.items():
            with tab, gr.Column(elem_id=name, elem_classes="lens"):
                lenses.append(TABS[name][1](studio))
        visit = Visit(studio, lenses, held)
        named = gr.JSON(visit.places, visible="hidden")
        if SHARPER in styles:
            build_sharper(studio)
        kept_sheet, morph_kept = tray.build_tray(studio, keep, demo.load)
        back = gr.Button("Back", elem_id="back", visible="hidden")
        gr.HTML("<p id='nobody' role='status' hidden></p>", apply_default_css=False)

    place = [model, hand, current, *visit.spots]
    another.click(visit.roll, place, visit.every, **LAST_WINS)
    model.input(visit.choose_model, [model, hand, current], visit.every, **LAST_WINS)
    dragged.change(visit.drag, dragged, [hand, stage], **LAST_WINS)
    for event in found:
        event.success(visit.again, [hand, current, *visit.spots], visit.every, **LAST_WINS)
    selected = [tab.select for tab in opened.values()]
    gr.on(selected, visit.arrive, [told, *place], visit.every, js=call("arriving"), **LAST_WINS)
    for name, button in ways.items():
        if name == "morph":
            button.click(visit.morph_from, hand, visit.every, **LAST_WINS)
        else:
            button.click(lambda name=name: gr.Tabs(selected=name), None, tabs, **PRIVATE)
    share.click(tell, told, None, js=call("share"), **PRIVATE)
    style.change(None, style, None, js=call("enlarge"))
    build_saving(studio, save, save_large)
    files.upload(visit.from_picture, files, visit.every, **LAST_WINS)
    kept_sheet.select(visit.from_tray, [kept_sheet, current, *visit.spots], visit.every, **LAST_WINS)
    through = call("withStored", "kept")
    morph_kept.click(visit.morph_through, [hand, kept], visit.every, js=through, **LAST_WINS)
    back.click(visit.from_history, told, visit.every, js=call("address"), **LAST_WINS)
    moved = [hand.change, current.change, *(spot.change for spot in visit.spots)]
    gr.on(moved, None, [named, hand, current, *visit.spots], None, js=call("keepAddress"))
    opened_at = demo.load(visit.from_address, None, visit.every, **PRIVATE)
    opened_at.then(None, None, None, js=call("arrived"))
