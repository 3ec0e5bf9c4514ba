"""The Morph tab: the way from picture to picture (interpolation), to play, to scrub through and to save."""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import gradio as gr
import torch
from gradio.processing_utils import save_bytes_to_cache
from torch import Tensor

from gan.errors import UserError
from gan.images import make_grid
from gan.latent import MAX_SEED
from gan.ui import animation
from gan.ui.arguments import (
    at_field,
    from_link,
    read_choice,
    read_fraction,
    read_number,
    read_whole,
    refuse,
    said,
)
from gan.ui.components import LAST_WINS, PRIVATE, Cell, Player, PlayerValue, Sheet, SheetValue
from gan.ui.encode import enlarge, lossless_uri
from gan.ui.lens import Guest, Lens
from gan.ui.loaded import LoadedModel
from gan.ui.sharper import SHARPER, sharpen
from gan.ui.specimen import Specimen, read_specimen, roll, within
from gan.ui.studio import Studio, file, progress, sheet_of, title_of
from gan.ui.way import MAX_STOPS, METHODS, STEPS, Way, read_way

SEEDS = (1, 2)  # of programs that name none
FORMATS = ("webp", "mp4")
FPS = 24
MAX_FPS = 60
SAVED_SIDE = 512  # pixels; saved frames are enlarged to it, by a whole factor
REPORTS = 20  # times that a file in the making says how far it is
LEAD = (
    "<h2>Morph</h2><p class='lead'>Between two pictures lie as many as you like: each frame is drawn by the network, "
    "nothing is blended. Stop where you like it: that moment is the picture in hand.</p>"
)


def read_seed_list(seeds: Any) -> tuple[int, ...]:
    """Return 2 to 8 seeds from a list of them; the default for None."""
    if seeds is None:
        return SEEDS
    if not isinstance(seeds, list | tuple) or not 2 <= len(seeds) <= MAX_STOPS or None in seeds:
        raise refuse(f"An interpolation needs a list of 2 to {MAX_STOPS} seeds, as in [1, 2].")
    return tuple(read_whole(seed, "A seed", 0, MAX_SEED, 0) for seed in seeds)


def read_linked_seeds(text: Any) -> tuple[int, ...]:
    """Return the seeds that a link writes as 1-2-3."""
    if not isinstance(text, str) or not re.fullmatch(r"\d+(-\d+)+", text, re.ASCII):
        raise refuse(f"A link to an interpolation names 2 to {MAX_STOPS} seeds, as in seeds=1-2.")
    return read_seed_list([int(seed) for seed in text.split("-")])


def read_stops(model: LoadedModel, values: Any) -> list[Specimen]:
    """Return the stops that a list of recipes names, as far as they are this model's or can be drawn by it."""
    if not isinstance(values, list) or len(values) > MAX_STOPS:
        raise refuse(f"An interpolation needs a list of at most {MAX_STOPS} pictures.")
    return [read_specimen(model, within(model, value)) for value in values]


def linked_stops(model: LoadedModel, link: Mapping[str, Any]) -> list[Specimen]:
    """Return the stops that a link names, as seeds or as recipes; none where it names none."""
    if "seeds" in link:
        earlier = {} if link.get("tab") == "morph" else link  # before that, all stops were faded alike
        truncation = read_fraction(earlier.get("truncation"), "Truncation", 1.0)
        return [Specimen(seed, truncation) for seed in read_linked_seeds(link["seeds"])]
    if "stops" not in link:
        return []
    try:
        stops = json.loads(str(link["stops"]))
    except (ValueError, RecursionError):
        raise refuse("The stops in this link are damaged.") from None
    return read_stops(model, stops)


def link_of(model: LoadedModel, way: Way) -> dict[str, Any]:
    """Return what a link says of a way."""
    plain = all(stop == Specimen(stop.seed) for stop in way.stops)
    recipes = [{k: v for k, v in stop.recipe(model).items() if k not in model.label()} for stop in way.stops]
    stops = {"seeds": "-".join(str(stop.seed) for stop in way.stops)} if plain else {"stops": json.dumps(recipes)}
    return stops | {"steps": way.steps, "method": way.method, "loop": int(way.loop)}


def spot_of(model: LoadedModel, way: Way) -> dict[str, Any]:
    """Return where the tab is: a way, and whose pictures lie on it."""
    return link_of(model, way) | {"model": model.name}


def frames_of(model: LoadedModel, way: Way, fps: float, at: int, play: bool) -> PlayerValue:
    """Return what the player plays: all frames in one lossless image."""
    images = torch.cat(list(way.batches(model)))
    columns = math.ceil(math.sqrt(len(images)))
    return {
        "image": lossless_uri(make_grid(images, columns)),
        "side": images.shape[-1],
        "columns": columns,
        "labels": [label_of(way, frame) for frame in range(len(images))],
        "at": at,
        "fps": fps,
        "loop": way.loop,
        "play": play,
        "returns": True,
        "title": "On the way",
        "source": f"{model.weights}",
    }


def label_of(way: Way, frame: int) -> str:
    """Return where a frame lies, for people."""
    leg, step = divmod(frame, way.steps)
    a, b = (letter(place % len(way.stops)) for place in (leg, leg + 1))
    return (
        f"{a}, {title_of(way.stops[leg % len(way.stops)]).lower()}"
        if step == 0
        else f"{a} to {b}, t = {step / way.steps:.2f}"
    )


def letter(place: int) -> str:
    """Return A for the first stop, B for the second."""
    return chr(65 + place)


def stops_of(model: LoadedModel, stops: Sequence[Specimen]) -> SheetValue:
    """Return the sheet of the stops, to be put into another order or taken out."""
    words: list[Cell] = [
        {
            "label": f"{letter(k)} · {'between' if stop.latent else stop.seed}{' changed' * (stop != stop.plain)}",
            "alt": f"Stop {letter(k)}, {title_of(stop).lower()}",
        }
        for k, stop in enumerate(stops)
    ]
    tools = ["earlier", "later", "remove"] if len(stops) > 2 else ["earlier", "later"]
    return sheet_of(model, stops, words) | {"tools": tools}


def saved_name(model: LoadedModel, way: Way, kind: str) -> str:
    """Return what an animation is called on disk."""
    names = "-".join("between" if stop.latent else str(stop.seed) for stop in way.stops)
    return f"{model.name.replace('/', '-')}-seeds-{names}.{kind}"


def begin(model: LoadedModel, way: Way, kind: str, fps: int, factor: int) -> animation.Animation:
    """Return an empty animation for the way's frames, `factor` times as large as the generator draws them."""
    side = model.generator.image_size * factor
    try:
        return animation.start(kind, (side, side), fps, way.loop)
    except UserError as error:
        raise refuse(str(error)) from error


def save(
    model: LoadedModel, way: Way, kind: str, fps: int, smooth: bool, change: Callable[[Tensor], Tensor] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield how far the animation is, then the file; `change` makes other pictures of its frames."""
    factor = max(1, SAVED_SIDE // model.generator.image_size)
    made, count = begin(model, way, kind, fps, factor), len(way.positions())
    yield progress(0, count, f"Drawing {count} frames")
    for done, frame in enumerate(way.frames(model, change), 1):
        made.add(enlarge(frame, factor * model.generator.image_size // frame.width, smooth))
        if done % math.ceil(count / REPORTS) == 0:
            yield progress(done, count, f"Drawing {count} frames")
    yield file(saved_name(model, way, kind), animation.MIME[kind], made.finish())


def read_seed(written: Any) -> int:
    """Return the seed that somebody wrote; where nothing is written, any."""
    wished = from_link(written.strip()) if isinstance(written, str) else written
    rolled = roll() if wished in ("", None) else wished
    return read_whole(rolled, "A seed", 0, MAX_SEED, 0)


def build_morph(studio: Studio) -> Lens:
    """Lay the tab out inside the current gr.Tab, wire it, and offer /interpolate to programs."""

    def enter(model: LoadedModel, specimen: Specimen, link: Mapping[str, Any], guest: Guest) -> dict[Any, Any]:
        stops = linked_stops(model, link)
        if not stops:
            stops = [specimen, Specimen(roll())]
        way = read_way(stops, link.get("steps"), link.get("method"), link.get("loop"))
        at = round(read_number(link.get("t"), "t", 0, MAX_STOPS, 0.0) * way.steps)
        controls = {steps: way.steps, method: way.method, loop: way.loop}
        place = {spot: spot_of(model, way) | ({"t": link["t"]} if "t" in link else {})}
        return shown(model, way, FPS, at, play="t" not in link) | controls | place

    def shown(model: LoadedModel, way: Way, fps: Any, at: int = 0, play: bool = True) -> dict[Any, Any]:
        rate = read_number(fps, "Frames a second", 1, MAX_FPS, FPS)
        return {
            sheet: stops_of(model, way.stops),
            recipes: [stop.recipe(model) for stop in way.stops],
            player: frames_of(model, way, rate, at, play),
            spot: spot_of(model, way),
        }

    def way_of(hand: Any, listed: Any, *how: Any) -> tuple[LoadedModel, Way]:
        model, _ = studio.in_hand(hand)
        return model, read_way(read_stops(model, listed), *how)

    def redraw(hand: Any, listed: Any, steps: Any, method: Any, loop: Any, fps: Any) -> dict[Any, Any]:
        return shown(*way_of(hand, listed, steps, method, loop), fps)

    def arrange(told: Any, hand: Any, listed: Any, *how: Any) -> dict[Any, Any]:
        listed = list(listed) if isinstance(listed, list) else []
        index, tool = said(told).get("index"), said(told).get("tool")
        if not isinstance(index, int) or not 0 <= index < len(listed):
            raise refuse("There is no such stop.")
        moved = listed.pop(index)
        if tool != "remove":
            listed.insert(max(0, index - 1) if tool == "earlier" else index + 1, moved)
        return redraw(hand, listed, *how)

    def add(hand: Any, listed: Any, *how: Any, seed: Any = None) -> dict[Any, Any]:
        listed = list(listed) if isinstance(listed, list) else []
        if len(listed) >= MAX_STOPS:
            raise refuse(f"A way has at most {MAX_STOPS} stops. Take one out first.")
        return redraw(hand, [*listed, {"seed": seed} if seed is not None else hand], *how)

    def add_seed(written: Any, *rest: Any) -> dict[Any, Any]:
        return add(*rest, seed=read_seed(written))

    def rest_at(told: Any, hand: Any, listed: Any, *how: Any) -> dict[Any, Any]:
        model, way = way_of(hand, listed, *how[:3])
        frame = read_whole(said(told).get("frame"), "The frame", 0, len(way.positions()) - 1, 0)
        return studio.take(model, way.at(model, frame), "morph") | {
            spot: spot_of(model, way) | {"t": round(frame / way.steps, 4)}
        }

    def save_as(kind: str) -> Any:
        def make(hand: Any, listed: Any, steps: Any, method: Any, loop: Any, fps: Any, style: Any) -> Iterator[Any]:
            model, way = way_of(hand, listed, steps, method, loop)
            rate = read_whole(fps, "Frames a second", 1, MAX_FPS, FPS)
            change = partial(sharpen, studio, model) if style == SHARPER else None
            yield from save(model, way, kind, rate, style != "Pixels", change)

        return make

    def interpolate(
        model: Any = None, seeds: Any = None, steps: Any = None, method: Any = None, loop: Any = None,
        truncation: Any = None, format: Any = None,
    ) -> tuple[str, dict[str, Any]]:  # fmt: skip
        """Draw the way through 2 to 8 seeds, `steps` frames from one to the next, by "slerp" or "lerp".

        Return a file, "webp" (lossless, each frame exactly as drawn) or "mp4" (enlarged), and {"model", "seeds", "t"}:
        t says of each frame where it lies, 0 at the first seed, 1 at the second.

        Args:
            model: a model of this page; the first one by itself.
            seeds: a list of 2 to 8 whole numbers from 0 to 4,294,967,295.
            steps: 2 to 120 frames from one seed to the next.
            method: "slerp", along the arc between two latents, or "lerp", straight through.
            loop: whether the way leads back to the first seed, whose frame is not repeated.
            truncation: 0 to 1; below 1 all numbers of z shrink, which fades pictures.
            format: "webp" or "mp4".
        """
        chosen = studio.asked_of(model)
        faded = read_fraction(truncation, "Truncation", 1.0)
        way = read_way([Specimen(seed, faded) for seed in read_seed_list(seeds)], steps, method, loop)
        kind = read_choice(format, "The format", FORMATS, FORMATS[0])
        factor = max(1, SAVED_SIDE // chosen.generator.image_size) if kind == "mp4" else 1
        made = begin(chosen, way, kind, FPS, factor)
        for frame in way.frames(chosen):
            made.add(enlarge(frame, factor, smooth=True))
        path = save_bytes_to_cache(made.finish(), saved_name(chosen, way, kind), animation_file.GRADIO_CACHE)
        return path, {"model": chosen.name, "seeds": [stop.seed for stop in way.stops], "t": way.positions()}

    gr.HTML(LEAD, apply_default_css=False)
    player = Player({}, "The way", "player")
    sheet = Sheet({}, "Stops", "stops")
    with gr.Row(elem_classes="tools"):
        number = gr.Textbox(  # in a gr.Number nothing is a 0
            label="A seed to add", placeholder="any", max_lines=1, elem_id="stop", min_width=120
        )
        add_button = gr.Button("Add", size="sm", elem_id="add-stop")
        add_hand = gr.Button("Add the picture in hand", size="sm", elem_id="add-hand")
    with gr.Row(elem_classes="tools"):
        saves = [gr.Button(f"Save {kind.upper()}", size="sm", elem_id=f"save-{kind}") for kind in ("mp4", "webp")]
    with gr.Accordion("More: method, frames, speed, loop", open=False):
        method = gr.Radio(
            list(METHODS), value="slerp", label="Method", elem_id="method",
            info="slerp goes along the arc between two latents, lerp straight through, where pictures grow more alike.",
        )  # fmt: skip
        steps = gr.Slider(*STEPS, step=1, label="Frames per leg", elem_id="steps")
        fps = gr.Slider(4, MAX_FPS, FPS, step=1, label="Frames a second", elem_id="fps")
        loop = gr.Checkbox(False, label="Closed loop: back to the first picture", elem_id="loop")
    recipes = gr.JSON([], visible="hidden", elem_id="stop-recipes")
    spot = gr.JSON({}, visible="hidden", elem_id="morph-spot")
    seeds_input = gr.JSON(visible=False, label="Seeds")
    truncation = gr.Slider(0, 1, 1, visible=False, label="Truncation")
    kind = gr.Radio(list(FORMATS), value=FORMATS[0], visible=False, label="Format")
    animation_file = gr.File(visible=False, label="Animation")
    positions = gr.JSON(visible=False, label="Frames")

    how = [studio.hand, recipes, steps, method, loop, fps]
    drawn = [sheet, recipes, player, spot]
    gr.on([steps.release, method.input, loop.input, fps.release], redraw, how, drawn, **LAST_WINS)
    sheet.select(studio.choose, sheet, studio.others, **LAST_WINS)
    sheet.input(arrange, [sheet, *how], drawn, **LAST_WINS)
    gr.on(
        [add_button.click, number.submit],
        add_seed,
        [number, *how],
        drawn,
        validator=at_field(0, read_seed),
        **LAST_WINS,
    )
    add_hand.click(add, how, drawn, **LAST_WINS)
    player.release(rest_at, [player, *how], [studio.hand, studio.stage, spot], **LAST_WINS)
    for button, kind_of in zip(saves, ("mp4", "webp"), strict=True):
        button.click(save_as(kind_of), [*how, studio.style], studio.files, **animation.SLOW, **PRIVATE)
    gr.on(
        [], interpolate, [studio.model, seeds_input, steps, method, loop, truncation, kind],
        [animation_file, positions], preprocess=False, api_name="interpolate", **animation.SLOW,
    )  # fmt: skip
    return Lens("morph", enter, [*drawn, steps, method, loop], spot)
