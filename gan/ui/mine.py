"""Draw mine: a visitor's own picture, and the nearest that the network can draw to it. Nothing of it is kept."""

from collections import deque
from collections.abc import Iterator
from typing import Any

import gradio as gr
from PIL import Image, ImageOps
from torch import Tensor

from gan.images import from_pil
from gan.ui.arguments import said
from gan.ui.components import LAST_WINS, PRIVATE, Mine
from gan.ui.insight import insight_of
from gan.ui.loaded import LoadedModel
from gan.ui.projecting import PROJECTING, projected, read_out
from gan.ui.specimen import write_latent
from gan.ui.studio import Studio, saved_picture
from gan.ui.uploads import read_upload

NAME = "The picture"  # what it is called where it is refused
STOPS = 64  # stopped searches remembered: more than wait in line


def target_of(model: LoadedModel, picture: Image.Image) -> Tensor:
    """Return the middle square of a picture at the size that the model draws, (3, S, S) in [-1, 1]."""
    square = ImageOps.fit(picture, (model.generator.image_size,) * 2, Image.Resampling.LANCZOS)
    return from_pil(square)[0]


def build_mine(studio: Studio) -> list[Any]:
    """Lay the panel out, wire it, and offer /project to programs; return the events that end with another hand."""

    stopped: deque[tuple[str | None, int]] = deque(maxlen=STOPS)  # a page's session, the number of its search

    def draw(request: gr.Request, told: Any, hand: Any) -> Iterator[dict[Any, Any]]:
        wish = said(told)
        search = {"search": wish.get("search")}

        def check_stopped() -> None:
            if (request.session_hash, search["search"]) in stopped:
                raise gr.Error("stopped", visible=False, print_exception=False)  # a success would draw the tab anew

        check_stopped()  # in line
        try:
            model, _ = studio.in_hand(hand)
            target = target_of(model, read_upload(wish.get("picture"), NAME))
        except gr.Error as error:  # said where the panel waits
            yield {panel: search | {"sentence": error.message}}
            return
        for progress in projected(model, target):
            check_stopped()
            yield {panel: progress.shown(model) | search}
        done = progress.shown(model) | search | {"sentence": read_out(model, progress.residual)}
        yield {panel: done, **studio.take_of_any(model, progress.specimen)}

    def stop(request: gr.Request, told: Any) -> None:
        search = said(told).get("search")
        if isinstance(search, int) and (request.session_hash, search) not in stopped:
            stopped.append((request.session_hash, search))

    def project(model: Any = None, image: Any = None) -> tuple[Image.Image, dict[str, Any]]:
        """Draw the picture of the network's own that is nearest to an image file, of which the middle square counts.

        It takes some seconds. Return the picture, which carries its recipe, and {"model", "residual" (0 to 255: the
        mean difference of colours), "rank" (which share of real pictures it comes nearer to; null where that was not
        measured), "latent" (its numbers, as a recipe has them), "sentence"}.

        Args:
            model: a model of this page; the first one by itself.
            image: an image file.
        """
        chosen = studio.asked_of(model)
        target = target_of(chosen, read_upload(image, NAME))
        *_, best = projected(chosen, target)
        opinions = insight_of(chosen).opinions
        return saved_picture(chosen, best.specimen), {
            "model": chosen.name,
            "residual": best.residual,
            "rank": opinions.share_nearer(best.residual) if opinions else None,
            "latent": write_latent(best.specimen.latent),
            "sentence": read_out(chosen, best.residual),
        }

    panel = Mine({}, "Draw mine", "mine")
    place = gr.Markdown("", elem_id="place", elem_classes="unseen")  # where Gradio says the place in the queue
    watched = PRIVATE | {"show_progress": "full", "show_progress_on": place}
    drawing = panel.input(draw, [panel, studio.hand], [panel, *studio.others], **PROJECTING, **watched)
    for after in (drawing.success, drawing.failure):
        after(None, js="() => void document.dispatchEvent(new Event('search-over'))", **PRIVATE)
    panel.stop(stop, panel, **PRIVATE)  # not `cancels`, which may end the next search instead
    chosen = panel.select(studio.choose, panel, studio.others, **LAST_WINS)

    image = gr.Image(visible=False, label="Image")
    nearest = gr.Image(visible=False, label="Nearest picture", format="png")
    told = gr.JSON(visible=False, label="How near")
    gr.on([], project, [studio.model, image], [nearest, told], preprocess=False, api_name="project", **PROJECTING)
    return [drawing, chosen]
