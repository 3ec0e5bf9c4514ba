"""Animations, decoded again."""

import io
import sys

import av
import numpy as np
import pytest
from PIL import Image

from gan.errors import UserError
from gan.ui import animation


def picture(level, size=(64, 64)):
    """Return noise around a level, which no codec finds easy."""
    noise = np.random.RandomState(level).randint(0, 50, (size[1], size[0], 3))
    return Image.fromarray((noise + level).astype(np.uint8))


def written(kind, images, **options):
    made = animation.start(kind, images[0].size, **options)
    for image in images:
        made.add(image)
    return io.BytesIO(made.finish())


def frames_of(webp):
    for number in range(webp.n_frames):
        webp.seek(number)
        webp.load()
        yield np.asarray(webp.convert("RGB"))


@pytest.mark.parametrize("size", [(64, 64), (63, 41)])
def test_a_webp_has_every_frame_exactly(size):
    images = [picture(level, size) for level in (0, 90, 180, 180, 30)]  # one twice
    with Image.open(written("webp", images, fps=24)) as webp:
        assert webp.format == "WEBP" and webp.is_animated and webp.size == size
        frames = list(frames_of(webp))
    assert len(frames) == 5
    assert all(np.array_equal(frame, image) for frame, image in zip(frames, images, strict=True))


@pytest.mark.parametrize("loop, times", [(True, 0), (False, 1)])
def test_a_webp_plays_for_ever_or_once(loop, times):
    with Image.open(written("webp", [picture(0), picture(9)], fps=10, loop=loop)) as webp:
        assert webp.info["loop"] == times


def test_a_webp_keeps_time():
    with Image.open(written("webp", [picture(level) for level in range(24)], fps=24)) as webp:
        assert len(list(frames_of(webp))) == 24
        assert webp.info["timestamp"] + webp.info["duration"] == 1000  # though no frame can last 41.67 ms


def test_an_mp4_has_every_frame_nearly():
    images = [Image.new("RGB", (128, 96), (level, 255 - level, 40)) for level in range(0, 250, 10)]
    with av.open(written("mp4", images, fps=12)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264" and stream.codec_context.pix_fmt == "yuv420p"
        assert stream.average_rate == 12
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(stream)]
    assert len(frames) == 25 and frames[0].shape == (96, 128, 3)
    for frame, image in zip(frames, images, strict=True):
        assert np.abs(frame - np.asarray(image)).max() <= 6


def test_without_its_package_mp4_is_refused_with_a_sentence_and_webp_works(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(UserError, match="pip install av"):
        animation.start("mp4", (64, 64), 24)
    assert written("webp", [picture(0)], fps=24).getvalue()
