"""The About tab: what this is, whose pictures, may one use it, is it a copy, how to make one's own; the model's card.

A checkpoint folder may come from a stranger, and its card holds whatever its config.json says. So the card is Markdown
without raw HTML, its links go to Kaggle or nowhere, and its only pictures are those of the folder itself.
"""

import html
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
import torch
from markdown_it import MarkdownIt

from gan.checkpoints import GENERATOR_FILE, parameter_count
from gan.data.datasets import kaggle_page
from gan.errors import UserError, printable
from gan.folder import SAMPLES, epoch_file, is_figure
from gan.hub.fetching import id_of
from gan.layers import figure, table, title
from gan.models import Discriminator, Generator
from gan.publishing import ROOT
from gan.publishing.card import card_body, hand_written
from gan.publishing.credits import credits_of, near_copies
from gan.publishing.markdown import python_string
from gan.publishing.provenance import owner_of, trademarks_of
from gan.told import moment, seen_at
from gan.ui.encode import lossless_uri, webp_uri
from gan.ui.lens import Guest, Lens
from gan.ui.loaded import LoadedModel
from gan.ui.specimen import Specimen
from gan.ui.studio import Studio

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
        whole = f"{card_body(model.folder)}\n{hand_written(model.folder)}"
        text = whole.encode("utf-8", "replace").decode()  # a name may be no text at all
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
    rendered = markdown.renderer.render(tokens, markdown.options, {})
    return rendered.replace("<pre>", '<pre tabindex="0">')  # it may scroll, so the keyboard reaches it


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
        facts["Trained"] = moment(*list(seen_at(model.history, model.described).items())[-1])
    return facts


def bibtex_of(model: LoadedModel) -> str:
    """Return a BibTeX entry for these very weights."""
    name = re.sub(r"[^\w .-]", "-", model.name)
    told = {key: re.sub(r"[{}\\]", "", text).replace("_", "\\_") for key, text in credits_of(model.described).items()}
    author = f"\n  author = {{{told['author']}}}," if "author" in told else ""
    called = told.get("title") or name.replace("_", "\\_")
    return f"""@misc{{{re.sub(r"[ _.]", "-", name)}-{model.weights[:8]},
  title = {{{called}, a DCGAN made with GAN Studio}},{author}
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
    if fetched := id_of(folder):
        return fetched
    if folder.is_relative_to(ROOT):
        return folder.relative_to(ROOT).as_posix()
    return str(folder.absolute()) if at_home else folder.name


def remote_code(model: LoadedModel) -> str:
    """Return Python that asks this page; ADDRESS stands where the page's own address comes."""
    name = python_string(model.name)
    return f"""from gradio_client import Client

ask = Client("ADDRESS").predict
ask(model={name}, seed=7, api_name="/generate")
ask(model={name}, directions=[2], api_name="/explore")
ask(model={name}, api_name="/interpolate")
ask(model={name}, api_name="/history")"""


def networks_html(model: LoadedModel) -> str:
    """Return both networks as a figure and as tables, HTML; the discriminator as the model's folder describes it."""
    generator = tuple(model.generator.arguments().items())
    plain = (("base_channels", model.generator.base_channels), ("image_size", model.generator.image_size))
    given = model.described.get("discriminator")
    described = tuple(sorted(given.items())) if isinstance(given, Mapping) else plain
    try:
        return _drawn(generator, described)
    except Exception:  # a stranger's config.json may describe anything
        return _drawn(generator, plain)


@lru_cache(maxsize=16)
def _drawn(generator: tuple[tuple[str, Any], ...], discriminator: tuple[tuple[str, Any], ...]) -> str:
    with torch.device("meta"):  # an outline; its numbers do not count
        g, d = Generator(**dict(generator)), Discriminator(**dict(discriminator))
    if (d.image_size, d.base_channels) != (g.image_size, g.base_channels):
        raise ValueError("networks of one training are of one size")
    g, d = g.to_empty(device="cpu"), d.to_empty(device="cpu")
    alt = f"The generator’s and the discriminator’s layers as blocks. {title(g)}; {title(d)}."
    picture = f'<img src="{lossless_uri(figure(g, d))}" alt="{alt}">'
    return picture + render_markdown(f"{table(g)}\n\n{table(d)}", {})


# --- the five questions --------------------------------------------------------------------------------------------

QUESTIONS = """<h2>About</h2>
<h3>What is this?</h3>
<p>{what}</p>
<h3>Whose pictures are these?</h3>
<p>{whose}</p>
<h3>May I use them?</h3>
<p>{use}</p>
<h3>Is a picture a copy?</h3>
<p>{copy}</p>
<h3>How do I make my own?</h3>
<p>With some hundred pictures and a laptop:</p>
<pre tabindex="0"><code>python train.py --dataset folder --data my_pictures
python -m gan.promote runs/folder mine
python app.py</code></pre>"""


CODE = """<h3>Call it from Python</h3>
<p>In a checkout of this repository:</p>
<pre tabindex="0"><code class="language-python">{local}</code></pre>
<p>From anywhere that reaches this page:</p>
<pre tabindex="0"><code class="language-python">{remote}</code></pre>
<p>Every argument has a default. “Use via API” at the foot of a wide page lists them all.</p>
<h3>Cite</h3>
<pre tabindex="0"><code class="language-bibtex">{cite}</code></pre>"""


def answers(model: LoadedModel) -> str:
    """Return five short answers about the model, as HTML."""
    licence = credits_of(model.described).get("license")
    terms = f"Weights and pictures: {html.escape(licence)}. " if licence else ""
    data = model.described.get("data")
    count = data.get("pictures") if isinstance(data, Mapping) else None
    many = f"{count:,} pictures" if isinstance(count, int) else "a collection of pictures"
    side = model.generator.image_size
    whose = owner_of(model.described)
    for trademark in trademarks_of(model.described):
        whose = whose.replace(trademark, f"{trademark}, who have nothing to do with this page")
    return QUESTIONS.format(
        what=f"{html.escape(model.title)} is a generative adversarial network (DCGAN) of "
        f"{parameter_count(model.generator):,} numbers. It looked at {many} until it could make up its own: it turns "
        f"{model.generator.z_dim} random numbers into a picture of {side} × {side} pixels, here, while you look.",
        whose=f"{html.escape(whose)}.",
        use=f"{terms}To look, to learn, to play: yes. Before you publish or sell a picture, ask whose style it "
        "carries; the card says what is known of the collection.",
        copy=copies_of(model),
    )


def copies_of(model: LoadedModel) -> str:
    """Return how many of the model's pictures are near-copies, as far as that was measured."""
    for line in reversed(model.measured):
        copies, count = line.get("copies"), line.get("generated")
        if is_figure(copies) and isinstance(count, int):
            return f"Of {count:,} measured pictures {copies:.2%} lay as near to a training picture as copies do."
    unmeasured = "Nobody has counted near-copies of this model; under each picture stands how near it is to a real one."
    return " ".join(filter(None, [unmeasured, html.escape(near_copies(model.described))]))


def about(model: LoadedModel, at_home: bool) -> dict[str, str]:
    """Return what the tab shows, to whom it shows it: HTML."""
    facts = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in facts_of(model).items()
    )
    return {
        "answers": answers(model),
        "card": card_html(model),
        "facts": f"<h3>These weights</h3><dl class='facts'>{facts}</dl>",
        "code": CODE.format(
            local=html.escape(local_code(model, at_home)),
            remote=html.escape(remote_code(model)),
            cite=html.escape(f"{DCGAN}\n\n{bibtex_of(model)}"),
        ),
    }


def build_about(studio: Studio) -> Lens:
    """Lay the tab out inside the current gr.Tab. What it says of this machine's folders depends on who asks."""

    def enter(model: LoadedModel, specimen: Specimen, link: Mapping[str, Any], guest: Guest) -> dict[Any, Any]:
        page = about(model, guest.at_home)
        return {
            first: page["answers"],
            card: page["card"],
            networks: networks_html(model),
            facts: page["facts"],
            code: page["code"].replace("ADDRESS", html.escape(guest.address)),
        }

    with gr.Row(elem_classes="about"):
        with gr.Column(min_width=300):
            first = gr.HTML("", apply_default_css=False)
            with gr.Accordion("The model’s card", open=False, elem_id="card"):
                card = gr.HTML("", apply_default_css=False, elem_classes="card")
            with gr.Accordion("The two networks, layer by layer", open=False, elem_id="networks"):
                networks = gr.HTML("", apply_default_css=False, elem_classes="card")
        with gr.Column(min_width=300):
            facts = gr.HTML("", apply_default_css=False)
            code = gr.HTML("", apply_default_css=False)
    return Lens("about", enter, [first, card, networks, facts, code])
