"""Strokes of the drawing pad: read from what is sent, written into links, drawn as lines and as colour hints.

A point is a place on a pad of SIDE x SIDE. The page and links write a stroke as a letter for its tool, a hint's colour
as six hexadecimal digits, and each point as four signs of base64, two for x and two for y, in quarters of a step; a
capital letter says that a fifth sign, the pressure, follows each. A full stop parts strokes. Programs may send lists:
[{"tool": "thin", "points": [[120, 80], [140, 90]]}, {"tool": "hint", "colour": "#e23d28", "points": [[128, 90]]}].
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from PIL import Image, ImageDraw

from gan.ui.arguments import read_choice, read_number, refuse

SIDE = 512
WIDTHS = {"thin": 5.0, "thick": 11.0, "erase": 28.0, "hint": 16.0}  # a tool's first letter stands for it
MAX_STROKES = 500
MAX_POINTS = 12_000  # in all
PARTS = 4  # of a step, as written
SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
FIFTH = len(SIGNS) - 1  # the strongest pressure
# A capital letter stands for a pen that knows how hard it is pressed: a fifth sign in each step.
STROKE = re.compile(
    r"[tke]((?:[\w-]{4})+)|[TKE]((?:[\w-]{5})+)|h([0-9a-f]{6})((?:[\w-]{4})+)|H([0-9a-f]{6})((?:[\w-]{5})+)", re.ASCII
)
TOOLS = {"t": "thin", "k": "thick", "e": "erase", "h": "hint"}
LETTERS = {tool: letter for letter, tool in TOOLS.items()}
COLOUR = re.compile(r"#?([0-9a-fA-F]{6})")
FINE = 2  # lines are drawn so many times as large, then reduced

Point = tuple[float, float, float]  # x, y, pressure: 0 to 1, 0.5 where a device knows none


@dataclass(frozen=True)
class Stroke:
    """What was drawn without lifting the pen."""

    tool: str  # of WIDTHS
    points: tuple[Point, ...]
    colour: str = ""  # of a hint, "rrggbb"


def read_strokes(value: Any, name: str = "The strokes") -> tuple[Stroke, ...]:
    """Return the strokes that a text or a list says; anything else, or too much of it, is refused with a sentence."""
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        strokes = _unpack(value, name)
    elif isinstance(value, list):
        _check_count(len(value), name)
        strokes = tuple(_read_stroke(one, name) for one in value)
    else:
        raise refuse(f"{name} must be a list of strokes.")
    if sum(len(stroke.points) for stroke in strokes) > MAX_POINTS:
        raise refuse(f"{name} have more than {MAX_POINTS:,} points; draw with fewer.")
    return strokes


def write_strokes(strokes: Sequence[Stroke]) -> str:
    """Return the text that a link holds, from which the strokes come back to a quarter of a step."""
    return ".".join(_pack(stroke) for stroke in strokes)


def read_colour(value: Any, name: str) -> str:
    """Return a colour, "#rrggbb" or without the sign, as "rrggbb"."""
    match = COLOUR.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise refuse(f'{name} must be a colour such as "#e23d28".')
    return match[1].lower()


def draw_lines(strokes: Sequence[Stroke], under: Image.Image | None = None, side: int = SIDE) -> Image.Image:
    """Return the lines, grey, `side` pixels large: ink on white, or on the drawing that lies under them."""
    large = side * FINE
    sheet = under.convert("L").resize((large, large)) if under else Image.new("L", (large, large), 255)
    brush = ImageDraw.Draw(sheet)
    for stroke in strokes:
        if stroke.tool != "hint":
            _brush(brush, stroke, large, 255 if stroke.tool == "erase" else 0)
    return sheet.resize((side, side), Image.Resampling.BOX)


def draw_hints(strokes: Sequence[Stroke]) -> Image.Image | None:
    """Return the hints, RGBA, transparent where there are none; None where there are none at all."""
    if not any(stroke.tool == "hint" for stroke in strokes):
        return None
    sheet = Image.new("RGBA", (SIDE, SIDE))
    brush = ImageDraw.Draw(sheet)
    for stroke in strokes:
        if stroke.tool in ("hint", "erase"):
            _brush(brush, stroke, SIDE, f"#{stroke.colour}" if stroke.colour else (0, 0, 0, 0))
    return sheet


def from_paths(paths: Sequence[Any], side: int) -> tuple[Stroke, ...]:
    """Return thin strokes along paths (n, 2) of x and y in a picture of that side."""
    scale = SIDE / side
    return tuple(
        Stroke("thin", tuple((float((x + 0.5) * scale), float((y + 0.5) * scale), 0.5) for x, y in path))
        for path in paths
    )


def width_of(stroke: Stroke, pressure: float) -> float:
    """Return how wide a stroke is where the pen is pressed so hard: half as wide to half as wide again."""
    return WIDTHS[stroke.tool] * (0.5 + pressure)


def _brush(brush: ImageDraw.ImageDraw, stroke: Stroke, side: int, fill: Any) -> None:
    scale = side / SIDE
    places = [(x * scale, y * scale, width_of(stroke, pressure) * scale) for x, y, pressure in stroke.points]
    for (x0, y0, before), (x1, y1, after) in pairwise(places):
        brush.line((x0, y0, x1, y1), fill, max(1, round((before + after) / 2)))
    for x, y, width in places:
        brush.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill)


def _check_count(count: int, name: str) -> None:
    if count > MAX_STROKES:
        raise refuse(f"{name} are more than {MAX_STROKES}; draw with fewer.")


def _unpack(text: str, name: str) -> tuple[Stroke, ...]:
    _check_count(text.count(".") + 1, name)
    strokes = []
    for part in text.split("."):
        if not STROKE.fullmatch(part):
            raise refuse(f"{name} are damaged: they are not written as this page writes them.")
        tool, pressed = TOOLS[part[0].lower()], part[0].isupper()
        colour, signs = (part[1:7], part[7:]) if tool == "hint" else ("", part[1:])
        size = 5 if pressed else 4
        points = tuple(_point(signs[at : at + size]) for at in range(0, len(signs), size))
        strokes.append(Stroke(tool, points, colour))
    return tuple(strokes)


def _point(signs: str) -> Point:
    x1, x0, y1, y0, *pressure = (SIGNS.index(sign) for sign in signs)
    return (x1 * 64 + x0) / PARTS, (y1 * 64 + y0) / PARTS, pressure[0] / FIFTH if pressure else 0.5


def _pack(stroke: Stroke) -> str:
    pressed = any(pressure != 0.5 for *_, pressure in stroke.points)
    letter = LETTERS[stroke.tool].upper() if pressed else LETTERS[stroke.tool]
    points = []
    for x, y, pressure in stroke.points:
        for value in (x, y):
            whole = min(max(round(value * PARTS), 0), SIDE * PARTS)
            points.append(SIGNS[whole // 64] + SIGNS[whole % 64])
        points += [SIGNS[round(pressure * FIFTH)]] * pressed
    return f"{letter}{stroke.colour}{''.join(points)}"


def _read_stroke(value: Any, name: str) -> Stroke:
    if not isinstance(value, Mapping) or not isinstance(value.get("points"), list) or not value["points"]:
        raise refuse(f'{name} must be a list such as [{{"tool": "thin", "points": [[120, 80], [140, 90]]}}].')
    tool = read_choice(value.get("tool"), "A stroke’s tool", tuple(WIDTHS), "thin")
    colour = read_colour(value.get("colour"), "A hint’s colour") if tool == "hint" else ""
    return Stroke(tool, tuple(_read_point(point) for point in value["points"][: MAX_POINTS + 1]), colour)


def _read_point(value: Any) -> Point:
    if not isinstance(value, list) or not 2 <= len(value) <= 3:
        raise refuse(f"A point must be [x, y] or [x, y, pressure], x and y from 0 to {SIDE}.")
    x, y = (read_number(number, "A point’s place", 0, SIDE, 0.0) for number in value[:2])
    return x, y, read_number(value[2] if len(value) > 2 else None, "Pressure", 0, 1, 0.5)
