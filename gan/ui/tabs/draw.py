"""The Draw tab: a pad, and beside it what a network makes of the drawing; proposals by palette, saving, keeping."""

import random
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any

import gradio as gr
import torch
from PIL import Image
from torch import Tensor

from gan.images import from_pil, make_grid, to_pil
from gan.precision import one_core
from gan.translation.palettes import Palette, hexes
from gan.ui.aides import Aide, Aides
from gan.ui.arguments import read_fields, read_flag, refuse
from gan.ui.colouring import build_colorize
from gan.ui.components import LAST_WINS, NETWORKS, PRIVATE, Pad, PadValue, Sheet, SheetValue, call, wishes
from gan.ui.drawing import (
    PROPOSED,
    Drawing,
    cleaned,
    colour_small,
    outline,
    palette_of,
    read_drawing,
    read_palette,
    refuse_undrawable,
    saved_drawing,
    sharpened,
    typical_palettes,
    why_not,
)
from gan.ui.encode import bounded_uri, lossless_uri, png_bytes
from gan.ui.insight import insight_of
from gan.ui.lens import Guest, Lens
from gan.ui.loaded import LoadedModel
from gan.ui.projecting import PROJECTING, found_by_lines
from gan.ui.sharper import GUESSED
from gan.ui.specimen import Specimen
from gan.ui.strokes import write_strokes
from gan.ui.studio import Studio, file, saved_picture, tell
from gan.ui.uploads import read_upload

LONGEST_UNDER = 42_000  # characters of a drawing's picture, which the pad sends along with each wish
LEAD = """<h2>Draw</h2><p class='lead'>A network colours what you draw. It learned from {learned} and knows nothing
else: a house becomes one of these.</p>"""
LOOKING = "Looking for the picture of its own whose lines are nearest: {percent:.0%}."
FOUND = "The nearest to your drawing of all that this network can draw. The drawing waits in Draw."
EXAMPLE = "An example: the outline of the picture in hand. Draw anywhere, and it makes room for yours."
TOO_LONG = "This drawing is too long for a link. What you save is whole."
FROM_FILE = "A picture from a file stays on this page: a link cannot hold it."
LINKED = ("strokes", "palette", "lines", "coloured")  # of a recipe, beside the model and the tab
KEPT = "Kept, at the foot of this page."
NOT_KEPT = "Only what a link can hold is kept here: a shorter drawing, without a picture from a file. Save this one."


def proposals_for(model: LoadedModel, specimen: Specimen, typical: tuple[Palette, ...]) -> dict[str, Palette]:
    """Return palettes by their names."""
    numbered = {f"Palette {number}": palette for number, palette in enumerate(typical, 1)}
    return {"In hand": palette_of(saved_picture(model, specimen))} | numbered


def sheet_of(output: Any, named: Mapping[str, Palette], chosen: Palette) -> SheetValue:
    """Return the sheet of a drawing's proposals, coloured (N, 4, S, S); the palette that is in use is marked."""
    count = len(output)
    palettes = list(named.values())
    return {
        "image": lossless_uri(make_grid(output[:, :3], count)),
        "side": output.shape[-1],
        "columns": count,
        "cells": [
            {"label": name, "alt": f"{name}: use these colours", "recipe": {"palette": hexes(palette)}}
            for name, palette in named.items()
        ],
        "chosen": palettes.index(chosen) if chosen in palettes else None,
    }


def lines_of(model: LoadedModel, drawing: Drawing) -> Tensor:
    """Return a drawing's lines at the size that the model draws, (1, S, S): 1 paper, -1 ink."""
    side = model.generator.image_size
    return from_pil(drawing.on_pad.resize((side, side), Image.Resampling.BOX))[0]


def copy_line(aides: Aides, model: LoadedModel, picture: Image.Image) -> str:
    """Return what is to be said of how near a coloured drawing is to a training picture; "" where nothing tells.

    The model's folder knows its own training pictures alone, which may not be those of the network that colours.
    """
    if not aides.of("colorize", model):
        return ""
    insight, side = insight_of(model), model.generator.image_size
    with one_core():
        verdict = next(iter(insight.verdicts_on(from_pil(picture.resize((side, side), Image.Resampling.BOX)))), None)
    return f"Is it a copy? {verdict.sentence()}" if verdict else ""


def enlarger_of(studio: Studio, model: LoadedModel, told: Any) -> Aide | None:
    """Return the network that makes a drawing sharper, where the pad asks for one and one is here."""
    told = read_fields(told)
    sharper = read_flag(told.get("sharper"), "sharper", False)
    return studio.aides.enlarger(studio.colourer(model)) if sharper else None


def save_as(studio: Studio, kind: str) -> Callable[[Any, Any], dict[str, Any]]:
    """Return the event that saves a drawing: its "picture" on white, a "sticker", or a "pair" with its lines."""

    def save(told: Any, hand: Any) -> dict[str, Any]:
        model, _ = studio.in_hand(hand)
        drawing, enlarger = read_drawing(told), enlarger_of(studio, model, told)
        picture = saved_drawing(studio.colourer(model), model, drawing, kind, enlarger)
        return file(f"drawing-{kind}.png", "image/png", png_bytes(picture))

    return save


def lead_of(aide: Aide) -> str:
    """Return what stands above the pad; what a network is called may be a stranger's words."""
    return LEAD.format(learned=escape(aide.learned))


def build_draw(studio: Studio) -> Lens:
    """Lay the tab out inside the current gr.Tab and wire it."""
    known: dict[str, tuple[Palette, ...]] = {}  # by a model's weights

    def typical(model: LoadedModel) -> tuple[Palette, ...]:
        if model.weights not in known:
            of_data = studio.colourer(model).network.palettes
            known[model.weights] = tuple(of_data[:PROPOSED]) or typical_palettes(model)
        return known[model.weights]

    def enter(model: LoadedModel, specimen: Specimen, link: Mapping[str, Any], guest: Guest) -> dict[Any, Any]:
        shown: PadValue = {
            "example": write_strokes(outline(model, specimen)),
            "swatches": hexes(palette_of(saved_picture(model, specimen))),
            "sharpens": studio.aides.enlarger(studio.colourer(model)) is not None,
            "ask": True,
        }
        if link.get("strokes"):
            drawing = read_drawing(link)
            shown |= {"strokes": write_strokes(drawing.strokes), "lines": drawing.keep_lines}
            shown |= {"palette": hexes(drawing.palette), "linked": True}
        return {pad: shown, lead: lead_of(studio.colourer(model))}

    def colour(told: Any, hand: Any) -> dict[Any, Any]:
        model, _ = studio.in_hand(hand)
        drawing, told = read_drawing(told), read_fields(told)
        if reason := why_not(drawing.on_pad):
            return {pad: {"picture": None, "say": reason, "of": "", "copy": ""}, spot: {}}
        aide = studio.colourer(model)
        output = colour_small(aide, drawing, [drawing.palette])
        enlarger = enlarger_of(studio, model, told)
        picture = to_pil(sharpened(output, enlarger)[0, :3])
        recipe = {} if told.get("example") else drawing.short_recipe(model, aide)
        shown: PadValue = {
            "picture": lossless_uri(picture),
            "of": write_strokes(drawing.strokes),
            "copy": "",
        }
        said = EXAMPLE if told.get("example") else "" if recipe else FROM_FILE if drawing.under else TOO_LONG
        shown["say"] = " ".join(filter(None, (said, GUESSED if enlarger else "")))
        return {pad: shown, spot: {name: recipe[name] for name in LINKED if name in recipe}}

    def propose(told: Any, hand: Any) -> dict[Any, Any]:
        model, specimen = studio.in_hand(hand)
        drawing, told = read_drawing(told), read_fields(told)
        if why_not(drawing.on_pad):
            return {proposals: {"cells": []}}
        named = proposals_for(model, specimen, typical(model))
        mine, *others = colour_small(studio.colourer(model), drawing, [drawing.palette, *named.values()])
        copy = "" if told.get("example") else copy_line(studio.aides, model, to_pil(mine[:3]))
        return {proposals: sheet_of(torch.stack(others), named, drawing.palette), pad: {"copy": copy}}

    def choose(told: Any) -> PadValue:
        palette = read_palette(read_fields(read_fields(told).get("recipe")).get("palette"))
        return {"palette": hexes(palette), "ask": True}

    def take_outline(hand: Any) -> PadValue:
        return {"strokes": write_strokes(outline(*studio.in_hand(hand)))}

    def open_file(told: Any) -> PadValue:
        sent = read_fields(told).get("file")
        try:
            return {"under": bounded_uri(cleaned(read_upload(sent, "The picture")), LONGEST_UNDER)}
        except gr.Error as error:  # said where the pad says that it is looking
            return {"say": error.message}

    def offer(told: Any, hand: Any) -> dict[str, Any]:
        model, _ = studio.in_hand(hand)
        drawing = read_drawing(told)
        refuse_undrawable(drawing.on_pad)
        recipe: Mapping[str, Any] = drawing.short_recipe(model, studio.colourer(model))
        if not recipe:
            raise refuse(NOT_KEPT)
        gr.Info(KEPT)
        return {"recipe": recipe, "turn": random.random()}  # so that it changes where the same is kept again

    def find(told: Any, hand: Any) -> Iterator[dict[Any, Any]]:
        model, _ = studio.in_hand(hand)
        drawing = read_drawing(told)
        refuse_undrawable(drawing.on_pad)
        for progress in found_by_lines(model, lines_of(model, drawing)):
            yield {pad: {"say": LOOKING.format(percent=progress.step / progress.of)}}
        shown = studio.take_of_any(model, progress.specimen) | {studio.tabs: gr.Tabs(selected="explore")}
        gr.Info(FOUND)
        yield {pad: {"say": ""}, **shown}

    lead = gr.HTML("", apply_default_css=False)
    pad = Pad({}, "Drawing pad", "pad")
    with gr.Row(elem_classes="tools", elem_id="drawing-actions"):
        traced = gr.Button("Outline of the picture in hand", size="sm", elem_id="take-outline")
        nearest = gr.Button("Its nearest picture, in Explore", size="sm", elem_id="nearest-creature")
        keep = gr.Button("Keep", size="sm", elem_id="keep-drawing")
        share = gr.Button("Share", size="sm", elem_id="share-drawing")
        savers = {
            "picture": gr.Button("Save", size="sm", elem_id="save-drawing"),
            "sticker": gr.Button("Save as a sticker", size="sm", elem_id="save-sticker"),
            "pair": gr.Button("Save my line | its picture", size="sm", elem_id="save-pair"),
        }
    gr.HTML("<h3>Other colours for it</h3>", apply_default_css=False)
    proposals = Sheet({}, "The drawing in other colours", "proposals")
    spot = gr.JSON({}, visible="hidden", elem_id="draw-spot")
    told = gr.JSON({}, visible="hidden")

    wish = wishes(pad, pad.input)
    wish.change(colour, [wish, studio.hand], [pad, spot], **LAST_WINS)
    pad.release(propose, [wish, studio.hand], [proposals, pad], **LAST_WINS)
    photo, chosen = wishes(pad, pad.upload), wishes(proposals, proposals.select)
    photo.change(open_file, photo, pad, **LAST_WINS)
    chosen.change(choose, chosen, pad, **LAST_WINS)
    traced.click(take_outline, studio.hand, pad, **LAST_WINS)
    nearest.click(find, [wish, studio.hand], [pad, *studio.others, studio.tabs], **PROJECTING, **PRIVATE)
    keep.click(offer, [wish, studio.hand], studio.offered, **PRIVATE)
    share.click(tell, [told, spot, wish], None, js=call("shareDrawing"), **PRIVATE)
    for kind, button in savers.items():
        button.click(save_as(studio, kind), [wish, studio.hand], studio.files, **NETWORKS, **PRIVATE)
    build_colorize(studio)
    return Lens("draw", enter, [pad, lead, spot], spot)
