"""Colour a drawing, or a folder of drawings, with a network that train.py --task colorize made.

python -m gan.translation.colorize drawing.png coloured.png
python -m gan.translation.colorize drawing.png coloured.png --palette "#e23d28,#f7d354,#3b2a1a"
python -m gan.translation.colorize drawings/ coloured/ --checkpoint runs/folder-colorize

A result is a PNG with transparency, or on white where its name ends as a JPEG's.
"""

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gan.console import make_unfailing
from gan.errors import UserError
from gan.installed import check_installed
from gan.scratch import exit_tidily_on_signals

if TYPE_CHECKING:
    from PIL import Image

CHECKPOINT = Path(__file__).resolve().parents[2] / "checkpoints" / "pokemon-colorize"
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
JPEG = {".jpg", ".jpeg"}


def read_palette(text: str) -> list[tuple[int, int, int]]:
    """Read one to five colours such as "#e23d28,#f7d354"; anything else raises ValueError."""
    names = [name.strip().removeprefix("#") for name in text.split(",")]
    if len(names) > 5 or not all(re.fullmatch("[0-9a-fA-F]{6}", name) for name in names):
        raise ValueError('give one to five colours, as in "#e23d28,#f7d354"')
    return [(int(name[:2], 16), int(name[2:4], 16), int(name[4:], 16)) for name in names]


def files(source: Path, target: Path) -> list[tuple[Path, Path]]:
    """Return each drawing and where its result goes; raise UserError where there is none."""
    if not source.exists():
        raise UserError(f"{source}: no such file or folder")
    if not source.is_dir():
        return [(source, target / f"{source.stem}.png" if target.is_dir() else target)]
    drawings = sorted(path for path in source.iterdir() if path.suffix.lower() in SUFFIXES)
    if not drawings:
        raise UserError(f"{source}: holds no pictures; looked for {' '.join(sorted(SUFFIXES))}")
    target.mkdir(parents=True, exist_ok=True)
    return [(path, target / f"{path.stem}.png") for path in drawings]


def open_drawing(path: Path) -> "Image.Image":
    """Return the drawing upright, on white; raise UserError where it is none, or blank."""
    from gan.data.decode import BadPicture, flat, reason_for
    from gan.translation.apply import LARGEST

    try:
        return flat(path.read_bytes(), LARGEST)[0]
    except BadPicture as error:
        raise UserError(f"{path}: {error}") from error
    except Exception as error:  # Pillow raises a dozen kinds
        raise UserError(f"{path}: {reason_for(error)}") from error


def open_hints(path: Path) -> "Image.Image":
    """Return a picture with its transparency; raise UserError where it is none."""
    from PIL import Image

    from gan.data.decode import reason_for

    try:
        with Image.open(path) as image:
            return image.convert("RGBA")
    except Exception as error:
        raise UserError(f"{path}: {reason_for(error)}") from error


def save(image: "Image.Image", path: Path) -> None:
    """Write the picture; raise UserError where it cannot be."""
    from gan.translation.apply import on_white

    try:
        (on_white(image) if path.suffix.lower() in JPEG else image).save(path)
    except (OSError, ValueError) as error:  # ValueError: a suffix that Pillow does not know
        raise UserError(f"{path}: cannot be written ({error})") from error


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    make_unfailing()
    parser = argparse.ArgumentParser(
        prog="gan.translation.colorize", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, metavar="DRAWING", help="a picture, dark on light, or a folder of them")
    parser.add_argument("target", type=Path, metavar="RESULT", help="a picture, or a folder")
    parser.add_argument("--hints", type=Path, metavar="PNG", help="colours where they are wanted, else transparent")
    parser.add_argument("--palette", type=read_palette, metavar="COLOURS", help='one to five, as "#e23d28,#f7d354"')
    parser.add_argument("--checkpoint", default=CHECKPOINT, metavar="FOLDER", help="folder or Hub id of the network")
    options = parser.parse_args(arguments)
    try:
        check_installed()
        from gan.checkpoints import load_translator
        from gan.translation.apply import colorize

        network = load_translator(options.checkpoint, "colorize")
        hints = open_hints(options.hints) if options.hints else None
        for drawing, result in files(options.source, options.target):
            save(colorize(network, open_drawing(drawing), hints, options.palette), result)
            print(result)
    except UserError as error:
        print(f"gan.translation.colorize: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    exit_tidily_on_signals()
    sys.exit(main())
