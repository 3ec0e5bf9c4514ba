"""The Two models tab: the same seeds through two networks, picture beside picture."""

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from gan.checkpoints import parameter_count
from gan.images import make_grid
from gan.latent import sample_z, truncate
from gan.ui import controls
from gan.ui.arguments import (
    DEFAULT_TRUNCATION,
    choose_model,
    read_choice,
    read_fraction,
    read_seeds,
    read_whole,
)
from gan.ui.drawn import PRIVATE, drawn
from gan.ui.encode import lossless_uri
from gan.ui.loaded import LoadedModel
from gan.ui.tab import Tab

DEFAULT_PAIRS = 8
MAX_PAIRS = 16
SHEET_COLUMNS = 4  # of the images that carry the pictures to the page
HINT = (
    "The same seed gives both networks the same random numbers, the latent z; they have nothing else in common, so "
    "nothing needs to match."
)
ONE_MODEL = """<section class="welcome lonely">
<h2>One model is here; two can be compared</h2>
<p>Train another on pictures of your own, give it a name, and start this page again:</p>
<pre tabindex="0"><code>python train.py --dataset folder --data my_pictures
python -m gan.promote runs/folder mine
python app.py</code></pre>
<p>A run that is still training will do as well, and so will any other folder with a <code>model.safetensors</code>
in it:</p>
<pre tabindex="0"><code>python app.py --checkpoint checkpoints/mine runs/folder</code></pre>
</section>"""


def spec_of(names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the controls for models of these names, of which the page chooses the first."""
    return [
        controls.seed(),
        controls.choice("against", "Against", names) | {"value": names[1]},
        controls.number("count", "Seeds", 1, MAX_PAIRS, DEFAULT_PAIRS),
        controls.truncation(),
    ]


def opponent(models: Sequence[LoadedModel], left: LoadedModel, name: Any) -> tuple[LoadedModel, str]:
    """Return the model to stand on the right, and what is to be said where it is not the one that was asked for."""
    names = [model.name for model in models]
    following = models[(names.index(left.name) + 1) % len(models)]
    asked = read_choice(name, "Against", names, following.name)
    if asked == left.name:
        return following, f"{left.name} stands on the left already, so this is the next model."
    return choose_model(models, asked), ""


def read_pairs(values: Mapping[str, Any]) -> tuple[range, float]:
    """Read {"seed", "count", "truncation"}, all of it optional, as seeds and truncation."""
    count = read_whole(values.get("count"), "The number of seeds", 1, MAX_PAIRS, DEFAULT_PAIRS)
    truncation = read_fraction(values.get("truncation"), "Truncation", DEFAULT_TRUNCATION)
    return read_seeds(values.get("seed"), count), truncation


def side_of(model: LoadedModel, seeds: Sequence[int], truncation: float) -> dict[str, Any]:
    """Return one side of every pair: its pictures in one image, and whose they are."""
    images = model.draw(truncate(sample_z(seeds, model.generator.z_dim), truncation))
    side = model.generator.image_size
    facts = [f"{side} × {side} pixels", f"{parameter_count(model.generator):,} weights"]
    if model.history:
        facts.append(f"epoch {model.history[-1]['epoch']}")
    return {
        "image": lossless_uri(make_grid(images, SHEET_COLUMNS)),
        "side": side,
        **model.label(),
        "facts": ", ".join(facts),
    }


def remark_on_latents(left: LoadedModel, right: LoadedModel) -> str:
    """Return what is to be said of two networks that take latents of different lengths."""
    few, many = sorted((left.generator.z_dim, right.generator.z_dim))
    return "" if few == many else f"One takes {few} numbers, the other {many}: the first {few} are the same."


def build_compare(models: Sequence[LoadedModel], model_choice: gr.Radio, post: gr.HTML) -> Tab:
    """Lay the tab out inside the current gr.Tab and wire it; where there is one model only, say how to get another."""
    if len(models) < 2:
        gr.HTML(ONE_MODEL, apply_default_css=False)
        return Tab("models", None, lambda model, link: None)

    def show(model: Any, values: Any) -> dict[str, Any]:
        values = values if isinstance(values, Mapping) else {}
        left, (seeds, truncation) = choose_model(models, model), read_pairs(values)
        right, remark = opponent(models, left, values.get("against"))
        return {
            "left": side_of(left, seeds, truncation),
            "right": side_of(right, seeds, truncation) | {"remark": remark},
            "columns": SHEET_COLUMNS,
            "seeds": list(seeds),
            "truncation": truncation,
            "remark": remark_on_latents(left, right),
            "link": {
                **left.label(), "against": right.name,
                "seed": seeds[0], "count": len(seeds), "truncation": truncation,
            },
        }  # fmt: skip

    def restore(model: LoadedModel, link: Mapping[str, Any]) -> dict[str, Any]:
        seeds, truncation = read_pairs(link)
        right, _ = opponent(models, model, link.get("against"))
        return {"seed": seeds[0], "against": right.name, "count": len(seeds), "truncation": truncation}

    with gr.Row(elem_classes="bench"):
        with gr.Column(scale=0, min_width=300, elem_classes="side"):
            gr.HTML(HINT, elem_classes="hint", apply_default_css=False)
            panel = controls.build_controls(spec_of([model.name for model in models]), "models-controls")
        with gr.Column(scale=1, min_width=320, elem_classes="stage"):
            compared = drawn("compared", {}, "Pairs of pictures")  # asks for them when the tab is opened

    gr.on(
        [panel.input, model_choice.change, compared.select], show, [model_choice, panel], compared,
        trigger_mode="always_last", concurrency_id="networks", **PRIVATE,
    )  # fmt: skip
    return Tab("models", panel, restore)
