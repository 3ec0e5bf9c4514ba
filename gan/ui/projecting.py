"""Looking for the picture of a network's own that is nearest to a picture, or to a drawing: attempts, as they come.

The tabs that offer it share this; what it is given is kept no longer than the search goes on.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from torch import Tensor

from gan.images import make_grid
from gan.insight.projection import Attempt, find_drawn, project, residual_of
from gan.precision import bfloat16_where_quick, one_core
from gan.ui.encode import lossless_uri
from gan.ui.insight import insight_of
from gan.ui.loaded import LoadedModel
from gan.ui.specimen import Specimen

# Of events that search, which takes some seconds of one core: one at a time, in a line of their own.
PROJECTING: dict[str, Any] = {"concurrency_id": "projections", "concurrency_limit": 1}
OUTSIDE = 0.99  # what lies further off than so many real pictures lies outside what the network knows
FAR = "This lies outside what this network knows: to {share:.0%} of real pictures it comes nearer."
NEAR = "As near as it gets, {off:.0f} of 255 off on average."
USUAL = "Of a picture such as it learned from it is {usual:.0f} off."


class Progress(NamedTuple):
    """How far a search is: the best picture so far."""

    step: int  # of `of`
    of: int
    residual: float  # 0 to 255: the mean difference of colours, or of lines
    specimen: Specimen

    def shown(self, model: LoadedModel) -> dict[str, Any]:
        """Return what the page shows of it."""
        return {
            "step": self.step,
            "of": self.of,
            "residual": round(self.residual, 1),
            "image": lossless_uri(make_grid(model.draw(self.specimen.z(model)[None]))),
            "recipe": self.specimen.recipe(model),
        }


def projected(model: LoadedModel, picture: Tensor) -> Iterator[Progress]:
    """Yield the nearest picture so far to a picture (3, S, S) in [-1, 1]; the last one's residual is exact."""
    for attempt in _at_leisure(project(model.generator, picture)):
        if attempt.step == attempt.of:
            attempt = attempt._replace(residual=residual_of(model.draw(attempt.z[None])[0], picture))
        yield _progress(attempt)


def found_by_lines(model: LoadedModel, drawing: Tensor) -> Iterator[Progress]:
    """Yield the picture so far whose lines are nearest to those of a drawing (1, S, S), 1 paper and -1 ink."""
    for attempt in _at_leisure(find_drawn(model.generator, drawing)):
        yield _progress(attempt)


def read_out(model: LoadedModel, residual: float) -> str:
    """Return, for people, how near a projection came against what is usual for real pictures."""
    opinions = insight_of(model).opinions
    share = opinions.share_nearer(residual) if opinions else None
    if opinions is None or share is None:
        return NEAR.format(off=residual)
    if share >= OUTSIDE:
        return FAR.format(share=share)
    return f"{NEAR.format(off=residual)} {USUAL.format(usual=opinions.residuals[len(opinions.residuals) // 2])}"


def _progress(attempt: Attempt) -> Progress:
    return Progress(attempt.step, attempt.of, attempt.residual, Specimen(latent=tuple(attempt.z.tolist())))


def _at_leisure(search: Iterator[Attempt]) -> Iterator[Attempt]:
    """Yield the attempts of a search, computed on one core; each may be asked for by another thread, as Gradio does."""
    while True:
        with one_core(), bfloat16_where_quick():
            attempt = next(search, None)
        if attempt is None:
            return
        yield attempt
