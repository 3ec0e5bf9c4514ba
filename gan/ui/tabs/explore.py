"""The Explore tab: one picture, sliders along the generator's principal directions, every coordinate in a drawer."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
from PIL import Image

from gan.images import make_grid, to_pil
from gan.ui import controls
from gan.ui.arguments import choose_model, refuse
from gan.ui.drawn import PRIVATE, drawn
from gan.ui.encode import dominant_colours, lossless_uri
from gan.ui.loaded import DIRECTIONS, LoadedModel
from gan.ui.specimen import Specimen, read_specimen, stack
from gan.ui.tab import Tab
from gan.ui.tabs.generate import save, saved_picture

REACH = 5  # of a direction's slider: z itself is seldom more than 3 from 0 in any direction
HINT = (
    "What the network’s first layer reacts to most, the strongest first. What each one means you find out by moving it."
)


def spec_of(z_dim: int) -> list[dict[str, Any]]:
    """Return the controls for latents of this length."""
    directions = [controls.number(f"d{k}", f"Direction {k}", -REACH, REACH, 0, 0.05) for k in range(1, DIRECTIONS + 1)]
    coordinates = [controls.number(f"z{i}", f"z{i}", -REACH, REACH, 0, 0.05) for i in range(z_dim)]
    names = [control["name"] for control in directions]
    every = names + [control["name"] for control in coordinates]
    return [
        controls.seed(),
        controls.buttons(("Randomise", "random", names), ("Reset", "default", every)),
        *directions,
        controls.drawer(f"All {z_dim} coordinates", coordinates),
        controls.truncation(),
    ]


def within(model: LoadedModel, values: Any) -> dict[str, Any]:
    """Return the values without those of directions and coordinates that this model does not have."""
    values = values if isinstance(values, Mapping) else {}
    ours = {f"d{k}" for k in range(1, len(model.directions) + 1)} | {f"z{i}" for i in range(model.generator.z_dim)}
    return {key: value for key, value in values.items() if key in ours or key in ("seed", "truncation")}


def view_of(model: LoadedModel, specimen: Specimen) -> dict[str, Any]:
    """Return what explored.js draws: the picture before and after the edits, and what it is."""
    plain = Specimen(specimen.seed, specimen.truncation)
    images = model.draw(stack(model, [plain, specimen]))
    recipe = specimen.recipe(model)
    return {
        "image": lossless_uri(make_grid(images, 2)),
        "side": images.shape[-1],
        "edited": plain != specimen,
        "recipe": recipe,
        "link": recipe,
        "colours": dominant_colours(to_pil(images[1])),
    }


def build_explore(models: Sequence[LoadedModel], model_choice: gr.Radio, post: gr.HTML) -> Tab:
    """Lay the tab out inside the current gr.Tab, wire it, and offer /explore to programs."""

    def show(model: Any, values: Any) -> dict[str, Any]:
        chosen = choose_model(models, model)
        return view_of(chosen, read_specimen(chosen, within(chosen, values)))

    def restore(model: LoadedModel, link: Mapping[str, Any]) -> dict[str, Any]:
        recipe = read_specimen(model, link).recipe(model)
        return controls.defaults(spec) | {key: value for key, value in recipe.items() if key not in model.label()}

    def save_one(event: gr.EventData) -> dict[str, Any]:
        return save(models, event._data)

    def explore(
        model: Any = None, seed: Any = None, truncation: Any = None, directions: Any = None, offsets: Any = None
    ) -> Image.Image:
        """Draw one picture: the seed's latent times `truncation`, moved along principal directions and coordinates.

        `directions` is a list of at most 8 amounts from -10 to 10, `offsets` a dict from coordinate (from 0) to amount.
        """
        chosen = choose_model(models, model)
        directions = [] if directions is None else directions
        offsets = {} if offsets is None else offsets
        if not isinstance(directions, list):
            raise refuse("directions must be a list of at most 8 numbers from -10 to 10.")
        if not isinstance(offsets, Mapping) or not all(re.fullmatch(r"\d{1,4}", str(key)) for key in offsets):
            raise refuse('offsets must map coordinates to numbers from -10 to 10, as in {"17": 0.5}.')
        edits = {f"d{k}": amount for k, amount in enumerate(directions, 1)}
        edits |= {f"z{int(key)}": amount for key, amount in offsets.items()}
        return saved_picture(chosen, read_specimen(chosen, {"seed": seed, "truncation": truncation, **edits}))

    spec = spec_of(max(model.generator.z_dim for model in models))
    with gr.Row(elem_classes="bench explore"):
        with gr.Column(scale=0, min_width=300, elem_classes="side"):
            gr.HTML(HINT, elem_classes="hint", apply_default_css=False)
            panel = controls.build_controls(spec, "explore-controls")
        with gr.Column(scale=1, min_width=320, elem_classes="stage"):
            explored = drawn("explored", {}, "Picture")  # asks for its picture when the tab is opened
    numbers = [gr.Number(visible=False, label=label) for label in ("Seed", "Truncation")]
    edits = [gr.JSON(visible=False, label=label) for label in ("Directions", "Offsets")]
    picture_file = gr.Image(visible=False, label="Picture", format="png")

    networks: dict[str, Any] = {"concurrency_id": "networks"}
    gr.on(
        [panel.input, model_choice.change, explored.select], show, [model_choice, panel], explored,
        trigger_mode="always_last", **networks, **PRIVATE,
    )  # fmt: skip
    explored.download(save_one, None, post, trigger_mode="multiple", **networks, **PRIVATE)
    gr.on(
        [], explore, [model_choice, *numbers, *edits], picture_file,
        preprocess=False, api_name="explore", **networks,
    )  # fmt: skip
    return Tab("explore", panel, restore)
