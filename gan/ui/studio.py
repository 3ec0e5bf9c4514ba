"""What all tabs share: the models, the picture in hand, the one large picture of it, files to save."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from PIL import Image

from gan.images import make_grid, to_pil
from gan.ui.aides import Aide, Aides
from gan.ui.arguments import choose_model, find_model, moved_on, named_model, read_fields, refuse, said
from gan.ui.components import Cell, Files, SheetValue, Stage, StageValue
from gan.ui.encode import dominant_colours, lossless_uri, with_recipe
from gan.ui.loaded import LoadedModel
from gan.ui.shelf import Shelf
from gan.ui.specimen import Specimen, read_specimen, stack, within
from gan.ui.underway import standing

NO_ENLARGER = "No network here learned to make pictures by {title} sharper."
COLUMNS = 8  # of a sheet
BY_STEPS = ("explore", "drag")  # what changes the picture in hand little by little


@dataclass(frozen=True)
class Studio:
    """The page's shared parts. `hand` is its one state: a recipe, and `by` what made it; the browser holds it."""

    models: Shelf
    model: gr.Radio
    hand: gr.JSON
    stage: Stage
    tabs: gr.Tabs
    current: gr.Textbox  # the id of the tab that is open
    files: Files
    kept: gr.JSON  # recipes, as they are in the browser's storage
    style: gr.Radio  # how pictures are enlarged
    aides: Aides  # networks beside the generators
    offered: gr.JSON  # a {"recipe"} that the tray is to keep

    def colourer(self, model: LoadedModel) -> Aide:
        """Return the network that colours drawings while a model is in hand."""
        aide = self.aides.colourer(model)
        if aide is None:
            raise refuse("There is no network here that colours drawings.")
        return aide

    def enlarger(self, model: LoadedModel) -> Aide:
        """Return the network that makes a model's pictures sharper."""
        aide = self.aides.enlarger(model)
        if aide is None:
            raise refuse(NO_ENLARGER.format(title=model.title))
        return aide

    def in_hand(self, hand: Any) -> tuple[LoadedModel, Specimen]:
        """Return model and specimen of the picture in hand; a run that has nothing to show yet is refused.

        As in a link, weights tell a model before its name does: a run's picture is that of the checkpoint made of it.
        """
        hand = read_fields(hand)
        found, _ = find_model(self.models, moved_on(self.models, hand))
        model = choose_model(self.models, found.name)
        return model, read_specimen(model, within(model, hand))

    def refresh(self) -> None:
        """Read again what has changed in the models' folders."""
        self.models.refresh()

    def asked_of(self, name: Any) -> LoadedModel:
        """Return the model that a program names, as it is now; the first one by itself."""
        self.refresh()
        return choose_model(self.models, name)

    def take(self, model: LoadedModel, specimen: Specimen, by: str) -> dict[Any, Any]:
        """Return the outputs that put a picture in hand and onto the stage."""
        return {self.hand: hold(model, specimen, by), self.stage: on_stage(model, specimen, by not in BY_STEPS)}

    @property
    def others(self) -> list[Any]:
        """What `take_of_any` shows."""
        return [self.hand, self.stage, self.model]

    def take_of_any(self, model: LoadedModel, specimen: Specimen) -> dict[Any, Any]:
        """Return the outputs that put a picture in hand which may be another model's than is chosen."""
        return self.take(model, specimen, "open") | {self.model: model.name}

    def choose(self, told: Any) -> dict[Any, Any]:
        """Take the picture of a sheet's cell in hand."""
        return self.take_of_any(*self.in_hand(said(told).get("recipe")))

    def named(self, name: Any) -> LoadedModel:
        """Return the model of this name, which may be a run that has nothing to show yet."""
        return named_model(self.models, name)


def hold(model: LoadedModel, specimen: Specimen, by: str) -> dict[str, Any]:
    """Return the value of `hand` for a picture."""
    return specimen.recipe(model) | {"by": by}


def on_stage(model: LoadedModel, specimen: Specimen, beside: bool = True) -> StageValue:
    """Return what the stage shows of a picture; of a run that has nothing to show yet it says so.

    `beside` an edited one stands the unedited one, which needs to come only once.
    """
    if not model.weights:
        return {"image": None, "problem": standing(model), "title": "", "facts": "", "alt": ""}
    edited = specimen != specimen.plain
    images = model.draw(stack(model, [specimen, specimen.plain] if edited and beside else [specimen]))
    return {
        "image": lossless_uri(make_grid(images, 2)),
        "side": images.shape[-1],
        "pictures": len(images),
        "edited": edited,
        "recipe": specimen.recipe(model),
        "title": title_of(specimen),
        "facts": facts_of(model, specimen),
        "alt": f"A picture by {model.title}, {title_of(specimen).lower()}. Drag or arrow keys change it.",
        "colours": dominant_colours(to_pil(images[0])),
    }


def title_of(specimen: Specimen) -> str:
    """Return what a picture is called."""
    return "Between the seeds" if specimen.latent else f"Seed {specimen.seed}"


def facts_of(model: LoadedModel, specimen: Specimen) -> str:
    """Return what is known of a picture, for people."""
    facts = [model.title]
    if specimen.wildness != 1:
        facts.append(f"wildness {specimen.wildness:g}")
    if specimen.truncation != 1:
        facts.append(f"truncation {specimen.truncation:g}")
    edits = sum(map(bool, specimen.amounts)) + len(specimen.offsets)
    if edits:
        facts.append(f"{edits} edit" + "s" * (edits > 1))
    return ", ".join([*facts, f"weights {model.weights[:8]}"])


def sheet_of(model: LoadedModel, specimens: Sequence[Specimen], cells: Sequence[Cell]) -> SheetValue:
    """Return a sheet of one model's pictures, with these words to each."""
    if not specimens:
        return {"cells": []}
    images = model.draw(stack(model, list(specimens)))
    return {
        "image": lossless_uri(make_grid(images, COLUMNS)),
        "side": images.shape[-1],
        "columns": COLUMNS,
        "cells": [{"recipe": specimen.recipe(model)} | cell for specimen, cell in zip(specimens, cells, strict=True)],
    }


def saved_name(model: LoadedModel, specimen: Specimen) -> str:
    """Return what a picture is called on disk, without a suffix: the file name tells the edits."""
    base = f"{model.name.replace('/', '-')}-" + ("between" if specimen.latent else f"seed-{specimen.seed}")
    amounts = [f"d{k}{amount:+g}" for k, amount in enumerate(specimen.amounts, 1) if amount]
    others = [f"{len(specimen.offsets)}-numbers"] if specimen.offsets else []
    return "-".join([base, *amounts, *others])


def saved_picture(model: LoadedModel, specimen: Specimen) -> Image.Image:
    """Return one picture with its recipe, ready to be saved as PNG."""
    return with_recipe(to_pil(model.draw(specimen.z(model)[None])[0]), specimen.recipe(model))


def file(name: str, mime: str, content: bytes) -> dict[str, Any]:
    """Return the value of `files` that makes the browser save a file; nothing stays on the server."""
    return {"name": name, "mime": mime, "data": base64.b64encode(content).decode()}


def progress(done: int, of: int, what: str) -> dict[str, Any]:
    """Return the value of `files` that shows how far a file has come."""
    return {"done": done, "of": of, "what": what}


def tell(sentence: Any, *asked: Any) -> None:
    """Say what a script of the page returned, where it is a sentence; what it was `asked` with does not matter."""
    if isinstance(sentence, str) and sentence:
        gr.Info(sentence)
