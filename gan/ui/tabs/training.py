"""The Training tab: the sample grid of each epoch, the curves of the contest, one seed through it all, the reals."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import gradio as gr
from PIL import Image

from gan.images import open_rgb
from gan.latent import MAX_SEED
from gan.training.losses import LOSSES
from gan.ui import animation, controls
from gan.ui.arguments import DEFAULT_SEED, choose_model, named_model, read_choice, read_whole, refuse
from gan.ui.drawn import PRIVATE, drawn
from gan.ui.encode import webp_uri
from gan.ui.film import film
from gan.ui.loaded import MAX_EPOCH, LoadedModel
from gan.ui.shelf import Shelf
from gan.ui.tab import Tab
from gan.ui.through_training import creature_of, images_seen
from gan.ui.underway import standing

CURVES = ("epoch", "loss_d", "loss_g", "d_real", "d_fake_before", "d_fake_after")

COMPETE = (
    "Two networks compete, the generator draws and the discriminator tells drawn from real, and Loss_G and Loss_D say "
    "how badly each is doing: while both wobble and neither runs away, each still has something to learn from the "
    "other."
)
ABSOLUTE = (
    "D(x) is how real the real pictures look to the discriminator and D(G(z)) how real the drawn ones do, before and "
    "after the generator’s step, so curves close together mean that it can hardly tell, and one near 1 with the other "
    "near 0 that it has won and the drawing stops getting better."
)
PAIRED = (
    "D(x) is its verdict on real pictures and D(G(z)) on drawn ones, before and after the generator’s step, but this "
    "discriminator learned by comparing the two, so only the distance between them says something: close together it "
    "can hardly tell them apart, far apart it has won and the drawing stops getting better."
)

MEASURED = (
    "KID (the kernel Inception distance) compares {generated:,} drawn pictures with {real:,} real ones, lower is "
    "better; two halves of the real ones have {floor[kid]:.1f}."
)


def epochs_of(model: LoadedModel) -> list[int]:
    """Return the epochs there is something to see of: those with a grid, else those with a line of history."""
    return list(model.samples) or [line["epoch"] for line in model.history]


def nearest(epochs: Sequence[int], epoch: int | None) -> int | None:
    """Return the epoch next to the one asked for (the last where none is); None where there are none."""
    if not epochs:
        return None
    return epochs[-1] if epoch is None else min(epochs, key=lambda other: abs(other - epoch))


def read_place(model: LoadedModel, values: Any) -> tuple[int | None, int]:
    """Read {"epoch", "seed"}, both optional: the epoch next to it that there is something to see of, and the seed."""
    values = values if isinstance(values, Mapping) else {}
    epoch = read_whole(values.get("epoch"), "Epoch", 0, MAX_EPOCH, MAX_EPOCH)
    seed = read_whole(values.get("seed"), "Seed", 0, MAX_SEED, DEFAULT_SEED)
    return nearest(epochs_of(model), epoch), seed


def place_of(model: LoadedModel, epoch: int | None, seed: int) -> dict[str, Any]:
    """Return the value of the tab's controls.

    It names the model because Gradio does not deliver the same value twice, and two models may have the same epochs.
    """
    return {"epochs": epochs_of(model), "epoch": epoch, "seed": seed, "model": model.name}


def grid_of(model: LoadedModel, epoch: int | None, seed: int = DEFAULT_SEED) -> dict[str, Any]:
    """Return what samples.js shows: the grid nearest to an epoch, and what is known of that epoch."""
    found = nearest(epochs_of(model), epoch)
    content, seen = (None, None) if found is None else (model.samples.get(found), images_seen(model).get(found))
    going = standing(model)
    follows = going and found == nearest(epochs_of(model), None)  # a link to a run's last epoch leads to the last one
    place = {"seed": seed} if found is None or follows else {"epoch": found, "seed": seed}
    return {
        "image": content and webp_uri(content),
        "epoch": found,
        "last": max([*model.samples, *(line["epoch"] for line in model.history)], default=None),
        "standing": going,
        "model": model.name,
        "images_seen": seen,
        "film": len(model.samples) > 1,
        "seed": seed,
        "link": model.label() | place,
    }


def curves_of(model: LoadedModel) -> dict[str, Any]:
    """Return what curves.js draws: a list per curve, the epochs at which something happened, and how to read it all."""
    kid = {line.get("epoch"): line["kid_train"] for line in model.measured}
    return {key: [line[key] for line in model.history] for key in CURVES} | {
        "standing": standing(model),
        "kid": [kid.get(line["epoch"]) for line in model.history],
        "marks": list(_marks(model.history)),
        "reading": [
            COMPETE,
            PAIRED if _pairs(model) else ABSOLUTE,
            *(MEASURED.format(**line) for line in model.measured[-1:]),
        ],
    }


def _marks(history: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the events of the history, and the changes of stage that it does not name itself."""
    settings: dict[str, float] = {}
    softened = False  # by the guard, which its own event tells of
    for line in history:
        now = settings | {key: line[key] for key in ("lr", "beta1") if line.get(key) is not None}
        texts = [str(line["event"])] if line.get("event") else []
        changed = any(now[key] != settings[key] for key in settings)
        if changed and not softened and not any(text.startswith("stage") for text in texts):
            texts.append("stage: " + ", ".join(f"{key} {value:g}" for key, value in now.items()))
        if texts:
            yield {"epoch": line["epoch"], "text": "; ".join(texts)}
        settings, softened = now, "rolled back" in str(line.get("event"))


def _pairs(model: LoadedModel) -> bool:
    """Whether the loss that the model was trained with pairs; False where its folder does not say."""
    train = model.described.get("train")
    loss = str(train.get("loss")) if isinstance(train, Mapping) else ""
    return loss in LOSSES and LOSSES[loss].pairs


def reals_of(model: LoadedModel) -> dict[str, Any]:
    """Return what reals.js shows; real pictures are there for runs on this machine alone."""
    return {"image": model.reals and webp_uri(model.reals), "model": model.name, "hidden": False}


def build_history(models: Shelf, model_choice: gr.Radio, post: gr.HTML) -> Tab:
    """Lay the tab out inside the current gr.Tab, wire it, and offer /history to programs."""

    def show(model: Any, values: Any) -> dict[str, Any]:
        chosen = named_model(models, model)
        return grid_of(chosen, *read_place(chosen, values))

    def show_creature(model: Any, values: Any) -> dict[str, Any]:
        chosen = named_model(models, model)
        _, seed = read_place(chosen, values)
        return creature_of(chosen, seed) if chosen.weights else {}

    def show_reals(model: Any, request: gr.Request) -> dict[str, Any]:
        chosen = named_model(models, model)
        asked = request.request
        assert asked is not None  # Gradio hands over the one that it answers
        if chosen.reals and not asked.app.get_blocks().sees_reals(asked.scope):
            return {"image": None, "model": chosen.name, "hidden": True}
        return reals_of(chosen)

    def show_model(model: Any, values: Any, event: gr.EventData) -> tuple[dict[str, Any], dict[str, Any]]:
        models.refresh()
        chosen = named_model(models, model)
        epoch, seed = read_place(chosen, values)
        values = values if isinstance(values, Mapping) else {}
        known = values.get("epochs") == epochs_of(chosen)
        if not known:
            epoch = nearest(epochs_of(chosen), None)  # another model's epoch says nothing here, and a run has gone on
        # A tab that is opened stays where it is, or where a link is about to put it, unless its run has gone on.
        stays = event.target is grid and (known or values.get("model") != chosen.name)
        return gr.skip() if stays else place_of(chosen, epoch, seed), curves_of(chosen)

    def restore(model: LoadedModel, link: Mapping[str, Any]) -> dict[str, Any]:
        return place_of(model, *read_place(model, link))

    def save_film(event: gr.EventData) -> Iterator[dict[str, Any]]:
        wish = event._data if isinstance(event._data, Mapping) else {}
        chosen = choose_model(models, wish.get("model"))
        yield from film(chosen, read_choice(wish.get("format"), "The format", list(animation.MIME), "webp"))

    def history(model: Any = None, epoch: Any = None) -> tuple[Image.Image | None, dict[str, Any]]:
        """Return the sample grid of `epoch` (the last one without it), and the training's history.

        An epoch without a grid is refused with a sentence that names the nearest one.
        The history is {"model", "epoch" (of the grid), "epochs" (that have a grid), "lines" (of history.jsonl; of a
        long one some 2,000, evenly)}.
        """
        models.refresh()
        chosen = named_model(models, model)
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

    first = models[0]
    spec = [controls.track("epoch", "Epoch", "epochs", epochs_of(first))]
    with gr.Row(elem_classes="record"):
        with gr.Column(scale=0, min_width=320, elem_classes="epochs"):
            panel = controls.build_controls(spec, "training-controls", seed=DEFAULT_SEED, model=first.name)
            grid = drawn("samples", grid_of(first, None), "Sample grid")
            creature = drawn("creature", {}, "One creature through training")
        with gr.Column(scale=1, min_width=320, elem_classes="lessons"):
            curves = drawn("curves", curves_of(first), "Curves")
            reals = drawn("reals", {}, "Real pictures")  # asks for them when the tab is opened
    epoch_input = gr.Number(None, visible=False, label="Epoch")
    grid_file = gr.Image(visible=False, label="Sample grid", format="png")
    lines = gr.JSON(visible=False, label="History")

    panel.input(show, [model_choice, panel], grid, trigger_mode="always_last", **PRIVATE)
    creature.load(
        show_creature, [model_choice, panel], creature,
        trigger_mode="always_last", concurrency_id="networks", **PRIVATE,
    )  # fmt: skip
    reals.select(show_reals, model_choice, reals, trigger_mode="always_last", **PRIVATE)
    gr.on(
        [model_choice.change, grid.select], show_model, [model_choice, panel], [panel, curves],
        trigger_mode="always_last", **PRIVATE,
    )  # fmt: skip
    grid.download(save_film, None, post, **animation.SLOW, **PRIVATE)
    gr.on([], history, [model_choice, epoch_input], [grid_file, lines], preprocess=False, api_name="history")
    return Tab("training", panel, restore)
