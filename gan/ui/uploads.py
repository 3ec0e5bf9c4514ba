"""Image files that programs send: held in memory alone until they are read, and gone with the answer.

gradio_client posts a file as a form and names it, in the event that follows, by what it was answered. Gradio would keep
such files on disk, of any size and number, until it ends. The page itself sends small pictures within its events, as
data URIs, and needs no upload.
"""

import base64
import io
import math
import secrets
import threading
import time
import warnings
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from PIL import Image, UnidentifiedImageError
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartParser

from gan.data.decode import FORMATS, BadPicture, flat, layer, reason_for
from gan.ui.arguments import read_fields, refuse
from gan.ui.gate import Receive, Refused, read_body
from gan.ui.hosts import Scope, header, host_name

MAX_FILE = 4_000_000  # bytes
MAX_PIXELS = 16_000_000  # of a picture; a telephone's photo has 12 million
MAX_SCANS = 100  # of a progressive JPEG, each of which is a pass over all pixels; a photo has ten
START_OF_SCAN = b"\xff\xda"
FORM = 2_000  # bytes of a form around its file
HELD, HELD_EACH = 32_000_000, 16_000_000  # bytes that wait to be read: in all, and of one visitor
COMING, COMING_EACH = 8, 4  # files that are being sent
HELD_SECONDS = 120  # that a file is kept which no event in line names
LEAST = 2_048  # pixels a side to which a larger JPEG may be reduced while it is decoded


class Held(NamedTuple):
    """A file that waits to be read."""

    visitor: str
    since: float
    content: bytes


class Uploads:
    """The files that wait, by a name that nobody guesses. Its bounds hold for everybody together and for each."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self._coming: Counter[str] = Counter()
        self._one_at_a_time = threading.Lock()

    async def take(self, scope: Scope, receive: Receive, visitor: str) -> str:
        """Hold the file of a form; return the name under which an event finds it. Raises Refused."""
        check_origin(scope)
        if self._coming[visitor] >= COMING_EACH or self._coming.total() >= COMING:
            raise Refused(503, "Too many files are being sent at a time. Try again in a few seconds.")
        self._coming[visitor] += 1
        try:
            content = await read_form(scope, await read_body(scope, receive, MAX_FILE + FORM))
        finally:
            self._coming -= Counter([visitor])
        return self.hold(content, visitor)

    def hold(self, content: bytes, visitor: str) -> str:
        """Hold a file; return its name."""
        self.forget_old()
        with self._one_at_a_time:
            sizes: Counter[str] = Counter()
            for held in self._held.values():
                sizes[held.visitor] += len(held.content)
            if sizes[visitor] + len(content) > HELD_EACH or sizes.total() + len(content) > HELD:
                raise Refused(503, "Too many files wait here to be looked at. Try again in a minute.")
            name = secrets.token_hex(16)
            self._held[name] = Held(visitor, time.monotonic(), content)
            return name

    def find(self, name: str) -> bytes | None:
        """Return the file of this name, None where there is none."""
        held = self._held.get(name)
        return held.content if held else None

    def forget(self, values: Any) -> None:
        """Forget the files that an event was given, once it is answered."""
        with self._one_at_a_time:
            for name in _named_in(values):
                self._held.pop(name, None)

    def renew(self, values: Any) -> None:
        """Keep the files that an event was given, which waits in line, as if they had just come."""
        with self._one_at_a_time:
            for name in _named_in(values):
                if name in self._held:
                    self._held[name] = self._held[name]._replace(since=time.monotonic())

    def forget_old(self) -> None:
        """Forget the files that no event in line has named for long."""
        with self._one_at_a_time:
            now = time.monotonic()
            for name in [name for name, held in self._held.items() if now - held.since > HELD_SECONDS]:
                del self._held[name]


def _named_in(values: Any) -> Iterator[str]:
    """Yield the names of files among what an event was given."""
    for value in values if isinstance(values, list) else ():
        if isinstance(value, Mapping) and isinstance(value.get("path"), str):
            yield value["path"]


UPLOADS = Uploads()  # of this process, whose one page answers for them


def check_origin(scope: Scope) -> None:
    """Refuse a form from a page elsewhere, which a browser sends without a question, unlike JSON."""
    origin = header(scope, "origin")
    if origin and host_name(urlsplit(origin).netloc) != host_name(header(scope, "host")):
        raise Refused(403, "Pages elsewhere cannot send files here.")


async def read_form(scope: Scope, body: bytes) -> bytes:
    """Return the one file in a form; nothing of it touches the disk."""
    form_of_a_file = Refused(400, "A file is sent alone, in a form that calls it “files”.")

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(Headers(scope=scope), stream(), max_files=1, max_fields=0)
    parser.spool_max_size = len(body) + 1
    try:
        form = await parser.parse()
    except Exception as error:  # of what is no such form, it raises whatever it happens to meet
        raise form_of_a_file from error
    try:
        file = form.get("files")
        if not isinstance(file, UploadFile):
            raise form_of_a_file
        return await file.read()
    finally:
        await form.close()


def read_upload(value: Any, name: str) -> Image.Image:
    """Return the picture of a file that was uploaded, or that is sent as a data URI: upright, RGB, on white.

    `name` is what the picture is called, as in "The drawing". Whatever is no picture is refused with a sentence.
    """

    def read(content: bytes) -> Image.Image:
        return flat(content, LEAST)[0]

    return _opened(value, name, read)


def read_layer(value: Any, name: str) -> Image.Image:
    """Return a picture with its transparency, RGBA; one without any is refused, as `read_upload` does."""
    return _opened(value, name, layer)


def _opened(value: Any, name: str, read: Callable[[bytes], Image.Image]) -> Image.Image:
    content = _content_of(value, name)
    try:
        with warnings.catch_warnings(action="ignore"):  # Pillow's, of broken notes and of sizes below our limit
            _check_size(content)
            return read(content)
    except BadPicture as error:
        raise refuse(f"{name} cannot be used: {error}.") from error
    except Exception as error:  # Pillow raises a dozen kinds
        raise refuse(f"{name} cannot be used: {reason_for(error)}.") from error


def _content_of(value: Any, name: str) -> bytes:
    if isinstance(value, str) and value.startswith("data:image/"):
        try:
            return base64.b64decode(value.partition(",")[2], validate=True)
        except ValueError:  # binascii.Error is one, letters beyond ASCII are another
            raise refuse(f"{name} is damaged: it is no base64.") from None
    path = read_fields(value).get("path")
    content = UPLOADS.find(path) if isinstance(path, str) else None
    if content is None:
        raise refuse(f"{name} must be an image file, sent as gradio_client.handle_file sends it, and read once.")
    return content


def _check_size(content: bytes) -> None:
    """Raise BadPicture for a picture that takes too long, or too much memory, known before it is decoded."""
    with suppress(UnidentifiedImageError), Image.open(io.BytesIO(content), formats=FORMATS) as image:
        if math.prod(image.size) > MAX_PIXELS:
            raise BadPicture(f"{image.width} x {image.height} pixels; {MAX_PIXELS // 10**6} megapixels are the most")
        if image.format in ("JPEG", "MPO") and content.count(START_OF_SCAN) > MAX_SCANS:
            raise BadPicture("a JPEG in hundreds of passes; save it as PNG")
