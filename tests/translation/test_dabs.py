"""A dab of colour colours the part of a drawing that it is meant for, and nothing else, and leads the palette there."""

import time

import pytest
import torch
from PIL import Image, ImageDraw
from translation.drawn import LARGE, SMALL, drawn

from gan.images import to_uint8
from gan.translation.apply import colours
from gan.translation.dabs import PARTS
from gan.translation.inputs import led_by, marks_at
from gan.ui.strokes import Stroke, draw_hints

RED, GREEN, BLUE, GREY = (200, 30, 30), (30, 200, 30), (30, 60, 200), (120, 120, 120)
IN_LARGE, IN_SMALL, OUTSIDE = (30, 60), (100, 45), (122, 5)  # x, y, beside what is hinted at there


class Obedient:
    """Covers all of a picture with the mean colour of its hints, without any with the palette's first."""

    image_size, palettes = 128, ()
    asked = 0

    def __call__(self, lines, hints, palette):
        self.asked = len(lines)
        there = (hints[:, 3:] > 0).float()
        mean = (hints[:, :3] * there).sum(dim=(2, 3)) / there.sum(dim=(2, 3)).clamp_min(1)
        colour = torch.where(there.sum(dim=(2, 3)) > 0, mean, palette[:, :3])
        covered = torch.cat((colour, torch.ones(len(lines), 1)), dim=1)
        return covered[:, :, None, None].expand(-1, -1, *lines.shape[2:])


def dabs(*places):
    """Return hints: a colour and where it lies, (x, y, x, y), each."""
    sheet = Image.new("RGBA", (128, 128))
    for colour, box in places:
        ImageDraw.Draw(sheet).rectangle(box, fill=colour)
    return sheet


def coloured(lines, hints, palette=(RED,), network=None):
    """Return what is painted where, by (x, y)."""
    picture = to_uint8(colours(network or Obedient(), Image.fromarray(lines), hints, [palette]))[0]
    return lambda place: tuple(picture[:3, place[1], place[0]].tolist())


def test_a_hint_colours_its_own_region_and_nothing_else():
    at = coloured(drawn(LARGE, SMALL), dabs((GREEN, (90, 40, 95, 45))))
    assert (at(IN_SMALL), at(IN_LARGE), at(OUTSIDE)) == (GREEN, RED, RED)


def test_hints_of_two_regions_do_not_mix_and_those_of_one_go_together():
    lines = drawn(LARGE, SMALL)
    at = coloured(lines, dabs((GREEN, (90, 40, 95, 45)), (BLUE, (40, 80, 45, 85))))
    assert (at(IN_SMALL), at(IN_LARGE), at(OUTSIDE)) == (GREEN, BLUE, RED)
    at = coloured(lines, dabs((GREEN, (20, 80, 25, 85)), (BLUE, (40, 80, 45, 85))))
    assert (at(IN_SMALL), at(OUTSIDE)) == (RED, RED)
    assert at(IN_LARGE) == pytest.approx([(one + other) / 2 for one, other in zip(GREEN, BLUE, strict=True)], abs=1)


def test_a_dab_that_reaches_over_a_line_does_not_colour_what_is_there_and_a_stroke_across_it_does():
    lines = drawn(("box", (10, 10, 110, 110)), ("line", (60, 10, 60, 110)))
    at = coloured(lines, dabs((GREEN, (56, 60, 61, 65))))
    assert (at((30, 90)), at((90, 90))) == (GREEN, RED)
    at = coloured(lines, dabs((GREEN, (30, 60, 90, 66))))
    assert at((30, 90)) == at((90, 90)) == GREEN


def test_a_dab_larger_than_an_eye_fills_the_eye_and_asks_nobody():
    eye = ("box", (40, 40, 46, 46))
    network = Obedient()
    at = coloured(drawn(LARGE, eye), dabs((GREEN, (39, 39, 47, 47))), network=network)
    assert (at((43, 43)), at((40, 70)), at(OUTSIDE)) == (GREEN, RED, RED)
    assert network.asked == 1


def test_a_stroke_with_a_loop_colours_the_region_that_it_runs_on_into():
    lines = drawn(("box", (10, 10, 110, 110)), ("line", (60, 10, 60, 110)))
    loop = dabs((GREEN, (20, 50, 48, 78)), (GREEN, (30, 60, 90, 63)))
    assert coloured(lines, loop)((90, 90)) == GREEN


def test_dabs_of_two_colours_that_meet_over_a_line_stay_apart():
    lines = drawn(("box", (10, 10, 110, 110)), ("line", (60, 10, 60, 110)))
    at = coloured(lines, dabs((GREEN, (50, 60, 60, 66)), (BLUE, (61, 60, 70, 66))))
    assert at((90, 90)) == BLUE
    assert at((30, 90)) == pytest.approx(GREEN, abs=4)  # the middle of the line is the left half's


@pytest.mark.parametrize("eye", [(40, 40, 49, 53), (40, 40, 53, 53)])
def test_a_larger_eye_is_filled_too(eye):
    network = Obedient()
    at = coloured(drawn(LARGE, ("box", eye)), dabs((GREEN, (43, 45, 46, 48))), network=network)
    assert (at((45, 46)), at((30, 70)), network.asked) == (GREEN, RED, 1)


def test_a_limb_narrower_than_a_gap_is_left_to_the_network():
    limb, network = ("box", (20, 90, 60, 96)), Obedient()
    at = coloured(drawn(SMALL, limb), dabs((GREEN, (30, 91, 40, 95))), network=network)
    assert at((50, 93)) == GREEN and network.asked == 2


@pytest.mark.parametrize("side", [32, 64])
def test_at_any_size_a_dab_colours_its_region(side):
    network = Obedient()
    network.image_size = side
    unit = side // 32
    lines = drawn(
        ("box", (4 * unit, 4 * unit, 27 * unit, 27 * unit)),
        ("line", (16 * unit, 4 * unit, 16 * unit, 27 * unit)),
        side=side,
    )
    at = coloured(lines, dabs((GREEN, (9 * 4, 9 * 4, 10 * 4, 10 * 4))).resize((side, side)), network=network)
    assert at((9 * unit, 20 * unit)) == pytest.approx(GREEN, abs=9)  # at its rim a dab that was reduced is paler
    assert at((22 * unit, 20 * unit)) == at((1, 1)) == RED


def test_transparent_hints_are_none_and_hints_without_a_palette_get_the_networks_own():
    network = Obedient()
    assert coloured(drawn(LARGE, SMALL), dabs(), network=network)(IN_SMALL) == RED and network.asked == 1
    network.palettes = ((BLUE,) * 5,)
    at = coloured(drawn(LARGE, SMALL), dabs((GREEN, (90, 40, 95, 45))), None, network)
    assert (at(IN_SMALL), at(IN_LARGE)) == (GREEN, BLUE)


def test_hints_of_all_colours_take_no_time():
    torch.manual_seed(0)
    noise = Image.fromarray(to_uint8(torch.rand(1, 3, 128, 128) * 2 - 1)[0].permute(1, 2, 0).numpy()).convert("RGBA")
    started = time.monotonic()
    coloured(drawn(LARGE, SMALL), noise)
    assert time.monotonic() - started < 2


def test_the_smallest_dot_counts():
    assert coloured(drawn(LARGE, SMALL), dabs((GREEN, (92, 42, 92, 42))))(IN_SMALL) == GREEN


def test_where_nothing_is_enclosed_a_hint_colours_all():
    at = coloured(drawn(("line", (20, 20, 60, 60))), dabs((GREEN, (90, 40, 95, 45))))
    assert at(IN_LARGE) == at(OUTSIDE) == GREEN


def test_of_very_many_regions_the_last_are_taken_together():
    boxes = [("box", (x, y, x + 20, y + 20)) for x in range(4, 104, 25) for y in range(4, 104, 25)]
    hints = dabs(*((GREEN, (x + 8, y + 8, x + 12, y + 12)) for _, (x, y, *_) in boxes))
    network = Obedient()
    at = coloured(drawn(*boxes), hints, network=network)
    assert network.asked == 1 + PARTS
    assert {at((x + 6, y + 6)) for _, (x, y, *_) in boxes} == {GREEN}


def test_the_colours_of_hints_lead_a_palette_and_make_none():
    palette = [(17, 34, 51), RED, GREY, (250, 250, 250), (0, 90, 0)]
    marks = marks_at(dabs((BLUE, (0, 0, 20, 20)), (RED, (40, 0, 50, 9)), ((199, 31, 30, 255), (60, 0, 65, 5))), 128)
    assert [tuple(colour) for colour in led_by(marks, palette)] == [BLUE, RED, palette[0], GREY, palette[3]]
    assert led_by(marks_at(None, 128), palette) == palette and led_by(marks, None) is None


@pytest.mark.parametrize("side", [64, 128])
def test_a_dab_of_the_lightest_pen_is_seen_wherever_it_is(side):
    for quarter in range(0, 32):
        place = 200 + quarter / 4
        marks = marks_at(draw_hints([Stroke("hint", ((place, place, 0.0),), "e23d28")]), side)
        seen = marks[0, :, marks[0, 3] > 0]
        assert seen.shape[1] > 0 and (to_uint8(seen[:3]) - torch.tensor([[226], [61], [40]])).abs().max() <= 3
