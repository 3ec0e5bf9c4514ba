"""A drawing and its colours: what the pad or a program sends, what a network makes of it, what is kept of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageChops
from torch import Tensor
from torch.nn.functional import interpolate

from gan.images import to_pil
from gan.translation.apply import colours, lay_under, on_white, upscale
from gan.translation.inputs import COLOURS
from gan.translation.palettes import Palette, hexes, most_apart, parsed
from gan.translation.paper import LIGHT, light_on_dark, reach_of
from gan.ui.aides import Aide
from gan.ui.arguments import read_fields, read_flag, refuse
from gan.ui.encode import dominant_colours, with_recipe
from gan.ui.loaded import LoadedModel
from gan.ui.specimen import Specimen, stack
from gan.ui.strokes import SIDE, Stroke, draw_hints, draw_lines, from_paths, read_colour, read_strokes, write_strokes
from gan.ui.uploads import read_upload

LONGEST = 2_000  # characters of strokes that a link holds
LEAST_INK = 0.004  # of the pad: less is a dot
MOST_INK = 0.6
FAINT = 80  # levels of 255 from white, of a photograph: what is fainter is no table
TABLE = 0.025  # of a photograph's side: what is dark, lies along its rim and is wider is no line
STRETCH = 0.05  # of the rim, that a table takes at least: an outline that goes beyond it takes less
PAPER = 0.6  # of a photograph's brightest: what is darker is no paper, but a large area of ink
SAVED = 1024  # pixels a side of what is saved
TRACED = 128  # pixels a side of a picture whose outline is taken
LOOKED_AT = 48  # generated pictures, of which PROPOSED have colours that stand for all
PROPOSED = 4
EMPTY = "The pad is empty. Draw an outline, then eyes; colours come by themselves."
DOT = "That is too little to colour yet. Draw an outline, then eyes."
BLACK = "This is all but black. Lines on white are coloured: rub some of it out, or clear the pad."


@dataclass(frozen=True)
class Drawing:
    """Strokes, perhaps over a picture that lies under them; colours to use; whether the lines stay."""

    strokes: tuple[Stroke, ...] = ()
    under: Image.Image | None = None
    palette: Palette = ()
    keep_lines: bool = True

    @cached_property
    def on_pad(self) -> Image.Image:
        """The lines, grey, as large as the pad."""
        return self.lines(SIDE)

    def lines(self, side: int) -> Image.Image:
        """Return the lines, grey, so many pixels large."""
        return draw_lines(self.strokes, self.under, side)

    def recipe(self, model: LoadedModel, aide: Aide) -> dict[str, Any]:
        """Return what a saved PNG says of it, the chosen model and what coloured it; {} over a picture from a file."""
        if self.under or not self.strokes:
            return {}
        said = {"model": model.name, "tab": "draw", "strokes": write_strokes(self.strokes), "coloured": aide.weights}
        said |= {"palette": "-".join(hexes(self.palette))} if self.palette else {}
        return said | ({} if self.keep_lines else {"lines": 0})

    def short_recipe(self, model: LoadedModel, aide: Aide) -> dict[str, Any]:
        """Return the same for a link; {} where it is too long for one."""
        recipe = self.recipe(model, aide)
        return recipe if len(recipe.get("strokes", "")) <= LONGEST else {}


def read_palette(value: Any) -> Palette:
    """Return the colours that a list, or a link's text, names; () for none; more than five are refused."""
    if value in (None, "", []):
        return ()
    names = str(value).split("-") if isinstance(value, str | int) else value
    if not isinstance(names, list) or len(names) > COLOURS:
        raise refuse(f'A palette must be a list of up to {COLOURS} colours such as "#e23d28".')
    return tuple(parsed(read_colour(name, "Each colour of a palette")) for name in names)


def read_drawing(value: Any) -> Drawing:
    """Return what the pad or a link says: {"strokes", "under", "palette", "lines"}, all of it optional."""
    value = read_fields(value)
    under = value.get("under")
    return Drawing(
        read_strokes(value.get("strokes")),
        fitted(read_upload(under, "The drawing")) if under else None,
        read_palette(value.get("palette")),
        read_flag(value.get("lines"), "lines", True),
    )


def fitted(picture: Image.Image) -> Image.Image:
    """Return the picture, grey, in the middle of a pad."""
    grey = picture.convert("L")
    scale = SIDE / max(grey.size)
    grey = grey.resize([max(1, round(side * scale)) for side in grey.size])
    sheet = Image.new("L", (SIDE, SIDE), 255)
    sheet.paste(grey, ((SIDE - grey.width) // 2, (SIDE - grey.height) // 2))
    return sheet


def why_not(lines: Image.Image) -> str:
    """Return what keeps lines from being coloured, "" where nothing does."""
    ink = 1 - float(np.asarray(lines).mean()) / 255
    if ink == 0:
        return EMPTY
    if ink < LEAST_INK:
        return DOT
    return BLACK if ink > MOST_INK else ""


def refuse_undrawable(lines: Image.Image) -> None:
    """Raise gr.Error where something keeps lines from being coloured."""
    if reason := why_not(lines):
        raise refuse(reason)


def colour_small(aide: Aide, drawing: Drawing, palettes: Sequence[Palette]) -> Tensor:
    """Return the drawing coloured with each palette, at the network's own size, (N, 4, S, S); () leaves it the choice.

    What cannot be coloured is refused.
    """
    refuse_undrawable(drawing.on_pad)
    return colours(aide.network, drawing.on_pad, draw_hints(drawing.strokes), palettes)


def sharpened(output: Tensor, enlarger: Aide | None) -> Tensor:
    """Return coloured drawings (N, 4, S, S) enlarged, their details guessed by a second network; None: as they are."""
    if enlarger is None:
        return output
    pictures, cover = output.split((3, 1), dim=1)
    large = upscale(enlarger.network, pictures)
    cover = interpolate(cover, size=large.shape[2:], mode="bicubic", align_corners=False).clamp(-1, 1)
    return torch.cat((large, cover), dim=1)


def coloured(aide: Aide, model: LoadedModel, drawing: Drawing, side: int, enlarger: Aide | None = None) -> Image.Image:
    """Return the coloured drawing, so many pixels large, RGBA, with its recipe; sharper by an enlarger."""
    output = colour_small(aide, drawing, [drawing.palette])
    told = drawing.recipe(model, aide) | ({"sharper": enlarger.weights} if enlarger else {})
    shown = sharpened(output, enlarger)
    return with_recipe(lay_under(shown, drawing.lines(side), drawing.keep_lines), told)


def saved_drawing(
    aide: Aide, model: LoadedModel, drawing: Drawing, kind: str, enlarger: Aide | None = None
) -> Image.Image:
    """Return what is saved of a drawing: its "picture" on white, a "sticker", or a "pair" of its lines and picture."""
    sticker = coloured(aide, model, drawing, SAVED, enlarger)
    if kind == "sticker":
        return sticker
    made = beside(drawing.lines(SAVED), sticker) if kind == "pair" else on_white(sticker)
    made.info |= sticker.info
    return made


def outline(model: LoadedModel, specimen: Specimen) -> tuple[Stroke, ...]:
    """Return a generated picture's outline as strokes."""
    from gan.translation.lines import silhouette, trace  # OpenCV takes its time, at the start of the page

    picture = to_pil(model.draw(specimen.z(model)[None])[0]).resize((TRACED, TRACED), Image.Resampling.LANCZOS)
    pixels = np.asarray(picture)
    return from_paths(trace(pixels, silhouette(pixels)), TRACED)


def palette_of(image: Image.Image) -> Palette:
    """Return a picture's five dominant colours."""
    found = [read_palette([part["colour"]])[0] for part in dominant_colours(image)]
    return tuple(found[i % len(found)] for i in range(COLOURS))


def typical_palettes(model: LoadedModel) -> tuple[Palette, ...]:
    """Return palettes of pictures by the model that differ most: each next one is far from those before."""
    images = model.draw(stack(model, [Specimen(seed) for seed in range(1, LOOKED_AT + 1)]))
    found = [palette_of(to_pil(image)) for image in images]
    return tuple(found[place] for place in most_apart(found, PROPOSED))


def beside(lines: Image.Image, picture: Image.Image) -> Image.Image:
    """Return "my line | its picture", on white, with a gap between them."""
    gap = lines.width // 16
    sheet = Image.new("RGB", (2 * lines.width + gap, lines.height), "white")
    sheet.paste(lines.convert("RGB"))
    sheet.paste(picture, (lines.width + gap, 0), picture)
    return sheet


def cleaned(picture: Image.Image) -> Image.Image:
    """Return a drawing's photograph as lines on white, centred, as large as the data's figures: 0.85 of the side."""
    import cv2

    small = picture.convert("L")
    small.thumbnail((2 * SIDE, 2 * SIDE))
    grey = np.asarray(small)
    if light_on_dark(small):
        raise refuse(LIGHT)
    paper = cv2.medianBlur(cv2.dilate(grey, np.ones((reach_of(grey),) * 2, np.uint8)), 21).astype(np.float32)
    darkest = max(1.0, PAPER * float(np.quantile(paper, 0.9)))
    flat = np.clip(grey / np.maximum(paper, darkest) * 255, 0, 255)
    levels = np.clip((flat - 110) / (225 - 110), 0, 1) * 255  # pencils made darker, paper's grain gone
    ink = Image.fromarray(_without_table((255 - levels).astype(np.uint8)))
    box = ink.point(lambda level: 255 * (level > 60)).getbbox()
    if box is None:
        raise refuse("There is nothing to be seen on this picture but paper.")
    cut = ImageChops.invert(ink.crop(box))
    scale = 0.85 * SIDE / max(cut.size)
    cut = cut.resize([max(1, round(side * scale)) for side in cut.size], Image.Resampling.LANCZOS)
    sheet = Image.new("L", (SIDE, SIDE), 255)
    sheet.paste(cut, ((SIDE - cut.width) // 2, (SIDE - cut.height) // 2))
    return sheet


def _without_table(ink: np.ndarray) -> np.ndarray:
    """Return the ink (H, W) of a photograph without what lies around the paper: dark, at the rim, wider than a line."""
    import cv2

    reach = max(3, round(TABLE * max(ink.shape))) | 1
    square = np.ones((reach, reach), np.uint8)
    dark = np.pad((ink > FAINT).astype(np.uint8), reach, mode="edge")  # a table goes on beyond the rim
    _, pieces = cv2.connectedComponents(cv2.morphologyEx(dark, cv2.MORPH_OPEN, square))
    inside = pieces[reach:-reach, reach:-reach]
    rim = np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])
    stretches = np.bincount(rim, minlength=pieces.max() + 1)
    stretches[0] = 0  # what is light
    table = np.isin(pieces, np.flatnonzero(stretches > STRETCH * len(rim))).astype(np.uint8)
    around = cv2.dilate(table, np.ones((2 * reach + 1,) * 2, np.uint8))[reach:-reach, reach:-reach]
    return np.where(around > 0, 0, ink).astype(np.uint8)
