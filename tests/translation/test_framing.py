"""A small figure is coloured as a large one is, where it stands; thin pens are seen."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageChops, ImageDraw

from gan.images import from_pil, to_uint8
from gan.translation.apply import colours
from gan.translation.framing import FILLS, frame_of
from gan.translation.inputs import encoded, lines_at, marks_at, own_palette

SHEET, PLACES = 512, 64


class Echo:
    """Paints the lines that it is given, on a sheet that it covers altogether, and keeps them."""

    image_size, palettes = PLACES, ()

    def __call__(self, lines, hints, palette):
        self.given, self.palette = lines, palette
        return torch.cat((lines.expand(-1, 3, -1, -1), torch.ones_like(lines)), dim=1)


def sheet_with(*boxes, width=8, size=SHEET):
    sheet = Image.new("L", (size, size), 255)
    for box in boxes:
        ImageDraw.Draw(sheet).ellipse(box, outline=0, width=width)
    return sheet


def extent(ink):
    """Return left, top, right and bottom of what is True."""
    rows, columns = np.nonzero(ink)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize("box", [(8, 8, 168, 136), (180, 200, 330, 350), (400, 20, 505, 110), (0, 380, 130, 511)])
def test_a_small_figure_is_shown_large_and_its_colours_lie_where_it_stands(box):
    network = Echo()
    picture, cover = to_uint8(colours(network, sheet_with(box), None, [None]))[0].split((3, 1))
    left, top, right, bottom = extent(network.given[0, 0].numpy() < 0.5)
    assert max(right - left, bottom - top) >= (FILLS - 0.15) * PLACES
    painted = extent(picture[0].numpy() < 220)
    assert np.abs(np.array(painted) - np.array(box) * PLACES / SHEET).max() <= 1.5
    covered = extent(cover[0].numpy() > 128)
    assert (
        max(covered[2] - covered[0], covered[3] - covered[1]) <= (max(box[2] - box[0], box[3] - box[1]) / 8) * 1.2 + 2
    )


def test_a_figure_that_fills_its_sheet_is_given_as_it_is():
    for lines in (sheet_with((60, 20, 480, 500)), sheet_with((10, 10, 60, 60), (450, 450, 500, 500)), sheet_with()):
        network = Echo()
        colours(network, lines, None, [None])
        assert torch.equal(network.given, lines_at(lines, PLACES))


def test_hints_on_a_small_figure_are_cut_with_it():
    hints = Image.new("RGBA", (SHEET, SHEET))
    ImageDraw.Draw(hints).ellipse((80, 60, 100, 80), fill=(255, 0, 0))
    frame = frame_of(lines_at(sheet_with((40, 40, 120, 120)), PLACES), marks_at(hints, PLACES))
    cut = frame.cut(hints, PLACES)
    assert cut.size == (frame.side * 8,) * 2
    assert cut.getpixel((90 - 8 * frame.left, 70 - 8 * frame.top))[3] == 255


def test_a_hint_beside_a_small_figure_leaves_the_rest_as_it_is():
    hints = Image.new("RGBA", (SHEET, SHEET))
    ImageDraw.Draw(hints).ellipse((300, 40, 330, 70), fill=(255, 0, 0))
    lines = lines_at(sheet_with((40, 40, 120, 120)), PLACES)
    assert frame_of(lines, marks_at(None, PLACES)) and frame_of(lines, marks_at(hints, PLACES)) is None


def test_a_small_figure_gets_the_palette_of_the_whole_drawing():
    network = Echo()
    network.palettes = [[(shade, shade, shade)] * 5 for shade in range(0, 250, 10)]
    sheet = sheet_with((8, 8, 168, 136))
    colours(network, sheet, None, [None])
    chosen = own_palette(network, lines_at(sheet, PLACES))
    assert network.palette[0, :3].tolist() == encoded(chosen)[0, :3].tolist()


def test_a_dot_is_framed_too():
    colours(Echo(), sheet_with((8, 8, 12, 12), width=4), None, [None])


@pytest.mark.parametrize("width", [1, 2, 3, 8, 16])
def test_the_lines_of_a_thin_pen_are_as_dark_as_those_of_training(width):
    lines = lines_at(sheet_with((100, 200, 1900, 1800), width=width, size=2048), 128)
    ink = 1 - lines[lines < 0.9]
    assert ink.median() / 2 > 0.45
    around = extent(lines[0, 0].numpy() < 0)
    assert np.abs(np.array(around) - np.array((100, 200, 1900, 1800)) / 16).max() <= 1.5


def test_pale_pencils_are_made_no_blots():
    pencil = sheet_with((100, 100, 900, 900), width=40, size=1024).point(lambda level: 200 if level < 255 else 255)
    lines = lines_at(pencil, 128)
    assert (lines < 0.9).float().mean() < 0.12 and lines.min() > 0.5


@pytest.mark.parametrize(("grey", "where"), [(205, (300, 300, 700, 700)), (236, (0, 0, 512, 1024))])
def test_lines_that_are_thick_enough_stay_so_beside_a_grey_area_or_a_shadow(grey, where):
    lines = sheet_with((100, 100, 900, 900), width=20, size=1024)
    shaded = Image.new("L", lines.size, 255)
    shaded.paste(grey, where)
    shaded = ImageChops.darker(shaded, lines)
    assert torch.equal(
        lines_at(shaded, 128), from_pil(shaded.resize((128, 128), Image.Resampling.BOX, reducing_gap=3.0))
    )
