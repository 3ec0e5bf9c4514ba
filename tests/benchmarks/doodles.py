"""Ten doodles, drawn as with a finger, and what a network that colours makes of them: a sheet, nothing chosen.

    python tests/benchmarks/doodles.py checkpoints/pokemon-colorize --out doodles.webp

Each is drawn three times, with the thin pen, the thick one, and the thin one with gaps. Beside each drawing: coloured
from lines alone, in a palette, and with a dab or two of colour.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from gan.checkpoints import load_network
from gan.translation.apply import colorize, on_white
from gan.ui.strokes import Stroke, draw_hints, draw_lines

SIDE, GAP, ACROSS = 128, 4, 3  # pixels a side of each picture, between two; drawings to a row
TREMOR = 2.5  # of 512, how far a hand misses its line
PENS = {"thin": ("thin", 0), "thick": ("thick", 0), "gaps": ("thin", 0.12)}  # tool, share of a line left out
Line = list[Any]  # points [x, y], or ["round", x, y, half its width, half its height, from angle, to angle]

DOODLES = json.loads(Path(__file__).with_suffix(".json").read_text())  # name -> lines, and dabs: colour, x, y


def points_of(line: Line) -> np.ndarray:
    """Return the points (n, 2) of a line, or of a part of an ellipse, clockwise from its right end."""
    if line[0] != "round":
        return np.array(line, float)
    x, y, wide, high, *ends = line[1:]
    turn = np.deg2rad(np.linspace(*(ends or (0, 360)), 40))
    return np.stack((x + wide * np.cos(turn), y + high * np.sin(turn)), axis=1)


def strokes_of(lines: Sequence[Line], tool: str, missing: float, seed: int) -> list[Stroke]:
    """Return the lines as a hand draws them: a little off, the share `missing` left open at their ends."""
    rng, strokes = np.random.default_rng(seed), []
    for line in lines:
        points = points_of(line)
        at = np.linspace(0, len(points) - 1, max(12, 6 * len(points)))
        way = np.stack([np.interp(at, np.arange(len(points)), axis) for axis in points.T], axis=1)
        kernel = np.hanning(9) / np.hanning(9).sum()
        off = np.stack([np.convolve(rng.normal(0, 2.5 * TREMOR, len(way)), kernel, "same") for _ in "xy"], axis=1)
        drawn = (way + off + rng.normal(0, TREMOR, 2)).clip(0, 511)[: max(2, round(len(way) * (1 - missing)))]
        strokes.append(Stroke(tool, tuple((float(x), float(y), 0.5) for x, y in drawn)))
    return strokes


def coloured(network: object, name: str, pen: str) -> list[Image.Image]:
    """Return a doodle, and it coloured from lines alone, in a palette, with hints."""
    dabs, (tool, missing) = DOODLES[name]["dabs"], PENS[pen]
    strokes = strokes_of(DOODLES[name]["lines"], tool, missing, seed=list(DOODLES).index(name))
    drawing = draw_lines(strokes)
    spots = [Stroke("hint", ((x, y, 0.5), (x + 12, y, 0.5)), colour) for colour, x, y in dabs]
    colours = [tuple(bytes.fromhex(colour)) for colour, *_ in dabs]
    palette = [(colours + [(250, 240, 215), (60, 50, 60)] * 3)[place] for place in range(5)]
    results = [
        colorize(network, drawing, *given) for given in ((None, None), (None, palette), (draw_hints(spots), None))
    ]
    return [drawing, *map(on_white, results)]


def main() -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(prog="doodles.py", description=__doc__.partition("\n")[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    network = load_network(options.checkpoint)
    step, width = SIDE + GAP, 4 * (SIDE + GAP) + 3 * GAP
    paper = Image.new("RGB", (ACROSS * width, len(DOODLES) * step), "white")
    for row, name in enumerate(DOODLES):
        for column, pen in enumerate(PENS):
            for place, picture in enumerate(coloured(network, name, pen)):
                small = picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
                paper.paste(small, (column * width + place * step, row * step))
    paper.save(options.out, quality=80)


if __name__ == "__main__":
    main()
