"""The Generate tab: a seed, how many pictures, how daring; the sheet of pictures, each a specimen of its own."""

import io
import math
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
from PIL import Image

from gan.images import make_grid, to_pil
from gan.latent import sample_z, truncate
from gan.ui import controls, page
from gan.ui.arguments import (
    DEFAULT_COUNT,
    DEFAULT_TRUNCATION,
    MAX_COUNT,
    choose_model,
    named_model,
    read_choice,
    read_flag,
    read_fraction,
    read_seeds,
)
from gan.ui.drawn import PRIVATE, drawn
from gan.ui.encode import dominant_colours, enlarge, lossless_uri, png_bytes, with_recipe
from gan.ui.loaded import LoadedModel
from gan.ui.specimen import Specimen, read_specimen
from gan.ui.tab import Tab
from gan.ui.underway import standing

ENLARGED = 8  # times, where a large PNG is asked for
SPEC = (
    controls.seed(hint="A seed is the picture’s number: the same seed always gives the same picture."),
    controls.number("count", "Pictures", 1, MAX_COUNT, DEFAULT_COUNT),
    controls.truncation(),
)


def read_sheet(values: Any) -> tuple[range, float]:
    """Read {"seed", "count", "truncation"}, all of it optional, as seeds and truncation."""
    values = values if isinstance(values, Mapping) else {}
    truncation = read_fraction(values.get("truncation"), "Truncation", DEFAULT_TRUNCATION)
    return read_seeds(values.get("seed"), values.get("count")), truncation


def sheet_of(model: LoadedModel, seeds: Sequence[int], truncation: float) -> dict[str, Any]:
    """Return what pictures.js draws: all pictures in one lossless image, and what each of them is.

    Of a run that has nothing to show yet it says so.
    """
    if not model.weights:
        return {"problem": standing(model)}
    columns = math.ceil(math.sqrt(len(seeds)))
    images = model.draw(truncate(sample_z(seeds, model.generator.z_dim), truncation))
    return {
        "image": lossless_uri(make_grid(images, columns)),
        "side": images.shape[-1],
        "columns": columns,
        "seeds": list(seeds),
        "truncation": truncation,
        **model.label(),
        "link": model.label() | {"seed": seeds[0], "count": len(seeds), "truncation": truncation},
    }


def saved_name(model: LoadedModel, seed: int) -> str:
    """Return what a picture is called on disk, without a suffix."""
    return f"{model.name.replace('/', '-')}-seed-{seed}"


def saved_picture(model: LoadedModel, specimen: Specimen) -> Image.Image:
    """Return one picture with its recipe, ready to be saved as PNG."""
    return with_recipe(to_pil(model.draw(specimen.z(model)[None])[0]), specimen.recipe(model))


def save(models: Sequence[LoadedModel], wish: Any) -> dict[str, Any]:
    """Return the PNG of one specimen, {"model", "seed", ..., "large", "enlarge"}, as a message to the page."""
    wish = wish if isinstance(wish, Mapping) else {}
    model = choose_model(models, wish.get("model"))
    specimen = read_specimen(model, wish)
    picture, name = saved_picture(model, specimen), saved_name(model, specimen.seed)
    if read_flag(wish.get("large"), "large", False):
        smooth = read_choice(wish.get("enlarge"), "enlarge", ("crisp", "smooth"), "crisp") == "smooth"
        large = enlarge(picture, ENLARGED, smooth)
        picture, name = with_recipe(large, specimen.recipe(model)), f"{name}-large"
    return page.file(f"{name}.png", "image/png", png_bytes(picture))


def zip_of(model: LoadedModel, seeds: Sequence[int], truncation: float) -> bytes:
    """Return a zip with a PNG per seed, each with its recipe."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for seed in seeds:
            picture = saved_picture(model, Specimen(seed, truncation))
            archive.writestr(f"{saved_name(model, seed)}.png", png_bytes(picture))
    return buffer.getvalue()


def build_generate(models: Sequence[LoadedModel], model_choice: gr.Radio, post: gr.HTML) -> Tab:
    """Lay the tab out inside the current gr.Tab, wire it, and offer /generate to programs."""

    def show(model: Any, values: Any) -> dict[str, Any]:
        return sheet_of(named_model(models, model), *read_sheet(values))

    def restore(model: LoadedModel, link: Mapping[str, Any]) -> dict[str, Any]:
        seeds, truncation = read_sheet(link)
        # The weights are there because Gradio does not deliver the same value twice: other weights, other pictures.
        return {"seed": seeds[0], "count": len(seeds), "truncation": truncation, "weights": model.weights}

    def describe(event: gr.EventData) -> dict[str, Any]:
        wish = event._data if isinstance(event._data, Mapping) else {}
        model = choose_model(models, wish.get("model"))
        specimen = read_specimen(model, wish)
        colours = dominant_colours(saved_picture(model, specimen))
        return page.message("specimen", **specimen.recipe(model), colours=colours)

    def save_one(event: gr.EventData) -> dict[str, Any]:
        return save(models, event._data)

    def save_all(model: Any, values: Any) -> dict[str, Any]:
        chosen, (seeds, truncation) = choose_model(models, model), read_sheet(values)
        name = f"{saved_name(chosen, seeds[0])}-to-{seeds[-1]}.zip"
        return page.file(name, "application/zip", zip_of(chosen, seeds, truncation))

    def generate(
        model: Any = None, seed: Any = None, count: Any = None, truncation: Any = None
    ) -> tuple[Image.Image, list[tuple[Image.Image, str]]]:
        """Draw `count` pictures with the seeds from `seed` on: one image of them all, and each with its seed."""
        chosen = choose_model(models, model)
        seeds, truncation = read_sheet({"seed": seed, "count": count, "truncation": truncation})
        images = chosen.draw(truncate(sample_z(seeds, chosen.generator.z_dim), truncation))
        singles = [
            (with_recipe(to_pil(image), Specimen(seed, truncation).recipe(chosen)), f"seed {seed}")
            for image, seed in zip(images, seeds, strict=True)
        ]
        return make_grid(images), singles

    first, (seeds, truncation) = models[0], read_sheet({})
    with gr.Row(elem_classes="bench"):
        with gr.Column(scale=0, min_width=300, elem_classes="side"):
            panel = controls.build_controls(SPEC, "generate-controls")
        with gr.Column(scale=1, min_width=320, elem_classes="stage"):
            pictures = drawn("pictures", sheet_of(first, seeds, truncation), "Pictures")
    inputs = [gr.Number(visible=False, label=label) for label in ("Seed", "Pictures", "Truncation")]
    grid_file = gr.Image(visible=False, label="Grid", format="png")
    single_files = gr.Gallery(visible=False, label="Pictures with their seeds", format="png")

    # "always_last": while a slider is dragged the last value wins, and no stale answer comes after it.
    networks: dict[str, Any] = {"concurrency_id": "networks"}
    gr.on(
        [panel.input, model_choice.change], show, [model_choice, panel], pictures,
        trigger_mode="always_last", **networks, **PRIVATE,
    )  # fmt: skip
    pictures.select(describe, None, post, trigger_mode="multiple", **networks, **PRIVATE)
    pictures.download(save_one, None, post, trigger_mode="multiple", **networks, **PRIVATE)
    pictures.submit(save_all, [model_choice, panel], post, **networks, **PRIVATE)
    gr.on(
        [], generate, [model_choice, *inputs], [grid_file, single_files],
        preprocess=False, api_name="generate", **networks,
    )  # fmt: skip
    return Tab("generate", panel, restore)
