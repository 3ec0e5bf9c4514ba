"""What belongs to the page as a whole: links that rebuild it, pictures dropped onto it, files it hands out."""

import base64
import time
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from gan.ui.arguments import from_link, refuse
from gan.ui.drawn import PRIVATE, drawn
from gan.ui.loaded import LoadedModel
from gan.ui.shelf import Shelf
from gan.ui.tab import Tab
from gan.ui.underway import standing

MAX_VALUE = 2_000  # characters of one value in a link
NAMES = ("tab", "model", "weights", "against")  # what a link writes as text, though it may look like a number


def build_page() -> tuple[gr.HTML, gr.HTML]:
    """Return what listens to the page (links, drops) and what carries messages to it; see `message`."""
    return drawn("page", {}, "Saved pictures"), drawn("post", {}, "Messages")


def message(to: str, **content: Any) -> dict[str, Any]:
    """Return a message for the component that listens under this name (studio.receive).

    It says when it was sent: Gradio does not deliver the same value twice.
    """
    return {"to": to, "sent": time.time_ns(), **content}


def progress(done: int, of: int, what: str) -> dict[str, Any]:
    """Return the message that shows how far a file has come."""
    return message("download", done=done, of=of, what=what)


def file(name: str, mime: str, content: bytes) -> dict[str, Any]:
    """Return the message that makes the browser save a file; nothing stays on the server."""
    return message("download", name=name, mime=mime, data=base64.b64encode(content).decode())


def find_model(models: Sequence[LoadedModel], link: Mapping[str, Any]) -> tuple[LoadedModel, str]:
    """Return the model that a link or a saved picture means, and what is to be said of it."""
    name, weights = link.get("model"), link.get("weights")
    same = [model for model in models if weights is not None and model.weights == weights]
    for model in (*(model for model in same if model.name == name), *same):
        return model, ""
    for model in models:
        if model.name == name or name is None:
            if weights is None:
                return model, ""
            return model, f"This was made with other weights of {model.name}, so it may look different here."
    names = ", ".join(model.name for model in models)
    raise refuse(f"This was made by a model called {str(name)[:40]!r}, which is not here. There is: {names}.")


def moved_on(models: Sequence[LoadedModel], link: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page's own link without weights that its run has left behind since the page showed them."""
    left_behind = any(model.name == link.get("model") and link.get("weights") in model.earlier for model in models)
    return {key: value for key, value in link.items() if not (left_behind and key == "weights")}


def remark_on(model: LoadedModel, remark: str) -> str:
    """Return what is to be said of the model: the remark and, where a run is the reason, how far that is."""
    return f"{remark} {standing(model)}".strip() if remark or not model.weights else ""


def find_tab(rooms: Sequence[Tab], link: Mapping[str, Any]) -> Tab:
    """Return the tab that a link means; the first where it names none."""
    name = link.get("tab", rooms[0].id)
    for room in rooms:
        if room.id == name:
            return room
    raise refuse(f"This link leads to {str(name)[:40]!r}, which this page does not have.")


def wire_page(
    demo: gr.Blocks, page: gr.HTML, post: gr.HTML, models: Shelf, choice: gr.Radio, tabs: gr.Tabs,
    rooms: Sequence[Tab],
) -> None:  # fmt: skip
    """Let the address bar and saved pictures set the model, the tab and its controls.

    A visit is when folders that have changed are read again; pictures that the page was built with may be older.
    """
    built = models[0].weights

    def restore(link: Mapping[str, Any]) -> dict[Any, Any]:
        if not link and models[0].weights == built:
            return {post: message("page", remark=remark_on(models[0], ""))}
        try:
            model, remark = find_model(models, link)
            room = find_tab(rooms, link)
            controls = room.restore(model, link)
        except gr.Error as error:
            return {post: message("page", remark=error.message)}
        answer = {
            choice: model.name,
            tabs: gr.Tabs(selected=room.id),
            post: message("page", remark=remark_on(model, remark), tab=room.id, model=model.name),
        }
        first = rooms[0]
        if first.controls is not None and models[0].weights != built:  # what the page began with is an older sheet
            answer[first.controls] = first.restore(model, {})
        return answer if room.controls is None else answer | {room.controls: controls}

    def from_address(request: gr.Request) -> dict[Any, Any]:
        models.refresh()
        query = {key: value[:MAX_VALUE] for key, value in request.query_params.items() if value}
        link = {key: value if key in NAMES else from_link(value) for key, value in query.items()}
        return restore(moved_on(models, link))

    def from_picture(sent: Any) -> dict[Any, Any]:
        recipe = sent.get("recipe") if isinstance(sent, Mapping) else None
        if not isinstance(recipe, Mapping):
            return {post: message("page", remark="There is no recipe in this picture.")}
        return restore({**recipe, "tab": "explore"})

    # The tabs come last: what is in the one that opens is set by then.
    outputs = [choice, post, *(room.controls for room in rooms if room.controls is not None), tabs]
    demo.load(from_address, None, outputs, **PRIVATE)
    page.upload(from_picture, page, outputs, trigger_mode="always_last", **PRIVATE)
