"""The tray of kept pictures under all tabs: their recipes lie in the visitor's browser, nothing of them here."""

from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from gan.images import make_grid
from gan.ui.arguments import read_fields, said
from gan.ui.components import LAST_WINS, NETWORKS, PRIVATE, Sheet, SheetValue, call
from gan.ui.drawing import colour_small, read_drawing, saved_drawing
from gan.ui.encode import lossless_uri
from gan.ui.saving import zip_of
from gan.ui.studio import Studio, file, saved_name, saved_picture, title_of

PLACES = 8
EMPTY: SheetValue = {"cells": [], "places": PLACES, "tools": ["remove"]}


def recipes_in(kept: Any) -> list[dict[str, Any]]:
    """Return the recipes that a browser sent."""
    return [dict(recipe) for recipe in kept if isinstance(recipe, Mapping)][:PLACES] if isinstance(kept, list) else []


def tile(studio: Studio, recipe: Mapping[str, Any]) -> tuple[Tensor, str, str]:
    """Return a kept picture (1, 3, H, W), its label and who made it; gr.Error where its model is not here."""
    model, specimen = studio.in_hand(recipe)
    if "strokes" in recipe:
        aide = studio.colourer(model)
        output = colour_small(aide, drawing := read_drawing(recipe), [drawing.palette])
        return output[:, :3], "Drawing", f"A drawing of yours, coloured by {aide.name}"
    title = title_of(specimen)
    return model.draw(specimen.z(model)[None]), title, f"{title} by {model.title}"


def named_picture(studio: Studio, recipe: Mapping[str, Any]) -> tuple[str, Image.Image] | None:
    """Return what a kept picture is called on disk, and it; None where its model is not here."""
    try:
        model, specimen = studio.in_hand(recipe)
        if "strokes" in recipe:
            return "drawing", saved_drawing(studio.colourer(model), model, read_drawing(recipe), "picture")
        return saved_name(model, specimen), saved_picture(model, specimen)
    except gr.Error:
        return None


def draw(studio: Studio) -> Callable[[Any], SheetValue]:
    """Return the event that draws what is kept; a picture whose model is not here is left out."""

    def drawn(kept: Any) -> SheetValue:
        images, cells = [], []
        for recipe in recipes_in(kept):
            try:
                image, label, alt = tile(studio, recipe)
            except gr.Error:
                continue
            images.append(image)
            cells.append({"label": label, "alt": alt, "recipe": recipe})
        if not images:
            return EMPTY
        side = max(image.shape[-1] for image in images)
        large = torch.cat([interpolate(image, size=side, mode="nearest") for image in images])
        sheet = {"image": lossless_uri(make_grid(large, PLACES)), "side": side, "columns": PLACES, "cells": cells}
        return EMPTY | sheet  # type: ignore[return-value]

    return drawn


def build_tray(studio: Studio, keep: gr.Button, opening: Any) -> tuple[Sheet, gr.Button]:
    """Lay out the tray and wire what can be done with it; return it and the button that morphs through all of it."""

    def keep_picture(hand: Any, kept: Any) -> dict[Any, Any]:
        model, specimen = studio.in_hand(hand)
        return add(specimen.recipe(model), kept)

    def keep_drawing(told: Any, kept: Any) -> dict[Any, Any]:
        recipe = read_fields(told).get("recipe")
        return add(dict(recipe), kept) if isinstance(recipe, Mapping) else gr.skip()

    def add(recipe: dict[str, Any], kept: Any) -> dict[Any, Any]:
        recipes = recipes_in(kept)
        if recipe in recipes:
            gr.Info("It is kept already.")
        else:
            if len(recipes) >= PLACES:
                gr.Info("The tray is full: the oldest picture makes room.")
            recipes = [*recipes, recipe][-PLACES:]
        return {studio.kept: recipes}

    def change(told: Any, kept: Any) -> dict[Any, Any]:
        taken = said(told).get("recipe")  # not its place: what cannot be drawn here is kept, but has no tile
        recipes = [recipe for recipe in recipes_in(kept) if recipe != taken]
        return {studio.kept: recipes}

    def save_all(kept: Any) -> dict[str, Any]:
        found = [saved for recipe in recipes_in(kept) if (saved := named_picture(studio, recipe))]
        if not found:
            gr.Info("No picture is kept yet. Keep puts the one in hand here.")
            return gr.skip()
        return file("kept.zip", "application/zip", zip_of(found))

    with gr.Row(elem_id="tray"):
        gr.HTML("<h2>Kept</h2>", apply_default_css=False)
        sheet = Sheet(EMPTY, "Kept pictures", "kept")
        morph = gr.Button("Morph through these", size="sm", elem_id="morph-kept")
        save = gr.Button("Save all", size="sm", elem_id="save-kept")
        elsewhere = gr.Button("Kept in another tab", elem_id="kept-elsewhere", visible="hidden")
    kept, stored = studio.kept, call("withStored", "kept")
    gr.on([opening, elsewhere.click], None, None, kept, js=call("stored", "kept"))
    keep.click(keep_picture, [studio.hand, kept], kept, js=stored, **LAST_WINS)
    studio.offered.change(keep_drawing, [studio.offered, kept], kept, js=stored, **LAST_WINS)
    sheet.input(change, [sheet, kept], kept, js=stored, **LAST_WINS)
    kept.change(None, kept, None, js=call("store", "kept"))  # at once, also while the tray is being drawn
    kept.change(draw(studio), kept, sheet, **LAST_WINS)
    save.click(save_all, kept, studio.files, js=stored, **NETWORKS, **PRIVATE)
    return sheet, morph
