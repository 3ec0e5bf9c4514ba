"""Drawings: what can be coloured, what a link keeps, palettes, outlines, photographs of paper."""

import json
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageOps
from served import plant_aide, tiny_model

from gan.translation.palettes import hexes
from gan.ui import drawing as module
from gan.ui.aides import Aide, Aides
from gan.ui.colouring import read_lines
from gan.ui.drawing import (
    Drawing,
    beside,
    cleaned,
    colour_small,
    coloured,
    fitted,
    outline,
    palette_of,
    read_drawing,
    read_palette,
    saved_drawing,
    typical_palettes,
    why_not,
)
from gan.ui.encode import lossless_uri
from gan.ui.links import remark_on_colours
from gan.ui.specimen import Specimen
from gan.ui.strokes import Stroke, draw_lines, write_strokes

CORNERS = (120.0, 120.0), (400.0, 120.0), (400.0, 400.0), (120.0, 400.0), (120.0, 120.0)
BOX = Stroke("thin", tuple((x, y, 0.5) for x, y in CORNERS))
GREEN = Stroke("hint", ((248.0, 248.0, 0.5), (330.0, 248.0, 0.5)), "00ff00")
DOT = Stroke("thin", ((256.0, 256.0, 0.5),))
RED = ((226, 61, 40),)


@pytest.fixture(scope="module")
def colourer(tmp_path_factory):
    return Aides([plant_aide(tmp_path_factory.mktemp("drawing") / "colours", "colorize")]).colourer(tiny_model("alpha"))


def test_an_empty_pad_a_dot_and_a_black_picture_are_answered_by_what_to_do(colourer):
    flooded = tuple(Stroke("thick", ((0.0, float(y), 1.0), (512.0, float(y), 1.0))) for y in range(0, 512, 8))
    for strokes, said in (((), "empty"), ((DOT,), "too little"), (flooded, "all but black")):
        assert said in why_not(Drawing(strokes).on_pad)
        with pytest.raises(gr.Error, match=said):
            colour_small(colourer, Drawing(strokes), [()])
    assert why_not(Drawing((BOX,)).on_pad) == ""


def test_each_palette_makes_a_picture_and_hints_change_it(colourer):
    plain = colour_small(colourer, Drawing((BOX,)), [(), RED])
    assert plain.shape == (2, 4, 32, 32) and (plain[0] - plain[1]).abs().max() > 0.01
    hinted = colour_small(colourer, Drawing((BOX, GREEN)), [()])
    assert (hinted - plain[:1]).abs().max() > 0.01


def test_a_saved_drawing_is_transparent_outside_keeps_its_lines_and_says_what_it_is(colourer):
    model = tiny_model("alpha")
    picture = coloured(colourer, model, Drawing((BOX,), palette=RED), 256)
    assert picture.mode == "RGBA" and picture.size == (256, 256)
    assert picture.getpixel((60, 128)) == (0, 0, 0, 255)  # a line of the box
    without = coloured(colourer, model, Drawing((BOX,), keep_lines=False), 256)
    assert without.getpixel((60, 128)) != (0, 0, 0, 255)
    assert beside(Drawing((BOX,)).lines(256), picture).size == (256 * 2 + 16, 256)


def test_a_link_says_a_short_drawing_and_nothing_of_a_long_one_or_a_photograph(colourer):
    model = tiny_model("alpha")
    short = Drawing((BOX,), palette=(*RED, (1, 2, 3)), keep_lines=False)
    said = short.short_recipe(model, colourer)
    assert said["tab"] == "draw" and said["palette"] == "e23d28-010203" and said["coloured"] == colourer.weights
    assert read_drawing(said) == short
    assert Drawing((BOX,) * 200).short_recipe(model, colourer) == {}
    assert Drawing((BOX,), under=Image.new("L", (8, 8))).short_recipe(model, colourer) == {}
    assert Drawing().short_recipe(model, colourer) == {}


def test_a_saved_drawing_says_all_of_its_strokes_however_many_they_are(colourer):
    drawing = Drawing((BOX,) * 200, palette=RED)
    picture = saved_drawing(colourer, tiny_model("alpha"), drawing, "picture")
    assert read_drawing(json.loads(picture.info["gan-studio"])) == drawing


def test_a_picture_of_another_network_is_remarked_on(colourer, tmp_path):
    said = Drawing((BOX,)).recipe(tiny_model("alpha"), colourer)
    assert remark_on_colours(colourer, said) == remark_on_colours(colourer, {}) == remark_on_colours(None, said) == ""
    assert remark_on_colours(Aide(tmp_path, {"task": "colorize"}), {"seed": 3}) == ""  # it is damaged, and not read
    assert "coloured by another network" in remark_on_colours(colourer, said | {"coloured": "0" * 16})


@pytest.mark.parametrize("sent", ["red", 5, ["red"], ["#12345"], ["#112233"] * 6, {}, [None], "112233-", [["#112233"]]])
def test_whatever_is_no_palette_is_refused_with_a_sentence(sent):
    with pytest.raises(gr.Error, match="colour"):
        read_palette(sent)


def test_palettes_come_back_and_those_of_a_model_are_always_the_same():
    assert read_palette(hexes(RED)) == RED and read_palette(None) == () and read_palette("e23d28") == RED
    striped = Image.new("RGB", (64, 64), (200, 30, 30))
    striped.paste((30, 30, 200), (0, 0, 32, 64))
    assert {(200, 30, 30), (30, 30, 200)} <= set(palette_of(striped)) and len(palette_of(striped)) == 5
    first = typical_palettes(tiny_model("alpha"))
    assert first == typical_palettes(tiny_model("alpha")) and len(set(first)) == len(first)


class Disc:
    """A model that draws a dark-eyed disc on white, whatever it is asked for."""

    def draw(self, z):
        y, x = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
        away = ((x - 32) ** 2 + (y - 32) ** 2).float().sqrt()
        picture = torch.where(away < 24, 0.2, 1.0)
        picture[((x - 24) ** 2 + (y - 26) ** 2) < 9] = -1.0
        return picture.expand(1, 3, 64, 64)


def test_the_outline_of_a_picture_goes_around_it_in_few_strokes(monkeypatch):
    monkeypatch.setattr(Specimen, "z", lambda specimen, model: torch.zeros(1))
    strokes = outline(Disc(), Specimen())
    ink = 255 - np.asarray(draw_lines(strokes)).astype(int)
    ys, xs = np.nonzero(ink > 128)
    around = np.hypot(xs - 256, ys - 256)
    assert (np.abs(around - 192) < 12).mean() > 0.5  # the disc's rim, 24 of 64 pixels away
    assert len(write_strokes(strokes)) < module.LONGEST


def photograph(light=0.6):
    """Return a photograph of a pencil's cross on paper that gets darker to the right, in the lower left corner."""
    paper = np.linspace(230, 230 * light, 600)[None].repeat(400, axis=0)
    image = Image.fromarray(paper.astype(np.uint8))
    pen = ImageDraw.Draw(image)
    pen.line((60, 250, 200, 380), fill=60, width=6)
    pen.line((200, 250, 60, 380), fill=60, width=6)
    return image.convert("RGB")


def test_a_photograph_of_paper_becomes_lines_on_white_in_the_middle():
    lines = np.asarray(cleaned(photograph()))
    assert lines.shape == (512, 512) and (lines == 255).mean() > 0.8
    ys, xs = np.nonzero(lines < 128)
    assert abs(xs.mean() - 256) < 20 and abs(ys.mean() - 256) < 20
    assert 0.8 * 512 < max(np.ptp(xs), np.ptp(ys)) < 0.9 * 512
    with pytest.raises(gr.Error, match="paper"):
        cleaned(Image.new("RGB", (200, 200), (220, 220, 220)))


@pytest.mark.parametrize(
    ("rim", "level"), [(0, 30), (0, 90), (0, 150), (20, 30), (20, 90), (20, 150), (60, 30), (60, 90)]
)
def test_the_table_around_a_photographed_sheet_is_no_drawing(rim, level):
    sheet = Image.new("L", (512, 512), level)
    paper = Image.new("L", (512 - 2 * rim,) * 2, 225)
    ImageDraw.Draw(paper).ellipse((150, 120, 330, 250), outline=40, width=5)
    sheet.paste(paper, (rim, rim))
    lines = np.asarray(cleaned(sheet.rotate(3, Image.Resampling.BICUBIC, fillcolor=level).convert("RGB")))
    ys, xs = np.nonzero(lines < 128)
    assert 0.8 * 512 < np.ptp(xs) < 0.9 * 512 and abs(np.ptp(ys) / np.ptp(xs) - 130 / 180) < 0.1
    assert (lines < 128).mean() < 0.06


@pytest.mark.parametrize("width", [14, 24])
def test_a_thick_outline_that_goes_beyond_the_rim_is_no_table(width):
    picture = Image.new("L", (512, 512), 230)
    ImageDraw.Draw(picture).ellipse((120, 100, 400, 330), outline=40, width=width)
    ImageDraw.Draw(picture).line((260, 320, 260, 511), fill=40, width=width)
    lines = np.asarray(cleaned(picture.convert("RGB")))
    ys, xs = np.nonzero(lines < 128)
    assert 0.8 * 512 < np.ptp(ys) < 0.9 * 512 and abs(np.ptp(xs) / np.ptp(ys) - 280 / 411) < 0.05


def test_what_is_filled_with_ink_stays_filled():
    picture = Image.new("L", (512, 512), 230)
    ImageDraw.Draw(picture).rectangle((60, 60, 450, 450), outline=40, width=6)
    ImageDraw.Draw(picture).ellipse((160, 160, 340, 340), fill=40)
    lines = np.asarray(cleaned(picture.convert("RGB")))
    assert lines[256, 236:276].max() < 30


def test_a_picture_under_the_strokes_is_part_of_the_drawing():
    under = fitted(Image.new("RGB", (100, 50)))
    assert under.size == (512, 512) and under.getpixel((256, 256)) == 0 and under.getpixel((256, 10)) == 255
    sent = {"under": lossless_uri(cleaned(photograph()).convert("RGB")), "strokes": write_strokes((BOX,))}
    both = np.asarray(read_drawing(sent).on_pad)
    assert (both < 128).sum() > (np.asarray(Drawing((BOX,)).on_pad) < 128).sum()


def test_the_modules_of_the_page_and_of_python_agree_on_widths():
    script = (Path(module.__file__).parent / "static" / "strokes.js").read_text()
    assert "{ thin: 5, thick: 11, erase: 28, hint: 16 }" in script


def test_light_lines_on_dark_are_told_of(monkeypatch):
    with pytest.raises(gr.Error, match="light on dark"):
        cleaned(ImageOps.invert(photograph()))
    monkeypatch.setattr("gan.ui.colouring.read_upload", lambda *_: ImageOps.invert(photograph()))
    with pytest.raises(gr.Error, match="light on dark"):
        read_lines({"path": "x"}, None)
