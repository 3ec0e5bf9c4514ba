"""The film of a training: the sample grids one after another, each with its epoch beneath."""

import io
from collections.abc import Iterator
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from gan.errors import UserError
from gan.images import open_rgb
from gan.told import moment, seen_at
from gan.ui import animation
from gan.ui.arguments import refuse
from gan.ui.loaded import LoadedModel
from gan.ui.studio import file, progress

FPS = 4
QUALITY = 80  # of a WebP: the grids themselves are lossy
LAST = 6  # times that the last grid is shown
STRIP = 28  # pixels beneath the grid, an even number for MP4
TEXT = 14  # pixels


def film(model: LoadedModel, kind: str) -> Iterator[dict[str, Any]]:
    """Yield messages to the page: how far the film, "mp4" or "webp", has come, then the file.

    Grids that are damaged, or of another size than the first, are left out; where none is left, gr.Error is raised.
    """
    if not model.samples:
        raise refuse(f"{model.name} has no sample grids to make a film of.")
    what, seen = f"A film of {len(model.samples)} grids", seen_at(model.history, model.described)
    made: animation.Animation | None = None
    frame: Image.Image | None = None  # the newest of it
    for done, (epoch, content) in enumerate(model.samples.items()):
        yield progress(done, len(model.samples), what)
        try:
            grid = open_rgb(io.BytesIO(content))
        except OSError:
            continue
        captioned = _caption(grid, epoch, seen.get(epoch))
        if made is None or frame is None:
            made, frame = _begin(kind, captioned.size), captioned
        if captioned.size == frame.size:
            frame = captioned
            made.add(frame)
    if made is None or frame is None:
        raise refuse(f"The sample grids of {model.name} are all damaged.")
    for _ in range(LAST - 1):
        made.add(frame)
    yield file(f"{model.name.replace('/', '-')}-training.{kind}", animation.MIME[kind], made.finish())


def _begin(kind: str, size: tuple[int, int]) -> animation.Animation:
    try:
        return animation.start(kind, size, FPS, loop=True, quality=QUALITY)
    except UserError as error:
        raise refuse(str(error)) from error


def _caption(grid: Image.Image, epoch: int, seen: int | None) -> Image.Image:
    """Return the grid on a white strip that says its epoch."""
    even = (grid.width + grid.width % 2, grid.height + grid.height % 2 + STRIP)  # as MP4 wants it
    frame = Image.new("RGB", even, "white")
    frame.paste(grid)
    place = (STRIP // 4, grid.height + STRIP // 2)
    ImageDraw.Draw(frame).text(place, moment(epoch, seen), "black", ImageFont.load_default(TEXT), anchor="lm")
    return frame
