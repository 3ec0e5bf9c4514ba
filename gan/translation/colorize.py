"""Colour a drawing, or a folder of drawings, with a network that train.py --task colorize made.

python -m gan.translation.colorize drawing.png coloured.png
python -m gan.translation.colorize drawing.png coloured.png --palette "#e23d28,#f7d354,#3b2a1a"
python -m gan.translation.colorize drawings/ coloured/ --checkpoint runs/folder-colorize

A result is transparent outside the figure, or on white where its name ends in .jpg, .bmp or .gif. Of a drawing on
paper, scan it, or open its photograph in the demo's Draw tab, which levels the light.
"""

from gan.terminal.interrupts import end_quietly

if __name__ == "__main__":
    end_quietly()

import argparse
import io
import os
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gan.errors import UserError, escape, printable, quoted
from gan.files import entries, is_there, read_bytes, write_atomically
from gan.publishing import CHECKPOINTS
from gan.scratch import exit_tidily_on_signals
from gan.terminal.command import Command
from gan.terminal.console import make_unfailing
from gan.terminal.installed import check_installed

if TYPE_CHECKING:
    from PIL import Image

CHECKPOINT = CHECKPOINTS / "pokemon-colorize"
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".avif", ".bmp", ".gif", ".tif", ".tiff"}
ON_WHITE = {".jpg", ".jpeg", ".bmp", ".gif"}  # which know no transparency, or none by halves


def read_palette(text: str) -> list[tuple[int, int, int]]:
    """Read one to five colours such as "#e23d28,#f7d354"; anything else raises argparse.ArgumentTypeError."""
    names = [name.strip().removeprefix("#") for name in text.split(",")]
    if len(names) > 5 or not all(re.fullmatch("[0-9a-fA-F]{6}", name) for name in names):
        raise argparse.ArgumentTypeError(f'{printable(text)!r}: give one to five colours, as in "#e23d28,#f7d354"')
    return [(int(name[:2], 16), int(name[2:4], 16), int(name[4:], 16)) for name in names]


def files(source: Path, target: Path) -> list[tuple[Path, Path]]:
    """Return each drawing and where its result goes.

    Raises UserError where there is no drawing, a result has a name that says no format, or would replace a drawing.
    """
    if not is_there(source):
        raise UserError(f"{source}: no such file or folder")
    if source.is_dir():
        pairs = _files_of_folder(source, target)
    else:
        pairs = [(source, target / f"{source.stem}.png" if os.path.isdir(target) else target)]
    drawings = {os.path.realpath(drawing) for drawing, _ in pairs}
    for _, result in pairs:
        if result.suffix.lower() not in SUFFIXES:
            raise UserError(f"{result}: what format? Give it a name that ends in one of {' '.join(sorted(SUFFIXES))}")
        if os.path.realpath(result) in drawings:
            raise UserError(f"{result}: is a drawing, which its result would replace; choose another RESULT")
    return pairs


def _files_of_folder(source: Path, target: Path) -> list[tuple[Path, Path]]:
    found = [path for path in entries(source) if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    if not found:
        raise UserError(f"{source}: holds no pictures; looked for {' '.join(sorted(SUFFIXES))}")
    if is_there(target) and not target.is_dir():
        raise UserError(f"{target}: is a file; the drawings of a folder need a folder for their results")
    stems = Counter(path.stem.lower() for path in found)  # a.png and a.jpg: their results are a.png.png and a.jpg.png
    return [(path, target / f"{path.stem if stems[path.stem.lower()] == 1 else path.name}.png") for path in found]


def open_drawing(path: Path) -> "Image.Image":
    """Return the drawing upright, on white; raise UserError where it is none, or blank, or light on dark."""
    from gan.data.decode import flat
    from gan.translation.apply import LARGEST
    from gan.translation.paper import LIGHT, light_on_dark

    drawing = _opened(path, lambda content: flat(content, LARGEST)[0])
    if light_on_dark(drawing):
        raise UserError(f"{path}: {LIGHT}")
    return drawing


def open_hints(path: Path) -> "Image.Image":
    """Return a picture with its transparency; raise UserError where it is none, or has none."""
    from gan.data.decode import layer

    return _opened(path, layer)


def _opened(path: Path, read: Callable[[bytes], "Image.Image"]) -> "Image.Image":
    from gan.data.decode import BadPicture, reason_for
    from gan.data.sources import MAX_FILE_BYTES

    content = read_bytes(path, MAX_FILE_BYTES)
    try:
        with warnings.catch_warnings(action="ignore"):  # Pillow's, of broken notes and of sizes below our limit
            return read(content)
    except BadPicture as error:
        raise UserError(f"{path}: {error}") from error
    except Exception as error:  # Pillow raises a dozen kinds
        raise UserError(f"{path}: {reason_for(error)}") from error


def save(image: "Image.Image", path: Path) -> None:
    """Write the picture, and the folder around it, in the format that its name says; raise UserError if that fails."""
    from PIL import Image

    from gan.translation.apply import on_white

    suffix, content = path.suffix.lower(), io.BytesIO()
    (on_white(image) if suffix in ON_WHITE else image).save(content, Image.registered_extensions()[suffix])
    write_atomically(path, content.getvalue())


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    make_unfailing()
    parser = Command(prog="gan.translation.colorize", description=__doc__)
    parser.add_argument("source", type=Path, metavar="DRAWING", help="a picture, dark on light, or a folder of them")
    parser.add_argument("target", type=Path, metavar="RESULT", help="a picture, or a folder")
    parser.add_argument("--hints", type=Path, metavar="PNG", help="colours where they are wanted, else transparent")
    parser.add_argument("--palette", type=read_palette, metavar="COLOURS", help='one to five, as "#e23d28,#f7d354"')
    parser.add_argument("--checkpoint", default=CHECKPOINT, metavar="FOLDER", help="folder or Hub id of the network")
    options = parser.parse_args(arguments)
    try:
        check_installed()
        return colour_all(options)
    except UserError as error:
        tell(error)
    return 2


def colour_all(options: argparse.Namespace) -> int:
    """Colour one drawing after the other; of those that are none, say so and go on. Return the exit status."""
    from gan.checkpoints import load_translator
    from gan.translation.apply import colorize

    if options.checkpoint == CHECKPOINT and not is_there(CHECKPOINT):
        raise UserError(
            f"no network that colours is bundled in {quoted(CHECKPOINT.parent)} yet; train one with "
            "python train.py --task colorize, and give its folder: --checkpoint runs/folder-colorize"
        )
    network = load_translator(options.checkpoint, "colorize")
    hints = open_hints(options.hints) if options.hints else None
    status = 0
    for source, result in files(options.source, options.target):
        try:
            drawing = open_drawing(source)
        except UserError as error:
            tell(error)
            status = 2
            continue
        save(colorize(network, drawing, hints, options.palette), result)
        print(escape(str(result)))
    return status


def tell(error: UserError) -> None:
    """Print what went wrong."""
    print(f"gan.translation.colorize: {error}", file=sys.stderr)


if __name__ == "__main__":
    exit_tidily_on_signals()
    sys.exit(main())
