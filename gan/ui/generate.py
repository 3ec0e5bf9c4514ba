"""The Generate tab: a seed, how many pictures, how daring; the sheet of pictures, each with its seed."""

import base64
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import torch
from PIL import Image
from torch import Tensor

from gan.images import make_grid, to_pil
from gan.latent import MAX_SEED, sample_z, truncate
from gan.ui.arguments import (
    DEFAULT_COUNT,
    DEFAULT_SEED,
    DEFAULT_TRUNCATION,
    MAX_COUNT,
    choose_model,
    read_fraction,
    read_seeds,
)
from gan.ui.loaded import LoadedModel

HERE = Path(__file__).parent
SLIDER_REACH = 9_999  # the slider ends here until a larger seed is typed; the dice stay within

# Seeds beyond the slider's end lengthen it by a decimal place, so that field and slider always agree. Two steps: the
# browser would cut a value off at the end that the slider has so far.
LENGTHEN = f"""(seed) => {{
    let reach = {SLIDER_REACH};
    while (reach < seed && reach < {MAX_SEED}) reach = Math.min(reach * 10 + 9, {MAX_SEED});
    return {{__type__: "update", maximum: reach}};
}}"""
FOLLOW = f"(seed) => Math.min(Math.max(Math.floor(seed || 0), 0), {MAX_SEED})"
ROLL = f"""(old) => {{
    const seed = Math.floor(Math.random() * {SLIDER_REACH});
    return seed < old ? seed : seed + 1;
}}"""


def draw(generator: torch.nn.Module, seeds: Sequence[int], truncation: float) -> Tensor:
    """Return the pictures of these seeds, (N, 3, H, W) in [-1, 1]."""
    with torch.inference_mode():
        return generator(truncate(sample_z(seeds, generator.z_dim), truncation))


def sheet_of(model: LoadedModel, seeds: Sequence[int], truncation: float) -> dict[str, Any]:
    """Return what pictures.js draws: all pictures in one lossless image, and what each of them is."""
    columns = math.ceil(math.sqrt(len(seeds)))
    images = draw(model.generator, seeds, truncation)
    buffer = io.BytesIO()
    make_grid(images, columns).save(buffer, "webp", lossless=True, quality=0, method=0)  # 5 ms for 64 pictures
    return {
        "image": "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode(),
        "side": images.shape[-1],
        "columns": columns,
        "seeds": list(seeds),
        "model": model.name,
        "truncation": truncation,
    }


def build_generate(models: Sequence[LoadedModel], model_choice: gr.Radio) -> None:
    """Lay the tab out inside the current gr.Tab, wire it, and offer /generate to programs."""

    def show(model: Any, seed: Any, count: Any, truncation: Any) -> dict[str, Any]:
        return sheet_of(
            choose_model(models, model),
            read_seeds(seed, count),
            read_fraction(truncation, "Truncation", DEFAULT_TRUNCATION),
        )

    def generate(
        model: Any = None, seed: Any = None, count: Any = None, truncation: Any = None
    ) -> tuple[Image.Image, list[tuple[Image.Image, str]]]:
        """Draw `count` pictures with the seeds from `seed` on: one image of them all, and each with its seed."""
        chosen, seeds = choose_model(models, model), read_seeds(seed, count)
        images = draw(chosen.generator, seeds, read_fraction(truncation, "Truncation", DEFAULT_TRUNCATION))
        singles = [(to_pil(image), f"seed {seed}") for image, seed in zip(images, seeds, strict=True)]
        return make_grid(images), singles

    first = range(DEFAULT_SEED, DEFAULT_SEED + DEFAULT_COUNT)
    with gr.Row(elem_classes="bench"):
        with gr.Column(scale=0, min_width=300, elem_classes="controls"):
            with gr.Row(elem_classes="seed-row"):
                seed_field = gr.Number(
                    DEFAULT_SEED, label="Seed", step=1, elem_id="seed-field", min_width=120, container=True
                )
                dice = gr.Button("Roll", elem_id="dice", min_width=96, scale=0, variant="primary")
            seed_slider = gr.Slider(
                0,
                SLIDER_REACH,
                DEFAULT_SEED,
                step=1,
                label="Seed, by slider",
                elem_id="seed-slider",
                buttons=[],
            )
            gr.HTML(
                "A seed is the picture’s number: the same seed always gives the same picture.",
                elem_classes="hint seed-hint",
            )
            count = gr.Slider(1, MAX_COUNT, DEFAULT_COUNT, step=1, label="Pictures", elem_id="count", buttons=[])
            truncation = gr.Slider(
                0, 1, DEFAULT_TRUNCATION, step=0.01, label="Truncation", elem_id="truncation", buttons=[]
            )
            gr.HTML(
                "Truncation at 0: one safe picture. At 1: all that the network can do, failures included.",
                elem_classes="hint",
            )
        with gr.Column(scale=1, min_width=320, elem_classes="stage"):
            pictures = gr.HTML(
                sheet_of(models[0], first, DEFAULT_TRUNCATION),
                label="Pictures",
                html_template="<div class='pictures'></div>",
                js_on_load=(HERE / "crisp.js").read_text(encoding="utf-8")
                + (HERE / "pictures.js").read_text(encoding="utf-8"),
                apply_default_css=False,
                elem_id="pictures",
            )
    grid_file = gr.Image(visible=False, label="Grid", format="png")
    single_files = gr.Gallery(visible=False, label="Pictures with their seeds", format="png")

    # The field is what counts: slider and dice write into it, and its change draws the pictures. One event with
    # "always_last" draws them all, so that the last value wins and no stale answer comes after it.
    private = {"api_visibility": "private", "show_progress": "hidden"}
    seed_slider.input(None, seed_slider, seed_field, js="(seed) => seed", **private)
    rolled = dice.click(None, seed_field, seed_field, js=ROLL, **private)
    for step in (seed_field.input, rolled.then):
        lengthened = step(None, seed_field, seed_slider, js=LENGTHEN, **private)
        lengthened.then(None, seed_field, seed_slider, js=FOLLOW, **private)
    inputs = [model_choice, seed_field, count, truncation]
    gr.on(
        [seed_field.change, count.change, truncation.change, model_choice.change],
        show,
        inputs,
        pictures,
        preprocess=False,
        trigger_mode="always_last",
        concurrency_id="networks",
        **private,
    )
    gr.on(
        [],
        generate,
        inputs,
        [grid_file, single_files],
        preprocess=False,
        api_name="generate",
        concurrency_id="networks",
    )
