"""Animations from pictures, one `add` per frame: MP4 for sharing, WebP for keeping. Knows no models and no page."""

import io
import struct
from typing import Any, Protocol

from PIL import Image

from gan.errors import UserError

# Of events that make one, which takes seconds: one at a time, beside the networks' other work, so that no slider waits.
SLOW: dict[str, Any] = {"concurrency_id": "animations", "concurrency_limit": 1}
MIME = {"mp4": "video/mp4", "webp": "image/webp"}


class Animation(Protocol):
    """Takes RGB pictures, as many as wanted; `finish` ends it and returns the file's content."""

    def add(self, image: Image.Image) -> None: ...

    def finish(self) -> bytes: ...


def start(kind: str, size: tuple[int, int], fps: int, loop: bool = False, quality: int | None = None) -> Animation:
    """Return an empty animation, "mp4" or "webp", for pictures of this size (width, height).

    `loop` makes a WebP begin again for ever; with MP4 that is up to the player. A WebP is without loss unless a
    `quality` (0 to 100) says otherwise.

    Raises UserError where MP4 is asked for and the package that writes it is not installed.
    """
    return Mp4(size, fps) if kind == "mp4" else Webp(size, fps, loop, quality)


class Mp4:
    """H.264 as every player reads it (yuv420p), so sides must be even and colours are kept only nearly."""

    def __init__(self, size: tuple[int, int], fps: int) -> None:
        try:
            import av
        except ImportError as error:
            raise UserError(
                "MP4 files need the package av, which is not installed here (pip install av). WebP works without it."
            ) from error
        self._frame_of = av.VideoFrame.from_image
        self._buffer = io.BytesIO()
        self._container = av.open(self._buffer, "w", format="mp4")
        self._stream = self._container.add_stream("libx264", rate=fps, options={"crf": "18", "preset": "veryfast"})
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.thread_count = 1  # the other cores belong to other visitors

    def add(self, image: Image.Image) -> None:
        self._container.mux(self._stream.encode(self._frame_of(image)))

    def finish(self) -> bytes:
        self._container.mux(self._stream.encode())
        self._container.close()
        return self._buffer.getvalue()


class Webp:
    """WebP. Each frame is compressed by Pillow for itself, and put into the container here.

    Pillow's own animations take twice as long for enlarged pictures, come out larger, drop a frame that equals the one
    before it, and cannot say how far they are. The chunks are those of RFC 9649, 2.7.
    """

    def __init__(self, size: tuple[int, int], fps: int, loop: bool, quality: int | None) -> None:
        self._how = {"lossless": True, "quality": 0, "method": 0} if quality is None else {"quality": quality}
        self._size = size
        self._fps = fps
        self._times = 0 if loop else 1  # how often it plays; 0 is for ever
        self._frames: list[bytes] = []

    def add(self, image: Image.Image) -> None:
        buffer = io.BytesIO()
        image.save(buffer, "webp", **self._how)
        still = buffer.getvalue()[12:]  # what follows the file's head: one chunk with the picture
        done = len(self._frames)
        milliseconds = round((done + 1) * 1000 / self._fps) - round(done * 1000 / self._fps)  # adds up without drift
        whole = _int24(0, 0, image.width - 1, image.height - 1, milliseconds) + bytes([2])  # 2: replaces what was there
        self._frames.append(_chunk(b"ANMF", whole + still))

    def finish(self) -> bytes:
        width, height = self._size
        head = _chunk(b"VP8X", struct.pack("<I", 2) + _int24(width - 1, height - 1))  # 2: it is an animation
        times = _chunk(b"ANIM", struct.pack("<IH", 0, self._times))  # after the colour of the background
        return _chunk(b"RIFF", b"WEBP" + head + times + b"".join(self._frames))


def _int24(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(3, "little") for number in numbers)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
