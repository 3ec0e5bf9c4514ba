"""Image files of programs, without a network: what is taken, how much of it, for how long, and what is refused."""

import base64
import io
import tempfile
import zlib

import gradio as gr
import numpy as np
import pytest
from PIL import Image, ImageDraw
from served import png, run_async
from starlette.testclient import TestClient

from gan.ui import uploads
from gan.ui.blocks import Page
from gan.ui.gate import API, Gate
from gan.ui.uploads import HELD_SECONDS, MAX_FILE, UPLOADS, Uploads, read_layer, read_upload

UPLOAD = f"{API}/upload"


@pytest.fixture(autouse=True)
def nothing_waits():
    yield
    UPLOADS.forget([{"path": name} for name in list(UPLOADS._held)])


@pytest.fixture(scope="module")
def page():
    def look(value, fail):
        if fail:
            raise gr.Error("No.", print_exception=False)
        return str(read_upload(value, "The picture").size)

    async def build():  # Gradio opens an event loop of its own where none runs
        with Page(analytics_enabled=False) as page:
            fail = gr.Checkbox(visible=False)
            gr.on([], look, [gr.Image(visible=False), fail], gr.Textbox(), preprocess=False, api_name="look")
        return page.stand_in_line(concurrency_limit=1)

    return run_async(build())


@pytest.fixture(scope="module")
def visitor(page):
    """A program that asks the page; everything it sends goes through the gate."""
    with TestClient(Gate(page.app, page), base_url="http://127.0.0.1:7860", client=("127.0.0.1", 5)) as client:
        assert client.get(f"{API}/startup-events").json() is True
        yield client


def disc(mode="RGB", kind="PNG"):
    """Return an image file with a dark disc on white; RGBA has it on nothing."""
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0) if mode == "RGBA" else "white")
    ImageDraw.Draw(image).ellipse((8, 8, 56, 56), fill=(20, 20, 20))
    image = image if mode == "RGBA" else image.convert("RGB").convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def sent(content):
    """Return what an event is given for a file that has been sent."""
    return {"path": UPLOADS.hold(content, "somebody"), "meta": {"_type": "gradio.FileData"}}


def call(visitor, *arguments):
    """Call the page's event; return the last that is said of it."""
    joined = visitor.post(f"{API}/call/look", json={"data": arguments})
    return visitor.get(f"{API}/call/look/{joined.json()['event_id']}").text


# --- the way of a file -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fail", [False, True])
def test_a_file_is_read_by_its_event_and_is_gone_with_the_answer_good_or_bad(visitor, fail):
    name = visitor.post(UPLOAD, files={"files": ("drawing.png", disc())}).json()[0]
    assert UPLOADS.find(name)
    answer = call(visitor, {"path": name, "meta": {"_type": "gradio.FileData"}}, fail)
    assert ("event: error" if fail else "(64, 64)") in answer
    assert UPLOADS.find(name) is None
    assert "read once" in call(visitor, {"path": name}, False)


def test_what_is_too_large_or_no_form_is_refused_and_nothing_of_it_waits(visitor):
    for body in (
        {"files": {"files": b"x" * (MAX_FILE + 5_000)}},
        {"files": {"other": b"x"}},
        {"files": [("files", b"x"), ("files", b"y")]},
        {"data": {"files": "x"}},
        {"content": b"x" * 1000},
        {"content": b"--x\r\n", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"content": b"--x\r\n" * 9000, "headers": {"content-type": "multipart/form-data; boundary=x"}},
    ):
        answer = visitor.post(UPLOAD, **body)
        assert answer.status_code in (400, 413) and answer.json()["detail"].endswith("."), body
    assert not UPLOADS._held


def test_nothing_of_a_file_touches_the_disk(visitor, monkeypatch):
    written = []
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", lambda file: written.append(file))
    assert visitor.post(UPLOAD, files={"files": bytes(100_000)}).status_code == 200
    assert written == []


def test_a_form_from_a_page_elsewhere_is_refused(visitor):
    form = {"files": {"files": disc()}}
    assert visitor.post(UPLOAD, **form, headers={"origin": "http://evil.example"}).status_code == 403
    assert visitor.post(UPLOAD, **form, headers={"origin": "null"}).status_code == 403
    assert visitor.post(UPLOAD, **form, headers={"origin": "http://127.0.0.1:7860"}).status_code == 200


def test_only_so_much_waits_of_everybody_and_of_each_and_it_is_forgotten_in_time(monkeypatch):
    monkeypatch.setattr(uploads, "HELD", 100)
    monkeypatch.setattr(uploads, "HELD_EACH", 60)
    waiting = Uploads()
    name = waiting.hold(b"x" * 60, "one")
    with pytest.raises(uploads.Refused, match="Too many"):
        waiting.hold(b"x", "one")
    waiting.hold(b"x" * 40, "two")
    with pytest.raises(uploads.Refused, match="Too many"):
        waiting.hold(b"x", "three")
    later = uploads.time.monotonic() + HELD_SECONDS + 1
    monkeypatch.setattr(uploads.time, "monotonic", lambda: later)
    waiting.hold(b"x" * 60, "three")
    assert waiting.find(name) is None


# --- what is in it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mode, kind", [("RGB", "PNG"), ("L", "JPEG"), ("CMYK", "JPEG"), ("RGBA", "WEBP"), ("I;16", "PNG")]
)
def test_pictures_of_every_usual_kind_come_as_rgb_on_white(mode, kind):
    picture = read_upload(sent(disc(mode, kind)), "The drawing")
    assert picture.mode == "RGB" and picture.size == (64, 64)
    assert min(picture.getpixel((1, 1))) > 250 and max(picture.getpixel((32, 32))) < 60


def test_the_page_sends_its_pictures_as_data_uris():
    uri = "data:image/png;base64," + base64.b64encode(disc()).decode()
    assert read_upload(uri, "The drawing").size == (64, 64)


def bomb():
    """Return a PNG of 25,000 pixels a side, of a few hundred bytes."""
    content = bytearray(png(size=(16, 16)))
    content[16:24] = (25_000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    return bytes(content)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><circle r="9"/></svg>'


@pytest.mark.parametrize(
    "content, said",
    [
        (b"", "no JPEG, PNG"),
        (b"x" * 1000, "no JPEG, PNG"),
        (SVG, "no JPEG, PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no JPEG, PNG"),
        (disc()[:200], "."),
        (bomb(), "megapixels"),
        (png(size=(13_000, 13_000)), "megapixels"),
        (png(size=(64, 64)), "one single colour"),
        (png(size=(4, 4)), "under 16 pixels"),
        (disc(kind="JPEG") + uploads.START_OF_SCAN * 200, "passes"),
        (b"\x00\x00\x00\x18ftypheic" + b"\x00" * 100, "HEIC"),
    ],
)
def test_whatever_is_no_picture_is_refused_with_a_sentence(content, said):
    with pytest.raises(gr.Error) as refusal:
        read_upload(sent(content), "The drawing")
    sentence = refusal.value.message
    assert sentence.startswith("The drawing cannot be used") and said in sentence and sentence.endswith(".")


NO_FILE = (
    None, 5, "x", [], "/etc/passwd", {"path": "/etc/passwd"}, {"path": None}, {"path": ["x"]}, {"url": "http://a/"},
    "data:image/png;base64,####", "data:image/png;base64,é", "data:image/png;base64,", "data:image/png",
)  # fmt: skip


@pytest.mark.parametrize("value", NO_FILE)
def test_whatever_is_no_file_is_refused_with_a_sentence(value):
    with pytest.raises(gr.Error) as refusal:
        read_upload(value, "The drawing")
    assert refusal.value.message.startswith("The drawing ") and refusal.value.message.endswith(".")


def test_a_layer_keeps_its_transparency_and_one_that_covers_everything_is_refused():
    assert read_layer(sent(disc("RGBA")), "The hints").getpixel((1, 1))[3] == 0
    with pytest.raises(gr.Error, match="transparent"):
        read_layer(sent(disc()), "The hints")
