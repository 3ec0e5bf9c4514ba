"""The About tab: the chosen model's card, its weights' hash, how to cite it and how to call it from Python.

A checkpoint folder may come from a stranger, and its card holds whatever its config.json says. So the card is Markdown
without raw HTML, its links go to Kaggle or nowhere, and its only pictures are those of the folder itself.
"""

import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from markdown_it import MarkdownIt

from gan import hub
from gan.card import card_body, python_string
from gan.checkpoints import GENERATOR_FILE, parameter_count
from gan.data.datasets import kaggle_page
from gan.errors import UserError, printable
from gan.folder import SAMPLES, epoch_file
from gan.ui.arguments import choose_model
from gan.ui.drawn import PRIVATE, drawn
from gan.ui.encode import webp_uri
from gan.ui.loaded import LoadedModel
from gan.ui.tab import Tab

ROOT = Path(__file__).resolve().parents[3]  # the checkout, or the Space
MOST_CARD = 20_000  # characters of a card that are shown; ours have 2,000
KAGGLE = kaggle_page("")  # the only addresses in a card that become links
NO_CARD = """<h2>{name}</h2>
<p>There is no card for this model: {reason}.</p>
<p>So it is not on record here which pictures it learned from. They belong to their owners.</p>"""
DCGAN = """@misc{radford2015dcgan,
  title  = {Unsupervised Representation Learning
            with Deep Convolutional Generative
            Adversarial Networks},
  author = {Radford, Alec and Metz, Luke
            and Chintala, Soumith},
  year   = {2015},
  eprint = {1511.06434},
  archivePrefix = {arXiv}
}"""


# --- the card ------------------------------------------------------------------------------------------------------


def card_html(model: LoadedModel) -> str:
    """Return the model's card as HTML that runs nothing and asks for nothing; a sentence where there is no card."""
    try:
        text = card_body(model.folder).encode("utf-8", "replace").decode()  # a name may be no text at all
        shown = render_markdown(text[:MOST_CARD], own_pictures(model))
    except UserError:
        return _no_card(model, "its config.json is missing or damaged")
    except Exception:  # a stranger's config.json may hold anything under the names that the card looks up
        return _no_card(model, "its config.json does not say what a card needs")
    note = "<p>The card goes on; here it is cut off.</p>" if len(text) > MOST_CARD else ""
    return shown + note


def own_pictures(model: LoadedModel) -> dict[str, str]:
    """Return the newest sample grid as a data URI, under the name that the card calls it by."""
    if not model.samples:
        return {}
    epoch = max(model.samples)
    return {epoch_file("", SAMPLES, epoch).as_posix(): webp_uri(model.samples[epoch])}


def render_markdown(text: str, pictures: dict[str, str]) -> str:
    """Return CommonMark with tables as HTML, headings one level lower: the page has its own first heading.

    Raw HTML is shown as text, and so are images that are not among `pictures` and links that do not lead to Kaggle.
    """
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    # A method by its type, but meant to be set: so markdown-it's users say which links they allow.
    markdown.validateLink = lambda url: url in pictures or url.startswith(KAGGLE)  # type: ignore[method-assign]
    tokens = markdown.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
        for child in token.children or ():
            if child.type == "link_open":
                child.attrs |= {"target": "_blank", "rel": "noopener"}
            elif child.type == "image":
                child.attrs["src"] = pictures.get(str(child.attrs["src"]), "")
    return markdown.renderer.render(tokens, markdown.options, {})


def _no_card(model: LoadedModel, reason: str) -> str:
    return NO_CARD.format(name=html.escape(model.name), reason=reason)


# --- beside the card -----------------------------------------------------------------------------------------------


def facts_of(model: LoadedModel) -> dict[str, str]:
    """Return what is known of the model from its weights and its record, for people."""
    generator = model.generator
    facts = {
        "Hash": f"SHA-256 {model.weights}…",
        "File": f"{printable(model.folder.name)}/{GENERATOR_FILE}",
        "Takes": f"{generator.z_dim} random numbers, the latent z",
        "Gives": f"{generator.image_size} × {generator.image_size} pixels",
        "Learned": f"{parameter_count(generator):,} weights",
    }
    if model.history:
        last = model.history[-1]
        seen = last["images_seen"]
        facts["Trained"] = f"epoch {last['epoch']}" + ("" if seen is None else f", {seen:,} pictures seen")
    return facts


def bibtex_of(model: LoadedModel) -> str:
    """Return a BibTeX entry for these very weights."""
    name = re.sub(r"[^\w .-]", "-", model.name)
    return f"""@misc{{{re.sub(r"[ _.]", "-", name)}-{model.weights[:8]},
  title = {{{name.replace("_", chr(92) + "_")}, a DCGAN made with GAN Studio}},
  note  = {{SHA-256 of the weights: {model.weights}}}
}}"""


def local_code(model: LoadedModel, at_home: bool) -> str:
    """Return Python that draws the picture of seed 7 as the page does, in a checkout of this repository.

    Who is not `at_home` is told no more of a folder outside the checkout than its name.
    """
    return f"""from gan.checkpoints import load_generator
from gan.images import to_pil
from gan.latent import sample_z

generator = load_generator({python_string(_place_of(model.folder, at_home))})
image = generator(sample_z([7], generator.z_dim))[0]
to_pil(image).save("seed-7.png")"""


def _place_of(folder: Path, at_home: bool) -> str:
    """Return what load_generator finds these very weights by: a path in the checkout or from the root, or a Hub id."""
    if fetched := hub.id_of(folder):
        return fetched
    if folder.is_relative_to(ROOT):
        return folder.relative_to(ROOT).as_posix()
    return str(folder.absolute()) if at_home else folder.name


def remote_code(model: LoadedModel) -> str:
    """Return Python that asks this page; ADDRESS stands where about.js puts the page's own."""
    name = python_string(model.name)
    return f"""from gradio_client import Client

ask = Client("ADDRESS").predict
ask(model={name}, seed=7, api_name="/generate")
ask(model={name}, directions=[2], api_name="/explore")
ask(model={name}, api_name="/interpolate")
ask(model={name}, api_name="/history")"""


def about(model: LoadedModel, at_home: bool) -> dict[str, Any]:
    """Return what about.js shows, to whom it shows it; `card` is HTML, all else is text."""
    return {
        "card": card_html(model),
        "facts": facts_of(model),
        "cite": f"{DCGAN}\n\n{bibtex_of(model)}",
        "local": local_code(model, at_home),
        "remote": remote_code(model),
        "link": model.label(),
    }


def build_about(models: Sequence[LoadedModel], model_choice: gr.Radio, post: gr.HTML) -> Tab:
    """Lay the tab out inside the current gr.Tab and wire it. It has no controls: it follows the page's model."""

    def show(model: Any, request: gr.Request) -> dict[str, Any]:
        asked = request.request
        assert asked is not None  # Gradio hands over the one that it answers
        return about(choose_model(models, model), asked.app.get_blocks().is_at_home(asked.scope))

    page = drawn("about", {}, "About this model")  # asks for its text when the tab is opened
    gr.on([model_choice.change, page.select], show, model_choice, page, trigger_mode="always_last", **PRIVATE)
    return Tab("about", None, lambda model, link: None)
