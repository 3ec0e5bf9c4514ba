"""What the server answers beside Gradio, through the gate: modules, previews of links, the head that unfurls."""

import html
import io
import re
from pathlib import Path

import gradio
import pytest
from PIL import Image
from served import EPOCHS, differ, pixels, plant, run_async, tiny_model
from starlette.testclient import TestClient

from gan.ui.aides import Aides
from gan.ui.demo import build_demo
from gan.ui.encode import enlarge
from gan.ui.front import STATIC, Front
from gan.ui.gate import Gate
from gan.ui.loaded import load_models
from gan.ui.shelf import Shelf
from gan.ui.specimen import Specimen
from gan.ui.studio import saved_picture


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return load_models([plant(tmp_path_factory.mktemp("front") / "alpha", 1, EPOCHS)])[0]


@pytest.fixture(scope="module")
def page(models):
    async def build():  # Gradio opens an event loop of its own where none runs
        return build_demo(models)

    return run_async(build())


INDEX = (Path(gradio.__file__).parent / "templates" / "frontend" / "index.html").read_bytes()


async def index(scope, receive, send):
    """Answer as Gradio does once it is launched, in two pieces."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": INDEX[:1000], "more_body": True})
    await send({"type": "http.response.body", "body": INDEX[1000:]})


@pytest.fixture(scope="module")
def visitor(page):
    return TestClient(Gate(index, page), base_url="http://127.0.0.1:7860")


def test_every_module_is_served_and_nothing_else_is(visitor):
    for module in STATIC.glob("*.js"):
        answer = visitor.get(f"/studio/{module.name}")
        assert answer.text == module.read_text() and answer.headers["content-type"] == "text/javascript; charset=utf-8"
    for path in ("/studio/none.js", "/studio/../demo.py", "/studio/..%2fdemo.py", "/studio/page.css"):
        assert visitor.get(path).status_code == 404


def head_of(visitor, query="", **headers):
    """Return {name: content} of the page's meta elements."""
    page = visitor.get(f"/{query}", headers=headers).text
    found = re.findall(r'<meta (?:property|name)="((?:og|twitter):\S+|description)" content="([^"]*)">', page)
    assert len(found) == len({name for name, _ in found}), "one of a kind"
    return {name: html.unescape(content) for name, content in found}


def test_a_link_unfurls_as_its_very_picture(visitor, models):
    head = head_of(visitor, "?tab=explore&model=alpha&seed=7&d1=2.5&count=3")
    assert head["og:title"] == "Seed 7, by alpha" and "Gradio" not in str(head)
    address = head["og:image"]
    assert address.startswith("http://127.0.0.1:7860/preview.png?") and "seed=7" in address and "count" not in address
    preview = visitor.get(address)
    assert preview.headers["content-type"] == "image/png"
    shown = pixels(preview.content)
    picture = saved_picture(models[0], Specimen(7, amounts=(2.5, *[0.0] * 7)))
    assert shown.shape == (630, 1200, 3)
    assert differ(shown[27:603, 312:888], pixels(as_png(enlarge(picture, 9, smooth=True)))) == 0


def as_png(image):
    buffer = io.BytesIO()
    image.save(buffer, "png")
    return buffer.getvalue()


@pytest.mark.parametrize("query", ["seed=-1", "model=gamma", "latent=x", "seed=" + "9" * 5000, "d1=left", "%00=%ff"])
def test_a_bad_link_unfurls_without_a_picture(visitor, query):
    assert head_of(visitor, f"?{query}")["og:title"].startswith("GAN Studio")
    assert Image.open(io.BytesIO(visitor.get(f"/preview.png?{query}").content)).size == (1200, 630)


@pytest.mark.parametrize(
    "headers, root",
    [
        ({"x-forwarded-proto": "https", "x-forwarded-host": "user-studio.hf.space"}, "https://user-studio.hf.space"),
        ({"x-forwarded-proto": "javascript"}, "http://127.0.0.1:7860"),
        ({"x-forwarded-host": '"><script>'}, "http://localhost"),
    ],
)
def test_the_picture_is_named_as_whoever_asks_sees_the_page(visitor, headers, root):
    assert head_of(visitor, "?seed=7", **headers)["og:image"].startswith(f"{root}/preview.png")


def test_the_page_works_under_a_path(visitor, page, monkeypatch):
    monkeypatch.setattr(page, "root_path", "/gan")
    assert visitor.get("/gan/studio/page.js").status_code == 200
    assert head_of(visitor, "gan/?seed=7")["og:image"].startswith("http://127.0.0.1:7860/gan/preview.png")


def test_the_bare_address_unfurls_as_the_picture_that_the_page_begins_with():
    model = tiny_model("alpha", described={"picked": [164, 20]})
    front = Front(Shelf([model]), Aides())
    shown = pixels(front._preview(""))
    picture = saved_picture(model, Specimen(164))
    assert differ(shown[27:603, 312:888], pixels(as_png(enlarge(picture, 9, smooth=True)))) == 0
    assert differ(pixels(front._preview("seed=1")), shown) > 0
