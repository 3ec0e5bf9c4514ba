"""The Interpolate tab: the way from seed to seed, as frames to scrub through, to play and to save as an animation."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
import torch
from gradio.processing_utils import save_bytes_to_cache
from PIL import Image
from torch import Tensor

from gan.errors import UserError
from gan.images import make_grid, to_pil
from gan.latent import MAX_SEED, lerp, sample_z, slerp, truncate
from gan.ui import animation, controls, page
from gan.ui.arguments import (
    DEFAULT_TRUNCATION,
    choose_model,
    read_choice,
    read_flag,
    read_fraction,
    read_number,
    read_whole,
    refuse,
)
from gan.ui.drawn import PRIVATE, drawn
from gan.ui.encode import enlarge, lossless_uri
from gan.ui.loaded import LoadedModel
from gan.ui.tab import Tab

METHODS = {"slerp": slerp, "lerp": lerp}
SEEDS = (1, 2)  # to begin with
MAX_SEEDS = 8
STEPS = (2, 120, 30)  # fewest, most, to begin with
MAX_FRAMES = 480
BATCH = 64  # latents that a generator is given at a time
FORMATS = ("webp", "mp4")
FPS = 24
MAX_FPS = 60
SAVED_SIDE = 512  # pixels; saved frames are enlarged to it, by a whole factor
REPORTS = 20  # times that a file in the making says how far it is

HINT = "Between two seeds lie as many pictures as you like: each frame is drawn by the network, nothing is blended."
SPEC = (
    controls.seeds("seeds", "Seeds on the way", SEEDS, MAX_SEEDS),
    controls.number("steps", "Frames per leg", *STEPS, hint="How many frames lead from one seed to the next."),
    controls.choice(
        "method", "Method", list(METHODS),
        "slerp goes along the arc between two latents, lerp straight through, where pictures grow more alike.",
    ),
    controls.toggle("loop", "Closed loop: back to the first seed"),
    controls.truncation(),
)  # fmt: skip


@dataclass(frozen=True)
class Walk:
    """From seed to seed, `steps` equal steps each; a loop leads back to the first seed without repeating its frame."""

    seeds: tuple[int, ...]
    steps: int
    method: str
    loop: bool
    truncation: float

    def legs(self) -> int:
        """Return how many ways from one seed to the next there are."""
        return len(self.seeds) - (not self.loop)

    def positions(self) -> list[float]:
        """Return where each frame lies: at 0 the first seed, at 1 the second, at 1.5 halfway to the third."""
        return [frame / self.steps for frame in range(self.legs() * self.steps + (not self.loop))]

    def latents(self, model: LoadedModel) -> Tensor:
        """Return the latent of each frame, (N, z_dim); those at whole positions are the seeds' own, to the bit."""
        ends = truncate(sample_z(self.seeds, model.generator.z_dim), self.truncation)
        between = METHODS[self.method]

        def at(frame: int) -> Tensor:
            leg, step = divmod(frame, self.steps)
            return between(ends[leg], ends[(leg + 1) % len(ends)], step / self.steps)

        return torch.stack([at(frame) for frame in range(len(self.positions()))])

    def batches(self, model: LoadedModel) -> Iterator[Tensor]:
        """Draw the frames, in order: some (N, 3, H, W) in [-1, 1] at a time."""
        return map(model.draw, self.latents(model).split(BATCH))

    def frames(self, model: LoadedModel) -> Iterator[Image.Image]:
        """Draw the frames, in order, one by one."""
        for images in self.batches(model):
            yield from map(to_pil, images)

    def recipe(self, model: LoadedModel) -> dict[str, Any]:
        """Return what the frames are a function of, as `read_walk` reads it."""
        return model.label() | {
            "seeds": list(self.seeds),
            "steps": self.steps,
            "method": self.method,
            "loop": self.loop,
            "truncation": self.truncation,
        }


def read_walk(values: Any) -> Walk:
    """Read {"seeds", "steps", "method", "loop", "truncation"}, all of it optional."""
    values = values if isinstance(values, Mapping) else {}
    walk = Walk(
        read_seed_list(values.get("seeds")),
        read_whole(values.get("steps"), "Frames per leg", *STEPS),
        read_choice(values.get("method"), "The method", list(METHODS), "slerp"),
        read_flag(values.get("loop"), "Closed loop", False),
        read_fraction(values.get("truncation"), "Truncation", DEFAULT_TRUNCATION),
    )
    if len(walk.positions()) > MAX_FRAMES:
        most = (MAX_FRAMES - (not walk.loop)) // walk.legs()
        raise refuse(
            f"An interpolation has at most {MAX_FRAMES} frames. "
            f"With these {len(walk.seeds)} seeds take at most {most} frames per leg, or take fewer seeds."
        )
    return walk


def read_seed_list(seeds: Any) -> tuple[int, ...]:
    """Return 2 to 8 seeds from a list of them; the default for None."""
    if seeds is None:
        return SEEDS
    if not isinstance(seeds, list | tuple) or not 2 <= len(seeds) <= MAX_SEEDS or None in seeds:
        raise refuse(f"An interpolation needs a list of 2 to {MAX_SEEDS} seeds, as in [1, 2].")
    return tuple(read_whole(seed, "A seed", 0, MAX_SEED, 0) for seed in seeds)


def read_linked_seeds(text: Any) -> tuple[int, ...]:
    """Return the seeds that a link writes as 1-2-3."""
    if text is None:
        return SEEDS
    if not isinstance(text, str) or not re.fullmatch(r"\d+(-\d+)+", text, re.ASCII):
        raise refuse(f"A link to an interpolation names 2 to {MAX_SEEDS} seeds, as in seeds=1-2.")
    return read_seed_list([int(seed) for seed in text.split("-")])


def read_t(values: Any) -> float:
    """Return where a link puts the scrubber, in legs from the first seed; the page keeps it within the way."""
    t = values.get("t") if isinstance(values, Mapping) else None
    return read_number(t, "t", 0, MAX_SEEDS, 0.0)


def view_of(model: LoadedModel, walk: Walk, t: float) -> dict[str, Any]:
    """Return what interpolated.js draws: all frames in one lossless image, and where a link put the scrubber."""
    images = torch.cat(list(walk.batches(model)))
    columns = math.ceil(math.sqrt(len(images)))
    recipe = walk.recipe(model)
    return {
        "image": lossless_uri(make_grid(images, columns)),
        "side": images.shape[-1],
        "columns": columns,
        "frames": len(images),
        "legs": walk.legs(),
        "t": t,
        "recipe": recipe,
        "link": recipe | {"seeds": "-".join(map(str, walk.seeds)), "loop": int(walk.loop)},
    }


def saved_name(model: LoadedModel, walk: Walk, kind: str) -> str:
    """Return what an animation is called on disk."""
    return f"{model.name.replace('/', '-')}-seeds-{'-'.join(map(str, walk.seeds))}.{kind}"


def begin(model: LoadedModel, walk: Walk, kind: str, fps: int, factor: int) -> animation.Animation:
    """Return an empty animation for the walk's frames, `factor` times as large as the generator draws them."""
    side = model.generator.image_size * factor
    try:
        return animation.start(kind, (side, side), fps, walk.loop)
    except UserError as error:
        raise refuse(str(error)) from error


def save(models: Sequence[LoadedModel], wish: Any) -> Iterator[dict[str, Any]]:
    """Yield messages to the page: how far the animation is, then the file. The wish is a recipe, "format" and "fps"."""
    wish = wish if isinstance(wish, Mapping) else {}
    model, walk = choose_model(models, wish.get("model")), read_walk(wish)
    kind = read_choice(wish.get("format"), "The format", FORMATS, FORMATS[0])
    fps = read_whole(wish.get("fps"), "Frames per second", 1, MAX_FPS, FPS)
    factor = max(1, SAVED_SIDE // model.generator.image_size)
    made, count = begin(model, walk, kind, fps, factor), len(walk.positions())
    yield page.progress(0, count, f"Drawing {count} frames")
    for done, frame in enumerate(walk.frames(model), 1):
        made.add(enlarge(frame, factor, smooth=False))
        if done % math.ceil(count / REPORTS) == 0:
            yield page.progress(done, count, f"Drawing {count} frames")
    yield page.file(saved_name(model, walk, kind), animation.MIME[kind], made.finish())


def build_interpolate(models: Sequence[LoadedModel], model_choice: gr.Radio, post: gr.HTML) -> Tab:
    """Lay the tab out inside the current gr.Tab, wire it, and offer /interpolate to programs."""

    def show(model: Any, values: Any) -> dict[str, Any]:
        try:
            return view_of(choose_model(models, model), read_walk(values), read_t(values))
        except gr.Error as error:  # said once in its place, whatever a drag passes over
            return {"problem": error.message}

    def restore(model: LoadedModel, link: Mapping[str, Any]) -> dict[str, Any]:
        walk = read_walk({**link, "seeds": read_linked_seeds(link.get("seeds"))})
        values = {key: value for key, value in walk.recipe(model).items() if key not in model.label()}
        return values | {"t": read_t(link)}

    def save_one(event: gr.EventData) -> Iterator[dict[str, Any]]:
        yield from save(models, event._data)

    def interpolate(
        model: Any = None, seeds: Any = None, steps: Any = None, method: Any = None, loop: Any = None,
        truncation: Any = None, format: Any = None,
    ) -> tuple[str, dict[str, Any]]:  # fmt: skip
        """Draw the way through 2 to 8 seeds, `steps` frames from one to the next, by "slerp" or "lerp".

        Return a file, "webp" (lossless, each frame exactly as drawn) or "mp4" (enlarged), and {"model", "seeds", "t"}:
        t says of each frame where it lies, 0 at the first seed, 1 at the second. With `loop` the way leads back to the
        first seed, whose frame is not repeated.
        """
        chosen = choose_model(models, model)
        walk = read_walk({"seeds": seeds, "steps": steps, "method": method, "loop": loop, "truncation": truncation})
        kind = read_choice(format, "The format", FORMATS, FORMATS[0])
        factor = max(1, SAVED_SIDE // chosen.generator.image_size) if kind == "mp4" else 1
        made = begin(chosen, walk, kind, FPS, factor)
        for frame in walk.frames(chosen):
            made.add(enlarge(frame, factor, smooth=False))
        path = save_bytes_to_cache(made.finish(), saved_name(chosen, walk, kind), file.GRADIO_CACHE)
        return path, {"model": chosen.name, "seeds": list(walk.seeds), "t": walk.positions()}

    with gr.Row(elem_classes="bench interpolate"):
        with gr.Column(scale=0, min_width=300, elem_classes="side"):
            gr.HTML(HINT, elem_classes="hint", apply_default_css=False)
            panel = controls.build_controls(SPEC, "interpolate-controls")
        with gr.Column(scale=1, min_width=320, elem_classes="stage"):
            interpolated = drawn("interpolated", {}, "Frames", speed=FPS)  # asks for its frames when the tab is opened
    inputs = [
        gr.JSON(visible=False, label="Seeds"),
        gr.Number(visible=False, label="Frames per leg"),
        gr.Radio(list(METHODS), value="slerp", visible=False, label="Method"),
        gr.Checkbox(visible=False, label="Closed loop"),
        gr.Number(visible=False, label="Truncation"),
        gr.Radio(list(FORMATS), value=FORMATS[0], visible=False, label="Format"),
    ]
    file = gr.File(visible=False, label="Animation")
    positions = gr.JSON(visible=False, label="Frames")

    gr.on(
        [panel.input, model_choice.change, interpolated.select], show, [model_choice, panel], interpolated,
        trigger_mode="always_last", concurrency_id="networks", **PRIVATE,
    )  # fmt: skip
    interpolated.download(save_one, None, post, **animation.SLOW, **PRIVATE)
    gr.on(
        [], interpolate, [model_choice, *inputs], [file, positions],
        preprocess=False, api_name="interpolate", **animation.SLOW,
    )  # fmt: skip
    return Tab("interpolate", panel, restore)
