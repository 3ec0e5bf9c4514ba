"""The Explore tab: sliders along the generator's principal directions, what lies at their ends, every number of z."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from gan.images import make_grid
from gan.told import DIRECTIONS
from gan.ui.arguments import read_fields, refuse, said
from gan.ui.components import LAST_WINS, NETWORKS, Numbers, wishes
from gan.ui.encode import lossless_uri
from gan.ui.lens import Guest, Lens
from gan.ui.loaded import LoadedModel
from gan.ui.specimen import Specimen, read_specimen, stack, within
from gan.ui.studio import Studio, saved_picture

REACH = 3  # of a slider: beyond that pictures fall apart
FIRST = 4  # directions that are seen at first
MOST_UNDO = 20
LEAD = (
    "<h2>Change it</h2><p class='lead'>Each slider moves the picture in a direction to which the network’s first layer "
    "reacts strongly (SeFa). At its ends: where that leads this picture.</p>"
)
ENDS = "<style>#explore .ends {{ --ends: url('{uri}') }}</style>"


def ends_of(model: LoadedModel, specimen: Specimen) -> str:
    """Return the style sheet that puts small pictures at the ends of the sliders, two rows of one sheet."""
    amounts = np.zeros(len(model.directions))
    amounts[: len(specimen.amounts)] = specimen.amounts
    ends = []
    for end in (-REACH, REACH):
        for place in range(len(amounts)):
            moved = amounts.copy()
            moved[place] = end
            ends.append(replace(specimen, amounts=tuple(moved.tolist())))
    return ENDS.format(uri=lossless_uri(make_grid(model.draw(stack(model, ends)), len(amounts))))


def build_explore(studio: Studio) -> Lens:
    """Lay the tab out inside the current gr.Tab, wire it, and offer /explore to programs."""

    def enter(model: LoadedModel, specimen: Specimen, link: Mapping[str, Any], guest: Guest) -> dict[Any, Any]:
        return {**controls_at(model, specimen), ends: ends_of(model, specimen), past: [edits_of(model, specimen)]}

    def controls_at(model: LoadedModel, specimen: Specimen) -> dict[Any, Any]:
        given = dict(enumerate(specimen.amounts))
        there = len(model.directions)
        names = [*model.direction_names, *[""] * (DIRECTIONS - there)]
        return {
            slider: gr.Slider(value=given.get(k, 0), label=names[k], visible=k < there)
            for k, slider in enumerate(sliders)
        } | {numbers: numbers_of(model, specimen)}

    def numbers_of(model: LoadedModel, specimen: Specimen) -> dict[str, Any]:
        offsets = {f"z{i}": amount for i, amount in specimen.offsets}
        return {"count": model.generator.z_dim, "reach": REACH, "offsets": offsets}

    def edits_of(model: LoadedModel, specimen: Specimen) -> dict[str, Any]:
        return {key: value for key, value in specimen.recipe(model).items() if re.fullmatch(r"[dz]\d+", key)}

    def with_edits(hand: Any, edits: Mapping[str, Any], kind: str) -> dict[str, Any]:
        hand = read_fields(hand)
        return {key: value for key, value in hand.items() if not re.fullmatch(rf"{kind}\d+", key)} | dict(edits)

    def slid(hand: Any, amounts: Sequence[Any]) -> dict[str, Any]:
        model, _ = studio.in_hand(hand)
        edits = {f"d{k}": amount for k, amount in enumerate(amounts, 1) if k <= len(model.directions)}
        return with_edits(hand, edits, "d")

    def turned(hand: Any, told: Any) -> dict[str, Any]:
        return with_edits(
            hand, {key: amount for key, amount in said(told).items() if re.fullmatch(r"z\d{1,4}", str(key))}, "z"
        )

    def slide(hand: Any, *amounts: Any) -> dict[Any, Any]:
        return studio.take(*studio.in_hand(slid(hand, amounts)), "explore")

    def turn(told: Any, hand: Any) -> dict[Any, Any]:
        return studio.take(*studio.in_hand(turned(hand, told)), "explore")

    # What is in hand may be a step behind a slider that has just been let go, so its own place counts.
    def settle_sliders(hand: Any, before: Any, *amounts: Any) -> dict[Any, Any]:
        return settle(slid(hand, amounts), before)

    def settle_numbers(told: Any, hand: Any, before: Any) -> dict[Any, Any]:
        return settle(turned(hand, told), before)

    def settle(hand: Any, before: Any) -> dict[Any, Any]:
        model, specimen = studio.in_hand(hand)
        before = before if isinstance(before, list) else []
        now = edits_of(model, specimen)
        kept = before if before and before[-1] == now else [*before, now][-MOST_UNDO:]
        return {past: kept, ends: ends_of(model, specimen)}

    def change(hand: Any, edits: Mapping[str, Any], before: list[Any]) -> dict[Any, Any]:
        model, specimen = studio.in_hand(hand)
        picture = read_specimen(model, specimen.plain.recipe(model) | within(model, edits))
        shown = {**studio.take(model, picture, "explore"), **controls_at(model, picture), ends: ends_of(model, picture)}
        return shown | {past: before}

    def follow(told: Any, before: Any, tab: Any) -> dict[Any, Any]:
        """Set the controls to where a drag across the picture ended."""
        recipe = read_fields(told).get("recipe")
        if tab != "explore" or not recipe:  # they are set when it opens
            return gr.skip()
        return {**controls_at(*studio.in_hand(recipe)), **settle(recipe, before)}

    def undo(hand: Any, before: Any) -> dict[Any, Any]:
        before = before if isinstance(before, list) else []
        if len(before) < 2 or not isinstance(before[-2], Mapping):
            gr.Info("There is nothing to undo.")
            return {past: before}
        return change(hand, before[-2], before[:-1])

    def reset(hand: Any, before: Any) -> dict[Any, Any]:
        before = before if isinstance(before, list) else []
        return change(hand, {}, [*before, {}][-MOST_UNDO:])

    def surprise(hand: Any, before: Any) -> dict[Any, Any]:
        before = before if isinstance(before, list) else []
        model, _ = studio.in_hand(hand)
        drawn = np.clip(np.random.default_rng().standard_normal(len(model.directions)), -REACH, REACH)
        edits = {f"d{k}": round(float(amount), 2) for k, amount in enumerate(drawn, 1)}
        return change(hand, edits, [*before, edits][-MOST_UNDO:])

    def explore(
        model: Any = None, seed: Any = None, truncation: Any = None, directions: Any = None, offsets: Any = None,
        wildness: Any = None,
    ) -> Image.Image:  # fmt: skip
        """Draw one picture: the seed's latent, moved along principal directions and coordinates.

        Args:
            model: a model of this page; the first one by itself.
            seed: a whole number from 0 to 4,294,967,295.
            truncation: 0 to 1; below 1 all numbers of z shrink, which fades pictures.
            directions: a list of at most 8 amounts from -10 to 10, as in [2.5, 0, -1].
            offsets: coordinates of z, from 0 on, and amounts from -10 to 10, as in {"17": 0.5}.
            wildness: 0 to 1; at 0 pictures are tame and alike, at 1 all that the network can do.
        """
        chosen = studio.asked_of(model)
        directions = [] if directions is None else directions
        offsets = {} if offsets is None else offsets
        if not isinstance(directions, list):
            raise refuse("directions must be a list of at most 8 numbers from -10 to 10.")
        if not isinstance(offsets, Mapping) or not all(re.fullmatch(r"\d{1,4}", str(key)) for key in offsets):
            raise refuse('offsets must map coordinates to numbers from -10 to 10, as in {"17": 0.5}.')
        edits = {f"d{k}": amount for k, amount in enumerate(directions, 1)}
        edits |= {f"z{int(key)}": amount for key, amount in offsets.items()}
        base = {"seed": seed, "truncation": truncation, "wildness": wildness}
        return saved_picture(chosen, read_specimen(chosen, base | edits))

    gr.HTML(LEAD, apply_default_css=False)
    sliders = []
    with gr.Column(elem_classes="ends", elem_id="directions"):
        for k in range(1, FIRST + 1):
            sliders.append(_slider(k))
        with gr.Accordion("Four more directions", open=False):
            for k in range(FIRST + 1, DIRECTIONS + 1):
                sliders.append(_slider(k))
    with gr.Row(elem_classes="tools"):
        undo_button = gr.Button("Undo", size="sm", elem_id="undo")
        reset_button = gr.Button("Back to the seed", size="sm", elem_id="reset")
        surprise_button = gr.Button("Surprise", size="sm", elem_id="surprise")
    with gr.Accordion("Every number of z", open=False, elem_id="all-numbers"):
        numbers = Numbers({}, "Numbers of z", "numbers")
    ends = gr.HTML("", apply_default_css=False, elem_id="ends")
    past = gr.JSON([], visible="hidden", elem_id="past")
    json = [gr.JSON(visible=False, label=label) for label in ("Directions", "Offsets")]
    seed = gr.Number(None, visible=False, label="Seed")
    tamed = [gr.Slider(0, 1, 1, visible=False, label=label) for label in ("Truncation", "Wildness")]
    picture_file = gr.Image(visible=False, label="Picture", format="png")

    shared = [studio.hand, studio.stage]
    gr.on([slider.input for slider in sliders], slide, [studio.hand, *sliders], shared, **LAST_WINS)
    numbers.input(turn, [numbers, studio.hand], shared, **LAST_WINS)
    gr.on(
        [slider.release for slider in sliders], settle_sliders, [studio.hand, past, *sliders], [past, ends], **LAST_WINS
    )
    let_go = wishes(studio.stage, studio.stage.select)
    let_go.change(follow, [let_go, past, studio.current], [*sliders, numbers, past, ends], **LAST_WINS)
    numbers.release(settle_numbers, [numbers, studio.hand, past], [past, ends], **LAST_WINS)
    every = [*shared, *sliders, numbers, ends, past]
    undo_button.click(undo, [studio.hand, past], every, **LAST_WINS)
    reset_button.click(reset, [studio.hand, past], every, **LAST_WINS)
    surprise_button.click(surprise, [studio.hand, past], every, **LAST_WINS)
    gr.on(
        [], explore, [studio.model, seed, tamed[0], *json, tamed[1]], picture_file,
        preprocess=False, api_name="explore", **NETWORKS,
    )  # fmt: skip
    return Lens("explore", enter, [*sliders, numbers, ends, past])


def _slider(k: int) -> gr.Slider:
    return gr.Slider(
        -REACH, REACH, 0, step=0.05, label=f"Direction {k}", elem_id=f"d{k}", elem_classes="direction", buttons=[]
    )
