"""The Training tab: the sample grid of each epoch under a slider, and the curves of the two networks' contest."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
from PIL import Image

from gan.images import open_rgb
from gan.ui.arguments import choose_model, read_whole, refuse
from gan.ui.drawn import PRIVATE, drawn
from gan.ui.encode import webp_uri
from gan.ui.loaded import LoadedModel
from gan.ui.tab import Tab

CURVES = ("epoch", "loss_d", "loss_g", "d_real", "d_fake_before", "d_fake_after")
MAX_EPOCH = 10**9

HOW_TO_READ = """<div class="reading">
<p>Two networks compete, the generator draws and the discriminator tells drawn from real: while both losses wobble and
neither runs away, each still has something to learn from the other.</p>
<p>D(x) is how real the real pictures look to the discriminator and D(G(z)) how real the drawn ones do, so curves close
together mean that it can hardly tell, and one near 1 with the other near 0 that it has won and the drawing stops
getting better.</p>
</div>"""


def epochs_of(model: LoadedModel) -> list[int]:
    """Return the epochs there is something to see of: those with a grid, else those with a line of history."""
    return list(model.samples) or [line["epoch"] for line in model.history]


def nearest(epochs: Sequence[int], epoch: int | None) -> int | None:
    """Return the epoch next to the one asked for (the last where none is); None where there are none."""
    if not epochs:
        return None
    return epochs[-1] if epoch is None else min(epochs, key=lambda other: abs(other - epoch))


def grid_of(model: LoadedModel, epoch: int | None) -> dict[str, Any]:
    """Return what samples.js shows: the grid nearest to an epoch, and what is known of that epoch."""
    found = nearest(epochs_of(model), epoch)
    content = model.samples.get(found)
    return {
        "image": content and webp_uri(content),
        "epoch": found,
        "last": max([*model.samples, *(line["epoch"] for line in model.history)], default=None),
        "model": model.name,
        "images_seen": next((line["images_seen"] for line in model.history if line["epoch"] == found), None),
    }


def curves_of(model: LoadedModel) -> dict[str, Any]:
    """Return what curves.js draws: a list per curve, and the epochs at which something happened."""
    marks = [{"epoch": line["epoch"], "text": str(line["event"])} for line in model.history[1:] if line.get("event")]
    return {key: [line[key] for line in model.history] for key in CURVES} | {"marks": marks}


def build_history(models: Sequence[LoadedModel], model_choice: gr.Radio, post: gr.HTML) -> Tab:
    """Lay the tab out inside the current gr.Tab, wire it, and offer /history to programs."""

    def slider_of(model: LoadedModel) -> dict[str, Any]:
        epochs = epochs_of(model) or [0]
        return {
            "minimum": epochs[0],
            "maximum": max(epochs[-1], epochs[0] + 1),
            "value": epochs[-1],
            "visible": len(epochs) > 1,
        }

    def show_epoch(model: Any, epoch: Any) -> dict[str, Any]:
        return grid_of(choose_model(models, model), read_whole(epoch, "Epoch", 0, MAX_EPOCH, MAX_EPOCH))

    def show_model(model: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        chosen = choose_model(models, model)
        return gr.update(**slider_of(chosen)), grid_of(chosen, None), curves_of(chosen)

    def restore(model: LoadedModel, link: Mapping[str, Any]) -> dict[str, Any]:
        return gr.update(value=read_whole(link.get("epoch"), "Epoch", 0, MAX_EPOCH, epochs_of(model)[-1]))

    def history(model: Any = None, epoch: Any = None) -> tuple[Image.Image | None, dict[str, Any]]:
        """Return the sample grid nearest to `epoch` (the last one without it), and the training's history.

        The history is {"model", "epoch" (of the grid), "epochs" (that have a grid), "lines" (of history.jsonl)}.
        """
        chosen = choose_model(models, model)
        asked = read_whole(epoch, "Epoch", 0, MAX_EPOCH, MAX_EPOCH)
        found = nearest(list(chosen.samples), asked)
        try:
            grid = None if found is None else open_rgb(io.BytesIO(chosen.samples[found]))
        except OSError as error:
            raise refuse(f"The sample grid of epoch {found} of {chosen.name} is damaged.") from error
        return grid, {
            "model": chosen.name,
            "epoch": found,
            "epochs": list(chosen.samples),
            "lines": [dict(line) for line in chosen.history],
        }

    first = models[0]
    with gr.Row(elem_classes="record"):
        with gr.Column(scale=0, min_width=320, elem_classes="epochs"):
            grid = drawn("samples", grid_of(first, None), "Sample grid")
            epoch = gr.Slider(step=1, label="Epoch", elem_id="epoch", buttons=[], **slider_of(first))
        with gr.Column(scale=1, min_width=320):
            curves = drawn("curves", curves_of(first), "Curves")
            gr.HTML(HOW_TO_READ, apply_default_css=False)
    epoch_input = gr.Number(None, visible=False, label="Epoch")
    grid_file = gr.Image(visible=False, label="Sample grid", format="png")
    lines = gr.JSON(visible=False, label="History")

    epoch.input(show_epoch, [model_choice, epoch], grid, trigger_mode="always_last", **PRIVATE)
    model_choice.change(show_model, model_choice, [epoch, grid, curves], trigger_mode="always_last", **PRIVATE)
    gr.on([], history, [model_choice, epoch_input], [grid_file, lines], preprocess=False, api_name="history")
    return Tab("training", epoch, restore)
