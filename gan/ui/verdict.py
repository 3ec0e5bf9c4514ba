"""Under the large picture: is it a copy, and what the critic thinks of it. Asked once the picture is still."""

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
import torch
from torch import Tensor

from gan.errors import quoted
from gan.images import from_uint8, make_grid
from gan.insight.neighbours import MISSES, Neighbours, Verdict, histogram
from gan.insight.opinion import Opinion, no_percentage
from gan.insight.whereabouts import pictures_at_hand
from gan.precision import one_core
from gan.told import pairs
from gan.ui.arguments import choose_model, find_model, moved_on, read_fields, refuse
from gan.ui.components import PRIVATE, Looks, LooksValue, wishes
from gan.ui.encode import lossless_uri
from gan.ui.insight import LOOKS, Insight, critical_insight, insight_of, knowing_insight
from gan.ui.lens import Guest, guest_of
from gan.ui.loaded import LoadedModel
from gan.ui.specimen import Specimen, read_specimen, stack
from gan.ui.studio import Studio, title_of

BINS = 40
# Tried by tests/benchmarks/planted_copies.py on both bundled models; checkpoints/README.md has the table.
TRIED = (
    "Tried on copies planted among Pokémon and faces: of those that were exact, mirrored, shifted or turned in hue it "
    "found all, of blurred ones 21 to 32 %, of those cropped to 90 % 57 to 89 %; of others it suspects up to 1 %."
)
LOCAL = (
    "With the training pictures on this machine, the nearest ones are shown here: "
    "python -m gan.evaluate {folder} --neighbours --data ZIP"
)
RANKED = "The critic finds it more real than {generated:.0%} of generated pictures, and than {real:.0%} of real ones."
CELLS = (
    "The discriminator’s logit, {logit:.2f}, is the sum of these 16 cells{varied}. Orange cells speak most for the "
    "picture, blue ones least."
)
VARIED = ", and {share:.2f} for how varied its company is"


def look_at(model: LoadedModel, specimen: Specimen, shows_reals: bool, hint: str = "") -> LooksValue:
    """Return all that is to be said of a picture; of what nobody knows, nothing."""
    insight, image = insight_of(model), model.draw(specimen.z(model)[None])
    with one_core():
        verdict = next(iter(insight.verdicts_on(image)), None)
        opinion = insight.opinion_of(image)
    value: LooksValue = {"recipe": specimen.recipe(model), "copy": None, "critic": None}
    if verdict and insight.neighbours:
        reals = nearest_of(model, insight, verdict, image) if shows_reals else None
        value["copy"] = copy_of(verdict, insight.neighbours) | {"reals": reals, "hint": "" if reals else hint}
    if opinion and insight.opinions:
        value["critic"] = critic_of(insight, opinion, pairs(model.described))
    return value


def copy_of(verdict: Verdict, neighbours: Neighbours) -> dict[str, Any]:
    """Return what is to be said of a picture's nearest training picture."""
    first, *others = (f"{number:,}" for number in verdict.numbers)
    return {
        "line": verdict.sentence(),
        "near": verdict.is_near,
        "closeness": min(verdict.closeness, 1.0),
        "bins": histogram(neighbours, BINS),
        "number": f"The nearest of {verdict.among:,} training pictures is number {first} by name, then come "
        f"{' and '.join(others)}. The bars: how far the nearest other one of each training picture stands out.",
        "misses": f"{MISSES} {TRIED}",
    }


def nearest_of(model: LoadedModel, insight: Insight, verdict: Verdict, image: Tensor) -> dict[str, Any] | None:
    """Return the picture and the three nearest training pictures as one image; None where they are not at hand."""
    if insight.neighbours is None or insight.critic is None:
        return None
    reals = pictures_at_hand(model.folder, verdict.numbers, insight.neighbours, insight.critic)
    if not reals:
        return None
    row = torch.cat([image, from_uint8(torch.stack(reals))])
    labels = ["this one", *(f"number {number:,}" for number in verdict.numbers)]
    return {"image": lossless_uri(make_grid(row, len(row))), "side": image.shape[-1], "labels": labels}


def critic_of(insight: Insight, opinion: Opinion, paired: bool) -> dict[str, Any]:
    """Return what the page shows of the first picture's opinion; `paired` is whether its loss pairs pictures."""
    assert insight.opinions is not None
    varied = float(opinion.varied[0])
    return {
        "cells": [round(cell, 3) for cell in opinion.cells[0].flatten().tolist()],
        "line": RANKED.format(**insight.opinions.rank(float(opinion.logits[0]))._asdict()),
        "sum": CELLS.format(
            logit=float(opinion.logits[0]), varied=VARIED.format(share=varied) if abs(varied) >= 0.005 else ""
        ),
        "why": no_percentage(paired),
    }


def near_ones(model: LoadedModel, specimens: Sequence[Specimen]) -> list[int]:
    """Return which of several pictures are near a training picture, by their places."""
    insight = insight_of(model)
    if insight.neighbours is None:
        return []
    with one_core():
        images = model.draw(stack(model, list(specimens)))
        return [place for place, verdict in enumerate(insight.verdicts_on(images)) if verdict.is_near]


def read_picture(studio: Studio, model: Any, seed: Any, recipe: Any) -> tuple[LoadedModel, Specimen]:
    """Return model and picture that a program means: a seed, or what a link or a saved PNG says of one.

    A recipe that names its model is that model's, whichever else is named.
    """
    chosen = studio.asked_of(model)
    if recipe is not None and not _tells_a_picture(recipe):
        raise refuse('A recipe is what a saved PNG says of its picture, as in {"seed": 7, "d1": 2}.')
    recipe = dict(recipe or {})
    if recipe.keys() & {"model", "weights"}:
        found, remark = find_model(studio.models, moved_on(studio.models, {"model": chosen.name} | recipe))
        if remark:
            raise refuse(f"{remark} Leave the weights out, and it is judged as these would draw it.")
        chosen = choose_model(studio.models, found.name)
    return chosen, read_specimen(chosen, ({} if seed is None else {"seed": seed}) | recipe)


def _tells_a_picture(recipe: Any) -> bool:
    """Whether it is a recipe of a generated picture, and neither a drawing's nor that of a program's own picture."""
    return isinstance(recipe, Mapping) and "strokes" not in recipe and recipe.keys() != {"sharper"}


def build_verdict(studio: Studio, begin: Mapping[str, Any]) -> None:
    """Lay out what stands under the large picture, wire it, and offer /neighbours and /opinion to programs."""

    def look(request: gr.Request, told: Any) -> LooksValue:
        told = read_fields(told)
        if not told:
            return {}
        studio.refresh()  # so that the critic is asked of its own generator's picture
        model, specimen = studio.in_hand(told.get("recipe"))
        return look_at(model, specimen, *shown_to(guest_of(request), model, told.get("open") is True))

    def shown_to(guest: Guest, model: LoadedModel, opened: bool) -> tuple[bool, str]:
        hint = LOCAL.format(folder=quoted(model.folder)) if guest.at_home else ""
        return opened and guest.sees_reals, hint

    def neighbours(model: Any = None, seed: Any = None, recipe: Any = None) -> dict[str, Any]:
        """Say how near a picture is to the nearest training picture, against what is usual among real ones.

        Return {"model", "picture", "numbers" (of the three nearest, by name, from 1), "among", "distance", "closeness"
        (0 is a copy, 1 no nearer than others), "rank" (for which share of real pictures another one stands out more),
        "near", "sentence", "misses"}.

        Args:
            model: a model of this page; the first one by itself.
            seed: a whole number from 0 to 4,294,967,295.
            recipe: in place of the seed, what a saved PNG says of its picture.
        """
        chosen, specimen = read_picture(studio, model, seed, recipe)
        insight = knowing_insight(chosen)
        verdict = insight.verdicts_on(chosen.draw(specimen.z(chosen)[None]))[0]
        said = {"near": verdict.is_near, "sentence": verdict.sentence(), "misses": MISSES}
        return {"model": chosen.name, "picture": title_of(specimen), **verdict._asdict(), **said}

    def opinion(model: Any = None, seed: Any = None, recipe: Any = None) -> dict[str, Any]:
        """Say what the discriminator thinks of a picture.

        Return {"model", "picture", "logit", "cells" (four rows of four, which add up to the logit with "varied"),
        "varied", "rank" (which shares of generated and of real pictures have a lower logit), "sentence", "why"}.

        Args:
            model: a model of this page; the first one by itself.
            seed: a whole number from 0 to 4,294,967,295.
            recipe: in place of the seed, what a saved PNG says of its picture.
        """
        chosen, specimen = read_picture(studio, model, seed, recipe)
        insight = critical_insight(chosen)
        found = insight.opinion_of(chosen.draw(specimen.z(chosen)[None]))
        assert found is not None and insight.opinions is not None
        logit, varied = float(found.logits[0]), float(found.varied[0])
        rank = insight.opinions.rank(logit)
        said = {"rank": rank._asdict(), "sentence": rank.sentence(), "why": no_percentage(pairs(chosen.described))}
        told = {"logit": logit, "cells": found.cells[0].tolist(), "varied": varied}
        return {"model": chosen.name, "picture": title_of(specimen), **told, **said}

    looks = Looks({"recipe": dict(begin)}, "What is known of this picture", "looks")
    asked = wishes(looks, looks.input)
    asked.change(look, asked, looks, **LOOKS, **PRIVATE, trigger_mode="always_last")

    seed = gr.Number(visible=False, label="Seed")
    recipe = gr.JSON(visible=False, label="Recipe")
    answered = gr.JSON(visible=False, label="Answer")
    for answer, name in ((neighbours, "neighbours"), (opinion, "opinion")):
        gr.on([], answer, [studio.model, seed, recipe], answered, preprocess=False, api_name=name, **LOOKS)
