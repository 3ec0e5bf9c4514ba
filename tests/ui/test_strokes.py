"""Strokes: what a link says comes back, what is drawn of them, and what is refused."""

import json

import gradio as gr
import numpy as np
import pytest

from gan.ui.strokes import (
    MAX_POINTS,
    SIDE,
    WIDTHS,
    Stroke,
    draw_hints,
    draw_lines,
    from_paths,
    read_strokes,
    width_of,
    write_strokes,
)

LINE = Stroke("thin", ((100.0, 256.0, 0.5), (400.0, 256.0, 0.5)))
DAB = Stroke("hint", ((256.0, 100.0, 0.5),), "e23d28")
RUB = Stroke("erase", ((250.0, 256.0, 0.5), (262.0, 256.0, 0.5)))


def ink(strokes, **more):
    return 255 - np.asarray(draw_lines(strokes, **more)).astype(int)


def test_strokes_come_back_from_their_text_to_a_quarter_of_a_step():
    pressed = Stroke("thick", ((0.0, 0.0, 0.0), (511.9, 512.0, 1.0), (33.3, 7.1, 0.7)))
    strokes = (LINE, DAB, RUB, pressed)
    back = read_strokes(write_strokes(strokes))
    assert [(stroke.tool, stroke.colour) for stroke in back] == [(stroke.tool, stroke.colour) for stroke in strokes]
    for stroke, other in zip(strokes, back, strict=True):
        assert np.abs(np.array(stroke.points) - np.array(other.points)).max() <= 0.126
    assert write_strokes(back) == write_strokes(strokes)
    assert not set(write_strokes(strokes)) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


@pytest.mark.parametrize("tool", WIDTHS)
def test_a_pen_that_is_pressed_writes_with_every_tool(tool):
    stroke = Stroke(tool, ((0.0, 0.0, 0.25), (512.0, 256.0, 1.0)), "e23d28" if tool == "hint" else "")
    (back,) = read_strokes(write_strokes([stroke]))
    assert (back.tool, back.colour) == (stroke.tool, stroke.colour)
    assert np.allclose(back.points, stroke.points, atol=0.25)


def test_programs_may_send_lists():
    sent = [{"tool": "hint", "colour": "#E23D28", "points": [[256, 100]]}, {"points": [[100, 256], [400, 256, 0.5]]}]
    assert read_strokes(json.loads(json.dumps(sent))) == (DAB, LINE)


def test_a_line_is_as_wide_as_its_tool_and_lies_where_it_was_drawn():
    column = ink([LINE])[:, 256]
    assert column.sum() / 255 == pytest.approx(width_of(LINE, 0.5), abs=1.0)
    assert np.flatnonzero(column > 128).mean() == pytest.approx(256, abs=1)
    assert not ink([DAB]).any()
    heavy = Stroke("thin", tuple((x, y, 1.0) for x, y, _ in LINE.points))
    assert ink([heavy])[:, 256].sum() > 1.3 * column.sum()
    assert ink([LINE], side=2 * SIDE)[:, 512].sum() == pytest.approx(2 * column.sum(), rel=0.2)


def test_the_eraser_takes_lines_and_hints_away_and_later_ones_stay():
    assert ink([LINE, RUB])[256, 256] == 0 and ink([LINE, RUB])[256, 120] == 255 and ink([RUB, LINE])[256, 256] == 255
    dab = Stroke("hint", ((256.0, 256.0, 0.5),), "e23d28")
    assert draw_hints([dab]).getpixel((256, 256)) == (0xE2, 0x3D, 0x28, 255)
    assert draw_hints([dab, RUB]).getpixel((256, 256))[3] == 0
    assert draw_hints([LINE]) is None


def test_paths_in_a_small_picture_become_strokes_over_the_whole_pad():
    (stroke,) = from_paths([np.array([[0, 0], [127, 127]])], 128)
    assert stroke.points[0][:2] == (2, 2) and stroke.points[1][:2] == (510, 510)


HOSTILE = (
    5, {}, "x", "t", "tAAA", "hAAAA", "tAAAA.", "tAAAA\n", "e" + "A" * 5, "tÄÄÄÄ", ".", [None], [5], [{}],
    [{"points": []}],
    [{"points": "x"}], [{"points": [5]}], [{"points": [[1]]}], [{"points": [[1, 2, 3, 4]]}], [{"points": [["a", 1]]}],
    [{"points": [[float("nan"), 1]]}], [{"points": [[float("inf"), 1]]}], [{"points": [[-1, 1]]}],
    [{"points": [[1, 1e9]]}],
    [{"points": [[1, 1, 2]]}], [{"tool": "axe", "points": [[1, 1]]}], [{"tool": "hint", "points": [[1, 1]]}],
    [{"tool": "hint", "colour": "red", "points": [[1, 1]]}], [{"tool": ["thin"], "points": [[1, 1]]}],
    ".".join(["tAAAA"] * 20_000), "t" + "AAAA" * (MAX_POINTS + 1), [{"points": [[1, 1]]}] * 20_000,
    [{"points": [[1, 1]] * (MAX_POINTS + 1)}],
)  # fmt: skip


@pytest.mark.parametrize("sent", HOSTILE, ids=lambda sent: str(sent)[:30])
def test_whatever_is_no_stroke_is_refused_with_a_sentence(sent):
    with pytest.raises(gr.Error) as refusal:
        read_strokes(sent)
    assert refusal.value.message.endswith(".") and len(refusal.value.message) < 300
