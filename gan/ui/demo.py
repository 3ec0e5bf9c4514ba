"""The page: the picture in hand, large, the tabs through which it is seen, and the pictures that were kept."""

import html
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from gan.card import learned_from
from gan.data.datasets import DATASETS
from gan.errors import escape
from gan.ui import links, tray
from gan.ui.aides import Aides
from gan.ui.arguments import read_fraction
from gan.ui.blocks import Page
from gan.ui.components import LAST_WINS, NETWORKS, PRIVATE, Files, Stage, call, said, wishes
from gan.ui.encode import enlarge, lossless_uri, png_bytes
from gan.ui.front import Front
from gan.ui.lens import Guest, Lens, guest_of
from gan.ui.loaded import LoadedModel
from gan.ui.mine import build_mine
from gan.ui.sharper import SHARPER, build_sharper, sharper_picture
from gan.ui.shelf import Shelf
from gan.ui.specimen import Specimen, read_specimen, within
from gan.ui.studio import Studio, file, hold, on_stage, saved_name, saved_picture, tell
from gan.ui.tabs.about import build_about
from gan.ui.tabs.compare import build_compare, worth_comparing
from gan.ui.tabs.draw import build_draw
from gan.ui.tabs.explore import build_explore
from gan.ui.tabs.generate import BY_HAND, build_generate, seeds_of
from gan.ui.tabs.morph import build_morph
from gan.ui.tabs.training import build_training
from gan.ui.verdict import build_verdict

TITLE = "GAN Studio"
HEADER = "<header class='masthead'><a class='skip' href='#stage'>Skip to the picture</a><h1>GAN Studio</h1></header>"
NO_MODELS = """<section class="welcome">
<h2>No model here yet</h2>
<p>Train one on a folder of pictures, then give the result a name. An hour on a laptop is enough to see something.</p>
<pre tabindex="0"><code>python train.py --dataset pokemon
python -m gan.promote RUN NAME
python app.py</code></pre>
<p><code>RUN</code> is the folder that training names at its end; <code>NAME</code> is what this page will call the
model. To look at a run before that: <code>python app.py --checkpoint RUN</code>.</p>
</section>"""
FOOTER = """<footer class="colophon">Every picture is computed on this machine, at the moment you ask for it. The
pictures that a network learned from belong to their owners.{trademarks}</footer>"""
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
ROLLED = 10_000  # below which a rolled seed lies
LARGE = 8  # times, where a large PNG is asked for


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
        if models:
            shelf = Shelf(models)
            helpers = Aides(aides)
            without = {"compare": not worth_comparing(models, asked), "draw": not helpers.can_colour()}
            build_studio(demo, shelf, helpers, [name for name, absent in without.items() if absent])
            demo.front = Front(shelf, helpers)
        else:
            gr.HTML(HEADER + NO_MODELS, apply_default_css=False)
        gr.HTML(FOOTER.format(trademarks=trademarks(models)), apply_default_css=False)
    return demo.stand_in_line(concurrency_limit=2)


def trademarks(models: Sequence[LoadedModel]) -> str:
    """Return a sentence for each trademark that the models learned from pictures of, after a blank; "" for none."""
    names = {learned_from(model.described) for model in models}
    shown = [known.trademark for name, known in DATASETS.items() if name in names and known.trademark]
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
            gr.HTML("<p id='nobody' role='status' hidden></p>", apply_default_css=False)
        with gr.Tabs(elem_id="tabs", selected="generate", overflow_behavior="wrap") as tabs:
            opened: dict[str, gr.Tab] = {}
            for name, (title, _) in TABS.items():
                if name not in without:
                    opened[name] = gr.Tab(title, id=name, elem_id=f"{name}-tab", render_children=True)
        hand = gr.JSON(hold(first, begin, "address"), visible="hidden", elem_id="hand")
        current = gr.Textbox("generate", visible="hidden", elem_id="current")
        dragged = wishes(stage, stage.input)
        told = gr.JSON({}, visible="hidden", elem_id="told")  # what a script has to tell the server
        kept = gr.BrowserState([], storage_key="gan-studio-kept", secret="kept in this browser alone")
        offered = gr.JSON({}, visible="hidden")
        studio = Studio(models, model, hand, stage, tabs, current, files, kept, style, aides, offered)
        with deeper:
            build_verdict(studio, begin.recipe(first))
        with own:
            build_mine(studio)
        lenses = []
        for name, tab in opened.items():
            with tab, gr.Column(elem_id=name, elem_classes="lens"):
                lenses.append(TABS[name][1](studio))
        named = gr.JSON([lens.id for lens in lenses if lens.spot is not None], visible="hidden")
        if SHARPER in styles:
            build_sharper(studio)
        kept_sheet, morph_kept = tray.build_tray(studio, keep)
        back = gr.Button("Back", elem_id="back", elem_classes="unseen")

    shared = [hand, stage]
    spots = [lens.spot for lens in lenses if lens.spot is not None]
    # The tabs come last: what is in the one that opens is set by then.
    every = list(dict.fromkeys([*shared, model, current, *(out for lens in lenses for out in lens.outputs), tabs]))
    by_id = {lens.id: lens for lens in lenses}

    def enter(
        name: Any, chosen: LoadedModel, specimen: Specimen, link: Mapping[str, Any], guest: Guest
    ) -> dict[Any, Any]:
        lens = by_id.get(name) if isinstance(name, str) else None
        if lens is None or not (chosen.weights or name == "training"):  # which says how far the run is
            return {}
        return lens.enter(chosen, specimen, link, guest)

    def spot_of(name: str, given: Sequence[Any]) -> Mapping[str, Any]:
        places = [lens.id for lens in lenses if lens.spot is not None]
        spot = given[places.index(name)] if name in places else {}
        return spot if isinstance(spot, Mapping) else {}

    def arrive_at(name: str) -> Callable[..., dict[Any, Any]]:
        def arrive(request: gr.Request, chosen_name: Any, in_hand: Any, tab: Any, *given: Any) -> dict[Any, Any]:
            if tab == name:  # whatever led here has drawn the tab already
                return {current: name}
            chosen = studio.named(chosen_name)
            held = in_hand if isinstance(in_hand, Mapping) else {}
            if held.get("model", chosen.name) == chosen.name:
                specimen = read_specimen(chosen, within(chosen, held))
            else:  # the model has just been chosen, and its first picture is still on its way
                specimen = first_of(chosen, held, tab)
            return {current: name, **enter(name, chosen, specimen, spot_of(name, given), guest_of(request))}

        return arrive

    def first_of(chosen: LoadedModel, held: Mapping[str, Any], tab: Any) -> Specimen:
        """Return the picture in hand when another model is chosen."""
        if tab == "generate" and chosen.picked:
            return Specimen(chosen.picked[0])
        return read_specimen(chosen, {key: held[key] for key in ("seed", "wildness", "truncation") if key in held})

    def choose_another_model(request: gr.Request, name: Any, in_hand: Any, tab: Any) -> dict[Any, Any]:
        models.refresh()
        chosen = studio.named(name)
        held = in_hand if isinstance(in_hand, Mapping) else {}
        if not chosen.weights:
            return {hand: {"model": name, "by": "model"}, stage: on_stage(chosen, Specimen())}
        plain = first_of(chosen, held, tab)
        fresh = {"wall": BY_HAND} if tab == "generate" else {}
        return {**studio.take(chosen, plain, "model"), **enter(tab, chosen, plain, fresh, guest_of(request))}

    def roll(request: gr.Request, name: Any, in_hand: Any, tab: Any, *given: Any) -> dict[Any, Any]:
        chosen = studio.models[0] if name is None else studio.named(name)
        held = in_hand if isinstance(in_hand, Mapping) else {}
        wildness = read_fraction(held.get("wildness"), "Wildness", 1.0)
        specimen = Specimen(random.randrange(ROLLED), wildness=wildness)
        spot = dict(spot_of(tab, given)) | ({"wall": specimen.seed} if tab == "generate" else {})
        if tab == "morph":
            spot = {}
        return {**studio.take(chosen, specimen, "roll"), **enter(tab, chosen, specimen, spot, guest_of(request))}

    def drag(told: Any) -> dict[Any, Any]:
        return studio.take(*studio.in_hand(told), "drag") if told else gr.skip()

    def restore(link: Mapping[str, Any], by: str, guest: Guest) -> dict[Any, Any]:
        chosen, remark = links.find_model(models, link)
        lens = links.find_lens(lenses, link)
        specimen = read_specimen(chosen, link) if chosen.weights else Specimen()
        if not {"seed", "latent"} & link.keys():  # it names no picture: the first of the wall
            specimen = replace(specimen, seed=seeds_of(chosen, BY_HAND, None)[0])
        links.say(links.remark_on(chosen, remark))
        held = {**studio.take(chosen, specimen, by), model: chosen.name, current: lens.id}
        return {**held, **enter(lens.id, chosen, specimen, link, guest), tabs: gr.Tabs(selected=lens.id)}

    def from_address(request: gr.Request) -> dict[Any, Any]:
        models.refresh()
        link = links.moved_on(models, links.read_link(dict(request.query_params)))
        known = {key: value for key, value in link.items() if not key.startswith("__")}
        if not known and models[0].weights == first.weights:
            links.say(links.remark_on(models[0], ""))
            return gr.skip()
        try:
            return restore(known, "address", guest_of(request))
        except gr.Error as error:  # the page stays as it was built
            gr.Warning(error.message)
            return gr.skip()

    def from_history(request: gr.Request, query: Any) -> dict[Any, Any]:
        link = links.read_link(query if isinstance(query, Mapping) else {})
        return restore(links.moved_on(models, link), "address", guest_of(request))

    def from_picture(request: gr.Request, told: Any) -> dict[Any, Any]:
        if not said(told).keys() - {"sharper"}:  # what was made of a program's own picture says no more
            raise links.refuse("There is no recipe in this picture.")
        if "strokes" in said(told) and "draw" not in by_id:
            raise links.refuse("This is a drawing, and no network here colours drawings.")
        tab = "draw" if "strokes" in said(told) else "explore"
        return restore({**said(told), "tab": tab}, "open", guest_of(request))

    def from_tray(request: gr.Request, told: Any) -> dict[Any, Any]:
        recipe = said(told).get("recipe")
        if isinstance(recipe, Mapping) and "strokes" in recipe:
            return restore({**recipe, "tab": "draw"}, "open", guest_of(request))
        return studio.choose(told)

    def save_picture(in_hand: Any) -> dict[str, Any]:
        chosen, specimen = studio.in_hand(in_hand)
        return file(f"{saved_name(chosen, specimen)}.png", "image/png", png_bytes(saved_picture(chosen, specimen)))

    def save_enlarged(in_hand: Any, how: Any) -> dict[str, Any]:
        chosen, specimen = studio.in_hand(in_hand)
        picture = saved_picture(chosen, specimen)
        sharp = sharper_picture(studio, chosen, specimen) if how == SHARPER else picture
        large = enlarge(sharp, LARGE * picture.width // sharp.width, how != "Pixels")
        large.info |= sharp.info
        return file(f"{saved_name(chosen, specimen)}-large.png", "image/png", png_bytes(large))

    def morph_through(request: gr.Request, in_hand: Any, recipes: Any) -> dict[Any, Any]:
        chosen, specimen = studio.in_hand(in_hand)
        kept = [recipe for recipe in tray.recipes_in(recipes) if "strokes" not in recipe]
        mine = [recipe for recipe in kept if recipe.get("model") == chosen.name]
        if len(mine) < 2:
            raise links.refuse(f"Keep two pictures by {chosen.title} or more, then this morphs through them.")
        link = {"stops": json.dumps(mine)}
        return {
            **enter("morph", chosen, specimen, link, guest_of(request)),
            current: "morph",
            tabs: gr.Tabs(selected="morph"),
        }

    another.click(roll, [model, hand, current, *spots], every, **LAST_WINS)
    model.input(choose_another_model, [model, hand, current], every, **LAST_WINS)
    dragged.change(drag, dragged, shared, **LAST_WINS)
    for name, tab in opened.items():
        tab.select(arrive_at(name), [model, hand, current, *spots], every, **LAST_WINS)
    for name, button in ways.items():
        button.click(lambda name=name: gr.Tabs(selected=name), None, tabs, **PRIVATE)
    share.click(tell, told, None, js=call("share"), **PRIVATE)
    style.change(None, style, None, js=call("enlarge"))
    save.click(save_picture, hand, files, **NETWORKS, **PRIVATE)
    save_large.click(save_enlarged, [hand, style], files, **NETWORKS, **PRIVATE)
    files.upload(from_picture, files, every, **LAST_WINS)
    kept_sheet.select(from_tray, kept_sheet, every, **LAST_WINS)
    morph_kept.click(morph_through, [hand, kept], every, **LAST_WINS)
    back.click(from_history, told, every, js=call("address"), **LAST_WINS)
    gr.on(
        [hand.change, current.change, *(spot.change for spot in spots)], None, [named, hand, current, *spots], None,
        js=call("keepAddress"),
    )  # fmt: skip
    demo.load(from_address, None, every, **PRIVATE)
    demo.load(tray.draw(studio), kept, kept_sheet, **PRIVATE)
