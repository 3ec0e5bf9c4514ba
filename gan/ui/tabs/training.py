"""The Training tab: the film of sample grids and curves on one scrubber, one picture's way through it, the reals."""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import gradio as gr
from PIL import Image

from gan.images import open_rgb
from gan.told import MAX_EPOCH, curve_values, moment, seen_at
from gan.ui import animation
from gan.ui.arguments import read_fields, read_whole, refuse, said
from gan.ui.components import LAST_WINS, PRIVATE, Curves, Player, PlayerValue, Sheet, SheetValue, wishes
from gan.ui.encode import webp_uri
from gan.ui.film import film
from gan.ui.lens import Guest, Lens
from gan.ui.loaded import LoadedModel
from gan.ui.specimen import Specimen
from gan.ui.studio import Studio
from gan.ui.through_training import opinions_on_the_way, way_of
from gan.ui.underway import standing

ACROSS = 8  # pictures in a row of a sample grid, always of seeds 0 to 63
CELLS = ACROSS**2
FILM_FPS = 6
LEAD = (
    "<h2>How it learned</h2><p class='lead'>64 pictures, always of the same seeds, as they were while the network "
    "learned. The large picture follows one of them: choose it in the grid.</p>"
)
STAY = "Some of those it was trained on. They stay on this machine."
HIDDEN = (
    "They are shown on the machine that has them, and elsewhere only where it says so: "
    "<code>python app.py --show-reals</code>"
)


def nearest(epochs: Sequence[int], epoch: int | None) -> int | None:
    """Return the epoch next to the one asked for (the last where none is); None where there are none."""
    if not epochs:
        return None
    return epochs[-1] if epoch is None else min(epochs, key=lambda other: abs(other - epoch))


def player_of(model: LoadedModel, specimen: Specimen, at: int, play: bool) -> PlayerValue:
    """Return what the player plays: the frames come one at a time, as they are asked for."""
    epochs = list(model.samples)
    seen = seen_at(model.history, model.described)
    plain = specimen == Specimen(specimen.seed) and specimen.seed < CELLS
    return {
        "image": None,
        "grid": True,
        "side": grid_side(model),
        "columns": ACROSS,
        "labels": [moment(epoch, seen.get(epoch)) for epoch in epochs],
        "epochs": epochs,
        "at": at,
        "fps": FILM_FPS,
        "loop": False,
        "play": play,
        "cell": specimen.seed if plain else None,
        "source": f"{model.name} {model.weights}",
        "alt": "The 64 pictures of seeds 0 to 63: arrow keys choose the one to follow",
        "empty": "" if epochs else no_grids(model),
    }


def grid_side(model: LoadedModel) -> int:
    """Return how many pixels a side one picture of the sample grids has."""
    for content in model.samples.values():
        try:
            return open_rgb(io.BytesIO(content)).width // ACROSS
        except OSError:
            continue
    return model.generator.image_size


def no_grids(model: LoadedModel) -> str:
    """Return why there is no film to see."""
    if model.history:
        return "This model came without sample grids; the curves are all there is."
    return standing(model) or (
        "This model came without a record of its training. A run of train.py writes one: samples/ with a grid per "
        "epoch, and history.jsonl."
    )


def frame_of(model: LoadedModel, number: int) -> dict[str, Any]:
    """Return one frame of the film, for the player."""
    epoch = list(model.samples)[number]
    return {"at": number, "image": webp_uri(model.samples[epoch])}


def curves_of(model: LoadedModel) -> dict[str, Any]:
    """Return what curves.js draws of the model, and how its training stands."""
    return curve_values(model.history, model.described, model.measured) | {"standing": standing(model)}


def reals_of(model: LoadedModel, visible: bool) -> str:
    """Return HTML that shows some of the real pictures, where the folder is a run and whoever asks may see them."""
    if not model.reals:
        return ""
    shown = (
        f"<img src='{webp_uri(model.reals)}' alt='Some of the real pictures'><p>{STAY}</p>"
        if visible
        else f"<p>{HIDDEN}</p>"
    )
    return f"<h3>Real pictures, for comparison</h3>{shown}"


def strip_of(model: LoadedModel, specimen: Specimen) -> SheetValue:
    """Return the picture by each kept generator, for one that is in none of the grids."""
    if specimen == Specimen(specimen.seed) and specimen.seed < CELLS and model.samples:
        return {"cells": []}
    return way_of(model, specimen.z(model))


def build_training(studio: Studio) -> Lens:
    """Lay the tab out inside the current gr.Tab, wire it, and offer /history to programs."""

    def enter(model: LoadedModel, specimen: Specimen, link: Mapping[str, Any], guest: Guest) -> dict[Any, Any]:
        epochs = list(model.samples)
        asked = read_whole(link.get("epoch"), "Epoch", 0, MAX_EPOCH, 0)
        found = nearest(epochs, asked)
        at = 0 if found is None else epochs.index(found)
        first = frame_of(model, at) if epochs else {}
        return {
            player: player_of(model, specimen, at, play="epoch" not in link) | {"image": None, "first": first},
            curves: curves_of(model),
            reals: reals_of(model, guest.sees_reals),
            strip: strip_of(model, specimen) if model.weights else {"cells": []},
            opinions: opinions_on_the_way(model, specimen) if model.weights else "",
            spot: {"epoch": epochs[at]} if "epoch" in link and epochs else {},
        }

    def refresh_and_enter(
        model: LoadedModel, specimen: Specimen, link: Mapping[str, Any], guest: Guest
    ) -> dict[Any, Any]:  # fmt: skip
        studio.refresh()
        return enter(studio.named(model.name), specimen, link, guest)

    def frame(told: Any, hand: Any) -> PlayerValue:
        told = read_fields(told)
        model, specimen = studio.in_hand(hand)
        number = read_whole(told.get("frame"), "The frame", 0, MAX_EPOCH, 0)
        if not model.samples:
            raise refuse(no_grids(model))
        number = min(number, len(model.samples) - 1)  # of a run that goes on, some of the grids are thinned out
        return player_of(model, specimen, 0, False) | {"frame": frame_of(model, number), "of": told.get("of")}

    def follow(told: Any, hand: Any) -> dict[Any, Any]:
        model, _ = studio.in_hand(hand)
        specimen = Specimen(read_whole(said(told).get("cell"), "The picture", 0, CELLS - 1, 0))
        followed = {strip: strip_of(model, specimen), opinions: opinions_on_the_way(model, specimen)}
        return studio.take(model, specimen, "open") | followed

    def rest_at(told: Any, hand: Any) -> dict[str, Any]:
        model, _ = studio.in_hand(hand)
        epochs = list(model.samples)
        number = read_whole(said(told).get("frame"), "The frame", 0, MAX_EPOCH, 0)
        return {"epoch": epochs[min(number, len(epochs) - 1)]} if epochs else {}

    def go(told: Any, hand: Any) -> dict[Any, Any]:
        model, specimen = studio.in_hand(hand)
        epoch = nearest(list(model.samples), read_whole(said(told).get("epoch"), "Epoch", 0, MAX_EPOCH, 0))
        if epoch is None:
            return {player: player_of(model, specimen, 0, False)}
        at = list(model.samples).index(epoch)
        return {
            player: player_of(model, specimen, at, False) | {"first": frame_of(model, at)},
            spot: {"epoch": epoch},
        }

    def save_film(kind: str) -> Any:
        def make(hand: Any) -> Iterator[dict[str, Any]]:
            yield from film(studio.in_hand(hand)[0], kind)

        return make

    def history(model: Any = None, epoch: Any = None) -> tuple[Image.Image | None, dict[str, Any]]:
        """Return the sample grid of `epoch` (the last one without it), and the training's history.

        An epoch without a grid is refused with a sentence that names the nearest one.
        The history is {"model", "epoch" (of the grid), "epochs" (that have a grid), "lines" (of history.jsonl; of a
        long one some 2,000, evenly)}.

        Args:
            model: a model of this page; the first one by itself.
            epoch: that of a grid, from 0 on; the last one by itself.
        """
        studio.refresh()
        chosen = studio.named(model)
        found = nearest(list(chosen.samples), read_whole(epoch, "Epoch", 0, MAX_EPOCH, MAX_EPOCH))
        if epoch is not None and epoch != found:
            there = "nor of any other" if found is None else f"the nearest is that of epoch {found}"
            raise refuse(f"{chosen.name} has no sample grid of epoch {int(epoch)}, {there}.")
        try:
            grid = None if found is None else open_rgb(io.BytesIO(chosen.samples[found]))
        except OSError as error:
            raise refuse(f"The sample grid of epoch {found} of {chosen.name} is damaged.") from error
        return grid, {
            "model": chosen.name,
            "epoch": found,
            "epochs": list(chosen.samples),
            "lines": [dict(line) for line in chosen.history],
        }

    gr.HTML(LEAD, apply_default_css=False)
    with gr.Row(elem_classes="record"):
        with gr.Column(min_width=300):
            player = Player({}, "The film of the training", "film")
            strip = Sheet({}, "This picture through training", "strip")
            opinions = gr.HTML("", apply_default_css=False, elem_id="opinions")
            with gr.Row(elem_classes="tools"):
                saves = [gr.Button(f"Save film, {kind.upper()}", size="sm") for kind in animation.MIME]
            reals = gr.HTML("", apply_default_css=False, elem_id="reals")
        with gr.Column(min_width=300):
            curves = Curves({}, "Curves", "curves")
    spot = gr.JSON({}, visible="hidden", elem_id="training-spot")
    epoch_input = gr.Number(None, visible=False, label="Epoch")
    grid_file = gr.Image(visible=False, label="Sample grid", format="png")
    lines = gr.JSON(visible=False, label="History")

    asked = wishes(player, player.input)
    asked.change(frame, [asked, studio.hand], player, **LAST_WINS)
    player.select(follow, [player, studio.hand], [studio.hand, studio.stage, strip, opinions], **LAST_WINS)
    player.release(rest_at, [player, studio.hand], spot, **LAST_WINS)
    curves.select(go, [curves, studio.hand], [player, spot], **LAST_WINS)
    for button, kind in zip(saves, animation.MIME, strict=True):
        button.click(save_film(kind), studio.hand, studio.files, **animation.SLOW, **PRIVATE)
    gr.on([], history, [studio.model, epoch_input], [grid_file, lines], preprocess=False, api_name="history")
    return Lens("training", refresh_and_enter, [player, curves, strip, opinions, reals, spot], spot)
