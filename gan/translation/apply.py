"""What people call: a drawing coloured, small pictures made large, with networks that are trained."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageChops, ImageOps
from torch import Tensor
from torch.nn.functional import interpolate

from gan.data.decode import scale_grey
from gan.images import from_pil, to_uint8
from gan.translation.framing import frame_of
from gan.translation.inputs import encoded, led_by, lines_at, marks_at, own_palette
from gan.translation.networks import Colorizer, Upscaler
from gan.translation.paper import levelled

LARGEST = 2_048  # pixels a side of a coloured drawing
Colour = tuple[int, int, int]


def colorize(
    network: Colorizer,
    drawing: Image.Image,
    hints: Image.Image | None = None,
    palette: Sequence[Colour] | None = None,
    keep_lines: bool = True,
) -> Image.Image:
    """Return the drawing coloured: RGBA, transparent outside the figure, in its own shape, 2,048 pixels a side at most.

    `drawing` is dark on light, of any mode; what of it is transparent is paper. `hints` has colours where they are
    wanted, over the same place, and is transparent elsewhere; each colours the region in which it lies. `palette` is
    one to five colours (r, g, b) in 0 to 255; where none is given it is one of the training pictures', which one the
    drawing decides.
    The network gives the colours, at the size that it learned on; the lines stay the drawing's own, or are the
    network's where they are not kept.
    """
    paper = Image.fromarray(levelled(np.asarray(on_white(drawing).convert("L"))))
    longest = max(paper.size)
    if longest > LARGEST:  # of a line a hundred times longer than wide, a pixel stays
        paper = paper.resize([max(1, round(side * LARGEST / longest)) for side in paper.size])
    square = (max(paper.size),) * 2
    left, top = ((whole - side) // 2 for whole, side in zip(square, paper.size, strict=True))
    lines = Image.new("L", square, 255)
    lines.paste(paper, (left, top))
    marks = Image.new("RGBA", square) if hints else None
    if hints and marks:
        marks.paste(hints.convert("RGBA").resize(paper.size), (left, top))
    coloured = lay_under(colours(network, lines, marks, [palette]), lines, keep_lines)
    return coloured.crop((left, top, left + paper.width, top + paper.height))


def colours(
    network: Colorizer, lines: Image.Image, hints: Image.Image | None, palettes: Sequence[Sequence[Colour] | None]
) -> Tensor:
    """Return what the network makes of a drawing with each palette, (N, 4, S, S) in [-1, 1]: on white, and its cover.

    `lines` and `hints`, grey and RGBA, are square; a palette that is None is one of the network's own. A hint colours
    the region in which it lies, and the rest is as without it: the network alone would take it for a wish for all of
    the figure. A spot, such as an eye, is filled with it: there the network would paint an eye as they are. A figure
    that is small on its sheet is coloured as if it were large, unless hints lie beside it.
    """
    side = network.image_size
    drawn, marks = lines_at(lines, side), marks_at(hints, side)
    asked = [palette or own_palette(network, drawn) for palette in palettes]
    if frame := frame_of(drawn, marks):
        made = colours(network, frame.cut(lines, side), frame.cut(hints, side) if hints else None, asked)
        return frame.laid_back(made)
    if not (marks[:, 3] > 0).any():
        return _made(network, drawn, [marks], asked)[:, 0]
    from gan.translation.dabs import dabbed  # OpenCV takes its time, at the start of the page

    found = dabbed(drawn, marks)
    made = _made(network, drawn, [marks_at(None, side), *(own for _, own in found.parts)], asked)
    coloured = made[:, 0]
    for number, (where, _) in enumerate(found.parts, 1):
        coloured = torch.where(where, made[:, number], coloured)
    return torch.where(found.spots, found.filled, coloured)


def _made(
    network: Colorizer, drawn: Tensor, hints: Sequence[Tensor], palettes: Sequence[Sequence[Sequence[int]] | None]
) -> Tensor:
    """Return what the network makes of lines with each palette and each of the hints, (palettes, hints, 4, S, S)."""
    inputs = [(drawn, marks, encoded(led_by(marks, palette))) for palette in palettes for marks in hints]
    with torch.inference_mode():
        made = network(*(torch.cat(column) for column in zip(*inputs, strict=True)))
    return made.unflatten(0, (len(palettes), len(hints)))


def upscale(network: Upscaler, images: Tensor) -> Tensor:
    """Return pictures (N, 3, H, W) in [-1, 1] enlarged, (N, 3, scale * H, scale * W)."""
    with torch.inference_mode():
        return network(images)


def on_white(image: Image.Image) -> Image.Image:
    """Return the image as RGB, with white where it is transparent."""
    if image.mode.startswith("I"):
        image, seen, _ = scale_grey(image)
        if seen:
            image.putalpha(seen)
    shown = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown).convert("RGB")


def lay_under(output: Tensor, lines: Image.Image, keep_lines: bool = True) -> Image.Image:
    """Return the network's colours (1, 4, S, S) as large as the lines, with these over them if kept: RGBA."""
    smaller = lines.width < output.shape[-1]  # enlarged, antialiasing would be another cubic
    fitted = interpolate(output, (lines.height, lines.width), mode="bicubic", align_corners=False, antialias=smaller)
    picture, cover = to_uint8(fitted)[0].split((3, 1))
    shown = Image.fromarray(picture.permute(1, 2, 0).numpy())
    alpha = Image.fromarray(cover[0].numpy())
    if keep_lines:
        shown = ImageChops.multiply(shown, Image.merge("RGB", [lines] * 3))
        alpha = ImageChops.lighter(alpha, ImageOps.invert(lines))
    return _off_white(shown, alpha)


def _off_white(shown: Image.Image, alpha: Image.Image) -> Image.Image:
    """Return the RGBA image that, laid on white, is the one shown."""
    picture, cover = from_pil(shown)[0] / 2 + 0.5, from_pil(alpha)[0] / 2 + 0.5
    colours = ((picture - (1 - cover)) / cover.clamp_min(1 / 255)).clamp(0, 1)
    image = Image.fromarray(to_uint8(colours * 2 - 1).permute(1, 2, 0).contiguous().numpy())
    image.putalpha(alpha)
    return image
