"""/colorize: what programs ask of the network that colours drawings."""

from collections.abc import Mapping
from typing import Any

import gradio as gr
from PIL import Image

from gan.translation.apply import colorize as colour_drawing
from gan.translation.paper import LIGHT, light_on_dark
from gan.ui.arguments import read_flag, refuse
from gan.ui.components import NETWORKS
from gan.ui.drawing import outline, read_palette, refuse_undrawable
from gan.ui.loaded import LoadedModel
from gan.ui.specimen import Specimen
from gan.ui.strokes import draw_hints, draw_lines, read_strokes
from gan.ui.studio import Studio
from gan.ui.uploads import read_layer, read_upload

LARGEST = 1_024  # pixels a side


def read_lines(value: Any, model: LoadedModel) -> Image.Image:
    """Return a program's drawing, an image file or strokes; without one, the outline of a picture by the model."""
    if value is None:
        return draw_lines(outline(model, Specimen()))
    if isinstance(value, Mapping):
        drawing = read_upload(value, "The drawing")
        if light_on_dark(drawing):
            raise refuse(LIGHT)
        return drawing
    lines = draw_lines(read_strokes(value, "The strokes of the drawing"))
    refuse_undrawable(lines)
    return lines


def read_hints(value: Any) -> Image.Image | None:
    """Return a program's hints, an image file or strokes; None for none."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        return read_layer(value, "The hints")
    strokes = read_strokes(value, "The strokes of the hints")
    marks = draw_hints(strokes)
    if strokes and marks is None:
        raise refuse(
            'None of the strokes is a hint; a hint is as in {"tool": "hint", "colour": "#e23d28", "points": ...}.'
        )
    return marks


def build_colorize(studio: Studio) -> None:
    """Offer /colorize to programs."""

    def colorize(
        drawing: Any = None, hints: Any = None, palette: Any = None, model: Any = None, keep_lines: Any = None
    ) -> tuple[Image.Image, dict[str, Any]]:
        """Colour a drawing: a PNG, transparent outside the figure, in its own shape, and what coloured it.

        Args:
            drawing: an image file, dark on light, of which at most 1,024 pixels a side are used; or strokes,
                [{"tool": "thin", "points": [[120, 80], [140, 90]]}], x and y from 0 to 512. Without one, it is the
                outline of a generated picture.
            hints: an image file, transparent but where colours are wanted; or strokes, whose tool is "hint", with a
                "colour" each. Each colours the enclosed region in which it lies.
            palette: a list of one to five colours, "#rrggbb"; with [], one that the network's training pictures had.
            model: a model of this page; the network that learned from the same pictures colours, else the
                one that paints largest.
            keep_lines: whether the drawing's own lines are laid over the colours.
        """
        chosen = studio.asked_of(model)
        aide = studio.colourer(chosen)
        marks, lines = read_hints(hints), read_lines(drawing, chosen)
        lines.thumbnail((LARGEST, LARGEST))
        keep = read_flag(keep_lines, "keep_lines", True)
        picture = colour_drawing(aide.network, lines, marks, read_palette(palette) or None, keep)
        return picture, {"coloured_by": aide.name, "weights": aide.weights, "learned_from": aide.learned}

    inputs = [gr.Image(visible=False, label=label) for label in ("Drawing", "Hints")]
    palette = gr.JSON(visible=False, label="Palette")
    keep_lines = gr.Checkbox(True, visible=False, label="Keep lines")
    outputs = [gr.Image(visible=False, label="Picture", format="png"), gr.JSON(visible=False, label="Coloured by")]
    gr.on(
        [], colorize, [*inputs, palette, studio.model, keep_lines], outputs,
        preprocess=False, api_name="colorize", **NETWORKS,
    )  # fmt: skip
