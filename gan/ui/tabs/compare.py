"""The Compare tab: the same seeds through two networks, picture beside picture."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import gradio as gr
import torch
from torch.nn.functional import interpolate

from gan.checkpoints import parameter_count
from gan.images import make_grid
from gan.latent import MAX_SEED
from gan.publishing.markdown import plain
from gan.publishing.provenance import learned_from
from gan.ui.arguments import choose_model, read_choice, read_whole
from gan.ui.components import LAST_WINS, Sheet, SheetValue
from gan.ui.encode import lossless_uri
from gan.ui.lens import Guest, Lens
from gan.ui.loaded import LoadedModel
from gan.ui.specimen import Specimen, stack
from gan.ui.studio import Studio

PAIRS = 8
COLUMNS = 8  # of the image that carries the pictures to the page
LEAD = (
    "<h2>Compare</h2><p class='lead'>The same seed gives both networks the same random numbers; they have nothing else "
    "in common, so nothing needs to match.</p>"
)


def worth_comparing(models: Sequence[LoadedModel], asked: bool) -> bool:
    """Return whether two of the models stand side by side: made from the same data, or because somebody asked."""
    if len(models) < 2:
        return False
    sources = [learned_from(model.described) for model in models]
    known = [source for source in sources if source]
    return asked or len(set(known)) < len(known)


def opponents(models: Sequence[LoadedModel], left: LoadedModel) -> list[LoadedModel]:
    """Return the models that a model is compared with, those of the same data first; never itself."""
    others = [model for model in models if model.name != left.name]
    return sorted(others, key=lambda other: learned_from(other.described) != learned_from(left.described))


def pairs_of(left: LoadedModel, right: LoadedModel, seeds: Sequence[int], specimen: Specimen) -> SheetValue:
    """Return the sheet of pairs: left, right, left, right; smaller pictures are enlarged in whole pixels."""
    pictures = [Specimen(seed, specimen.truncation, wildness=specimen.wildness) for seed in seeds]
    sides = [model.draw(stack(model, pictures)) for model in (left, right)]
    side = max(images.shape[-1] for images in sides)
    large = [interpolate(images, size=side, mode="nearest") for images in sides]
    words = [
        {
            "label": f"{picture.seed}",
            "alt": f"Seed {picture.seed} by {model.title}: take this picture",
            "recipe": picture.recipe(model),
        }
        for picture in pictures
        for model in (left, right)
    ]
    both = torch.stack(list(chain.from_iterable(zip(*large, strict=True))))
    return {"image": lossless_uri(make_grid(both, COLUMNS)), "side": side, "columns": COLUMNS, "cells": words}  # type: ignore[typeddict-item]


def facts_of(model: LoadedModel) -> str:
    """Return what is known of a model, in a few words."""
    side = model.generator.image_size
    facts = [f"{side} × {side} pixels", f"{parameter_count(model.generator):,} weights"]
    if model.history:
        facts.append(f"epoch {model.history[-1]['epoch']}")
    return ", ".join(facts)


def remark_on_latents(left: LoadedModel, right: LoadedModel) -> str:
    """Return what is to be said of two networks that take latents of different lengths."""
    few, many = sorted((left.generator.z_dim, right.generator.z_dim))
    return "" if few == many else f"One takes {few} numbers, the other {many}: the first {few} are the same."


def build_compare(studio: Studio) -> Lens:
    """Lay the tab out inside the current gr.Tab and wire it."""

    def enter(model: LoadedModel, specimen: Specimen, link: Mapping[str, Any], guest: Guest) -> dict[Any, Any]:
        return shown(model, specimen, link.get("against"), link.get("count"))

    def shown(left: LoadedModel, specimen: Specimen, name: Any, count: Any) -> dict[Any, Any]:
        others = opponents(studio.models, left)
        names = [model.name for model in others]
        asked = read_choice(name, "Against", [*names, left.name], names[0])
        right = choose_model(studio.models, names[0] if asked == left.name else asked)
        count = read_whole(count, "The number of pairs", 1, 16, PAIRS)
        first = 1 if specimen.latent else min(specimen.seed, MAX_SEED - count + 1)
        seeds = range(first, first + count)
        heads = " ".join(f"**{plain(model.title)}** {facts_of(model)}." for model in (left, right))
        choices = [(model.title, model.name) for model in others]
        return {
            pairs: pairs_of(left, right, seeds, specimen),
            heading: f"Left, right: {heads} {remark_on_latents(left, right)}".strip(),
            against: gr.Radio(choices, value=right.name),
            spot: {"against": right.name},
        }

    def choose_other(hand: Any, name: Any) -> dict[Any, Any]:
        return shown(*studio.in_hand(hand), name, None)

    gr.HTML(LEAD, apply_default_css=False)
    names = [model.name for model in opponents(studio.models, studio.models[0])]
    against = gr.Radio(names, value=names[0], label="Against", elem_id="against")
    heading = gr.Markdown("", elem_classes="note")
    pairs = Sheet({}, "Pairs of pictures", "pairs")
    spot = gr.JSON({}, visible="hidden", elem_id="compare-spot")
    against.input(choose_other, [studio.hand, against], [pairs, heading, against, spot], **LAST_WINS)
    pairs.select(studio.choose, pairs, studio.others, **LAST_WINS)
    return Lens("compare", enter, [pairs, heading, against, spot], spot)
