"""Links and saved pictures: which model, which picture and which tab they mean."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from gan.ui.aides import Aide
from gan.ui.arguments import from_link, in_toast, refuse, show
from gan.ui.lens import Lens
from gan.ui.loaded import LoadedModel
from gan.ui.specimen import Specimen, read_specimen
from gan.ui.tabs.generate import BY_HAND, seeds_of
from gan.ui.underway import standing

MAX_VALUE = 60_000  # characters of one value in a link: what a server takes of an address
# Texts, though they may look like numbers.
TEXTS = ("tab", "model", "weights", "against", "latent", "stops", "seeds", "strokes", "palette", "coloured")
EARLIER = {"interpolate": "morph", "models": "compare"}  # what tabs were called in links made before


def read_link(query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the parameters of an address say: numbers where they are some, else text."""
    known = {key: str(value)[:MAX_VALUE] for key, value in query.items() if value}
    return {key: value if key in TEXTS else from_link(value) for key, value in known.items()}


def picture_of(model: LoadedModel, link: Mapping[str, Any]) -> Specimen:
    """Return the picture that a link means; where it names none, the first of the model's wall."""
    specimen = read_specimen(model, link) if model.weights else Specimen()
    if {"seed", "latent"} & link.keys():
        return specimen
    return replace(specimen, seed=seeds_of(model, BY_HAND, None)[0])


def remark_on(model: LoadedModel, remark: str) -> str:
    """Return what is to be said of the model: the remark and, where a run is the reason, how far that is."""
    return f"{remark} {standing(model)}".strip() if remark or not model.weights else ""


def remark_on_colours(aide: Aide | None, link: Mapping[str, Any]) -> str:
    """Return what is to be said of the network that colours a link's drawing."""
    coloured = link.get("coloured")
    same = aide is None or coloured is None or coloured == aide.weights  # which reads the network
    return "" if same else "This was coloured by another network, so its colours may differ here."


def find_lens(lenses: Sequence[Lens], link: Mapping[str, Any]) -> Lens:
    """Return the tab that a link means; the first where it names none."""
    name = link.get("tab", lenses[0].id)
    for lens in lenses:
        if lens.id == EARLIER.get(name, name):
            return lens
    raise refuse(f"This link leads to {show(name)}, which this page does not have.")


def say(sentence: str) -> None:
    """Say a sentence where the page says such things; nothing for ""."""
    if sentence:
        gr.Info(in_toast(sentence))
