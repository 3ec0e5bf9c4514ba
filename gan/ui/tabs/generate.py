"""The Generate tab: a wall of pictures, one of which is in hand; seed, count and wildness."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr
from PIL import Image

from gan.images import make_grid, to_pil
from gan.latent import MAX_SEED
from gan.ui.arguments import (
    DEFAULT_SEED,
    MAX_COUNT,
    at_field,
    choose_model,
    read_fields,
    read_flag,
    read_fraction,
    read_seeds,
    read_whole,
)
from gan.ui.components import LAST_WINS, NETWORKS, PRIVATE, Cell, Sheet, SheetValue, wishes
from gan.ui.encode import with_recipe
from gan.ui.insight import LOOKS
from gan.ui.lens import Guest, Lens
from gan.ui.loaded import LoadedModel
from gan.ui.saving import zip_of
from gan.ui.sharper import sharpen
from gan.ui.specimen import Specimen, stack
from gan.ui.studio import Studio, file, saved_name, saved_picture, sheet_of
from gan.ui.verdict import near_ones

WALL = 24  # pictures of the wall

BY_HAND = "picked"  # in place of a wall's first seed
PICKED = "Picked by hand, to begin with. What Another gives is not."
SEEDS = "Seeds {first} to {last}: nobody chose these."


def seeds_of(model: LoadedModel, first: Any, count: Any) -> Sequence[int]:
    """Return the seeds of a wall: those that somebody picked by hand, or `count` from the first one on."""
    count = read_whole(count, "The number of pictures", 1, MAX_COUNT, WALL)
    if first == BY_HAND and model.picked:
        return model.picked[:count]
    return read_seeds(1 if first == BY_HAND else first, count)


def wall_of(model: LoadedModel, seeds: Sequence[int], specimen: Specimen) -> SheetValue:
    """Return the wall, on which the picture in hand is marked if it is there."""
    if not model.weights:
        return {"cells": [], "chosen": None}
    specimens = [Specimen(seed, specimen.truncation, wildness=specimen.wildness) for seed in seeds]
    words: list[Cell] = [{"label": f"{seed}", "alt": f"Seed {seed}: take this picture"} for seed in seeds]
    chosen = specimens.index(specimen) if specimen in specimens else None
    return sheet_of(model, specimens, words) | {"chosen": chosen, "asks": True}


def build_generate(studio: Studio) -> Lens:
    """Lay the tab out inside the current gr.Tab, wire it, and offer /generate to programs."""

    def enter(model: LoadedModel, specimen: Specimen, link: Mapping[str, Any], guest: Guest) -> dict[Any, Any]:
        # A link made before there was a wall named the first of its pictures.
        first = link.get("wall", specimen.seed if "seed" in link and "count" in link else BY_HAND)
        seeds = seeds_of(model, first, link.get("count"))
        by_hand = seeds == model.picked[: len(seeds)]
        note = PICKED if by_hand else SEEDS.format(first=seeds[0], last=seeds[-1])
        return {
            wall: wall_of(model, seeds, specimen),
            spot: {"wall": BY_HAND if by_hand else seeds[0], "count": len(seeds)},
            wall_note: note,
            seed: None if specimen.latent else specimen.seed,
            count_slider: len(seeds),
            wildness: specimen.wildness,
        }

    def ask(name: Any, number: Any, count: Any, wild: Any) -> dict[Any, Any]:
        if number is None:  # somebody has emptied the field, and is about to write
            return gr.skip()
        model = choose_model(studio.models, name)
        picture = Specimen(read_seeds(number, 1)[0], wildness=read_fraction(wild, "Wildness", 1.0))
        return around(model, picture, picture.seed, count)

    def reshape(hand: Any, place: Any, count: Any, wild: Any) -> dict[Any, Any]:
        model, specimen = studio.in_hand(hand)
        picture = replace(specimen, wildness=read_fraction(wild, "Wildness", 1.0))
        if not picture.latent:
            return around(model, picture, picture.seed, count)
        first = read_fields(place).get("wall")
        return around(model, picture, DEFAULT_SEED if first == BY_HAND else read_seeds(first, 1)[0], count)

    def around(model: LoadedModel, picture: Specimen, first: int, count: Any) -> dict[Any, Any]:
        """Take a picture in hand, and let the wall have so many, from the first seed on."""
        first = min(first, MAX_SEED - read_whole(count, "The number of pictures", 1, MAX_COUNT, WALL) + 1)
        entered = enter(model, picture, {"wall": first, "count": count}, Guest())
        return studio.take(model, picture, "explore") | {part: entered[part] for part in (wall, spot, wall_note)}

    def mark(told: Any, hand: Any, place: Any) -> SheetValue:
        model, pictures = on_wall(hand, place)
        told = read_fields(told)
        turn = read_whole(told.get("turn"), "The turn", 0, MAX_SEED, 0)
        return {"near": near_ones(model, pictures), "turn": turn}

    def on_wall(hand: Any, place: Any) -> tuple[LoadedModel, list[Specimen]]:
        model, specimen = studio.in_hand(hand)
        place = read_fields(place)
        seeds = seeds_of(model, place.get("wall"), place.get("count"))
        return model, [Specimen(seed, specimen.truncation, wildness=specimen.wildness) for seed in seeds]

    def save_all(hand: Any, place: Any) -> dict[str, Any]:
        model, pictures = on_wall(hand, place)
        name = f"{model.name.replace('/', '-')}-seeds-{pictures[0].seed}-to-{pictures[-1].seed}.zip"
        saved = ((saved_name(model, picture), saved_picture(model, picture)) for picture in pictures)
        return file(name, "application/zip", zip_of(saved))

    def generate(
        model: Any = None,
        seed: Any = None,
        count: Any = None,
        truncation: Any = None,
        wildness: Any = None,
        sharper: Any = None,
    ) -> tuple[Image.Image, list[tuple[Image.Image, str]]]:
        """Draw `count` pictures with the seeds from `seed` on: one image of them all, and each with its seed.

        Args:
            model: a model of this page; the first one by itself.
            seed: a whole number from 0 to 4,294,967,295; the same seed is the same picture, always.
            count: 1 to 64 pictures.
            truncation: 0 to 1; below 1 all numbers of z shrink, which fades pictures.
            wildness: 0 to 1; at 0 pictures are tame and alike, at 1 all that the network can do.
            sharper: whether they are four times as large, their details guessed by a second network.
        """
        chosen = studio.asked_of(model)
        tamed = read_fraction(truncation, "Truncation", 1.0), read_fraction(wildness, "Wildness", 1.0)
        seeds = read_seeds(seed, WALL if count is None else count)
        specimens = [Specimen(number, tamed[0], wildness=tamed[1]) for number in seeds]
        images, guessed = chosen.draw(stack(chosen, specimens)), {}
        if read_flag(sharper, "sharper", False):
            images, guessed = sharpen(studio, chosen, images), {"sharper": studio.enlarger(chosen).weights}
        singles = [
            (with_recipe(to_pil(image), specimen.recipe(chosen) | guessed), f"seed {specimen.seed}")
            for image, specimen in zip(images, specimens, strict=True)
        ]
        return make_grid(images), singles

    first = studio.models[0]
    begin = Specimen(seeds_of(first, BY_HAND, None)[0])
    gr.HTML(
        "<h2>Nobody drew these</h2><p class='lead'>A small network studied a collection of pictures and makes up its "
        "own. Take one: it is the picture in hand on every tab.</p>",
        apply_default_css=False,
    )
    wall = Sheet({}, "Wall of pictures", "wall")
    wall_note = gr.Markdown("", elem_classes="note")
    with gr.Accordion("Seed, count, wildness", open=True, elem_id="wall-controls"):
        with gr.Row():
            seed = gr.Number(
                begin.seed, label="Seed", minimum=0, maximum=MAX_SEED, precision=0, elem_id="seed", min_width=140,
                placeholder="between seeds",
                info="The picture’s number: the same seed always gives the same picture.",
            )  # fmt: skip
            count_slider = gr.Slider(1, MAX_COUNT, WALL, step=1, label="Pictures on the wall", elem_id="count")
        wildness = gr.Slider(
            0, 1, 1, step=0.01, label="Wildness", elem_id="wildness",
            info="The truncation trick: lower is tamer and more alike, 1 is all that the network can do.",
        )  # fmt: skip
        save_button = gr.Button("Save the wall as a zip", size="sm", elem_id="save-wall")
    spot = gr.JSON({}, visible="hidden", elem_id="generate-spot")
    values = enter(first, begin, {}, Guest())
    for component, value in values.items():
        component.value = component.postprocess(value) if component is not seed else value

    truncation = gr.Slider(0, 1, 1, visible=False, label="Truncation")
    sharper = gr.Checkbox(False, visible=False, label="Sharper")
    grid_file = gr.Image(visible=False, label="Grid", format="png")
    single_files = gr.Gallery(visible=False, label="Pictures with their seeds", format="png")
    shared = [studio.hand, studio.stage]
    wall.select(studio.choose, wall, studio.others, **LAST_WINS)
    still = wishes(wall, wall.release)
    still.change(mark, [still, studio.hand, spot], wall, trigger_mode="always_last", **LOOKS, **PRIVATE)
    controls, drawn = [studio.model, seed, count_slider, wildness], [*shared, wall, spot, wall_note]
    seed.input(ask, controls, drawn, validator=at_field(1, lambda number: read_seeds(number, 1)), **LAST_WINS)
    shape = [studio.hand, spot, count_slider, wildness]
    gr.on([count_slider.input, wildness.input], reshape, shape, drawn, **LAST_WINS)
    save_button.click(save_all, [studio.hand, spot], studio.files, **NETWORKS, **PRIVATE)
    number = gr.Number(DEFAULT_SEED, visible=False, label="Seed")  # not the page's own, which begin with a pick
    count = gr.Number(WALL, visible=False, label="Pictures on the wall")
    gr.on(
        [], generate, [studio.model, number, count, truncation, wildness, sharper], [grid_file, single_files],
        preprocess=False, api_name="generate", **NETWORKS,
    )  # fmt: skip
    return Lens("generate", enter, [wall, spot, wall_note, seed, count_slider, wildness], spot)
